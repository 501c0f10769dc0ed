//! An allocator that counts, so that memory is told by what was asked for and not by what a system rounds it to.
#![allow(unsafe_code, dead_code, unreachable_pub, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Off, so that nothing that is timed waits for a counter, least of all for one that two cores share.
static IS_ON: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
static MADE: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);

fn more(bytes: isize) {
    let now = BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: everything is handed on to the allocator of the system as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_ON.load(Ordering::Relaxed) {
            more(layout.size().cast_signed());
            MADE.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if IS_ON.load(Ordering::Relaxed) {
            more(-layout.size().cast_signed());
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if IS_ON.load(Ordering::Relaxed) {
            more(size.cast_signed() - layout.size().cast_signed());
            MADE.fetch_add(1, Ordering::Relaxed);
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What some work allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// How many allocations were made; one that grew counts twice.
    pub made: usize,
    /// How many were freed.
    pub freed: usize,
    /// How many bytes were there more than before.
    pub bytes: usize,
    /// How many there were at most while it was done.
    pub peak: usize,
}

/// Does some work and tells what it allocated.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, Allocated) {
    let counts = || [&MADE, &FREED].map(|count| count.load(Ordering::Relaxed));
    let before = counts();
    let bytes = BYTES.load(Ordering::Relaxed);
    PEAK.store(bytes, Ordering::Relaxed);
    IS_ON.store(true, Ordering::Relaxed);
    let result = work();
    IS_ON.store(false, Ordering::Relaxed);
    let after = counts();
    let [made, freed] = std::array::from_fn(|place| after[place].wrapping_sub(before[place]));
    let since = |now: &AtomicIsize| (now.load(Ordering::Relaxed) - bytes).unsigned_abs();
    (result, Allocated { made, freed, bytes: since(&BYTES), peak: since(&PEAK) })
}
