//! One XML file of a workbook, read event by event. An event takes a limited amount of memory,
//! regardless of the size of the file.

use std::io::{self, BufReader, Read};

use quick_xml::Error as XmlError;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};

use super::archive::{damaged, unreadable};
use crate::base::input::UsageError;
use crate::base::message::{ToValue, msg};

/// The most bytes of one tag or text.
const MAX_EVENT: usize = 2 * 1024 * 1024;
/// The most bytes of a part that is not a list: the styles, or the names of the sheets.
const MAX_SMALL: u64 = 64 * 1024 * 1024;
const BUFFER: usize = 64 * 1024;
/// The deepest nesting of tags. A workbook has about ten levels.
const MAX_DEPTH: usize = 256;

/// The XML of `input`, with its name for errors.
pub(super) struct XmlPart<R: Read> {
    xml: Reader<BufReader<BoundedPart<R>>>,
    name: String,
    depth: usize,
    /// Reused buffers for events, so that not every tag allocates memory.
    buffers: Vec<Vec<u8>>,
}

/// Fails if a single event is longer than [`MAX_EVENT`], or all together are longer than their
/// limit.
struct BoundedPart<R> {
    inner: R,
    /// The bytes left for this event.
    event_bytes_left: usize,
    /// The bytes left in total.
    total_bytes_left: u64,
}

impl<R: Read> Read for BoundedPart<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.event_bytes_left.checked_sub(read);
        self.event_bytes_left = left.ok_or_else(|| too_large(MAX_EVENT as u64))?;
        let left = self.total_bytes_left.checked_sub(read as u64);
        self.total_bytes_left = left.ok_or_else(|| too_large(MAX_SMALL))?;
        Ok(read)
    }
}

fn too_large(most: u64) -> io::Error {
    let problem = msg!("it has more than {limit} MiB", limit = most / 1024 / 1024);
    io::Error::new(io::ErrorKind::FileTooLarge, problem)
}

impl<R: Read> XmlPart<R> {
    /// Creates a reader for a part of any size.
    pub(super) fn new(input: R, name: &str) -> Self {
        Self::bounded(input, name, u64::MAX)
    }

    /// Creates a reader for a part that is mostly kept in memory, so it must be small.
    pub(super) fn small(input: R, name: &str) -> Self {
        Self::bounded(input, name, MAX_SMALL)
    }

    fn bounded(input: R, name: &str, most: u64) -> Self {
        let bounded = BoundedPart {
            inner: input,
            event_bytes_left: MAX_EVENT,
            total_bytes_left: most,
        };
        let mut xml = Reader::from_reader(BufReader::with_capacity(BUFFER, bounded));
        xml.config_mut().expand_empty_elements = true;
        Self {
            xml,
            name: name.to_owned(),
            depth: 0,
            buffers: Vec::new(),
        }
    }

    /// Reads the next event, stored in `buffer`. The end of the file inside a tag is an error.
    fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, UsageError> {
        buffer.clear();
        self.xml.get_mut().get_mut().event_bytes_left = MAX_EVENT;
        let event = self
            .xml
            .read_event_into(buffer)
            .map_err(|error| unreadable_part(&self.name, &error))?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(self.damaged(msg!("it ended too early"))),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            return Err(self.damaged(msg!("the tags are nested too deeply")));
        }
        Ok(event)
    }

    /// Returns the number of open tags.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn damaged(&self, problem: impl ToValue) -> UsageError {
        damaged(&self.name, problem)
    }

    /// Adds the text in `event` to `text`.
    pub(super) fn push_text(&self, event: &Event<'_>, text: &mut String) -> Result<(), UsageError> {
        match event {
            Event::Text(more) => text.push_str(&more.xml10_content()),
            Event::CData(more) => text.push_str(&more.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| self.damaged(error.to_string()))?;
                match (character, resolve_predefined_entity(reference)) {
                    (Some(character), _) => text.push(character),
                    (None, Some(known)) => text.push_str(known),
                    (None, None) => {
                        let name: &str = reference.as_ref();
                        return Err(self.damaged(msg!("&{name}; is unknown", name)));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Calls `see` with each event inside the latest open tag, or in the whole part. `see` may read
    /// the content of another tag.
    pub(super) fn events(
        &mut self,
        mut see: impl FnMut(&mut Self, &Event<'_>) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        let depth = self.depth;
        let mut buffer = self.buffers.pop().unwrap_or_default();
        while self.depth >= depth {
            match self.next(&mut buffer)? {
                Event::Eof => break,
                event => see(self, &event)?,
            }
        }
        self.buffers.push(buffer);
        Ok(())
    }

    /// Calls `see` with each opening tag.
    pub(super) fn inside(
        &mut self,
        mut see: impl FnMut(&mut Self, &BytesStart<'_>) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        self.events(|part, event| {
            if let Event::Start(tag) = event {
                see(part, tag)
            } else {
                Ok(())
            }
        })
    }

    /// Reads the text inside the latest open tag.
    pub(super) fn text(&mut self) -> Result<String, UsageError> {
        let mut text = String::new();
        self.events(|part, event| {
            part.push_text(event, &mut text)?;
            let problem = || part.damaged(too_large(MAX_EVENT as u64));
            if text.len() > MAX_EVENT {
                Err(problem())
            } else {
                Ok(())
            }
        })?;
        Ok(text)
    }

    /// Reads the attributes with these names, with any prefix before the colon.
    pub(super) fn attributes<const N: usize>(
        &self,
        start: &BytesStart<'_>,
        names: [&str; N],
    ) -> Result<[Option<String>; N], UsageError> {
        let mut found = [const { None }; N];
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.damaged(error.to_string()))?;
            for (name, value) in names.iter().zip(&mut found) {
                if value.is_none() && attribute.key.local_name().as_ref() == *name {
                    *value = Some(self.attribute_text(&attribute)?);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn attribute_text(&self, attribute: &Attribute<'_>) -> Result<String, UsageError> {
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| self.damaged(error.to_string()))?;
        Ok(value.into_owned())
    }
}

pub(super) fn unreadable_part(name: &str, error: &XmlError) -> UsageError {
    match error {
        XmlError::Io(cause) => match cause.raw_os_error() {
            Some(code) => unreadable(&io::Error::from_raw_os_error(code)),
            None => damaged(name, cause.as_ref()),
        },
        error => damaged(name, error.to_string()),
    }
}
