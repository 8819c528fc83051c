//! EDGAR over HTTP, as far as sellbell asks for it: one that holds all of an archive, or one that plays it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::time::Instant;

use super::Server;
use super::archive::{Archive, Filed};
use super::asked::Target;
use super::documents;
use super::faults::{Faults, Kind};
use super::log::{LastSecond, Log};
use super::reply::{Reply, Sent, http_date};
use super::shelf::Shelf;
use super::spoil;
use crate::clock::Clock;
use crate::edgar::feed::PAGE_SIZES;
use crate::edgar::index;
use crate::filing::{Accession, Cik};

/// A block ends when so long nothing was asked.
const BLOCK: TimeDelta = TimeDelta::minutes(10);
/// What `Retry-After` asks for.
pub(super) const WAIT: TimeDelta = TimeDelta::seconds(30);
/// The indexes of so many days can be late.
const MOST_LATE: usize = 10_000;
/// No client waits longer for an answer that does not come.
const SILENCE: Duration = Duration::from_secs(600);

/// A running replay: it ends with this value.
#[derive(Debug)]
pub struct ReplayedEdgar {
    server: Server,
    edgar: Arc<Edgar>,
}

/// What is played, when, and what goes wrong.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The filings: each comes out at the time at which EDGAR accepted it, and up to two seconds.
    pub archive: Archive,
    /// The time that the server goes by.
    pub clock: Clock,
    /// What goes wrong.
    pub faults: Faults,
}

/// What the server is made of.
#[derive(Debug)]
pub(super) struct Edgar {
    pub(super) shelf: Shelf,
    /// `None` where all is out.
    clock: Option<Clock>,
    faults: Faults,
    seen: Mutex<Seen>,
}

/// What has happened so far.
#[derive(Debug, Default)]
struct Seen {
    requests: u64,
    log: Log,
    fetched: BTreeMap<Accession, usize>,
    last_second: LastSecond,
    block: Option<Block>,
    wait_until: Option<DateTime<Utc>>,
    /// How much later than planned the index of a day is made.
    late: BTreeMap<NaiveDate, TimeDelta>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    until: DateTime<Utc>,
    status: StatusCode,
}

impl ReplayedEdgar {
    /// Serves an archive on a free port of loopback: all that is in it is there at once, and nothing goes wrong.
    ///
    /// # Errors
    /// No port.
    pub async fn start(archive: Archive) -> io::Result<Self> {
        Self::serve(Edgar::new(archive, None, Faults::none())).await
    }

    /// Plays an archive on a free port of loopback, as if EDGAR were live.
    ///
    /// # Errors
    /// No port.
    pub async fn play(stage: Stage) -> io::Result<Self> {
        Self::serve(Edgar::new(stage.archive, Some(stage.clock), stage.faults)).await
    }

    async fn serve(edgar: Edgar) -> io::Result<Self> {
        let edgar = Arc::new(edgar);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&edgar));
        Ok(Self { server: Server::start(router).await?, edgar })
    }

    /// Its address, for `[edgar] base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// What clients did so far.
    pub fn log(&self) -> Log {
        self.edgar.seen().log.clone()
    }

    /// When the feed shows a filing: at its acceptance, or a little later.
    pub fn shown_at(&self, accession: Accession) -> Option<DateTime<Utc>> {
        let shelf = &self.edgar.shelf;
        DateTime::from_timestamp_millis(shelf.shown_ms(shelf.filing(accession)?))
    }

    /// The submissions that were served whole, and how often.
    pub fn fetched(&self) -> BTreeMap<Accession, usize> {
        self.edgar.seen().fetched.clone()
    }
}

async fn answer(State(edgar): State<Arc<Edgar>>, request: Request) -> Response {
    let sent = edgar.answer(&request);
    edgar.seen().log.bytes += sent.bytes() as u64;
    if matches!(sent, Sent::Nothing) {
        tokio::time::sleep(SILENCE).await;
    }
    sent.response()
}

impl Edgar {
    fn new(archive: Archive, clock: Option<Clock>, faults: Faults) -> Self {
        let shelf = Shelf::new(archive, clock.is_some());
        Self { shelf, clock, faults, seen: Mutex::default() }
    }

    fn answer(&self, request: &Request) -> Sent {
        let now = self.clock.map_or(DateTime::<Utc>::MAX_UTC, |clock| clock.now());
        let target = Target::of(request);
        let number = match self.admit(request, &target, now) {
            Ok(number) => number,
            Err(refusal) => return Sent::Whole(refusal),
        };
        let met = self.faults.of(number, now, target.asked()).into_iter();
        let sent = met
            .map(|(kind, dice)| (kind, spoil::sent(self, kind, dice, &target, now)))
            .find_map(|(kind, sent)| Some((kind, sent?)))
            .map(|(kind, sent)| {
                self.note(kind, now);
                sent
            });
        sent.unwrap_or_else(|| {
            let reply = self.document(&target, now);
            if let (Target::Submission(_, accession), StatusCode::OK) = (&target, reply.status) {
                *self.seen().fetched.entry(*accession).or_default() += 1;
            }
            Sent::Whole(reply)
        })
    }

    /// Counts a request; its number, or why it goes no further.
    fn admit(&self, request: &Request, target: &Target, now: DateTime<Utc>) -> Result<u64, Reply> {
        let mut seen = self.seen();
        let seen = &mut *seen;
        seen.requests += 1;
        seen.log.most_in_a_second = seen.log.most_in_a_second.max(seen.last_second.note(Instant::now()));
        match target {
            Target::Feed(_) => seen.log.feed += 1,
            Target::Submission(..) => seen.log.submissions += 1,
            Target::Index(..) => seen.log.indexes += 1,
            Target::Company(..) => seen.log.companies += 1,
            Target::Tickers => seen.log.tickers += 1,
            Target::Unknown => {}
        }
        let known = match target {
            Target::Submission(filer, accession) => {
                self.shelf.filing(*accession).is_some_and(|filing| filing.is_served_under(*filer))
            }
            Target::Unknown => false,
            _ => true,
        };
        if !known {
            seen.log.unexpected(format!("{} {}", request.method(), request.uri()));
        }
        if let Some(block) = seen.block.as_mut().filter(|block| now < block.until) {
            block.until = now + BLOCK;
            seen.log.during_block += 1;
            return Err(Reply::rate_block(block.status));
        }
        if seen.wait_until.is_some_and(|until| now < until) {
            seen.log.against_retry_after += 1;
        }
        if !request.headers().contains_key(header::USER_AGENT) {
            return Err(Reply::undeclared());
        }
        Ok(seen.requests)
    }

    /// What follows from a fault that changed an answer.
    fn note(&self, kind: Kind, now: DateTime<Utc>) {
        let mut seen = self.seen();
        *seen.log.faults.entry(kind).or_default() += 1;
        let block = |status| Some(Block { until: now + BLOCK, status });
        match kind {
            Kind::RateBlock => seen.block = block(StatusCode::FORBIDDEN),
            Kind::RateBlockOk => seen.block = block(StatusCode::OK),
            Kind::TooManyWait => seen.wait_until = Some(now + WAIT),
            _ => {}
        }
    }

    /// Puts off the index of a day, by the most that it was put off by.
    pub(super) fn put_off(&self, day: NaiveDate, by: TimeDelta) {
        let mut seen = self.seen();
        if seen.late.len() < MOST_LATE {
            let late = seen.late.entry(day).or_default();
            *late = by.max(*late);
        }
    }

    /// What is answered where nothing goes wrong.
    pub(super) fn document(&self, target: &Target, now: DateTime<Utc>) -> Reply {
        let now_ms = now.timestamp_millis();
        match target {
            Target::Feed(query) => {
                let asked = query.count.unwrap_or(40);
                let count = PAGE_SIZES.into_iter().find(|&size| size >= asked).unwrap_or(100);
                self.feed(now, &query.form, query.start, count)
            }
            Target::Submission(filer, accession) => self
                .shelf
                .filing(*accession)
                .filter(|filing| filing.is_served_under(*filer) && self.shelf.fetchable_ms(filing) <= now_ms)
                .and_then(submission)
                .unwrap_or_else(Reply::not_found),
            Target::Index(day, path) => self.index(*day, path, now_ms),
            Target::Company(company, file) => self.company(*company, *file, now_ms),
            Target::Tickers => json(&self.shelf.tickers),
            Target::Unknown => Reply::not_found(),
        }
    }

    /// A page of the feed as of a time.
    pub(super) fn feed(&self, as_of: DateTime<Utc>, form: &str, start: usize, count: usize) -> Reply {
        let entries = self.shelf.feed(as_of.timestamp_millis(), form, start, count);
        if entries.is_empty() && start > 0 {
            return Reply::file_unavailable();
        }
        feed_page(&documents::atom(&entries))
    }

    fn index(&self, day: NaiveDate, path: &str, now_ms: i64) -> Reply {
        let late_ms = self.seen().late.get(&day).map_or(0, TimeDelta::num_milliseconds);
        let made_ms = self.shelf.index_ms(day).map(|made_ms| made_ms.saturating_add(late_ms));
        if made_ms.is_none_or(|made_ms| now_ms < made_ms) {
            return Reply::access_denied();
        }
        let filings = self.shelf.of_day(day, now_ms);
        let [master, _] = index::paths(day);
        let text = if path == master {
            documents::master_index(day, &filings)
        } else {
            documents::form_index(day, &filings)
        };
        Reply::document("text/plain", text.into_bytes())
    }

    fn company(&self, company: Cik, file: usize, now_ms: i64) -> Reply {
        let Some(filings) = self.shelf.of_filer(company, now_ms) else { return Reply::not_found() };
        let in_a_file = self.shelf.company_file;
        if file == 0 {
            return json(&documents::company(company, &filings, in_a_file));
        }
        match filings.chunks(in_a_file).nth(file) {
            Some(filings) => json(&documents::company_columns(filings)),
            None => Reply::not_found(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A submission text with the headers by which it can be asked for again.
pub(super) fn submission(filing: &Filed) -> Option<Reply> {
    let bytes = filing.source.bytes()?;
    let tag = format!("\"{:x}-{:x}\"", filing.accepted_at.timestamp(), bytes.len());
    let reply = Reply::document("text/plain", bytes).with(header::ETAG, tag);
    Some(reply.with(header::LAST_MODIFIED, http_date(filing.accepted_at)))
}

/// A page of the feed of this XML.
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
