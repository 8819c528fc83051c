//! Reads one filing of the index when it is its turn.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::allowance::{of_member, open_regular};
use super::catalogue::shown;
use super::data_set_xml;
use super::header::HeaderFacts;
use super::index::{Index, Item};
use super::spool::{Location, Packed, Record, Spool, SpooledRow};
use crate::filing::Filing;
use crate::reader::{self, MAX_BYTES, Unreadable, WHOLE};
use crate::text::path_text;

/// More rows than the reader of documents accepts, so that it is the one to report them.
const MOST_ROWS: usize = 10_000;
/// The line that every submission text has, and no bare document has.
const DOCUMENT: &[u8] = b"<DOCUMENT>";

/// A filing that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name for people: the file, or `archive!member`.
    pub name: String,
    /// The filing, with an accession and a time of acceptance, or why it cannot be read. In addition to the
    /// kinds of [`reader::read`] there is `damaged`, for bytes that cannot be unpacked or no longer exist.
    pub outcome: Result<Filing, Unreadable>,
}

impl Index {
    pub(super) fn entry(&mut self, item: Item) -> Entry {
        match self.spool.record(item.record) {
            Ok((record, payload)) => {
                let outcome = self.outcome(&record, payload);
                Entry { name: self.name(record), outcome }
            }
            Err(error) => {
                let name =
                    item.accession.map_or_else(|| "a filing".to_owned(), |accession| accession.to_string());
                Entry { name, outcome: Err(damaged(&format!("the temporary file cannot be read: {error}"))) }
            }
        }
    }

    fn name(&self, record: Record) -> String {
        match record.archive.and_then(|at| self.archives.get(at)) {
            Some(archive) => format!("{}!{}", path_text(archive), shown(&record.name)),
            None => record.name,
        }
    }

    /// The submission text of an item; `None` if it is rows or a bare document.
    pub(super) fn text(&mut self, item: Item) -> Result<Option<Vec<u8>>, Unreadable> {
        if item.is_rows {
            return Ok(None);
        }
        let (record, payload) = self
            .spool
            .record(item.record)
            .map_err(|error| damaged(&format!("the temporary file cannot be read: {error}")))?;
        let bytes = self.bytes(&record, payload)?;
        let is_text = bytes.windows(DOCUMENT.len()).any(|window| window == DOCUMENT);
        Ok(is_text.then_some(bytes))
    }

    fn outcome(&mut self, record: &Record, payload: Vec<u8>) -> Result<Filing, Unreadable> {
        if let Location::Rows { data_set, last } = &record.place {
            let rows = rows(&mut self.spool, *last)?;
            let data_set = self.data_sets.get(*data_set).ok_or_else(|| damaged("its columns are gone"))?;
            return placed(data_set_xml::filing(data_set, &rows, &record.facts)?, &record.facts);
        }
        placed(reader::read(&self.bytes(record, payload)?)?, &record.facts)
    }

    /// The bytes of a submission or bare document, with the day of filing added if its header states only
    /// that.
    fn bytes(&self, record: &Record, payload: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
        let unread = |error: io::Error| damaged(&error.to_string());
        let bytes = match &record.place {
            Location::File => bounded(&mut open_regular(Path::new(&record.name)).map_err(unread)?, u64::MAX)
                .map_err(unread)?,
            Location::Zip(packed) => {
                let archive = record.archive.and_then(|at| self.archives.get(at));
                unpacked(archive.map_or(Path::new(""), |path| path), packed)?
            }
            Location::Spooled { .. } => payload,
            Location::Rows { .. } => return Err(damaged("it is rows of tables")),
            Location::TooLarge { bytes } => return Err(too_large(*bytes)),
            Location::Damaged { reason } => return Err(damaged(reason)),
        };
        Ok(match record.facts.filed {
            Some(_) => dated(bytes, &record.facts),
            None => bytes,
        })
    }
}

/// A filing, with the accession and the time that its own bytes do not state.
fn placed(mut filing: Filing, facts: &HeaderFacts) -> Result<Filing, Unreadable> {
    filing.accession = filing.accession.or(facts.accession);
    filing.accepted_at = filing.accepted_at.or(facts.accepted_at);
    if filing.accession.is_none() {
        return Err(incomplete(
            "it has no accession number: name the file after it, like 0001107843-21-000101.xml",
        ));
    }
    if filing.accepted_at.is_none() {
        return Err(incomplete("it has no day of filing, signature or trade"));
    }
    Ok(filing)
}

/// A submission with its time of acceptance on the header's first line, where the reader looks for it:
/// conclusions need it.
fn dated(bytes: Vec<u8>, facts: &HeaderFacts) -> Vec<u8> {
    let Some(day) = facts.filed else { return bytes };
    let line = format!("<ACCEPTANCE-DATETIME>{}220000", day.format("%Y%m%d"));
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    [first, line.as_bytes(), rest].concat()
}

fn rows(spool: &mut Spool, last: u64) -> Result<Vec<SpooledRow>, Unreadable> {
    let (mut rows, mut bytes, mut next) = (Vec::new(), 0, Some(last));
    while let Some(at) = next {
        let row = spool.row(at).map_err(|error| damaged(&error.to_string()))?;
        bytes += row.line.len();
        if rows.len() >= MOST_ROWS {
            let message = format!("it has more than the {MOST_ROWS} rows that are read");
            return Err(Unreadable { kind: "too-large", message, at: WHOLE.into() });
        }
        if bytes > MAX_BYTES {
            return Err(too_large(bytes as u64));
        }
        next = row.before;
        rows.push(row);
    }
    rows.reverse();
    Ok(rows)
}

fn unpacked(path: &Path, packed: &Packed) -> Result<Vec<u8>, Unreadable> {
    let unread = |error: io::Error| damaged(&error.to_string());
    let most = of_member(packed.length);
    let bytes = inflated(path, packed, most).map_err(unread)?;
    // A submission that is too large is not read completely; the reader will report it.
    if bytes.len() > MAX_BYTES {
        return Ok(bytes);
    }
    if bytes.len() as u64 > most {
        let message = format!("{} bytes unpack to more than {most}, as no filing's do", packed.length);
        return Err(Unreadable { kind: "too-large", message, at: WHOLE.into() });
    }
    let mut crc = Crc::new();
    crc.update(&bytes);
    if crc.sum() != packed.crc32 {
        return Err(damaged("its checksum is wrong"));
    }
    Ok(bytes)
}

fn inflated(path: &Path, packed: &Packed, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(packed.start))?;
    let mut content = BufReader::new(file.take(packed.length));
    if packed.deflated {
        bounded(&mut DeflateDecoder::new(content), most)
    } else {
        bounded(&mut content, most)
    }
}

/// All bytes, or one more than allowed.
fn bounded(content: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take((MAX_BYTES as u64).min(most) + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large(bytes: u64) -> Unreadable {
    let message = format!("{bytes} bytes are more than the {MAX_BYTES} that are read");
    Unreadable { kind: "too-large", message, at: WHOLE.into() }
}

fn incomplete(message: &str) -> Unreadable {
    Unreadable { kind: "incomplete", message: message.into(), at: WHOLE.into() }
}

fn damaged(reason: &str) -> Unreadable {
    Unreadable { kind: "damaged", message: format!("it cannot be unpacked: {reason}"), at: WHOLE.into() }
}
