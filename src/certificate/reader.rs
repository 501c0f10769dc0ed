//! A cursor for what has to be there: it ends with an error where something else stands.

use std::marker::PhantomData;

use super::error::CertificateError;
use super::tlv::{Cursor, Element};

/// An error of reading: [`Placed`] to tell of it, or [`Unplaced`], which costs nothing to make.
pub(super) trait Failure<'a> {
    fn at(rest: &'a [u8], expected: &'static str) -> Self;
}

pub(super) struct Unplaced;

pub(super) struct Placed<'a> {
    rest: &'a [u8],
    expected: &'static str,
}

pub(super) struct DerReader<'a, E> {
    cursor: Cursor<'a>,
    error: PhantomData<E>,
}

impl<'a> Failure<'a> for Unplaced {
    #[inline(always)]
    fn at(_: &'a [u8], _: &'static str) -> Self {
        Self
    }
}

impl<'a> Failure<'a> for Placed<'a> {
    fn at(rest: &'a [u8], expected: &'static str) -> Self {
        Self { rest, expected }
    }
}

impl Placed<'_> {
    /// The error, in the whole that was read.
    pub(super) fn within(self, der: &[u8]) -> CertificateError {
        let offset = offset(self.rest, der);
        match self.rest {
            [_, 0x80, ..] => CertificateError::IndefiniteLength { offset },
            _ => CertificateError::Malformed { offset, expected: self.expected },
        }
    }
}

impl<'a, E: Failure<'a>> DerReader<'a, E> {
    #[inline(always)]
    pub(super) const fn new(der: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(der), error: PhantomData }
    }

    /// What has not been read yet.
    #[inline(always)]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.cursor.rest()
    }

    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.cursor.is_empty()
    }

    /// Whether the next element has this tag.
    #[inline(always)]
    pub(super) fn is_at(&self, tag: u8) -> bool {
        self.cursor.is_at(tag)
    }

    /// The next element, whatever its tag.
    #[inline(always)]
    pub(super) fn any(&mut self, expected: &'static str) -> Result<Element<'a>, E> {
        let rest = self.cursor.rest();
        self.cursor.next().ok_or_else(|| E::at(rest, expected))
    }

    #[inline(always)]
    pub(super) fn element(&mut self, tag: u8, expected: &'static str) -> Result<Element<'a>, E> {
        let rest = self.cursor.rest();
        self.cursor.element(tag).ok_or_else(|| E::at(rest, expected))
    }

    /// The value of the next element.
    #[inline(always)]
    pub(super) fn read(&mut self, tag: u8, expected: &'static str) -> Result<&'a [u8], E> {
        self.element(tag, expected).map(|element| element.value)
    }

    /// The value of the next element, which must be a certain one.
    #[inline(always)]
    pub(super) fn read_if(
        &mut self,
        tag: u8,
        expected: &'static str,
        is_right: impl FnOnce(&[u8]) -> bool,
    ) -> Result<&'a [u8], E> {
        let rest = self.cursor.rest();
        self.cursor.read(tag).filter(|value| is_right(value)).ok_or_else(|| E::at(rest, expected))
    }

    /// A reader of the elements inside of the next one.
    #[inline(always)]
    pub(super) fn inside(&mut self, tag: u8, expected: &'static str) -> Result<Self, E> {
        self.read(tag, expected).map(Self::new)
    }

    /// Nothing must be left.
    #[inline(always)]
    pub(super) fn end(self, expected: &'static str) -> Result<(), E> {
        if self.is_empty() { Ok(()) } else { Err(E::at(self.cursor.rest(), expected)) }
    }
}

/// How far into the whole a part of it begins.
#[inline(always)]
pub(super) fn offset(part: &[u8], whole: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}
