//! Events of XML: borrowed from bytes in memory, or read from a stream.

use std::io::BufRead;

use quick_xml::events::Event;
use quick_xml::reader::Reader as Xml;

/// Where the events of the XML come from.
pub(in crate::import) trait Events {
    /// The next event.
    fn next(&mut self) -> Result<Event<'_>, quick_xml::Error>;
    /// The byte at which the next event begins.
    fn position(&self) -> u64;
    /// The byte at which the last error was found.
    fn error_position(&self) -> u64;
}

/// Events of bytes in memory, borrowed from these.
pub(in crate::import) struct Borrowed<'a>(Xml<&'a [u8]>);

/// Events of a stream.
pub(in crate::import) struct Streamed<R> {
    xml: Xml<R>,
    buffer: Vec<u8>,
}

impl<'a> Borrowed<'a> {
    pub(in crate::import) fn new(bytes: &'a [u8]) -> Self {
        let mut xml = Xml::from_reader(bytes);
        xml.config_mut().expand_empty_elements = true;
        Self(xml)
    }
}

impl<R: BufRead> Streamed<R> {
    pub(in crate::import) fn new(reader: R) -> Self {
        let mut xml = Xml::from_reader(reader);
        xml.config_mut().expand_empty_elements = true;
        Self { xml, buffer: Vec::new() }
    }
}

impl Events for Borrowed<'_> {
    fn next(&mut self) -> Result<Event<'_>, quick_xml::Error> {
        self.0.read_event()
    }

    fn position(&self) -> u64 {
        self.0.buffer_position()
    }

    fn error_position(&self) -> u64 {
        self.0.error_position()
    }
}

impl<R: BufRead> Events for Streamed<R> {
    fn next(&mut self) -> Result<Event<'_>, quick_xml::Error> {
        self.buffer.clear();
        self.xml.read_event_into(&mut self.buffer)
    }

    fn position(&self) -> u64 {
        self.xml.buffer_position()
    }

    fn error_position(&self) -> u64 {
        self.xml.error_position()
    }
}
