//! Going through a store.

use std::collections::BTreeSet;
use std::iter::FusedIterator;
use std::slice;

use super::Store;
use crate::certificate::Certificate;

/// What is in a [`Store`], in the order of its insertion.
#[derive(Debug)]
pub struct StoreIter<'a, T> {
    slots: slice::Iter<'a, T>,
    next: u32,
    gone: &'a BTreeSet<u32>,
    left: usize,
}

impl<'a, T> StoreIter<'a, T> {
    pub(super) fn new(slots: &'a [T], gone: &'a BTreeSet<u32>) -> Self {
        Self { slots: slots.iter(), next: 0, gone, left: slots.len() - gone.len() }
    }
}

impl<T> Clone for StoreIter<'_, T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), ..*self }
    }
}

impl<'a, T> Iterator for StoreIter<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        loop {
            let item = self.slots.next()?;
            let slot = self.next;
            self.next += 1;
            if self.gone.is_empty() || !self.gone.contains(&slot) {
                self.left -= 1;
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for StoreIter<'_, T> {}

impl<T> FusedIterator for StoreIter<'_, T> {}

impl<'a, T: AsRef<Certificate>> IntoIterator for &'a Store<T> {
    type Item = &'a T;
    type IntoIter = StoreIter<'a, T>;

    fn into_iter(self) -> StoreIter<'a, T> {
        self.iter()
    }
}

/// What was in a [`Store`], in the order of its insertion.
#[derive(Debug)]
pub struct StoreIntoIter<T> {
    slots: std::vec::IntoIter<T>,
    next: u32,
    gone: BTreeSet<u32>,
    left: usize,
}

impl<T> Iterator for StoreIntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            let item = self.slots.next()?;
            let slot = self.next;
            self.next += 1;
            if !self.gone.contains(&slot) {
                self.left -= 1;
                return Some(item);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for StoreIntoIter<T> {}

impl<T> FusedIterator for StoreIntoIter<T> {}

impl<T: AsRef<Certificate>> IntoIterator for Store<T> {
    type Item = T;
    type IntoIter = StoreIntoIter<T>;

    fn into_iter(self) -> StoreIntoIter<T> {
        let left = self.len();
        StoreIntoIter { slots: self.slots.into_iter(), next: 0, gone: self.gone, left }
    }
}
