//! dev
use exchange_certificates::import::Import;
fn main() {
    let mut i = Import::new();
    for f in std::env::args().skip(1) {
        let b = std::fs::read(&f).unwrap();
        match i.add(f.as_str(), &b) {
            Ok(f) => println!("{f:?}"),
            Err(e) => println!("ERR {e}"),
        }
    }
    for c in i.certificates() {
        println!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            c.thumbprint(),
            c.server(),
            c.services().map(|s| s.to_string()),
            c.status(),
            c.root_ca_type(),
            c.friendly_name(),
            c.has_private_key(),
            c.key_storage(),
            c.web_sites()
        );
    }
    for s in i.servers() {
        println!("{s:?}");
    }
    for c in i.connectors() {
        println!("{c:?}");
    }
    println!("{:?} skipped {}", i.auth_certificates(), i.skipped());
    for s in i.described_servers().unwrap() {
        println!("{} {}", s.name(), s.certificates().count());
    }
}
