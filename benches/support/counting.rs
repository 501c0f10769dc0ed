//! An allocator that counts, so that memory is told by what was asked for and not by what a system rounds it to.
#![allow(unsafe_code, dead_code, unreachable_pub, missing_docs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Off, so that nothing that is timed waits for a counter, least of all for one that two cores share.
static IS_ON: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static MADE: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the allocator of the system as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_ON.load(Ordering::Relaxed) {
            BYTES.fetch_add(layout.size(), Ordering::Relaxed);
            MADE.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if IS_ON.load(Ordering::Relaxed) {
            BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if IS_ON.load(Ordering::Relaxed) {
            BYTES.fetch_add(size.wrapping_sub(layout.size()), Ordering::Relaxed);
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
}

/// Does some work and tells what it allocated.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, Allocated) {
    let counts = || [&MADE, &FREED, &BYTES].map(|count| count.load(Ordering::Relaxed));
    let before = counts();
    IS_ON.store(true, Ordering::Relaxed);
    let result = work();
    IS_ON.store(false, Ordering::Relaxed);
    let after = counts();
    let [made, freed, bytes] = std::array::from_fn(|place| after[place].wrapping_sub(before[place]));
    (result, Allocated { made, freed, bytes })
}
