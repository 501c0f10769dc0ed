//! Who makes a certificate, by its names: Exchange, IIS, or a tool that renews it.

use std::borrow::Cow;

use super::Certificate;

impl Certificate {
    /// Whether it is named as setup names the Auth certificate of the organisation.
    pub(crate) fn is_named_auth_certificate(&self) -> bool {
        self.has_common_name("Microsoft Exchange Server Auth Certificate")
    }

    /// The common name of a certificate that IIS made for its Web Management service.
    pub(crate) fn web_management_name(&self) -> Option<Cow<'_, str>> {
        let begins = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("WMSvc-"));
        self.common_names().find(|name| begins(name))
    }

    /// Whether it comes from a CA whose certificates are renewed by a tool as a rule, over ACME.
    pub(crate) fn is_issued_over_acme(&self) -> bool {
        let issuer = self.issuer().to_string();
        ["O=Let's Encrypt", "O=ZeroSSL", "O=Google Trust Services"].iter().any(|name| issuer.contains(name))
    }
}
