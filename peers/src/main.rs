//! Reads the same certificates by this crate and by others, in one run, and prints one table.
//!
//! `cargo run --release` measures on the certificates in the folder that `EXCHANGE_CORPUS` names and on a million made
//! from them; `-- --quick` only sees whether it runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../../benches/support/counting.rs"]
mod counting;
#[path = "../../tests/support/factory.rs"]
mod factory;
#[path = "../../benches/support/input.rs"]
mod input;
#[path = "../../benches/support/measure.rs"]
mod measure;
mod peer;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use counting::counted;
use exchange_certificates::{Certificate, Store, Thumbprint};
use input::{corpus, many, shuffled};
use measure::{Job, is_quick, medians, nanoseconds, table, timed, times};
use sha1::{Digest, Sha1};

use peer::{OpenSsl, Ours, Peer, Webpki, X509Cert, X509Parser};

fn main() {
    let (corpus, kind) = corpus();
    let quick = is_quick();
    let read = [
        corpus.iter().map(|der| Ours::can_read(der)).collect::<Vec<_>>(),
        corpus.iter().map(|der| Webpki::can_read(der)).collect(),
        corpus.iter().map(|der| X509Parser::can_read(der)).collect(),
        corpus.iter().map(|der| X509Cert::can_read(der)).collect(),
        corpus.iter().map(|der| OpenSsl::can_read(der)).collect(),
    ];
    // Whoever refuses a certificate is done early, so that times are taken of those that all of them read.
    let common: Vec<_> = (0..corpus.len()).filter(|place| read.iter().all(|reads| reads[*place])).collect();
    let common: Vec<_> = common.into_iter().map(|place| corpus[place].clone()).collect();
    let each = measure_each(&common, if quick { 1 } else { 101 });
    let million = many(&common, if quick { 1_000 } else { 1_000_000 });
    let order = shuffled(million.len(), 100_000.min(million.len()));
    let sought: Vec<_> = order.into_iter().map(|place| Thumbprint::of(&million[place])).collect();
    let together = [
        store(&million, &sought),
        map::<Webpki>(&million, &sought),
        map::<X509Parser>(&million, &sought),
        map::<X509Cert>(&million, &sought),
        map::<OpenSsl>(&million, &sought),
    ];

    let names = ["exchange-certificates", "rustls-webpki", "x509-parser", "x509-cert", "OpenSSL"];
    let mut lines = vec![
        ["SHA-1 alone".into(), String::new(), nanoseconds(each[0]), times(1.0), times(each[0] / each[1])]
            .into_iter()
            .chain(std::iter::repeat_n(String::new(), 5))
            .collect::<Vec<_>>(),
    ];
    for (place, name) in names.into_iter().enumerate() {
        let (time, loaded) = (each[place + 1], &together[place]);
        lines.push(vec![
            name.to_owned(),
            format!("{} of {}", read[place].iter().filter(|reads| **reads).count(), corpus.len()),
            nanoseconds(time),
            times(time / each[0]),
            times(time / each[1]),
            nanoseconds(loaded.load),
            times(loaded.load / together[0].load),
            nanoseconds(loaded.look_up),
            times(loaded.look_up / together[0].look_up),
            if place == 4 { "not counted".to_owned() } else { format!("{:.0}", loaded.bytes) },
        ]);
    }
    let title = format!(
        "{} {kind} certificates that all of them read, and {} made from those; each figure is of one certificate",
        common.len(),
        million.len()
    );
    let heading = [
        "",
        "reads",
        "read + SHA-1",
        "÷ SHA-1",
        "÷ ours",
        "load many",
        "÷ ours",
        "find by thumbprint",
        "÷ ours",
        "bytes kept",
    ];
    table(&title, &heading, &lines);
}

fn measure_each(ders: &[Vec<u8>], rounds: usize) -> Vec<f64> {
    fn job<'a, P: Peer>(ders: &'a [Vec<u8>]) -> Job<'a> {
        Box::new(|| timed(|| ders.iter().for_each(|der| _ = black_box(P::read(der)))))
    }
    let sha1: Job<'_> = Box::new(|| timed(|| ders.iter().for_each(|der| _ = black_box(Sha1::digest(der)))));
    let jobs = vec![
        sha1,
        job::<Ours>(ders),
        job::<Webpki>(ders),
        job::<X509Parser>(ders),
        job::<X509Cert>(ders),
        job::<OpenSsl>(ders),
    ];
    medians(rounds, jobs).into_iter().map(|time| time / ders.len() as f64).collect()
}

struct Together {
    load: f64,
    look_up: f64,
    bytes: f64,
}

impl Together {
    fn new(count: usize, load: Duration, bytes: usize, sought: usize, look_up: Duration) -> Self {
        Self {
            load: load.as_nanos() as f64 / count as f64,
            look_up: look_up.as_nanos() as f64 / sought as f64,
            bytes: bytes as f64 / count as f64,
        }
    }
}

/// Loads all into a store, once to take the time and once to count what is allocated.
fn store(ders: &[Vec<u8>], sought: &[Thumbprint]) -> Together {
    let load = timed(|| Store::from_ders(ders).unwrap());
    let (store, allocated) = counted(|| Store::from_ders(ders).unwrap());
    let found = |thumbprint| _ = black_box(store.get(thumbprint).map(Certificate::not_after));
    let look_up = timed(|| sought.iter().for_each(|thumbprint| found(*thumbprint)));
    Together::new(ders.len(), load, allocated.bytes, sought.len(), look_up)
}

/// Loads all into a map of the standard library; otherwise the same.
fn map<P: Peer>(ders: &[Vec<u8>], sought: &[Thumbprint]) -> Together {
    let load = || ders.iter().filter_map(|der| P::read(der)).collect::<HashMap<[u8; 20], P::Kept<'_>>>();
    let time = timed(load);
    let (map, allocated) = counted(load);
    let found = |thumbprint: &Thumbprint| _ = black_box(map.get(thumbprint.as_bytes()).map(P::look_at));
    let look_up = timed(|| sought.iter().for_each(found));
    Together::new(ders.len(), time, allocated.bytes, sought.len(), look_up)
}
