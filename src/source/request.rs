//! One request to EDGAR, limited in rate, size and time, with its answer classified by its body.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use tokio::time::{Instant, timeout};

use super::error::{FetchError, Trouble, trouble};
use super::health::{Health, Outage};
use super::limiter::{Limiter, Priority};
use crate::clock::Clock;
use crate::config::Edgar;
use crate::edgar::answer::classify;

/// How long no requests are sent after a block, unless somebody specifies another time
/// ([`Requester::close_until`]).
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(10);
/// The longest wait that an answer can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A longer wait is the result of a wrong clock.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(25);
/// No requests are sent after the first of them, so at most those already under way can add more.
const MOST_GRAVES: usize = 100;

/// Sends requests to EDGAR one by one, and none while EDGAR is left alone.
#[derive(Debug)]
pub(super) struct Requester {
    http: reqwest::Client,
    timeout: Duration,
    limiter: Limiter,
    pub(super) health: Health,
    pub(super) clock: Clock,
    /// Until when no request at all is sent.
    closed: Mutex<Option<DateTime<Utc>>>,
    /// Set when no more requests may begin.
    ended: AtomicBool,
    graves: Mutex<Vec<FetchError>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// Requests to EDGAR and its answers since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests.
    pub requests: u64,
    /// Bytes of the answers' bodies, unpacked.
    pub bytes: u64,
}

/// A document of EDGAR's, and how to request it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) base: &'a str,
    pub(super) path: &'a str,
    /// Its largest size in bytes.
    pub(super) most: usize,
    pub(super) priority: Priority,
    /// Failures besides the passing ones after which it may still be available.
    pub(super) also_passing: &'static [Trouble],
    /// Set to the time at which its first try begins.
    pub(super) turn: Option<&'a OnceLock<Instant>>,
}

/// A document as it arrived.
pub(super) struct Came {
    pub(super) body: Vec<u8>,
    /// The time from the request to the first byte.
    pub(super) took: Duration,
}

/// Keeps an answer that blocks us or asks to wait until it is recorded.
struct Grave<'a> {
    requester: &'a Requester,
    error: Option<FetchError>,
}

impl Drop for Grave<'_> {
    fn drop(&mut self) {
        if let Some(error) = self.error.take() {
            self.requester.keep_grave(error);
        }
    }
}

impl Requester {
    pub(super) fn new(http: reqwest::Client, settings: &Edgar, clock: Clock) -> Self {
        Self {
            http,
            timeout: settings.timeout,
            limiter: Limiter::new(settings.requests_per_second),
            health: Health::new(clock),
            clock,
            closed: Mutex::default(),
            ended: AtomicBool::default(),
            graves: Mutex::default(),
            requests: AtomicU64::default(),
            bytes: AtomicU64::default(),
        }
    }

    /// Sends one request when it is its turn, and sets `began` to that time.
    pub(super) async fn ask(
        &self,
        document: Document<'_>,
        attempt: u32,
        began: &mut Instant,
    ) -> Result<Came, FetchError> {
        let path = document.path;
        let left_alone = |reason: &str| format!("{path}: not asked: {reason}");
        let out = |outage: Outage| {
            let reason = format!("EDGAR does not answer ({})", outage.reason);
            FetchError::new(Trouble::Outage, left_alone(&reason))
        };
        if let Some(outage) = self.health.outage().filter(|outage| outage.next_probe > self.clock.now()) {
            return Err(out(outage));
        }
        let _under_way = self.limiter.ready(document.priority).await;
        if self.is_closed() {
            return Err(FetchError::new(Trouble::Silent, left_alone("no requests to EDGAR for now")));
        }
        let leave = self.health.leave().map_err(out)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let patience = self.health.patience(attempt, &leave, self.timeout);
        *began = Instant::now();
        // Only the first try sets it.
        document.turn.map(|turn| turn.get_or_init(|| *began));
        let late = || FetchError::passing(format!("{path}: no answer in time"));
        let sent = self.http.get(format!("{}{path}", document.base)).send();
        let sent = timeout(patience, sent).await.map_err(|_| late())?;
        let mut response = sent.map_err(|error| broken(path, error))?;
        let took = began.elapsed();
        let status = response.status().as_u16();
        let retry_after = self.retry_after(response.headers()).filter(|_| status >= 400);
        if let Some(wait) = retry_after {
            self.close_until(self.clock.now() + TimeDelta::from_std(wait).unwrap_or(LEFT_ALONE));
        }
        let failure = |body: &[u8]| {
            trouble(classify(status, body)).map(|(trouble, meaning)| {
                let message = format!("{path}: status {status}: {meaning}");
                FetchError { retry_after, ..FetchError::new(trouble, message) }
            })
        };
        // The head of the answer already shows it, whatever happens to its body and to the task that waits
        // for it.
        let mut grave = Grave { requester: self, error: failure(b"").filter(FetchError::is_grave) };
        self.shut(grave.error.as_ref());
        let (body, cut) = self.body(&mut response, document, patience).await;
        // The part that arrived shows a block even if the rest did not arrive.
        let Some(error) = failure(&body) else {
            return cut.map_or(Ok(Came { body, took }), Err);
        };
        self.shut(Some(&error));
        grave.error = Some(error.clone()).filter(FetchError::is_grave);
        Err(error)
    }

    /// Sends no request before this moment.
    pub(super) fn close_until(&self, until: DateTime<Utc>) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        // An answer does not shorten a wait that another one asked for.
        let later = closed.is_some_and(|known| known > until && known - until <= LONGEST_WAIT);
        if !later {
            *closed = Some(until);
        }
    }

    /// Begins no more requests: the program is about to end.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// The answers that block us or ask to wait ([`FetchError::is_grave`]) since the last call, including
    /// those to cancelled tasks.
    pub(super) fn take_graves(&self) -> Vec<FetchError> {
        std::mem::take(&mut *self.graves.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep_grave(&self, error: FetchError) {
        let mut graves = self.graves.lock().unwrap_or_else(PoisonError::into_inner);
        if graves.len() < MOST_GRAVES {
            graves.push(error);
        }
    }

    fn is_closed(&self) -> bool {
        if self.ended.load(Ordering::Acquire) {
            return true;
        }
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.is_some_and(|until| {
            let now = self.clock.now();
            now < until && until - now <= LONGEST_WAIT
        })
    }

    /// Requests and bytes so far.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic { requests: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// After a block, stops all further requests before any that waits here can begin.
    fn shut(&self, error: Option<&FetchError>) {
        let trouble = error.map(|error| error.trouble);
        if matches!(trouble, Some(Trouble::RateBlocked | Trouble::AgentRefused)) {
            self.close_until(self.clock.now() + LEFT_ALONE);
        }
    }

    /// The body as far as it arrived, and why it stopped there.
    async fn body(
        &self,
        response: &mut Response,
        document: Document<'_>,
        patience: Duration,
    ) -> (Vec<u8>, Option<FetchError>) {
        let Document { path, most, .. } = document;
        let length =
            response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let promised: usize = length.unwrap_or(0);
        let mut body = Vec::with_capacity(promised.min(1 << 20));
        let cut = loop {
            match timeout(patience, response.chunk()).await {
                Ok(Ok(None)) => break None,
                Ok(Ok(Some(chunk))) if body.len().saturating_add(chunk.len()).max(promised) > most => {
                    let message = format!("{path}: the answer is longer than {most} bytes");
                    break Some(FetchError::new(Trouble::Unexpected, message));
                }
                Ok(Ok(Some(chunk))) => {
                    self.bytes.fetch_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
                    body.extend_from_slice(&chunk);
                }
                Ok(Err(error)) => break Some(broken(path, error)),
                Err(_) => {
                    break Some(FetchError::passing(format!(
                        "{path}: the rest of the answer did not arrive in time"
                    )));
                }
            }
        };
        (body, cut)
    }

    /// How long an answer asks to wait: seconds, or a date.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match value.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let date = DateTime::parse_from_rfc2822(value).ok()?;
                (date.to_utc() - self.clock.now()).to_std().unwrap_or_default()
            }
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

/// A failed connection. The address is omitted, but not the causes that reqwest reports.
fn broken(path: &str, error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    FetchError::passing(format!("{path}: {text}"))
}
