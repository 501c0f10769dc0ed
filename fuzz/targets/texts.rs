//! Any text as each of the small things that are written as texts: what can be read is read again as it is printed.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use exchange_certificates::{Service, Thumbprint, TlsCertificateName, domain_covers, rfc3339};
use libfuzzer_sys::fuzz_target;

fn comes_back<T: FromStr<Err: Display> + Display + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert!(value.to_string().parse::<T>().is_ok_and(|again| again == value), "{value}"),
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
    }
}

fuzz_target!(|text: &str| {
    comes_back::<Thumbprint>(text);
    comes_back::<Service>(text);
    comes_back::<TlsCertificateName>(text);
    if let Ok(time) = rfc3339::parse(text) {
        assert_eq!(rfc3339::parse(&rfc3339::print(time).to_string()), Ok(time));
    }
    if let Some((domain, host)) = text.split_once('\n') {
        domain_covers(domain, host);
    }
});
