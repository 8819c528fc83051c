//! Walks XML element by element, keeping track of the position for errors.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::error::{LONGEST_MESSAGE, ReadError};
use crate::text;

/// The most references to footnotes in one document. Real documents have a few hundred.
const MOST_REFERENCES: usize = 100_000;

/// A reader that hands out one child element at a time.
pub(super) struct Cursor<'a> {
    xml: &'a str,
    reader: Reader<&'a [u8]>,
    references: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(xml: &'a str) -> Self {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        // Skips the white space between elements.
        reader.config_mut().trim_text_start = true;
        Self { xml, reader, references: 0 }
    }

    /// The next element within the one last opened, or `None` at the end of that one. Text between elements
    /// is skipped.
    pub(super) fn child(&mut self) -> Result<Option<BytesStart<'a>>, ReadError> {
        loop {
            match self.reader.read_event() {
                Ok(Event::Start(start)) => return Ok(Some(start)),
                Ok(Event::End(_)) => return Ok(None),
                Ok(Event::Eof) => {
                    return Err(self.broken("the document ends before its elements are closed"));
                }
                Ok(_) => {}
                Err(error) => return Err(self.malformed(&error)),
            }
        }
    }

    /// Counts a reference to a footnote.
    pub(super) fn refer(&mut self) -> Result<(), ReadError> {
        self.references += 1;
        if self.references > MOST_REFERENCES {
            let message = format!("there are more than {MOST_REFERENCES} references to footnotes");
            return Err(self.error("too-large", message));
        }
        Ok(())
    }

    /// The root element.
    pub(super) fn root(&mut self) -> Result<BytesStart<'a>, ReadError> {
        loop {
            match self.event()? {
                Event::Start(start) => return Ok(start),
                Event::Eof => return Err(self.broken("there is no XML element in it")),
                other => self.outside(&other)?,
            }
        }
    }

    /// Only comments and white space may follow the root element.
    pub(super) fn end(&mut self) -> Result<(), ReadError> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                other => self.outside(&other)?,
            }
        }
    }

    fn outside(&self, event: &Event<'_>) -> Result<(), ReadError> {
        let stray = match event {
            Event::Text(text) => !text.trim().is_empty(),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => false,
            _ => true,
        };
        if stray { Err(self.broken("there is content outside the root element")) } else { Ok(()) }
    }

    /// The text up to the end of the element last opened; elements inside it are skipped.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let mut content: Cow<'a, str> = Cow::Borrowed("");
        self.reader.config_mut().trim_text_start = false;
        loop {
            match self.reader.read_event() {
                Ok(Event::Text(part)) => append(&mut content, part.into_inner()),
                Ok(Event::CData(part)) => append(&mut content, part.into_inner()),
                Ok(Event::GeneralRef(reference)) => append(&mut content, self.resolve(&reference)?),
                Ok(Event::Start(inner)) => self.skip(&inner)?,
                Ok(Event::End(_)) => break,
                Ok(Event::Eof) => return Err(self.broken("the document ends inside an element")),
                Ok(_) => {}
                Err(error) => return Err(self.malformed(&error)),
            }
        }
        self.reader.config_mut().trim_text_start = true;
        Ok(content)
    }

    /// Skips the rest of `element`, whatever is in it.
    pub(super) fn skip(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        match self.reader.read_to_end(element.name()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.malformed(&error)),
        }
    }

    /// An error at the current position.
    pub(super) fn error(&self, kind: &'static str, message: impl Into<String>) -> ReadError {
        self.error_at(kind, message.into(), self.reader.buffer_position())
    }

    fn event(&mut self) -> Result<Event<'a>, ReadError> {
        self.reader.read_event().map_err(|error| self.malformed(&error))
    }

    /// Resolves the five entities of XML and character references. Any other entity stays as written; nothing
    /// is expanded.
    fn resolve(&self, reference: &str) -> Result<Cow<'a, str>, ReadError> {
        let known = match reference {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            other => {
                let Some(number) = other.strip_prefix('#') else {
                    return Ok(Cow::Owned(format!("&{other};")));
                };
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                let character = code.ok().and_then(char::from_u32).filter(|&c| c != '\0');
                return character
                    .map(|c| Cow::Owned(c.to_string()))
                    .ok_or_else(|| self.broken(&format!("`&#{number};` is no character")));
            }
        };
        Ok(Cow::Borrowed(known))
    }

    fn malformed(&self, error: &quick_xml::Error) -> ReadError {
        self.error_at("not-well-formed", error.to_string(), self.reader.error_position())
    }

    fn broken(&self, message: &str) -> ReadError {
        self.error("not-well-formed", message)
    }

    fn error_at(&self, kind: &'static str, message: String, offset: u64) -> ReadError {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let (line, column) = text::line_column(self.xml, offset);
        let message = text::clip(&message, LONGEST_MESSAGE).into_owned();
        ReadError { kind, message, at: format!("line {line}, column {column}") }
    }
}

/// An element's name without its prefix.
pub(super) fn local<'e>(element: &'e BytesStart<'_>) -> &'e str {
    let name = element.name().into_inner();
    memchr::memchr(b':', name.as_bytes()).map_or(name, |colon| &name[colon + 1..])
}

fn append<'a>(content: &mut Cow<'a, str>, part: Cow<'a, str>) {
    if content.is_empty() {
        *content = part;
    } else {
        content.to_mut().push_str(&part);
    }
}
