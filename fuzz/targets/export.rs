//! Any bytes as an export, from memory and from a stream: both say the same, and all that was read makes servers.
#![no_main]

use exchange_certificates::import::Import;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (mut import, mut streamed) = (Import::new(), Import::new());
    let outcome = import.add("export", bytes);
    assert_eq!(streamed.add_from("export", bytes), outcome);
    assert_eq!(format!("{:?}", streamed.servers()), format!("{:?}", import.servers()));
    assert_eq!(streamed.certificates().len(), import.certificates().len());
    if let Err(error) = outcome {
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(import.certificates().next().is_none() && import.servers().is_empty());
        return;
    }
    // Once more says nothing new, and contradicts nothing.
    let (certificates, listed) = (import.certificates().len(), import.listed().count());
    import.add("again", bytes).expect("what was read before");
    assert_eq!((import.certificates().len(), import.listed().count()), (certificates, listed));
    assert!(import.not_read().iter().all(|(_, entry)| entry.to_string().lines().count() == 1));
    let (fleet, _) = import.fleet();
    for server in fleet.servers() {
        let text = serde_json::to_string(server).expect("a text");
        assert_eq!(serde_json::from_str::<exchange_certificates::Server>(&text).expect(&text).name(), server.name());
    }
});
