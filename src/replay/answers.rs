//! EDGAR's answers when nothing goes wrong.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{StatusCode, header};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::archive::Filed;
use super::documents;
use super::reply::{Reply, http_date};
use super::request::Target;
use super::timeline::Timeline;
use crate::edgar::feed::PAGE_SIZES;
use crate::edgar::index;
use crate::filing::Cik;

/// The most days whose indexes can be late.
const MOST_LATE: usize = 10_000;

/// The documents of an EDGAR that have been published.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) timeline: Timeline,
    /// How much later than planned the index of a day is created.
    late: Mutex<BTreeMap<NaiveDate, TimeDelta>>,
}

impl Answers {
    pub(super) fn new(timeline: Timeline) -> Self {
        Self { timeline, late: Mutex::default() }
    }

    /// Delays the index of a day; the longest of its delays applies.
    pub(super) fn put_off(&self, day: NaiveDate, by: TimeDelta) {
        let mut all = self.late();
        if all.len() < MOST_LATE {
            let late = all.entry(day).or_default();
            *late = by.max(*late);
        }
    }

    /// The answer when nothing goes wrong.
    pub(super) fn document(&self, target: &Target, now: DateTime<Utc>) -> Reply {
        let now_ms = now.timestamp_millis();
        match target {
            Target::Feed(query) => {
                let asked = query.count.unwrap_or(40);
                let count = PAGE_SIZES.into_iter().find(|&size| size >= asked).unwrap_or(100);
                self.feed(now, &query.form, query.start, count)
            }
            Target::Submission(filer, accession) => self
                .timeline
                .filing(*accession)
                .filter(|filing| {
                    filing.is_served_under(*filer) && self.timeline.fetchable_ms(filing) <= now_ms
                })
                .and_then(submission)
                .unwrap_or_else(Reply::not_found),
            Target::Index(day, path) => self.index(*day, path, now_ms),
            Target::Company(company, file) => self.company(*company, *file, now_ms),
            Target::Tickers => json(&self.timeline.tickers),
            Target::Unknown => Reply::not_found(),
        }
    }

    /// A page of the feed as of a time.
    fn feed(&self, as_of: DateTime<Utc>, form: &str, start: usize, count: usize) -> Reply {
        let entries = self.timeline.feed(as_of.timestamp_millis(), form, start, count);
        if entries.is_empty() && start > 0 {
            return Reply::file_unavailable();
        }
        feed_page(&documents::atom(&entries))
    }

    fn index(&self, day: NaiveDate, path: &str, now_ms: i64) -> Reply {
        let late_ms = self.late().get(&day).map_or(0, TimeDelta::num_milliseconds);
        let made_ms = self.timeline.index_ms(day).map(|made_ms| made_ms.saturating_add(late_ms));
        if made_ms.is_none_or(|made_ms| now_ms < made_ms) {
            return Reply::access_denied();
        }
        let filings = self.timeline.of_day(day, now_ms);
        let [master, _] = index::paths(day);
        let text = if path == master {
            documents::master_index(day, &filings)
        } else {
            documents::form_index(day, &filings)
        };
        Reply::document("text/plain", text.into_bytes())
    }

    fn company(&self, company: Cik, file: usize, now_ms: i64) -> Reply {
        let Some(filings) = self.timeline.of_filer(company, now_ms) else { return Reply::not_found() };
        let in_a_file = self.timeline.company_file;
        if file == 0 {
            return json(&documents::company(company, &filings, in_a_file));
        }
        match filings.chunks(in_a_file).nth(file) {
            Some(filings) => json(&documents::company_columns(filings)),
            None => Reply::not_found(),
        }
    }

    fn late(&self) -> MutexGuard<'_, BTreeMap<NaiveDate, TimeDelta>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A submission text, with the headers used to request it again.
pub(super) fn submission(filing: &Filed) -> Option<Reply> {
    let bytes = filing.source.bytes()?;
    let tag = format!("\"{:x}-{:x}\"", filing.accepted_at.timestamp(), bytes.len());
    let reply = Reply::document("text/plain", bytes).with(header::ETAG, tag);
    Some(reply.with(header::LAST_MODIFIED, http_date(filing.accepted_at)))
}

/// A feed page with this XML.
pub(super) fn feed_page(xml: &str) -> Reply {
    let reply = Reply::document("application/atom+xml", xml.as_bytes().to_vec());
    reply.with(header::CACHE_CONTROL, "no-cache".into())
}

fn json(value: &impl serde::Serialize) -> Reply {
    match serde_json::to_vec(value) {
        Ok(bytes) => Reply::document("application/json", bytes),
        Err(error) => Reply::page(StatusCode::INTERNAL_SERVER_ERROR, "Error", &error.to_string()),
    }
}
