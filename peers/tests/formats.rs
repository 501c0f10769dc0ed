//! What the audit prints for other programs, read by parsers of these formats.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use exchange_certificates::{Audit, Fleet, audit, rfc3339};
use prometheus_parse::{Scrape, Value};
use serde_sarif::sarif::{ResultLevel, Sarif};

/// An organisation with findings of both severities, and a connector whose name would forge a line.
fn organization(hostile: &str) -> (Audit, std::time::SystemTime) {
    let text = std::fs::read_to_string("../examples/data/organization.json").unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    for server in file["servers"].as_array_mut().unwrap() {
        let connectors = server.get_mut("connectors").and_then(|known| known.as_array_mut());
        let receive = connectors.into_iter().flatten().filter(|connector| connector["kind"] == "Receive");
        receive.for_each(|connector| connector["name"] = hostile.into());
    }
    let fleet: Fleet = serde_json::from_value(file["servers"].take()).unwrap();
    let now = rfc3339::parse("2026-11-24").unwrap();
    (audit(&fleet, now), now)
}

const HOSTILE: [&str; 4] = [
    "Default Frontend",
    "a\"} 1 exchange_certificates_finding{rule=\"x",
    "back\\slash\\n",
    "\u{202E}\u{2028}line, {x=\"1\"}",
];

#[test]
fn a_parser_of_prometheus_reads_every_finding_and_every_certificate() {
    for hostile in HOSTILE {
        let (audit, now) = organization(hostile);
        let text = audit.to_prometheus(now).to_string();
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
        let of = |name: &str| {
            let metric = format!("exchange_certificates_{name}");
            scrape.samples.iter().filter(move |sample| sample.metric == metric).collect::<Vec<_>>()
        };
        assert_eq!(of("finding").len(), audit.findings.len(), "{text}");
        let certificates = of("certificate_not_after_timestamp_seconds");
        assert_eq!(certificates.len(), audit.certificates.len());
        let soonest = audit.certificates.iter().map(|it| it.not_after).min().unwrap();
        let seconds = soonest.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let value = |sample: &&prometheus_parse::Sample| match sample.value {
            Value::Gauge(value) => value as u64,
            ref other => panic!("{other:?}"),
        };
        assert_eq!(certificates.iter().map(value).min(), Some(seconds));
        let rules: BTreeSet<_> = of("finding").iter().map(|it| it.labels.get("rule").unwrap().to_owned()).collect();
        assert_eq!(rules, audit.findings.iter().map(|finding| finding.rule().to_owned()).collect());
        assert_eq!(scrape.samples.len(), audit.findings.len() + audit.certificates.len() + audit.not_read.len() + 1);
    }
}

#[test]
fn a_parser_of_sarif_reads_every_finding() {
    for hostile in HOSTILE {
        let (audit, _) = organization(hostile);
        let text = serde_json::to_string(&audit.to_sarif()).unwrap();
        let sarif: Sarif = serde_json::from_str(&text).unwrap();
        let run = sarif.runs.first().unwrap();
        let results = run.results.as_ref().unwrap();
        assert_eq!(results.len(), audit.findings.len());
        let high = results.iter().filter(|result| result.level == Some(ResultLevel::Error)).count();
        assert!(high > 0 && high < results.len());
        for result in results {
            let rules = run.tool.driver.rules.as_ref().unwrap();
            let rule = &rules[usize::try_from(result.rule_index.unwrap()).unwrap()];
            assert_eq!(Some(&rule.id), result.rule_id.as_ref());
        }
    }
}
