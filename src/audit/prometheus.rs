//! An audit as the text that Prometheus reads.

use std::fmt;
use std::time::SystemTime;

use super::Audit;
use crate::text::plain;
use crate::time::Timestamp;

/// An audit in Prometheus' text format 0.0.4: when each installed certificate expires, every finding, and what was not
/// read. A certificate without a key for its services is a finding, not a metric.
pub(super) struct Prometheus<'a> {
    pub(super) audit: &'a Audit,
    pub(super) now: SystemTime,
}

impl fmt::Display for Prometheus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: SystemTime| Timestamp::from(time).seconds();
        metric(f, "certificate_not_after_timestamp_seconds", "When an installed certificate expires.")?;
        for certificate in &self.audit.certificates {
            let (thumbprint, services) = (certificate.thumbprint.to_string(), services_of(certificate.services));
            let labels = [
                ("server", certificate.server.as_str()),
                ("thumbprint", &thumbprint),
                ("services", &services),
                ("subject", &certificate.subject),
            ];
            sample(f, "certificate_not_after_timestamp_seconds", &labels, seconds(certificate.not_after))?;
        }
        metric(f, "finding", "A finding of the audit.")?;
        for finding in &self.audit.findings {
            let severity = finding.severity().to_string();
            let thumbprint = finding.thumbprint().map(|it| it.to_string()).unwrap_or_default();
            let (services, key) = (finding.services().to_string(), finding.key());
            let labels = [
                ("rule", finding.rule()),
                ("severity", &severity),
                ("server", finding.server()),
                ("thumbprint", &thumbprint),
                ("services", if finding.services().is_empty() { "" } else { &services }),
                ("key", key.as_str()),
            ];
            sample(f, "finding", &labels, 1)?;
        }
        metric(f, "not_read", "Something that was not read, and so was not judged; no server is the organisation.")?;
        for entry in &self.audit.not_read {
            let what = entry.what.to_string();
            sample(f, "not_read", &[("server", entry.server.as_deref().unwrap_or_default()), ("what", &what)], 1)?;
        }
        metric(f, "audit_timestamp_seconds", "The point in time for which the audit was made.")?;
        sample(f, "audit_timestamp_seconds", &[], seconds(self.now))
    }
}

fn services_of(services: Option<crate::service::Service>) -> String {
    services.map_or_else(|| "not known".to_owned(), |services| services.to_string())
}

const PREFIX: &str = "exchange_certificates";

fn metric(f: &mut fmt::Formatter<'_>, name: &str, help: &str) -> fmt::Result {
    writeln!(f, "# HELP {PREFIX}_{name} {help}\n# TYPE {PREFIX}_{name} gauge")
}

fn sample(f: &mut fmt::Formatter<'_>, name: &str, labels: &[(&str, &str)], value: i64) -> fmt::Result {
    write!(f, "{PREFIX}_{name}")?;
    for (index, (label, text)) in labels.iter().enumerate() {
        write!(f, "{}{label}=\"", if index == 0 { '{' } else { ',' })?;
        // The escapes of `plain` hold backslashes, and these are escaped once more.
        for character in plain(text).to_string().chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("\"")?;
    }
    writeln!(f, "{} {value}", if labels.is_empty() { "" } else { "}" })
}
