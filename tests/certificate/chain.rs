//! A certificate with its issuers, as it is found in files.

use exchange_certificates::{Certificate, CertificateError, Chain};

use crate::pem;
use crate::support::factory::*;

const ROOT: &[(&str, &str)] = &[("C", "US"), ("CN", "Contoso Root")];
const ISSUING: &[(&str, &str)] = &[("C", "US"), ("CN", "Contoso Issuing")];

/// A certification authority of this name, issued by that one.
fn authority(subject: &[(&str, &str)], issuer: &[(&str, &str)]) -> CertificateFactory {
    CertificateFactory::new("authority")
        .subject(subject)
        .issuer(issuer)
        .without(SUBJECT_ALTERNATIVE_NAME)
        .authority(true)
}

fn root() -> Certificate {
    authority(ROOT, ROOT).build()
}

fn issuing() -> Certificate {
    authority(ISSUING, ROOT).build()
}

fn mail() -> Certificate {
    CertificateFactory::new("mail.contoso.com").issuer(ISSUING).build()
}

/// The chain in a file of these.
fn chain(certificates: &[&Certificate]) -> Result<Chain, CertificateError> {
    let text: String = certificates.iter().map(|certificate| pem("CERTIFICATE", certificate.as_der())).collect();
    let of = Chain::of(certificates.iter().copied().cloned().collect());
    let read = Certificate::chain_from_pem(&text);
    assert_eq!(read, of);
    read
}

#[test]
fn a_chain_is_found_in_any_order_and_however_often_a_certificate_stands_there() {
    let (mail, issuing, root) = (mail(), issuing(), root());
    for file in [
        vec![&mail, &issuing, &root],
        vec![&root, &issuing, &mail],
        vec![&issuing, &mail, &root],
        vec![&mail, &root, &issuing, &mail, &root],
    ] {
        let chain = chain(&file).unwrap();
        assert_eq!(chain.leaf(), &mail);
        assert_eq!(chain.links(), [issuing.clone(), root.clone()]);
        assert_eq!((chain.missing(), chain.unrelated()), (None, &[][..]));
    }
}

#[test]
fn a_root_may_be_left_out_and_an_intermediate_may_not() {
    let (mail, issuing, root) = (mail(), issuing(), root());
    let public = chain(&[&mail, &issuing]).unwrap();
    assert_eq!((public.links(), public.missing()), (&[issuing.clone()][..], None));
    let alone = chain(&[&mail]).unwrap();
    assert_eq!(alone.missing(), Some(mail.issuer()));
    let gap = chain(&[&root, &mail]).unwrap();
    assert_eq!((gap.leaf(), gap.missing(), gap.unrelated()), (&mail, Some(mail.issuer()), &[root][..]));
}

#[test]
fn a_certificate_alone_is_a_leaf_whatever_it_is() {
    let own = CertificateFactory::new("MBX01").self_signed();
    for certificate in [own.build(), own.clone().authority(true).build(), root()] {
        let chain = chain(&[&certificate, &certificate]).unwrap();
        assert_eq!((chain.leaf(), chain.links(), chain.missing()), (&certificate, &[][..], None));
    }
}

#[test]
fn what_is_no_link_is_named() {
    let (mail, issuing, root) = (mail(), issuing(), root());
    let other_root = authority(&[("CN", "Other Root")], &[("CN", "Other Root")]).build();
    let other = authority(&[("CN", "Other")], &[("CN", "Other Root")]).build();
    let chain = chain(&[&other, &root, &mail, &other_root, &issuing]).unwrap();
    assert_eq!(chain.links(), [issuing, root]);
    assert_eq!(chain.unrelated(), [other, other_root]);
}

#[test]
fn none_or_several_for_a_server_are_an_error_that_names_them() {
    let error = chain(&[&issuing(), &root()]).unwrap_err();
    let subjects = vec!["CN=Contoso Issuing, C=US".to_owned(), "CN=Contoso Root, C=US".to_owned()];
    assert_eq!(error, CertificateError::NoLeaf { subjects });
    assert!(error.to_string().ends_with(": `CN=Contoso Issuing, C=US`, `CN=Contoso Root, C=US`"), "{error}");
    let other = CertificateFactory::new("other.contoso.com").issuer(ISSUING).build();
    let error = chain(&[&mail(), &issuing(), &other]).unwrap_err();
    let subjects =
        vec!["CN=mail.contoso.com, O=Contoso, C=US".to_owned(), "CN=other.contoso.com, O=Contoso, C=US".to_owned()];
    assert_eq!(error, CertificateError::SeveralLeaves { subjects });
    // Two self-signed ones of one name issued nothing for each other.
    let own = |from, until| CertificateFactory::new("MBX01").valid(from, until).self_signed().build();
    let two =
        [own("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), own("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")];
    assert!(matches!(chain(&[&two[0], &two[1]]), Err(CertificateError::SeveralLeaves { .. })));
    assert_eq!(Chain::of(Vec::new()), Err(CertificateError::Empty));
    let hostile = CertificateFactory::new("x").subject(&[("CN", "a\r\n\u{1b}[2J`")]).issuer(ISSUING).build();
    let error = chain(&[&mail(), &hostile]).unwrap_err().to_string();
    assert!(!error.contains(char::is_control), "{error}");
}

#[test]
fn a_loop_ends() {
    let one = authority(ISSUING, ROOT).build();
    let other = authority(ROOT, ISSUING).build();
    let chain = chain(&[&other, &mail(), &one]).unwrap();
    assert_eq!((chain.links(), chain.missing(), chain.unrelated()), (&[one, other][..], None, &[][..]));
}

#[test]
fn of_issuers_of_one_name_the_one_is_taken_that_ends_the_chain() {
    let old = [("CN", "Old Root")];
    let cross = authority(ROOT, &old).valid("2026-01-01T00:00:00Z", "2040-01-01T00:00:00Z").build();
    for file in [vec![&mail(), &issuing(), &cross, &root()], vec![&mail(), &root(), &cross, &issuing()]] {
        let chain = chain(&file).unwrap();
        assert_eq!(chain.links(), [issuing(), root()]);
        assert_eq!(chain.unrelated(), std::slice::from_ref(&cross));
    }
    // Neither is self-signed: the later one is taken, unless the way on from the other is there.
    let early = authority(ISSUING, &old).valid("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").build();
    let late = authority(ISSUING, ROOT).valid("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z").build();
    assert_eq!(chain(&[&early, &late, &mail()]).unwrap().links(), std::slice::from_ref(&late));
    let root = authority(&old, &old).build();
    assert_eq!(chain(&[&early, &late, &mail(), &root]).unwrap().links(), [early, root]);
    // What only has the name of the issuer did not issue anything.
    let namesake = CertificateFactory::new("namesake").subject(ISSUING).issuer(ISSUING).build();
    assert_eq!(chain(&[&namesake, &mail(), &issuing()]).unwrap().links(), [issuing()]);
}

#[test]
fn a_certificate_without_a_subject_is_a_leaf() {
    let nameless = CertificateFactory::new("mail.contoso.com").subject(&[]).issuer(ISSUING).build();
    let chain = chain(&[&issuing(), &nameless]).unwrap();
    assert_eq!((chain.leaf(), chain.links()), (&nameless, &[issuing()][..]));
}
