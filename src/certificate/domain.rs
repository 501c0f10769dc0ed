//! DNS names: which texts are one, and which hosts a name covers.

/// Whether a certificate's domain covers a host: they are equal, or the domain is a wildcard for
/// exactly the host's first label; ASCII case does not matter.
///
/// ```
/// use exchange_certificates::domain_covers;
///
/// assert!(domain_covers("mail.contoso.com", "MAIL.contoso.com"));
/// assert!(domain_covers("*.contoso.com", "mail.contoso.com"));
/// assert!(!domain_covers("*.contoso.com", "contoso.com"));
/// assert!(!domain_covers("*.contoso.com", "smtp.mail.contoso.com"));
/// ```
pub fn domain_covers(domain: &str, host: &str) -> bool {
    bytes_cover(domain.as_bytes(), host.as_bytes())
}

/// The same of the bytes of two texts.
pub(crate) fn bytes_cover(domain: &[u8], host: &[u8]) -> bool {
    if domain.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(parent) = domain.strip_prefix(b"*.") else { return false };
    let dot = host.iter().position(|byte| *byte == b'.').filter(|dot| *dot > 0);
    dot.and_then(|dot| host.get(dot + 1..)).is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
}

/// Whether a common name is written as a DNS name: labels of letters, digits, `-` and `_`, at
/// least one letter among them, and perhaps a leading `*.`.
pub(super) fn is_dns_name(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let (mut before, mut has_letter) = (b'.', false);
    // Byte by byte, since names are short and every decision asks this again.
    for byte in labels.bytes() {
        let fits =
            if byte == b'.' { before != b'.' } else { byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') };
        if !fits {
            return false;
        }
        has_letter |= byte.is_ascii_alphabetic();
        before = byte;
    }
    before != b'.' && has_letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_name_is_a_dns_name_by_its_characters() {
        for name in ["WMSvc-MBX01", "mail.contoso.com", "*.contoso.com", "_sip.contoso.com", "a", "*.a", "3com.9"] {
            assert!(is_dns_name(name), "{name}");
        }
        for name in [
            "",
            "Microsoft Exchange Server Auth Certificate",
            "10.0.0.1",
            "*.10",
            "*",
            "*.",
            "mail.*.com",
            "*.*.com",
            "contoso.com.",
            ".contoso.com",
            "mail..com",
            "zürich.ch",
            "info@contoso.com",
            "mail.contoso.com\n",
        ] {
            assert!(!is_dns_name(name), "{name}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_exactly_one_label() {
        for (domain, host) in [("a.b", "A.B"), ("*.b", "a.B"), ("*.B.c", "x.b.C"), ("*.b", "*.b"), ("", "")] {
            assert!(domain_covers(domain, host), "{domain} {host}");
        }
        for (domain, host) in
            [("*.b", "b"), ("*.b", ".b"), ("*.b", "a.a.b"), ("*b", "ab"), ("a.*", "a.b"), ("*", "a"), ("*.", "a")]
        {
            assert!(!domain_covers(domain, host), "{domain} {host}");
        }
    }
}
