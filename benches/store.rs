//! Loading a million certificates and finding them again.
//!
//! `cargo bench --bench store` prints tables; `-- --quick` only sees whether it runs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../tests/support/factory.rs"]
mod factory;
mod support {
    pub mod counting;
    pub mod input;
    pub mod measure;
}

use std::hint::black_box;

use exchange_certificates::{Certificate, Store, Thumbprint};
use sha1::{Digest, Sha1};
use support::counting::counted;
use support::input::{corpus, many, shuffled};
use support::measure::{Job, is_quick, medians, nanoseconds, table, timed, times};

fn main() {
    let quick = is_quick();
    let (corpus, kind) = corpus();
    let rounds = if quick { 1 } else { 201 };
    one_by_one(&corpus, kind, rounds);

    let sizes: &[usize] = if quick { &[100, 1_000] } else { &[10_000, 100_000, 1_000_000] };
    let million = many(&corpus, sizes[sizes.len() - 1]);
    let (mut loads, mut lookups) = (Vec::new(), Vec::new());
    for size in sizes {
        let ders = &million[..*size];
        let rounds = if quick { 1 } else { (3_000_000 / size).clamp(5, 41) };
        loads.push(load(ders, rounds));
        lookups.push(look_up(ders, rounds));
    }
    let heading = [
        "certificates",
        "SHA-1",
        "load, a core",
        "÷ SHA-1",
        "load",
        "faster",
        "SHA-1 faster",
        "names",
        "bytes beyond DER",
    ];
    table("Loading certificates into a store, the time of one", &heading, &loads);
    let heading =
        ["certificates", "hashbrown", "thumbprint", "÷ hashbrown", "name", "covering a host", "under a wildcard"];
    table("Finding a certificate in the store", &heading, &lookups);
}

/// Reads the certificates as they come, and drops them again.
fn one_by_one(ders: &[Vec<u8>], kind: &str, rounds: usize) {
    let readable: Vec<_> = ders.iter().filter(|der| Certificate::from_der(&der[..]).is_ok()).collect();
    let bytes: usize = readable.iter().map(|der| der.len()).sum();
    let jobs: Vec<Job<'_>> = vec![
        Box::new(|| timed(|| readable.iter().for_each(|der| _ = black_box(Sha1::digest(der))))),
        Box::new(|| timed(|| readable.iter().for_each(|der| _ = black_box(Certificate::from_der(&der[..]))))),
    ];
    let [sha1, load] = medians(rounds, jobs)[..] else { return };
    let count = readable.len() as f64;
    let lines = [
        vec!["SHA-1".into(), nanoseconds(sha1 / count), format!("{:.2} ns", sha1 / bytes as f64), times(1.0)],
        vec![
            "load and drop".into(),
            nanoseconds(load / count),
            format!("{:.2} ns", load / bytes as f64),
            times(load / sha1),
        ],
    ];
    let title = format!("{} {kind} certificates of {} bytes", readable.len(), bytes / readable.len());
    table(&title, &["", "a certificate", "a byte", "÷ SHA-1"], &lines);
}

fn load(ders: &[Vec<u8>], rounds: usize) -> Vec<String> {
    let jobs: Vec<Job<'_>> = vec![
        Box::new(|| timed(|| ders.iter().for_each(|der| _ = black_box(Sha1::digest(der))))),
        Box::new(|| timed(|| alone(|| Store::from_ders(ders).unwrap()))),
        Box::new(|| timed(|| Store::from_ders(ders).unwrap())),
        Box::new(|| timed(|| sha1_on_all_cores(ders))),
    ];
    let [sha1, one, all, sha1_on_all] = medians(rounds, jobs)[..] else { return Vec::new() };
    let (store, allocated) = counted(|| Store::from_ders(ders).unwrap());
    assert_eq!(store.len(), ders.len());
    let names: usize = store.iter().map(|certificate| certificate.domains().len()).sum();
    let bytes: usize = ders.iter().map(Vec::len).sum();
    let count = ders.len() as f64;
    vec![
        ders.len().to_string(),
        nanoseconds(sha1 / count),
        nanoseconds(one / count),
        times(one / sha1),
        nanoseconds(all / count),
        format!("{:.2}x", one / all),
        format!("{:.2}x", sha1 / sha1_on_all),
        format!("{:.2}", names as f64 / count),
        format!("{:.1}", (allocated.bytes - bytes) as f64 / count),
    ]
}

/// How much faster the machine gets by its cores, when nothing has to be kept in order.
#[cfg(feature = "rayon")]
fn sha1_on_all_cores(ders: &[Vec<u8>]) {
    use rayon::prelude::*;

    ders.par_iter().for_each(|der| _ = black_box(Sha1::digest(der)));
}

#[cfg(not(feature = "rayon"))]
fn sha1_on_all_cores(ders: &[Vec<u8>]) {
    ders.iter().for_each(|der| _ = black_box(Sha1::digest(der)));
}

/// Does it on one core, whatever the features are.
#[cfg(feature = "rayon")]
fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // One pool for all rounds, as the other one is, so that both find their memory as they left it.
    static POOL: std::sync::LazyLock<rayon::ThreadPool> =
        std::sync::LazyLock::new(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    POOL.install(work)
}

#[cfg(not(feature = "rayon"))]
fn alone<T>(work: impl FnOnce() -> T) -> T {
    work()
}

fn look_up(ders: &[Vec<u8>], rounds: usize) -> Vec<String> {
    let store = Store::from_ders(ders).unwrap();
    let order = shuffled(ders.len(), 100_000.min(ders.len() * 4));
    let thumbprints: Vec<_> = order.iter().map(|place| Thumbprint::of(&ders[*place])).collect();
    let bare: hashbrown::HashMap<Thumbprint, u32, foldhash::fast::RandomState> =
        store.iter().map(Certificate::thumbprint).zip(0..).collect();
    let host = |certificate: &Certificate| {
        certificate.domains().into_iter().map(|name| name.into_owned()).find(|name| name.contains('.'))
    };
    let hosts: Vec<_> = thumbprints.iter().filter_map(|it| host(store.get(*it)?)).take(20_000).collect();
    let wildcards: Vec<_> = hosts.iter().map(|host| format!("*.{}", host.split_once('.').unwrap().1)).collect();
    let first = |found: Option<&Certificate>| _ = black_box(found.map(Certificate::thumbprint));
    let jobs: Vec<Job<'_>> = vec![
        Box::new(|| timed(|| thumbprints.iter().for_each(|it| _ = black_box(bare.get(it))))),
        Box::new(|| timed(|| thumbprints.iter().for_each(|it| _ = black_box(store.get(*it))))),
        Box::new(|| timed(|| hosts.iter().for_each(|host| first(store.named(host).next())))),
        Box::new(|| timed(|| hosts.iter().for_each(|host| first(store.covering(host).next())))),
        Box::new(|| timed(|| wildcards.iter().for_each(|wildcard| first(store.covered_by(wildcard).next())))),
    ];
    let [hashbrown, thumbprint, name, covering, under] = medians(rounds, jobs)[..] else { return Vec::new() };
    let (by_thumbprint, by_name) = (thumbprints.len() as f64, hosts.len() as f64);
    vec![
        ders.len().to_string(),
        nanoseconds(hashbrown / by_thumbprint),
        nanoseconds(thumbprint / by_thumbprint),
        times(thumbprint / hashbrown),
        nanoseconds(name / by_name),
        nanoseconds(covering / by_name),
        nanoseconds(under / by_name),
    ]
}
