//! The certificates that are measured: real ones, and as many as wanted that are made from those.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use exchange_certificates::{Certificate, KeyUsage};

use crate::factory::CertificateFactory;

/// The certificates in the folder `certificates` under the one that `EXCHANGE_CORPUS` names, or else some that a
/// factory makes; with what they are.
pub fn corpus() -> (Vec<Vec<u8>>, &'static str) {
    let Some(folder) = std::env::var_os("EXCHANGE_CORPUS") else {
        println!("EXCHANGE_CORPUS names no folder of real certificates: these are made by a factory.");
        return (made(), "made");
    };
    let folder = Path::new(&folder).join("certificates");
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.expect("a readable folder").path()).collect();
    files.sort();
    (files.iter().map(|file| fs::read(file).expect("a readable file")).collect(), "real")
}

/// Certificates of servers with one to three names, of each kind of key.
fn made() -> Vec<Vec<u8>> {
    let made = |number: usize| {
        let names = [format!("mail{number}.contoso.com"), "autodiscover.contoso.com".into(), "*.contoso.com".into()];
        let names = names.iter().map(String::as_str).take(1 + number % 3);
        let factory = CertificateFactory::new(&format!("mail{number}.contoso.com")).dns_names(names);
        let factory = factory.key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT);
        match number % 4 {
            0 => factory.elliptic_curve(),
            1 => factory.rsa(4096),
            _ => factory,
        }
        .build_der()
    };
    (0..64).map(made).collect()
}

/// So many certificates, no two of them with the same serial number, made in turn from each of these.
///
/// Serial number and names are written over in place, so that everything else stays real.
pub fn many(originals: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let templates: Vec<_> = originals.iter().filter_map(|der| Template::new(der)).collect();
    (0..count).map(|number| templates[number % templates.len()].fill(number, number / templates.len())).collect()
}

struct Template {
    der: Vec<u8>,
    /// Where the last four bytes of the serial number stand.
    serial_number: usize,
    /// The part of each name that is written over: the end of its longest label.
    labels: Vec<std::ops::Range<usize>>,
}

impl Template {
    fn new(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let place = |part: &[u8]| part.as_ptr().addr() - certificate.as_der().as_ptr().addr();
        let serial_number = certificate.serial_number().as_bytes();
        // Fewer bytes would not tell a million apart.
        let serial_number = place(serial_number) + serial_number.len().checked_sub(4)?;
        let dns_names = certificate.dns_names().present().into_iter().flatten();
        let names = certificate.common_names().filter(|name| certificate.has_domain(name)).chain(dns_names);
        let label = |name: Cow<'_, str>| {
            let Cow::Borrowed(name) = name else { return None };
            let longest = name.split('.').rev().max_by_key(|label| label.len()).filter(|label| label.len() >= 3)?;
            let end = place(longest.as_bytes()) + longest.len();
            Some(end - longest.len().min(4)..end)
        };
        Some(Self { der: der.to_vec(), serial_number, labels: names.filter_map(label).collect() })
    }

    fn fill(&self, number: usize, turn: usize) -> Vec<u8> {
        let mut der = self.der.clone();
        der[self.serial_number..self.serial_number + 4].copy_from_slice(&(number as u32).to_be_bytes());
        for label in &self.labels {
            let mut digits = turn;
            for byte in der[label.clone()].iter_mut().rev() {
                *byte = b"abcdefghijklmnopqrstuvwxyz0123456789"[digits % 36];
                digits /= 36;
            }
        }
        der
    }
}

/// Numbers below a bound in an order that no cache foresees, the same ones each time.
pub fn shuffled(bound: usize, count: usize) -> Vec<usize> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = |_| {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        ((u128::from(state) * bound as u128) >> 64) as usize
    };
    (0..count).map(next).collect()
}
