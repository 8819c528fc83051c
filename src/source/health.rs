//! Tracks whether EDGAR answers at all, and how many failed requests may be repeated meanwhile.
//!
//! One bad answer says nothing about EDGAR, so its request is simply repeated. If many different requests
//! fail and none succeeds for a while, it is an outage: then one probe at a time is sent until one succeeds.
//!
//! Answers arrive in a different order from their requests, so each counts only against what was known when
//! its try began: a failure counts only if no answer has come since then, and during an outage an answer
//! counts only if the outage had begun by then. Slow results are older than they look.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::clock::Clock;

/// How many different requests must fail for an outage.
const OUTAGE_REQUESTS: usize = 4;
/// How long requests must fail without a success for an outage.
const OUTAGE_AFTER: TimeDelta = TimeDelta::seconds(6);
/// A try that begins this long after the last failure, or after a probe was due, does not belong to the same
/// outage, because nothing is known about the time in between. While a request fails, its next try or another
/// request begins within seconds.
const APART: TimeDelta = TimeDelta::seconds(30);
/// The time between two probes: at first, and in an outage that lasts for hours. In between, it is a share of
/// the duration of the outage.
const PROBE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(7), TimeDelta::minutes(1));
const PROBE_SHARE: i32 = 90;
/// How often to check whether the probe under way was answered.
const LOOK: TimeDelta = TimeDelta::seconds(1);
/// How many retries are available at the start, and at most. Each answer earns one, so that an outage uses
/// them up.
const MOST_REPETITIONS: u32 = 20;
/// How long the first try waits for the first byte of an answer before it counts as a failure. If EDGAR is
/// slow, the wait is longer: this many times as long as its recent answers took.
const PATIENCE: Duration = Duration::from_secs(3);
const PATIENCE_FACTOR: u32 = 4;
/// A probe gets more time, because no other requests are sent: EDGAR may only be slow.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);

/// The known health of EDGAR.
#[derive(Debug)]
pub(super) struct Health {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    repetitions: u32,
    /// The failures since the last answer that are close together.
    failing: Option<Failing>,
    /// When the last answer came.
    answered_at: Option<Instant>,
    outage: Option<Probing>,
    /// How long recent answers took.
    pace: Duration,
    next_request: u64,
}

#[derive(Debug)]
struct Failing {
    since: Instant,
    /// When the last of them came.
    last: Instant,
    requests: BTreeSet<u64>,
    reason: String,
}

#[derive(Debug)]
struct Probing {
    /// When the evidence was complete.
    since: Instant,
    /// When the next probe begins; while one is under way, when it began.
    next: Instant,
    under_way: bool,
}

/// An outage of EDGAR: many different requests failed, and none has succeeded since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// When the first of them failed.
    pub since: DateTime<Utc>,
    /// When it is probed next; while a probe is under way, when to look again.
    pub next_probe: DateTime<Utc>,
    /// The last failure, for people.
    pub reason: String,
}

/// Permission to send a request. A probe ends when this value is dropped, so that a cancelled probe holds up
/// no other.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    health: &'a Health,
    is_probe: bool,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        let mut state = self.health.state();
        let pause = self.health.pause(&state);
        if let Some(probing) = &mut state.outage {
            // Counted from the start of the probe: one that waited in vain for a long time is followed by
            // another at once.
            let next = (probing.next + pause).max(Instant::now());
            *probing = Probing { next, under_way: false, ..*probing };
        }
    }
}

impl Health {
    pub(super) fn new(clock: Clock) -> Self {
        let state = State {
            repetitions: MOST_REPETITIONS,
            failing: None,
            answered_at: None,
            outage: None,
            pace: Duration::ZERO,
            next_request: 0,
        };
        Self { clock, state: Mutex::new(state) }
    }

    /// A number for a request, so that its tries count as one.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.state();
        state.next_request += 1;
        state.next_request
    }

    /// Permission to send a request now.
    ///
    /// # Errors
    /// The outage, while no probe is due or one is under way.
    pub(super) fn leave(&self) -> Result<Leave<'_>, Outage> {
        let is_probe = {
            let mut state = self.state();
            match &mut state.outage {
                None => false,
                Some(probing) if !probing.under_way && Instant::now() >= probing.next => {
                    *probing = Probing { next: Instant::now(), under_way: true, ..*probing };
                    true
                }
                Some(_) => return Err(self.described(&state)),
            }
        };
        Ok(Leave { health: self, is_probe })
    }

    /// The current outage, if there is one.
    pub(super) fn outage(&self) -> Option<Outage> {
        let state = self.state();
        state.outage.is_some().then(|| self.described(&state))
    }

    /// The last failure, if no request has succeeded since.
    pub(super) fn last_failure(&self) -> Option<String> {
        self.state().failing.as_ref().map(|failing| failing.reason.clone())
    }

    /// Records an answer, whatever it says, to a try that began at `began`, with its first byte after `took`.
    /// Returns how long the outage lasted that it ends.
    pub(super) fn answered(&self, began: Instant, took: Duration) -> Option<TimeDelta> {
        let mut state = self.state();
        state.repetitions = (state.repetitions + 1).min(MOST_REPETITIONS);
        state.pace = took.max(state.pace.mul_f64(0.9));
        // This request was accepted before the outage. Only a probe shows that new ones are.
        if state.outage.as_ref().is_some_and(|outage| began <= outage.since) {
            return None;
        }
        state.answered_at = Some(Instant::now());
        let failing = state.failing.take();
        state.outage.take()?;
        Some(failing.map_or(TimeDelta::zero(), |failing| self.passed(failing.since)))
    }

    /// Records a passing failure of a try that began at `began`. Returns true if the request may be repeated,
    /// and begins an outage if there is enough evidence. A try that began before the last answer came does
    /// not count as evidence: EDGAR has answered meanwhile.
    pub(super) fn failed(&self, request: u64, began: Instant, reason: &str) -> bool {
        let mut state = self.state();
        let is_old = state.answered_at.is_some_and(|answered| began < answered);
        let is_outage = !is_old && self.add_failure(&mut state, request, began, reason);
        if state.outage.is_some() {
            return false;
        }
        if !is_outage {
            let may_repeat = state.repetitions > 0;
            state.repetitions = state.repetitions.saturating_sub(1);
            return may_repeat;
        }
        tracing::warn!("EDGAR does not answer and is probed until it does; the last failure: {reason}");
        let now = Instant::now();
        state.outage = Some(Probing { since: now, next: now + self.pause(&state), under_way: false });
        false
    }

    /// True if this failure makes the failures an outage.
    fn add_failure(&self, state: &mut State, request: u64, began: Instant, reason: &str) -> bool {
        let now = Instant::now();
        let is_apart =
            |failing: &Failing| self.clock.played_in(began.saturating_duration_since(failing.last)) > APART;
        if state.outage.is_none() && state.failing.as_ref().is_some_and(is_apart) {
            state.failing = None;
        }
        let failing = state.failing.get_or_insert_with(|| Failing {
            since: now,
            last: now,
            requests: BTreeSet::new(),
            reason: String::new(),
        });
        failing.last = now;
        reason.clone_into(&mut failing.reason);
        if failing.requests.len() < OUTAGE_REQUESTS {
            failing.requests.insert(request);
        }
        failing.requests.len() >= OUTAGE_REQUESTS && self.passed(failing.since) >= OUTAGE_AFTER
    }

    /// The time from one probe to the next.
    fn pause(&self, state: &State) -> Duration {
        let lasts = state.failing.as_ref().map_or(TimeDelta::zero(), |failing| self.passed(failing.since));
        self.clock.real((lasts / PROBE_SHARE).clamp(PROBE.0, PROBE.1))
    }

    /// How long to wait for the first byte of an answer at a request's n-th try.
    pub(super) fn patience(&self, attempt: u32, leave: &Leave<'_>, most: Duration) -> Duration {
        let least = if leave.is_probe { PROBE_PATIENCE } else { PATIENCE };
        let first = least.max(self.state().pace * PATIENCE_FACTOR);
        first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(most)
    }

    fn described(&self, state: &State) -> Outage {
        let now = self.clock.now();
        let since = state.failing.as_ref().map_or(TimeDelta::zero(), |failing| self.passed(failing.since));
        let left = state.outage.as_ref().map_or(TimeDelta::zero(), |probing| match probing.under_way {
            true => LOOK,
            false => self.clock.played_in(probing.next.saturating_duration_since(Instant::now())),
        });
        Outage {
            since: now - since,
            next_probe: now + left,
            reason: state.failing.as_ref().map_or_else(String::new, |failing| failing.reason.clone()),
        }
    }

    /// How much of the clock's time has passed since a moment.
    fn passed(&self, since: Instant) -> TimeDelta {
        self.clock.played_in(since.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |outage: &Probing| !outage.under_way && self.passed(outage.next) > APART;
        // If nobody probes, nothing is known any more, and the outage does not go on.
        state.outage.take_if(|outage| is_over(outage));
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wait(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    /// A failure of another request.
    fn fail(health: &Health) -> bool {
        health.failed(health.begin(), Instant::now(), "down")
    }

    fn answer(health: &Health) -> Option<TimeDelta> {
        health.answered(Instant::now(), Duration::ZERO)
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_many_requests_and_a_while_without_an_answer() {
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        // One request that fails again and again is not an outage.
        let one = health.begin();
        for _ in 0..10 {
            assert!(health.failed(one, Instant::now(), "down") && health.outage().is_none());
            wait(10).await;
        }
        for _ in 0..2 {
            fail(&health);
        }
        assert!(health.outage().is_none() && health.last_failure().is_some());
        // After one answer, everything starts over.
        assert_eq!(answer(&health), None);
        assert_eq!(health.last_failure(), None);
        for _ in 0..9 {
            fail(&health);
        }
        assert!(health.outage().is_none(), "a moment is not a while");
        wait(6).await;
        assert!(!health.failed(one, Instant::now(), "still down"));
        let outage = health.outage().unwrap();
        assert_eq!(outage.next_probe - outage.since, TimeDelta::seconds(13));
        assert_eq!(outage.reason, "still down");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_probed_one_request_at_a_time_until_an_answer_comes() {
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        for _ in 0..4 {
            fail(&health);
            wait(3).await;
        }
        assert!(health.leave().is_err());
        let mut probes = 0;
        for _ in 0..600 {
            if let Ok(probe) = health.leave() {
                assert!(health.leave().is_err(), "one at a time");
                probes += 1;
                drop(probe);
                fail(&health);
            }
            wait(1).await;
        }
        assert!((80..=86).contains(&probes), "{probes} probes in ten minutes");
        // A cancelled probe holds up no other.
        wait(20).await;
        drop(health.leave().unwrap());
        wait(20).await;
        let probe = health.leave().unwrap();
        assert!(answer(&health).unwrap() > TimeDelta::minutes(10));
        drop(probe);
        assert!(health.leave().is_ok() && health.leave().is_ok() && health.outage().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_began_before_an_answer_or_lies_far_back_is_no_sign_of_an_outage() {
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        let began = Instant::now();
        wait(1).await;
        answer(&health);
        for _ in 0..9 {
            assert!(health.failed(health.begin(), began, "late"));
            wait(2).await;
        }
        assert!(health.outage().is_none() && health.last_failure().is_none());
        // One failure every three minutes, with no requests in between.
        for _ in 0..9 {
            wait(180).await;
            fail(&health);
        }
        assert!(health.outage().is_none() && health.last_failure().is_some());
        for _ in 0..3 {
            wait(3).await;
            fail(&health);
        }
        let outage = health.outage().unwrap();
        assert_eq!(outage.next_probe - outage.since, TimeDelta::seconds(9 + 7));
    }

    #[tokio::test(start_paused = true)]
    async fn repetitions_are_earned_by_answers() {
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        let one = health.begin();
        let repeated = (0..100).filter(|_| health.failed(one, Instant::now(), "down")).count();
        assert_eq!(repeated, 20);
        answer(&health);
        assert!(health.failed(one, Instant::now(), "down") && !health.failed(one, Instant::now(), "down"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_edgar_is_waited_for() {
        let health = Health::new(Clock::wall());
        let most = Duration::from_secs(30);
        let leave = health.leave().unwrap();
        assert_eq!(health.patience(1, &leave, most), Duration::from_secs(3));
        assert_eq!(health.patience(3, &leave, most), Duration::from_secs(12));
        health.answered(Instant::now(), Duration::from_secs(2));
        assert_eq!(health.patience(1, &leave, most), Duration::from_secs(8));
        assert_eq!(health.patience(9, &leave, most), most);
        assert_eq!(
            health.patience(1, &Leave { health: &health, is_probe: true }, most),
            Duration::from_secs(10)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_an_outage_only_where_its_request_began_in_it() {
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        let slow = Instant::now();
        for _ in 0..7 {
            wait(1).await;
            fail(&health);
        }
        assert_eq!(health.answered(slow, Duration::from_secs(7)), None);
        assert_eq!(health.answered(Instant::now(), Duration::ZERO), None, "it began with the last failure");
        assert!(health.outage().is_some() && health.leave().is_err());
        wait(7).await;
        let probe = Instant::now();
        drop(health.leave().unwrap());
        wait(1).await;
        assert_eq!(health.answered(probe, Duration::from_secs(1)), Some(TimeDelta::seconds(14)));
        // Before an outage begins, any answer shows that not all requests fail, however slow it was.
        for _ in 0..3 {
            let slow = Instant::now();
            for _ in 0..5 {
                wait(1).await;
                fail(&health);
            }
            health.answered(slow, Duration::from_secs(5));
        }
        assert_eq!(health.outage(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_lie_far_apart_are_no_evidence_of_one_outage() {
        for (apart, is_outage) in [(20, true), (31, false), (300, false), (7_200, false)] {
            let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
            for _ in 0..6 {
                fail(&health);
                wait(apart).await;
            }
            assert_eq!(health.outage().is_some(), is_outage, "{apart}");
        }
        // A try that takes long is not a gap.
        let health = Health::new(Clock::played(DateTime::UNIX_EPOCH, 1.0));
        for _ in 0..4 {
            let began = Instant::now();
            wait(150).await;
            health.failed(health.begin(), began, "no answer in time");
        }
        assert!(health.outage().is_some());
        // An outage that nobody probes is over: the next failure is the first of another.
        wait(3_600).await;
        assert_eq!(health.outage(), None);
        assert!(health.last_failure().is_some(), "nothing better is known");
        for _ in 0..4 {
            assert_eq!(health.outage(), None);
            drop(health.leave().unwrap());
            wait(2).await;
            fail(&health);
        }
        let outage = health.outage().unwrap();
        assert_eq!(health.clock.now() - outage.since, TimeDelta::seconds(6));
    }
}
