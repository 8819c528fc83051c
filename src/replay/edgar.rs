//! EDGAR over HTTP, as far as sellbell uses it: with all of an archive at once, or playing it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::answer_faults::{self, WAIT};
use super::answers::Answers;
use super::archive::Archive;
use super::faults::{Faults, Kind};
use super::log::{LastSecond, Log};
use super::reply::{Reply, Sent};
use super::request::Target;
use super::server::Server;
use super::timeline::Timeline;
use crate::clock::Clock;
use crate::filing::Accession;

/// A block ends after this long without requests.
const BLOCK: TimeDelta = TimeDelta::minutes(10);
/// No client waits longer than this for an answer that does not come.
const SILENCE: Duration = Duration::from_secs(600);

/// A running replay, which ends when this value is dropped.
#[derive(Debug)]
pub struct ReplayedEdgar {
    server: Server,
    edgar: Arc<Edgar>,
}

/// The archive to replay, its time, and the faults.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The filings. Each is published when EDGAR accepted it, or up to two seconds later.
    pub archive: Archive,
    /// The clock of the server.
    pub clock: Clock,
    /// The faults.
    pub faults: Faults,
}

/// The parts of the server.
#[derive(Debug)]
pub(super) struct Edgar {
    answers: Answers,
    /// `None` if everything is already published.
    clock: Option<Clock>,
    faults: Faults,
    seen: Mutex<Seen>,
}

/// The events so far.
#[derive(Debug, Default)]
struct Seen {
    requests: u64,
    log: Log,
    fetched: BTreeMap<Accession, usize>,
    last_second: LastSecond,
    block: Option<Block>,
    wait_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    until: DateTime<Utc>,
    status: StatusCode,
}

impl ReplayedEdgar {
    /// Serves an archive on a free port of loopback. Everything in it is available at once, and nothing goes
    /// wrong.
    ///
    /// # Errors
    /// No free port.
    pub async fn start(archive: Archive) -> io::Result<Self> {
        Self::serve(Edgar::new(archive, None, Faults::none())).await
    }

    /// Plays an archive on a free port of loopback, as if EDGAR were live.
    ///
    /// # Errors
    /// No free port.
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

    /// The requests so far.
    pub fn log(&self) -> Log {
        self.edgar.seen().log.clone()
    }

    /// When the feed shows a filing: at its acceptance, or a little later.
    pub fn shown_at(&self, accession: Accession) -> Option<DateTime<Utc>> {
        let timeline = &self.edgar.answers.timeline;
        DateTime::from_timestamp_millis(timeline.shown_ms(timeline.filing(accession)?))
    }

    /// The submissions that were served completely, and how often.
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
        let answers = Answers::new(Timeline::new(archive, clock.is_some()));
        Self { answers, clock, faults, seen: Mutex::default() }
    }

    fn answer(&self, request: &Request) -> Sent {
        let now = self.clock.map_or(DateTime::<Utc>::MAX_UTC, |clock| clock.now());
        let target = Target::of(request);
        let number = match self.admit(request, &target, now) {
            Ok(number) => number,
            Err(refusal) => return Sent::Whole(refusal),
        };
        let met = self.faults.of(number, now, target.endpoint()).into_iter();
        let sent = met
            .map(|(kind, rng)| (kind, answer_faults::sent(&self.answers, kind, rng, &target, now)))
            .find_map(|(kind, sent)| Some((kind, sent?)))
            .map(|(kind, sent)| {
                self.note(kind, now);
                sent
            });
        sent.unwrap_or_else(|| {
            let reply = self.answers.document(&target, now);
            if let (Target::Submission(_, accession), StatusCode::OK) = (&target, reply.status) {
                *self.seen().fetched.entry(*accession).or_default() += 1;
            }
            Sent::Whole(reply)
        })
    }

    /// Counts a request. Returns its number, or the reply if it goes no further.
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
                self.answers.timeline.filing(*accession).is_some_and(|filing| filing.is_served_under(*filer))
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

    /// Records the effects of a fault that changed an answer.
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

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
