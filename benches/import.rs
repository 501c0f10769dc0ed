//! Reading an export of 200 MB, beside a walk over its XML that does nothing with it, and the memory that it takes.
//!
//! `cargo bench --bench import` prints a table; `-- --quick` only sees whether it runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, missing_docs)]

#[path = "../tests/support/export.rs"]
mod export;
#[path = "../tests/support/factory.rs"]
mod factory;
mod support {
    pub mod counting;
    pub mod input;
    pub mod measure;
}

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_certificates::import::Import;
use export::{Serialized, document};
use factory::CertificateFactory;
use quick_xml::Reader;
use quick_xml::events::Event;
use support::counting::counted;
use support::input::many;
use support::measure::{Job, is_quick, medians, table, timed, times};

fn main() {
    let quick = is_quick();
    let (size, rounds) = if quick { (2_000_000, 1) } else { (200_000_000, 15) };
    let (path, certificates) = export(size);
    let jobs: Vec<Job<'_>> = vec![Box::new(|| timed(|| walk(&path))), Box::new(|| timed(|| import(&path)))];
    let medians = medians(rounds, jobs);
    let (import, allocated) = counted(|| import(&path));
    assert_eq!(import.certificates().len(), certificates);
    let kept: usize = import.certificates().map(|read| read.certificate().as_der().len()).sum();
    let megabytes = |bytes: usize| format!("{:.1} MB", bytes as f64 / 1e6);
    let milliseconds = |time: f64| format!("{:.0} ms", time / 1e6);
    let line = vec![
        megabytes(size),
        certificates.to_string(),
        milliseconds(medians[0]),
        milliseconds(medians[1]),
        times(medians[1] / medians[0]),
        megabytes(kept),
        megabytes(allocated.peak),
        times(allocated.peak as f64 / kept as f64),
    ];
    let heading = ["CLIXML", "certificates", "walk", "read", "÷ walk", "their DER", "peak", "÷ DER"];
    table("Reading an export from a file", &heading, &[line]);
    std::fs::remove_file(path).unwrap();
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::with_capacity(256 * 1024, File::open(path).unwrap())
}

fn walk(path: &Path) -> u64 {
    let mut reader = Reader::from_reader(open(path));
    let mut buffer = Vec::new();
    let mut events = 0;
    while reader.read_event_into(&mut buffer).unwrap() != Event::Eof {
        buffer.clear();
        events += 1;
    }
    events
}

fn import(path: &Path) -> Import {
    let mut import = Import::new();
    import.add_from("export.xml", open(path)).unwrap();
    import
}

/// Writes an export of about so many bytes, and tells how many certificates are in it.
fn export(size: usize) -> (PathBuf, usize) {
    let whole = original();
    let start = whole.find("<Obj ").unwrap();
    let (objects, tail) = whole[start..].split_at(whole[start..].rfind("</Objs>").unwrap());
    // Each object is cut at its two certificates, and made whole again around others.
    let objects: Vec<Object> = objects.split_inclusive("\n  </Obj>").filter_map(Object::new).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export.xml");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    file.write_all(&whole.as_bytes()[..start]).unwrap();
    let ders: Vec<_> = objects.iter().map(|object| object.der.clone()).collect();
    let (mut written, mut certificates) = (0, 0);
    for (der, object) in many(&ders, size / 4000).into_iter().zip(objects.iter().cycle()) {
        if written >= size {
            break;
        }
        let object = object.with(&der);
        file.write_all(object.as_bytes()).unwrap();
        written += object.len();
        certificates += 1;
    }
    file.write_all(tail.as_bytes()).unwrap();
    file.flush().unwrap();
    (path, certificates)
}

/// A real export of certificates where there is one, or one that is made like it.
fn original() -> String {
    if let Some(folder) = std::env::var_os("EXCHANGE_CORPUS") {
        return std::fs::read_to_string(Path::new(&folder).join("exchange/exchange-2016.xml")).unwrap();
    }
    println!("EXCHANGE_CORPUS names no folder of real exports: this one is made.");
    let der = CertificateFactory::new("mail.contoso.com").dns_names(["mail.contoso.com"]).build_der();
    document(&[Serialized::new(der, 27, "MBX01.contoso.com\\0").element(false)]).replace("</Obj>\n", "\n  </Obj>")
}

/// An object around its certificate, which stands in it twice: by itself, and in what is serialized.
struct Object {
    der: Vec<u8>,
    serialized: Vec<u8>,
    at: usize,
    around: [String; 3],
}

impl Object {
    fn new(object: &str) -> Option<Self> {
        let (before, rest) = object.split_once("N=\"RawData\">")?;
        let (der, rest) = rest.split_once('<')?;
        let (between, rest) = rest.split_once("N=\"SerializationData\">")?;
        let (serialized, after) = rest.split_once('<')?;
        let [der, serialized] = [der, serialized].map(|text| STANDARD.decode(text).unwrap());
        let at = serialized.windows(der.len()).position(|window| window == der).unwrap();
        let around =
            [format!("{before}N=\"RawData\">"), format!("<{between}N=\"SerializationData\">"), format!("<{after}")];
        Some(Self { der, serialized, at, around })
    }

    fn with(&self, der: &[u8]) -> String {
        let mut serialized = self.serialized.clone();
        serialized[self.at..self.at + der.len()].copy_from_slice(der);
        let [before, between, after] = &self.around;
        [before, &STANDARD.encode(der), between, &STANDARD.encode(&serialized), after].map(String::as_str).concat()
    }
}
