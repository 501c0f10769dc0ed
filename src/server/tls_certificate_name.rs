//! How connectors name a certificate: by its issuer and subject.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::certificate::{Certificate, Name};
use crate::text::{self, Caseless};

/// `<I>issuer<S>subject`: how a connector names its certificate. Compared without case.
///
/// ```
/// use exchange_certificates::TlsCertificateName;
///
/// let name: TlsCertificateName = "<I>CN=Contoso CA<S>CN=mail.contoso.com".parse()?;
/// assert_eq!(name.issuer(), "CN=Contoso CA");
/// assert_eq!(name.subject(), "CN=mail.contoso.com");
/// assert_eq!(name, "<i>cn=contoso ca<s>cn=MAIL.contoso.com".parse()?);
/// # Ok::<(), exchange_certificates::TlsCertificateNameError>(())
/// ```
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TlsCertificateName {
    issuer: String,
    subject: String,
}

/// Why a text is no [`TlsCertificateName`].
///
/// ```
/// use exchange_certificates::{TlsCertificateName, TlsCertificateNameError};
///
/// let error = "CN=mail.contoso.com".parse::<TlsCertificateName>().unwrap_err();
/// assert!(matches!(error, TlsCertificateNameError::Form { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsCertificateNameError {
    /// It lacks the tags `<I>` and `<S>`, in this order, or what should follow them.
    #[error("{} names no certificate: it takes the form <I>issuer<S>subject", text::excerpt(.text))]
    Form {
        /// The text as it stood.
        text: String,
    },
    /// It holds what cannot stand in a command.
    #[error(transparent)]
    Text(#[from] text::TextError),
}

impl TlsCertificateName {
    /// The name by which a connector would find this certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self { issuer: certificate.issuer().to_string(), subject: certificate.subject().to_string() }
    }

    /// The issuer, as Windows prints it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The subject, as Windows prints it.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The same question, asked once for names that are the same, as long as there are few.
    pub(crate) fn remembered<'a>(question: impl Fn(&Self) -> bool) -> impl FnMut(&'a Self) -> bool {
        let mut known: SmallVec<[(&'a Self, bool); 8]> = SmallVec::new();
        move |name| {
            if let Some((_, answer)) = known.iter().find(|(known, _)| *known == name) {
                return *answer;
            }
            let answer = question(name);
            if known.len() < known.inline_size() {
                known.push((name, answer));
            }
            answer
        }
    }

    /// Whether this certificate has the issuer and the subject.
    pub fn matches(&self, certificate: &Certificate) -> bool {
        let is_printed =
            |text: &str, name: Name<'_>| Caseless(text).is_printed_by(|write| name.print(&mut |piece| write(piece)));
        is_printed(&self.subject, certificate.subject()) && is_printed(&self.issuer, certificate.issuer())
    }
}

impl PartialEq for TlsCertificateName {
    fn eq(&self, other: &Self) -> bool {
        (&self.issuer, &self.subject) == (&other.issuer, &other.subject)
            || text::same(&self.issuer, &other.issuer) && text::same(&self.subject, &other.subject)
    }
}

impl fmt::Display for TlsCertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<I>{}<S>{}", self.issuer, self.subject)
    }
}

impl FromStr for TlsCertificateName {
    type Err = TlsCertificateNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text::check(text)?;
        let form = || TlsCertificateNameError::Form { text: text.to_owned() };
        let rest = text.strip_prefix("<I>").or_else(|| text.strip_prefix("<i>")).ok_or_else(form)?;
        let (issuer, subject) = split_at_subject(rest).ok_or_else(form)?;
        if issuer.is_empty() {
            return Err(form());
        }
        // The subject may be empty: today's CAs write the names into the subject alternative name alone.
        Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }
}

/// Splits at the tag of the subject. Inside of quotes it belongs to a value: Windows quotes one with a `<`.
fn split_at_subject(text: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    for (place, character) in text.char_indices() {
        let rest = text.get(place..).unwrap_or_default();
        match character {
            '"' => is_quoted = !is_quoted,
            '<' if !is_quoted && (rest.starts_with("<S>") || rest.starts_with("<s>")) => {
                return Some((text.get(..place)?, rest.get(3..)?));
            }
            _ => {}
        }
    }
    None
}

impl TryFrom<String> for TlsCertificateName {
    type Error = TlsCertificateNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TlsCertificateName> for String {
    fn from(name: TlsCertificateName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_splits_at_the_tag_outside_of_quotes() {
        let name: TlsCertificateName = r#"<I>CN="a<S>b", O=c<S>CN=d"#.parse().unwrap();
        assert_eq!((name.issuer(), name.subject()), (r#"CN="a<S>b", O=c"#, "CN=d"));
        assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn a_subject_may_be_empty_and_an_issuer_not() {
        let name: TlsCertificateName = "<I>CN=R10, O=Let's Encrypt, C=US<S>".parse().unwrap();
        assert_eq!(name.subject(), "");
        for text in ["", "CN=a", "<I>CN=a", "<S>CN=a", "<I><S>CN=a", "<S>CN=a<I>CN=b"] {
            assert!(text.parse::<TlsCertificateName>().is_err(), "{text:?}");
        }
    }
}
