//! When Discord may be asked next: by its own buckets, by its word to everyone, and well before it bans an address.
//!
//! <https://discord.com/developers/docs/topics/rate-limits>

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Of 50 requests that a bot may make in a second: some are left to its commands.
const A_SECOND: usize = 40;
/// After so many refusals in the window nothing is sent until the first of them has left it; at 10,000 Discord bans the
/// address.
const MOST_REFUSALS: usize = 1_000;
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// No wait that Discord asks for is longer; one that seems so comes from a clock that was wrong.
const LONGEST: TimeDelta = TimeDelta::hours(2);
/// More routes than this are kept only while they wait.
const MOST_ROUTES: usize = 1_000;

/// What Discord said of its limits in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Told {
    /// How many more requests the bucket takes, and after what time it is full again.
    pub(super) bucket: Option<(u32, TimeDelta)>,
    /// How long to wait.
    pub(super) retry_after: Option<TimeDelta>,
    /// Whether that is said of all routes.
    pub(super) global: bool,
    /// Whether the limit is used up by others, too: then it is not held against us.
    pub(super) shared: bool,
}

/// What is known of Discord's limits. All that is sent there goes by one.
#[derive(Debug, Default)]
pub(in crate::notify) struct Pace {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Route → not before.
    routes: HashMap<String, DateTime<Utc>>,
    /// Nothing before.
    all: Option<DateTime<Utc>>,
    /// When the last turns were given.
    turns: VecDeque<DateTime<Utc>>,
    /// When requests were refused that count.
    refusals: VecDeque<DateTime<Utc>>,
}

impl Pace {
    /// A turn to ask on a route.
    ///
    /// # Errors
    /// When to come back.
    pub(super) fn turn(&self, route: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let ahead = |until: &DateTime<Utc>| now < *until && *until - now <= LONGEST;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now - TimeDelta::seconds(1);
        state.turns.retain(|turn| second < *turn && *turn <= now);
        state.refusals.retain(|refusal| now - WINDOW < *refusal && *refusal <= now);
        let waits = [
            state.routes.get(route).copied(),
            state.all,
            state
                .turns
                .front()
                .filter(|_| state.turns.len() >= A_SECOND)
                .map(|turn| *turn + TimeDelta::seconds(1)),
            state
                .refusals
                .front()
                .filter(|_| state.refusals.len() >= MOST_REFUSALS)
                .map(|first| *first + WINDOW),
        ];
        if let Some(until) = waits.into_iter().flatten().filter(ahead).max() {
            return Err(until);
        }
        state.turns.push_back(now);
        Ok(())
    }

    /// Takes in an answer that came at a moment.
    pub(super) fn answered(&self, route: &str, status: u16, told: Told, at: DateTime<Utc>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(status, 401 | 403 | 429) && !told.shared && state.refusals.len() < MOST_REFUSALS {
            state.refusals.push_back(at);
            if state.refusals.len() == MOST_REFUSALS {
                tracing::error!(
                    "Discord refused {MOST_REFUSALS} requests within {} minutes; nothing is sent there for a while, so that it \
                     does not ban this address",
                    WINDOW.num_minutes()
                );
            }
        }
        let asked = told.retry_after.filter(|_| status == 429).map(|wait| wait.min(LONGEST));
        if let Some(wait) = asked.filter(|_| told.global) {
            state.all = Some(at + wait);
        }
        let wait = asked.or(told.bucket.filter(|(left, _)| *left == 0).map(|(_, wait)| wait.min(LONGEST)));
        match wait {
            Some(wait) => drop(state.routes.insert(route.to_owned(), at + wait)),
            None => drop(state.routes.remove(route)),
        }
        if state.routes.len() > MOST_ROUTES {
            state.routes.retain(|_, until| at < *until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn an_empty_bucket_is_left_alone_until_it_is_full_and_others_are_not() {
        let pace = Pace::default();
        let told = |left| Told { bucket: Some((left, TimeDelta::milliseconds(1_250))), ..Told::default() };
        pace.answered("a", 200, told(1), at(0));
        assert_eq!(pace.turn("a", at(0)), Ok(()));
        pace.answered("a", 200, told(0), at(10));
        assert_eq!(pace.turn("a", at(1_259)), Err(at(1_260)));
        assert_eq!(pace.turn("b", at(1_259)), Ok(()));
        assert_eq!(pace.turn("a", at(1_260)), Ok(()));
        // A clock that was set back by a day does not hold it for a day.
        assert_eq!(pace.turn("a", at(-86_400_000)), Ok(()));
    }

    #[test]
    fn a_wait_for_everyone_holds_everyone() {
        let pace = Pace::default();
        let wait = Some(TimeDelta::milliseconds(700));
        pace.answered("a", 429, Told { retry_after: wait, ..Told::default() }, at(0));
        assert_eq!((pace.turn("a", at(699)), pace.turn("b", at(0))), (Err(at(700)), Ok(())));
        pace.answered("b", 429, Told { retry_after: wait, global: true, ..Told::default() }, at(100));
        assert_eq!(pace.turn("c", at(100)), Err(at(800)));
        assert_eq!(pace.turn("c", at(800)), Ok(()));
    }

    #[test]
    fn all_routes_together_ask_forty_times_a_second() {
        let pace = Pace::default();
        for number in 0..40 {
            assert_eq!(pace.turn(&format!("{number}"), at(number)), Ok(()));
        }
        assert_eq!(pace.turn("x", at(40)), Err(at(1_000)));
        assert_eq!((pace.turn("x", at(1_000)), pace.turn("x", at(1_000))), (Ok(()), Err(at(1_001))));
    }

    #[test]
    fn it_stops_long_before_discord_bans_the_address() {
        let pace = Pace::default();
        for number in 0..1_000 {
            pace.answered("a", 403, Told::default(), at(number));
            pace.answered("a", 429, Told { shared: true, ..Told::default() }, at(number));
        }
        assert_eq!(pace.turn("b", at(5_000)), Err(at(600_000)));
        assert_eq!(pace.turn("b", at(600_000)), Ok(()));
    }
}
