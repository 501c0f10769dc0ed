//! Medians of interleaved rounds, and tables.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Whether it is only to be seen that everything runs: `--quick`.
pub fn is_quick() -> bool {
    std::env::args().any(|argument| argument == "--quick")
}

/// How long some work takes; its result is dropped after the clock has stopped.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = black_box(work());
    let elapsed = start.elapsed();
    drop(result);
    elapsed
}

/// Something that times itself.
pub type Job<'a> = Box<dyn FnMut() -> Duration + 'a>;

/// Runs the jobs one after the other, round after round, so that whatever else the machine does falls on all of them.
/// The median of each in nanoseconds.
pub fn medians(rounds: usize, mut jobs: Vec<Job<'_>>) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); jobs.len()];
    for _ in 0..rounds {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            times.push(job());
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64
    };
    times.into_iter().map(median).collect()
}

/// Prints a table whose first column is text and whose others are figures.
pub fn table(title: &str, heading: &[&str], lines: &[Vec<String>]) {
    println!("\n{title}\n");
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or(0)
    };
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<_> = cells
            .enumerate()
            .map(|(column, cell)| match column {
                0 => format!("{cell:<width$}", width = width(column)),
                _ => format!("{cell:>width$}", width = width(column)),
            })
            .collect();
        println!("| {} |", cells.join(" | "));
    };
    print(&mut heading.iter().copied());
    let rule: Vec<_> = (0..heading.len())
        .map(|column| match column {
            0 => "-".repeat(width(column)),
            _ => format!("{}:", "-".repeat(width(column) - 1)),
        })
        .collect();
    print(&mut rule.iter().map(String::as_str));
    for line in lines {
        print(&mut line.iter().map(String::as_str));
    }
}

/// Nanoseconds with as many digits as they are worth.
pub fn nanoseconds(time: f64) -> String {
    if time < 100.0 { format!("{time:.1} ns") } else { format!("{time:.0} ns") }
}

/// A ratio.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.2}")
}
