//! The feed of current filings: `browse-edgar?action=getcurrent&…&output=atom`.
//!
//! Each entry is one filer of a filing. Entries are sorted newest first, and cover all forms whose name
//! starts with the requested one. The exact form is `category@term`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

use super::FilingRef;
use crate::filing::{Accession, Cik, Form};
use crate::text::{clip, decode, fold};

/// The page sizes that EDGAR supports.
pub const PAGE_SIZES: [usize; 5] = [10, 20, 40, 80, 100];

/// The most entries of a page. More than this is not the feed.
const MOST_ENTRIES: usize = 1_000;
/// The most characters of a message that are kept.
const LONGEST_MESSAGE: usize = 200;
/// The most characters of a form that are kept; real ones have a dozen at most.
const LONGEST_FORM: usize = 40;

/// Path and query of a page that starts at entry `start`, below the base address.
pub fn page_path(start: usize, count: usize) -> String {
    format!(
        "/cgi-bin/browse-edgar?action=getcurrent&type=4&owner=include&count={count}&start={start}&output=atom"
    )
}

/// One page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// All its entries, of any form, in the order they came.
    pub entries: Vec<Entry>,
    /// Entries that could not be read, and why.
    pub unreadable: Vec<String>,
}

/// One filer of one filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its accession.
    pub accession: Accession,
    /// The form's exact name: `4`, `4/A`, `424B2`…
    pub form: String,
    /// When EDGAR accepted it.
    pub accepted_at: DateTime<Utc>,
    /// The filer.
    pub filer: Cik,
    /// True if the title calls this filer the issuer.
    pub is_issuer: bool,
}

/// The answer is not a feed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeedError {
    /// Another document, such as an HTML page.
    #[error("the answer is not an Atom feed but <{0}>")]
    NotAFeed(String),
    /// Cut or damaged XML.
    #[error("the feed is not well formed: {0}")]
    Malformed(String),
    /// More entries than a page can have.
    #[error("the feed has more than {MOST_ENTRIES} entries")]
    TooLong,
}

impl Page {
    /// The Forms 4 and 4/A among the entries, one per accession, in feed order.
    pub fn filings(&self) -> Vec<FilingRef> {
        fold_entries(&self.entries)
    }
}

/// One [`FilingRef`] per accession of a Form 4 or 4/A, from its issuer's entry if there is one.
pub fn fold_entries(entries: &[Entry]) -> Vec<FilingRef> {
    let mut places: HashMap<Accession, usize> = HashMap::new();
    let mut filings: Vec<FilingRef> = Vec::new();
    for entry in entries {
        let Ok(form) = entry.form.parse::<Form>() else { continue };
        if !form.is_form_4() {
            continue;
        }
        let place = *places.entry(entry.accession).or_insert_with(|| {
            filings.push(FilingRef {
                accession: entry.accession,
                form,
                accepted_at: entry.accepted_at,
                filer: entry.filer,
                issuer: None,
            });
            filings.len() - 1
        });
        if entry.is_issuer {
            filings[place].filer = entry.filer;
            filings[place].issuer = Some(entry.filer);
        }
    }
    filings
}

/// Reads a page.
///
/// # Errors
/// Bytes that are not an Atom feed, or a truncated feed.
pub fn read(bytes: &[u8]) -> Result<Page, FeedError> {
    let (xml, _) = decode(bytes);
    let mut reader = Reader::from_str(&xml);
    let mut page = Page { entries: Vec::new(), unreadable: Vec::new() };
    let mut entry: Option<WireEntry> = None;
    let mut depth = 0_usize;
    // The text of the open element, if it is one of those that are read.
    let (mut field, mut is_read) = (String::new(), false);
    loop {
        match reader.read_event().map_err(|error| malformed(&error.to_string()))? {
            Event::Start(start) => {
                let name = start.local_name();
                if depth == 0 && name.as_ref() != "feed" {
                    return Err(FeedError::NotAFeed(clip(name.as_ref(), 40).into_owned()));
                }
                if depth == 1 && name.as_ref() == "entry" {
                    entry = Some(WireEntry::default());
                } else if let Some(entry) = &mut entry {
                    entry.attributes(&start);
                }
                field.clear();
                is_read = depth == 2 && WireEntry::FIELDS.contains(&name.as_ref());
                depth += 1;
            }
            Event::Empty(empty) => {
                if let Some(entry) = &mut entry {
                    entry.attributes(&empty);
                }
            }
            Event::Text(text) if is_read => field.push_str(&text),
            Event::CData(text) if is_read => field.push_str(&text),
            Event::GeneralRef(reference) if is_read => {
                let written = format!("&{};", &*reference);
                field.push_str(&unescape(&written).unwrap_or_else(|_| written.as_str().into()));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                match end.local_name().as_ref() {
                    "entry" if depth == 1 => page.push(entry.take().unwrap_or_default())?,
                    name if depth == 2 => {
                        if let Some(entry) = &mut entry {
                            entry.field(name, &field);
                        }
                    }
                    "feed" if depth == 0 => return Ok(page),
                    _ => {}
                }
            }
            Event::Eof if depth == 0 => return Err(FeedError::NotAFeed("nothing".into())),
            Event::Eof => return Err(FeedError::Malformed("it ends before its elements are closed".into())),
            _ => {}
        }
    }
}

/// The library's message may quote a name of any length.
fn malformed(message: &str) -> FeedError {
    FeedError::Malformed(clip(message, LONGEST_MESSAGE).into_owned())
}

impl Page {
    fn push(&mut self, wire: WireEntry) -> Result<(), FeedError> {
        if self.entries.len() + self.unreadable.len() >= MOST_ENTRIES {
            return Err(FeedError::TooLong);
        }
        match wire.read() {
            Ok(entry) => self.entries.push(entry),
            Err(reason) => self.unreadable.push(reason),
        }
        Ok(())
    }
}

#[derive(Default)]
struct WireEntry {
    title: String,
    href: String,
    updated: String,
    term: String,
    id: String,
}

impl WireEntry {
    /// The elements whose text is read.
    const FIELDS: [&str; 3] = ["title", "updated", "id"];

    fn attributes(&mut self, element: &BytesStart<'_>) {
        let (slot, key) = match element.local_name().as_ref() {
            "link" => (&mut self.href, "href"),
            "category" => (&mut self.term, "term"),
            _ => return,
        };
        if let Ok(Some(attribute)) = element.try_get_attribute(key) {
            *slot = unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), Into::into);
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        match name {
            "title" => self.title = fold(text).into_owned(),
            "updated" => self.updated = text.trim().to_owned(),
            "id" => self.id = text.trim().to_owned(),
            _ => {}
        }
    }

    fn read(&self) -> Result<Entry, String> {
        let (_, accession) = self
            .id
            .rsplit_once("accession-number=")
            .ok_or_else(|| format!("entry id `{}` has no accession number", clip(&self.id, 80)))?;
        let accession: Accession = accession.parse().map_err(|error| format!("{error}"))?;
        let accepted_at = DateTime::parse_from_rfc3339(&self.updated)
            .map_err(|_| format!("{accession}: `{}` is not a time", clip(&self.updated, 40)))?
            .to_utc();
        if self.term.is_empty() {
            return Err(format!("{accession}: the entry has no form"));
        }
        let filer = filer_of_link(&self.href)
            .or_else(|| filer_of_title(&self.title))
            .ok_or_else(|| format!("{accession}: the entry names no filer"))?;
        let is_issuer = self.title.ends_with("(Issuer)");
        let form = clip(&self.term, LONGEST_FORM).into_owned();
        Ok(Entry { accession, form, accepted_at, filer, is_issuer })
    }
}

/// `…/Archives/edgar/data/<cik>/…`
fn filer_of_link(href: &str) -> Option<Cik> {
    let (_, rest) = href.split_once("/edgar/data/")?;
    rest.split('/').next()?.parse().ok()
}

/// `4 - NAME (0001690820) (Issuer)`
fn filer_of_title(title: &str) -> Option<Cik> {
    let mut groups = title.rsplit('(');
    groups.next()?;
    groups.next()?.trim_end().strip_suffix(')')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(form: &str, name: &str, cik: u64, role: &str, accession: &str) -> String {
        format!(
            r#"<entry><title>{form} - {name} ({cik:010}) ({role})</title>
            <link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/edgar/data/{cik}/x/{accession}-index.htm"/>
            <summary type="html">&lt;b&gt;Filed:&lt;/b&gt;</summary><updated>2025-12-12T18:02:43-05:00</updated>
            <category scheme="https://www.sec.gov/" label="form type" term="{form}"/>
            <id>urn:tag:sec.gov,2008:accession-number={accession}</id></entry>"#
        )
    }

    fn feed(entries: &[String]) -> String {
        format!(
            r#"<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">
            <title>Latest Filings</title><link rel="self" href="/x"/><id>feed</id>
            <updated>2025-12-12T18:03:57-05:00</updated>{}</feed>"#,
            entries.concat()
        )
    }

    #[test]
    fn one_filing_per_accession_by_its_issuer_wherever_that_stands() {
        let page = read(
            feed(&[
                entry("4", "Doe &amp; Sons", 7, "Reporting", "0000000007-25-000001"),
                entry("424B2", "Bank", 9, "Filer", "0000000009-25-000001"),
                entry("4/A", "Only Owner", 8, "Reporting", "0000000008-25-000001"),
                entry("4", "Acme", 70, "Issuer", "0000000007-25-000001"),
            ])
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(page.entries.len(), 4);
        let filings = page.filings();
        let shown: Vec<_> =
            filings.iter().map(|f| (f.form.to_string(), f.filer.number(), f.issuer)).collect();
        assert_eq!(shown, [("4".into(), 70, Cik::new(70)), ("4/A".into(), 8, None)]);
        let path = super::super::submission_path(filings[0].filer, filings[0].accession);
        assert_eq!(path, "/Archives/edgar/data/70/0000000007-25-000001.txt");
        assert_eq!(filings[0].accepted_at.to_rfc3339(), "2025-12-12T23:02:43+00:00");
    }

    #[test]
    fn what_is_no_feed_is_an_error_and_a_bad_entry_is_told() {
        assert_eq!(read(b"<html><body>busy</body></html>"), Err(FeedError::NotAFeed("html".into())));
        assert!(matches!(read(b""), Err(FeedError::NotAFeed(_))));
        let whole = feed(&[entry("4", "A", 7, "Issuer", "0000000007-25-000001")]);
        assert!(matches!(read(&whole.as_bytes()[..whole.len() - 20]), Err(FeedError::Malformed(_))));
        let page = read(feed(&[entry("4", "A", 7, "Issuer", "nonsense")]).as_bytes()).unwrap();
        assert_eq!((page.entries.len(), page.unreadable.len()), (0, 1));
    }

    #[test]
    fn an_empty_feed_is_a_page_without_entries() {
        assert_eq!(read(feed(&[]).as_bytes()), Ok(Page { entries: vec![], unreadable: vec![] }));
    }
}
