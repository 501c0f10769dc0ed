//! Why something is no certificate.

use super::mistaken::Mistaken;
use crate::text;

/// Why bytes or a text are no certificate, or not the certificates that were asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No bytes, or a text without anything but white space.
    #[error("there is nothing to read a certificate from")]
    Empty,
    /// More bytes than any certificate has.
    #[error("{length} bytes are too many for a certificate, which has at most {maximum}")]
    TooLarge {
        /// How many bytes there were.
        length: usize,
        /// How many bytes are read at most.
        maximum: usize,
    },
    /// Something else stands where a part of the certificate should be.
    #[error("expected {expected} at byte {offset}")]
    Malformed {
        /// Where, counted from 0.
        offset: usize,
        /// What should have been there.
        expected: &'static str,
    },
    /// A length that is not given but marked by an end, which BER has and DER has not.
    #[error("at byte {offset} stands an indefinite length: this is BER, and only DER is read")]
    IndefiniteLength {
        /// Where the element with that length begins, counted from 0.
        offset: usize,
    },
    /// More bytes after the end of the certificate.
    #[error("the certificate ends at byte {offset}, and {extra} more follow")]
    TrailingBytes {
        /// Where the certificate ends, counted from 0.
        offset: usize,
        /// How many bytes follow.
        extra: usize,
    },
    /// Something else that lies beside certificates.
    #[error("{0}")]
    Mistaken(Mistaken),
    /// A text without any PEM block.
    #[error("the text holds no PEM block")]
    NoPem,
    /// PEM blocks, but none of a certificate.
    #[error("the text holds no certificate, but a PEM block with the label {}", text::excerpt(.label))]
    OtherLabel {
        /// The label of the first block.
        label: String,
    },
    /// A PEM block that does not end, or does not end with the label that it begins with.
    #[error("the block with the label {} has no end line", text::excerpt(.label))]
    Unfinished {
        /// The label in the line that begins the block.
        label: String,
    },
    /// A character that base64 does not have, or too few of them.
    #[error("line {line}, column {column}: the base64 is not complete")]
    Base64 {
        /// The line of the text, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
    },
    /// No certificate or more than one where exactly one was asked for.
    #[error("expected exactly one certificate, and there are {count}")]
    NotOne {
        /// How many there are.
        count: usize,
    },
    /// Certificates that were all issued for others, so that none of them is a server's.
    #[error("none of these certificates is a server's, since each is of a certification authority or issued another: {}", text::list(.subjects))]
    NoLeaf {
        /// The subjects of all of them.
        subjects: Vec<String>,
    },
    /// Certificates of several servers, or several of one, where a chain has one.
    #[error("these certificates issued none of the others, and only one of them can be meant: {}", text::list(.subjects))]
    SeveralLeaves {
        /// The subjects of those that it may be.
        subjects: Vec<String>,
    },
    /// A PEM block that cannot be read.
    #[error("PEM block {block}: {error}")]
    InBlock {
        /// Which block of the text, counted from 1, whatever their labels.
        block: usize,
        /// What is wrong with it.
        #[source]
        error: Box<CertificateError>,
    },
    /// A certificate in a PKCS#7 bundle that cannot be read.
    #[error("certificate {certificate} of the bundle: {error}")]
    InBundle {
        /// Which certificate of the bundle, counted from 1.
        certificate: usize,
        /// What is wrong with it.
        #[source]
        error: Box<CertificateError>,
    },
}
