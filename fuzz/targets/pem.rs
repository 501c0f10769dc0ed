//! Any bytes as PEM, and as a PKCS#7 bundle: each certificate in it is one by itself.
#![no_main]

use exchange_certificates::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let bundle = Certificate::all_from_pkcs7(bytes).unwrap_or_default();
    let text = std::str::from_utf8(bytes).ok();
    let block = text.and_then(|text| Certificate::all_from_pem(text).ok()).unwrap_or_default();
    for certificate in bundle.into_iter().chain(block) {
        assert_eq!(Certificate::from_der(certificate.as_der()), Ok(certificate.clone()));
        let text = serde_json::to_string(&certificate).expect("a text");
        assert_eq!(serde_json::from_str::<Certificate>(&text).expect("what was written"), certificate);
    }
    if let Some(Err(error)) = text.map(str::parse::<Certificate>) {
        assert_eq!(error.to_string().lines().count(), 1);
    }
});
