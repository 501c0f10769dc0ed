//! Servers to be audited: an organisation in which something is wrong, a server on which nothing is, and one that has
//! hostile names.
#![allow(dead_code, unreachable_pub)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::TlsCertificateName;
use serde_json::{Value, json};

use super::factory::{CertificateFactory, Signature};

pub const NOW: &str = "2026-11-24T00:00:00Z";

pub fn base64(factory: &CertificateFactory) -> String {
    STANDARD.encode(factory.build_der())
}

pub fn installed(factory: &CertificateFactory, name: &str, services: &str) -> Value {
    let sites: &[u32] = if services.contains("IIS") { &[1] } else { &[] };
    json!({ "certificate": base64(factory), "friendly_name": name, "status": "Valid", "services": services,
        "web_sites": sites })
}

/// The certificate that setup makes, at the Exchange Back End.
pub fn back_end(factory: &CertificateFactory) -> Value {
    let mut installed = installed(factory, "Microsoft Exchange", "IIS, SMTP");
    installed["web_sites"] = json!([2]);
    installed
}

pub fn own(server: &str, not_before: &str, not_after: &str) -> CertificateFactory {
    let fqdn = format!("{}.contoso.com", server.to_lowercase());
    CertificateFactory::new(server)
        .subject(&[("CN", server)])
        .dns_names([server, &fqdn])
        .valid(not_before, not_after)
        .self_signed()
}

pub fn mail(not_before: &str, not_after: &str) -> CertificateFactory {
    CertificateFactory::new("mail.contoso.com")
        .dns_names(["mail.contoso.com", "autodiscover.contoso.com"])
        .valid(not_before, not_after)
}

pub fn authentication() -> CertificateFactory {
    CertificateFactory::new("Microsoft Exchange Server Auth Certificate")
        .subject(&[("CN", "Microsoft Exchange Server Auth Certificate")])
        .without("2.5.29.17")
        .valid("2022-01-10T09:00:00Z", "2026-12-15T09:00:00Z")
        .self_signed()
}

/// A small organisation in which something of every weight is wrong.
pub fn organization() -> Value {
    let current = mail("2026-10-01T00:00:00Z", "2027-04-19T00:00:00Z");
    let previous = mail("2026-04-20T00:00:00Z", "2026-11-05T00:00:00Z");
    let wildcard = CertificateFactory::new("*.contoso.com").valid("2026-06-20T00:00:00Z", "2027-01-05T00:00:00Z");
    let edge = CertificateFactory::new("smtp.contoso.com").valid("2026-07-01T00:00:00Z", "2027-01-16T00:00:00Z");
    let management = |server: &str| {
        let name = format!("WMSvc-SHA2-{server}");
        CertificateFactory::new(&name)
            .subject(&[("CN", &name)])
            .dns_names([&*name])
            .valid("2021-03-01T00:00:00Z", "2031-02-27T00:00:00Z")
            .self_signed()
    };
    let old = CertificateFactory::new("owa.contoso.com")
        .signature(Signature::Sha1Rsa)
        .rsa(1024)
        .valid("2016-05-01T00:00:00Z", "2018-05-01T00:00:00Z");
    let next = mail("2026-12-01T00:00:00Z", "2027-06-19T00:00:00Z");
    let auth = json!({ "current": authentication().build().thumbprint(), "next": null });
    let mbx01 = own("MBX01", "2023-02-01T08:00:00Z", "2028-02-01T08:00:00Z");
    let mbx02 = own("MBX02", "2021-10-30T08:00:00Z", "2026-10-30T08:00:00Z");
    let mbx03 = own("MBX03", "2025-09-01T08:00:00Z", "2030-09-01T08:00:00Z");
    let edge01 = own("EDGE01", "2024-04-01T08:00:00Z", "2029-04-01T08:00:00Z");
    let send = json!({ "kind": "Send", "name": "Outbound to Office 365",
        "tls_certificate_name": "<I>CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1, O=DigiCert Inc, C=US<S>CN=mail.contoso.com, O=Contoso, C=US",
        "servers": ["MBX01", "MBX02"] });
    let receive = json!({ "kind": "Receive", "name": "Default Frontend MBX01", "fqdn": "mbx01.contoso.com", "servers": ["MBX01"],
        "tls_certificate_name": "<I>CN=Contoso Issuing CA 1, O=Contoso, C=US<S>CN=mail.contoso.com, O=Contoso, C=US" });
    let own_send = json!({ "kind": "Send", "name": "To partners", "servers": ["EDGE01"],
        "tls_certificate_name": TlsCertificateName::of(&edge.build()) });
    let client_names = ["mail.contoso.com", "autodiscover.contoso.com"];
    json!({
        "now": NOW,
        "servers": [
            { "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "2019", "roles": ["Mailbox"],
              "client_names": client_names, "default_smtp": mbx01.build().thumbprint(), "auth_certificates": auth,
              "connectors": [send, receive],
              "certificates": [
                  back_end(&mbx01),
                  installed(&current, "mail 2026-10", "POP, IIS, SMTP"),
                  installed(&wildcard, "wildcard", "IMAP"),
                  installed(&authentication(), "Microsoft Exchange Server Auth Certificate", "SMTP"),
                  installed(&management("MBX01"), "WMSVC-SHA2", "None"),
                  installed(&next, "mail 2026-12", "None"),
              ] },
            { "name": "MBX02", "fqdn": "mbx02.contoso.com", "version": "2019", "roles": ["Mailbox"],
              "imap_certificate_name": "mail.contoso.com", "pop_certificate_name": "mail.contoso.com",
              "client_names": client_names, "default_smtp": mbx02.build().thumbprint(), "auth_certificates": auth,
              "connectors": [send],
              "certificates": [
                  back_end(&mbx02),
                  installed(&previous, "mail 2026-04", "IMAP, POP, IIS, SMTP"),
                  installed(&old, "owa (old)", "None"),
                  installed(&management("MBX02"), "WMSVC-SHA2", "None"),
              ] },
            { "name": "MBX03", "fqdn": "mbx03.contoso.com", "version": "SE", "roles": ["Mailbox"],
              "client_names": client_names, "default_smtp": mbx03.build().thumbprint(), "auth_certificates": auth,
              "certificates": [
                  back_end(&mbx03),
                  installed(&current, "mail 2026-10", "IMAP, POP, IIS, SMTP"),
                  installed(&authentication(), "Microsoft Exchange Server Auth Certificate", "SMTP"),
              ] },
            { "name": "EDGE01", "fqdn": "edge01.contoso.com", "version": "SE", "roles": ["EdgeTransport"],
              "default_smtp": edge01.build().thumbprint(), "edge_subscribed": true, "connectors": [own_send],
              "certificates": [
                  installed(&edge01, "Microsoft Exchange", "SMTP"),
                  installed(&edge, "smtp 2026", "SMTP"),
              ] }
        ]
    })
}

/// What renews the certificates that the organisation serves mail with.
pub fn renewed() -> CertificateFactory {
    mail("2026-11-20T00:00:00Z", "2027-06-08T00:00:00Z").dns_names([
        "mail.contoso.com",
        "autodiscover.contoso.com",
        "smtp.contoso.com",
    ])
}

/// The CA that issues them, which another one has issued.
pub fn issuing() -> CertificateFactory {
    CertificateFactory::new("Contoso Issuing CA 1")
        .subject(&[("C", "US"), ("O", "Contoso"), ("CN", "Contoso Issuing CA 1")])
        .issuer(&[("C", "US"), ("O", "Contoso"), ("CN", "Contoso Root CA")])
        .without("2.5.29.17")
        .authority(true)
        .valid("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z")
}

/// A server on which nothing is wrong.
pub fn healthy() -> Value {
    let own = own("MBX01", "2025-09-01T08:00:00Z", "2030-09-01T08:00:00Z");
    json!({ "now": NOW, "server": {
        "name": "MBX01", "fqdn": "mbx01.contoso.com", "version": "SE", "roles": ["Mailbox"],
        "client_names": ["mail.contoso.com"], "default_smtp": own.build().thumbprint(),
        "certificates": [
            back_end(&own),
            installed(&mail("2026-10-01T00:00:00Z", "2027-04-19T00:00:00Z"), "mail", "IIS, SMTP"),
        ] } })
}

/// A name that would run, forge lines, end attributes and turn the direction of writing.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202E}\u{7}\r\n` onload=alert(1) ;,\\ \u{1F600}";

/// A server that has everything from outside in a hostile form.
pub fn hostile() -> Value {
    let named = |not_after: &str| {
        CertificateFactory::new("x")
            .subject(&[("O", HOSTILE), ("CN", HOSTILE)])
            .issuer(&[("CN", HOSTILE)])
            .dns_names([HOSTILE, "*.contoso.com", "\u{FC}ml\u{E4}ut.contoso.com"])
            .valid("2026-06-01T00:00:00Z", not_after)
    };
    let used = named("2026-12-20T00:00:00Z");
    let unused = named("2027-04-20T00:00:00Z").subject(&[("CN", HOSTILE)]).without("2.5.29.17");
    let later = named("2027-02-20T00:00:00Z").issuer(&[("CN", "a\u{202E}b")]);
    // Where a text could reach a command, a control character is bad input already.
    let name = HOSTILE.replace(char::is_control, "");
    let unquoted = name.replace(['<', '>', '"'], "");
    let tls = format!("<I>CN={unquoted}<S>CN={unquoted}");
    json!({ "now": NOW, "server": {
        "name": name, "fqdn": name, "version": "2016", "roles": ["Mailbox"],
        "client_names": [name, "mail.contoso.com"], "default_smtp": used.build().thumbprint(),
        "connectors": [
            { "kind": "Send", "name": name, "tls_certificate_name": tls, "fqdn": name },
            { "kind": "Receive", "name": "names the first", "tls_certificate_name":
                TlsCertificateName::of(&CertificateFactory::new("plain").build()).to_string() },
        ],
        "certificates": [
            installed(&used, HOSTILE, "IMAP, POP, IIS, SMTP"),
            installed(&unused, HOSTILE, "None"),
            installed(&later, HOSTILE, "SMTP"),
            installed(&CertificateFactory::new("plain").valid("2026-06-01T00:00:00Z", "2026-12-01T00:00:00Z")
                .dns_names([HOSTILE, "*.contoso.com", "\u{FC}ml\u{E4}ut.contoso.com"]), HOSTILE, "None"),
        ] } })
}
