//! When the next request to Discord may be made: within its buckets and its global limit, and well below the
//! number of refusals at which it bans an address.
//!
//! <https://discord.com/developers/docs/topics/rate-limits>

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Requests per second, of the 50 that a bot may make. The rest is left for its commands, and some of these
/// are reserved for channels defined in the settings.
const A_SECOND: Share = Share { first: 40, rest: 36 };
/// After this many refusals in the window, nothing is sent until the first of them has left it; at 10,000,
/// Discord bans the address. Subscribed channels cannot use up the share of those defined in the settings.
const MOST_REFUSALS: Share = Share { first: 1_000, rest: 500 };
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// The longest wait that Discord asks for; anything longer comes from a wrong clock.
const LONGEST: TimeDelta = TimeDelta::hours(2);
/// How old a caller's reading of the clock may be.
const BEHIND: TimeDelta = TimeDelta::seconds(5);
/// How much later than another concurrent request's time an answer may be.
const ANSWERED_IN: TimeDelta = TimeDelta::minutes(1);
/// The longest time until a route in the line must try again.
const LONGEST_IN_LINE: TimeDelta = TimeDelta::seconds(5);
/// Above this number, only waiting routes are kept.
const MOST_ROUTES: usize = 1_000;

/// The limit for each rank.
#[derive(Debug, Clone, Copy)]
struct Share {
    first: usize,
    rest: usize,
}

impl Share {
    fn of(self, rank: Rank) -> usize {
        match rank {
            Rank::First => self.first,
            Rank::Rest => self.rest,
        }
    }

    /// The time between two requests of the second rank.
    fn step(self) -> TimeDelta {
        TimeDelta::seconds(1) / i32::try_from(self.rest).unwrap_or(i32::MAX)
    }
}

/// Ranks of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// A channel or webhook defined in the settings, including those for operators.
    First,
    /// A subscribed channel, which may be anybody's.
    Rest,
}

/// The limits reported in an answer from Discord.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ReportedLimits {
    /// How many more requests the bucket allows, and when it is reset.
    pub(super) bucket: Option<(u32, TimeDelta)>,
    /// How long to wait.
    pub(super) retry_after: Option<TimeDelta>,
    /// True if the wait applies to all routes.
    pub(super) global: bool,
    /// True if others share the limit; the refusal then does not count against us.
    pub(super) shared: bool,
}

/// Discord's limits as far as known. All requests to Discord share one of these.
#[derive(Debug, Default)]
pub(in crate::notify) struct RateLimit {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Route → no request before this time.
    routes: HashMap<String, DateTime<Utc>>,
    /// No request at all before this time.
    all: Option<DateTime<Utc>>,
    /// When recent turns were given.
    turns: VecDeque<DateTime<Utc>>,
    /// When requests were refused, counting towards a ban.
    refusals: VecDeque<DateTime<Utc>>,
    /// When a request of the first rank last had to wait for a free turn.
    first_waits: Option<DateTime<Utc>>,
    /// Route of the second rank → its place in line.
    line: HashMap<String, DateTime<Utc>>,
    /// The last place assigned.
    last_place: Option<DateTime<Utc>>,
    /// The latest time at which anyone asked.
    latest: Option<DateTime<Utc>>,
}

impl State {
    /// The current time, but not earlier than the latest request, whose effects count. A clock that was set
    /// back is an exception.
    fn by_now(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let latest =
            self.latest.filter(|latest| *latest - now <= BEHIND).map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest
    }

    /// When the limits for all routes together allow another request of this rank; `None` for now.
    fn wait(&mut self, rank: Rank, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let second = TimeDelta::seconds(1);
        self.turns.retain(|turn| now - second < *turn && *turn <= now);
        self.refusals.retain(|refusal| now - WINDOW < *refusal && *refusal - now <= ANSWERED_IN);
        self.first_waits = self.first_waits.filter(|since| now - second < *since && *since <= now);
        // The entry that must leave the window before another request fits in.
        let leaves = |of: &VecDeque<DateTime<Utc>>, most: usize| {
            of.len().checked_sub(most).and_then(|at| of.get(at).copied())
        };
        let turn = leaves(&self.turns, A_SECOND.of(rank)).map(|turn| turn + second);
        let refusal = leaves(&self.refusals, MOST_REFUSALS.of(rank)).map(|refusal| refusal + WINDOW);
        let first = self.first_waits.filter(|_| rank == Rank::Rest).map(|since| since + second);
        [self.all, turn, refusal, first].into_iter().flatten().max()
    }
}

impl RateLimit {
    /// Takes a turn to make a request on a route.
    ///
    /// # Errors
    /// When to try again.
    pub(super) fn turn(&self, route: &str, rank: Rank, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.by_now(now);
        let waits = [state.routes.get(route).copied(), state.wait(rank, now)];
        if let Some(until) = waits.into_iter().flatten().filter(|until| is_ahead(*until, now)).max() {
            if rank == Rank::First && state.turns.len() >= A_SECOND.first {
                state.first_waits = Some(now);
            }
            return Err(until);
        }
        state.turns.push_back(now);
        state.line.remove(route);
        Ok(())
    }

    /// Succeeds if a route of the second rank may get a turn now. If many wait, each gets its own time to try
    /// again, because they would otherwise all keep asking.
    ///
    /// # Errors
    /// When to try again.
    pub(super) fn line_up(&self, route: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.by_now(now);
        let Some(free) = state.wait(Rank::Rest, now).filter(|free| is_ahead(*free, now)) else {
            return Ok(());
        };
        let place = state.line.get(route).copied();
        let until = |place: DateTime<Utc>| place.min(now + LONGEST_IN_LINE).max(free);
        if let Some(place) = place.filter(|place| *place - now <= LONGEST) {
            return Err(until(place));
        }
        let last = state.last_place.filter(|last| is_ahead(*last, now));
        let place = last.map_or(free, |last| free.max(last + A_SECOND.step()));
        state.last_place = Some(place);
        state.line.insert(route.to_owned(), place);
        if state.line.len() > MOST_ROUTES {
            // A route that has not asked for this long is gone.
            state.line.retain(|_, place| now - WINDOW < *place);
        }
        Err(until(place))
    }

    /// Records an answer received at `at`.
    pub(super) fn answered(&self, route: &str, status: u16, limits: ReportedLimits, at: DateTime<Utc>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(status, 401 | 403 | 429) && !limits.shared && state.refusals.len() < MOST_REFUSALS.first {
            state.refusals.push_back(at);
            if state.refusals.len() == MOST_REFUSALS.rest {
                tracing::warn!(
                    "Discord refused {} requests within {} minutes; nothing is sent to channels that subscribed for a while",
                    MOST_REFUSALS.rest,
                    WINDOW.num_minutes()
                );
            }
            if state.refusals.len() == MOST_REFUSALS.first {
                tracing::error!(
                    "Discord refused {} requests within {} minutes; nothing is sent there for a while, so that it \
                     does not ban this address",
                    MOST_REFUSALS.first,
                    WINDOW.num_minutes()
                );
            }
        }
        let asked = limits.retry_after.filter(|_| status == 429).map(|wait| wait.min(LONGEST));
        if let Some(wait) = asked.filter(|_| limits.global) {
            state.all = Some(at + wait);
        }
        let wait = asked.or(limits.bucket.filter(|(left, _)| *left == 0).map(|(_, wait)| wait.min(LONGEST)));
        match wait {
            Some(wait) => drop(state.routes.insert(route.to_owned(), at + wait)),
            None => drop(state.routes.remove(route)),
        }
        if state.routes.len() > MOST_ROUTES {
            state.routes.retain(|_, until| at < *until);
        }
    }
}

fn is_ahead(until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now < until && until - now <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn an_empty_bucket_is_left_alone_until_it_is_full_and_others_are_not() {
        let rate_limit = RateLimit::default();
        let limits = |left| ReportedLimits {
            bucket: Some((left, TimeDelta::milliseconds(1_250))),
            ..ReportedLimits::default()
        };
        rate_limit.answered("a", 200, limits(1), at(0));
        assert_eq!(rate_limit.turn("a", Rank::First, at(0)), Ok(()));
        rate_limit.answered("a", 200, limits(0), at(10));
        assert_eq!(rate_limit.turn("a", Rank::First, at(1_259)), Err(at(1_260)));
        assert_eq!(rate_limit.turn("b", Rank::First, at(1_259)), Ok(()));
        assert_eq!(rate_limit.turn("a", Rank::First, at(1_260)), Ok(()));
        // A clock that was set back by a day must not block it for a day.
        assert_eq!(rate_limit.turn("a", Rank::First, at(-86_400_000)), Ok(()));
    }

    #[test]
    fn a_wait_for_everyone_holds_everyone() {
        let rate_limit = RateLimit::default();
        let wait = Some(TimeDelta::milliseconds(700));
        rate_limit.answered(
            "a",
            429,
            ReportedLimits { retry_after: wait, ..ReportedLimits::default() },
            at(0),
        );
        assert_eq!(
            (rate_limit.turn("a", Rank::First, at(699)), rate_limit.turn("b", Rank::First, at(0))),
            (Err(at(700)), Ok(()))
        );
        rate_limit.answered(
            "b",
            429,
            ReportedLimits { retry_after: wait, global: true, ..ReportedLimits::default() },
            at(100),
        );
        assert_eq!(rate_limit.turn("c", Rank::First, at(100)), Err(at(800)));
        assert_eq!(rate_limit.turn("c", Rank::First, at(800)), Ok(()));
    }

    #[test]
    fn all_routes_together_ask_forty_times_a_second() {
        let rate_limit = RateLimit::default();
        for number in 0..40 {
            assert_eq!(rate_limit.turn(&format!("{number}"), Rank::First, at(number)), Ok(()));
        }
        assert_eq!(rate_limit.turn("x", Rank::First, at(40)), Err(at(1_000)));
        assert_eq!(
            (rate_limit.turn("x", Rank::First, at(1_000)), rate_limit.turn("x", Rank::First, at(1_000))),
            (Ok(()), Err(at(1_001)))
        );
    }

    #[test]
    fn it_stops_long_before_discord_bans_the_address() {
        let rate_limit = RateLimit::default();
        for number in 0..1_000 {
            rate_limit.answered("a", 403, ReportedLimits::default(), at(number));
            rate_limit.answered(
                "a",
                429,
                ReportedLimits { shared: true, ..ReportedLimits::default() },
                at(number),
            );
        }
        assert_eq!(rate_limit.turn("b", Rank::First, at(5_000)), Err(at(600_000)));
        assert_eq!(rate_limit.turn("b", Rank::First, at(600_000)), Ok(()));
    }

    #[test]
    fn channels_that_subscribed_leave_turns_to_those_of_the_settings() {
        let rate_limit = RateLimit::default();
        for number in 0..36 {
            assert_eq!(rate_limit.turn(&format!("{number}"), Rank::Rest, at(number)), Ok(()));
        }
        for number in 36..40 {
            assert_eq!(rate_limit.turn("x", Rank::Rest, at(number)), Err(at(1_000 + number - 36)));
            assert_eq!(rate_limit.turn(&format!("{number}"), Rank::First, at(number)), Ok(()));
        }
        // While requests of the first rank wait, they get whatever is free.
        assert_eq!(rate_limit.turn("a", Rank::First, at(500)), Err(at(1_000)));
        assert_eq!(rate_limit.turn("b", Rank::Rest, at(1_400)), Err(at(1_500)));
        assert_eq!(rate_limit.turn("a", Rank::First, at(1_400)), Ok(()));
        assert_eq!(rate_limit.turn("b", Rank::Rest, at(1_500)), Ok(()));
    }

    #[test]
    fn who_looked_at_the_clock_before_others_takes_no_turn_of_theirs() {
        let rate_limit = RateLimit::default();
        // Each starts preparing its message at a different time, and the first is ready last.
        let turns =
            (0..80).rev().map(|number| rate_limit.turn(&format!("{number}"), Rank::First, at(number)));
        assert_eq!(turns.filter(Result::is_ok).count(), 40);
        assert_eq!(rate_limit.turn("x", Rank::First, at(-4_000)), Err(at(1_079)));
        // Nor does it forget refusals that came while it prepared its message.
        for number in 0..1_000 {
            rate_limit.answered("a", 403, ReportedLimits::default(), at(20_000 + number));
            let _ = rate_limit.turn("b", Rank::First, at(10_000));
        }
        assert_eq!(rate_limit.turn("b", Rank::First, at(22_000)), Err(at(620_000)));
    }

    #[test]
    fn those_that_subscribed_line_up_and_each_comes_once() {
        let rate_limit = RateLimit::default();
        let mut lanes: Vec<(String, i64)> = (0..400).map(|number| (format!("channel:{number}"), 0)).collect();
        let (mut asked, mut done) = (0, 0);
        for now in 0..13_000 {
            lanes.retain_mut(|(route, next)| {
                if *next > now {
                    return true;
                }
                asked += 1;
                let turn = rate_limit
                    .line_up(route, at(now))
                    .and_then(|()| rate_limit.turn(route, Rank::Rest, at(now)));
                match turn {
                    Ok(()) => done += 1,
                    Err(until) => *next = (until - at(0)).num_milliseconds().max(now + 1),
                }
                turn.is_err()
            });
        }
        assert_eq!(done, 400, "at 36 a second it takes eleven seconds");
        assert!(asked < 1_600, "{asked}");
    }

    #[test]
    fn refusals_of_channels_that_subscribed_do_not_silence_those_of_the_settings() {
        let rate_limit = RateLimit::default();
        for number in 0..500 {
            assert_eq!(rate_limit.line_up("b", at(number)), Ok(()));
            rate_limit.answered("a", 403, ReportedLimits::default(), at(number));
        }
        assert_eq!(rate_limit.turn("b", Rank::Rest, at(5_000)), Err(at(600_000)));
        assert_eq!(rate_limit.line_up("b", at(5_000)), Err(at(600_000)));
        assert_eq!(rate_limit.turn("b", Rank::First, at(5_000)), Ok(()));
    }
}
