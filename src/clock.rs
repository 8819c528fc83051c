//! The time: real time, or that of a replay, which begins at any moment and may run faster.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// No tick takes longer than this; if the clock differs more from a tick's `now`, it is a different clock.
const LONGEST_TICK: TimeDelta = TimeDelta::hours(1);

/// The clock that the bot uses. All copies show the same time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    played: Option<Played>,
}

#[derive(Debug, Clone, Copy)]
struct Played {
    origin: DateTime<Utc>,
    started: Instant,
    speed: f64,
}

impl Clock {
    /// The system's clock.
    pub fn wall() -> Self {
        Self::default()
    }

    /// A clock that shows `origin` now and runs `speed` times as fast as real time. It is driven by tokio's
    /// time, so it stops while that is paused.
    pub fn played(origin: DateTime<Utc>, speed: f64) -> Self {
        let started = Instant::now();
        Self { played: Some(Played { origin, started, speed }) }
    }

    /// True for the clock of a replay.
    pub fn is_played(&self) -> bool {
        self.played.is_some()
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self.played {
            None => Utc::now(),
            Some(Played { origin, started, speed }) => {
                let passed = TimeDelta::from_std(started.elapsed().mul_f64(speed)).unwrap_or(TimeDelta::MAX);
                origin.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
            }
        }
    }

    /// The time now, in a tick that began at `now`.
    pub fn by_now(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let late = self.now() - now;
        let late = Some(late).filter(|late| *late > TimeDelta::zero() && *late < LONGEST_TICK);
        now + late.unwrap_or_default()
    }

    /// How long a span of this clock takes in real time; zero if the span is negative.
    pub fn real(&self, span: TimeDelta) -> Duration {
        let span = span.to_std().unwrap_or_default();
        self.played.map_or(span, |played| span.div_f64(played.speed))
    }

    /// How much of this clock's time passes in a span of real time.
    pub fn played_in(&self, span: Duration) -> TimeDelta {
        let span = self.played.map_or(span, |played| span.mul_f64(played.speed));
        TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_play_goes_faster_and_its_spans_are_shorter() {
        let origin: DateTime<Utc> = "2023-03-08T11:00:00Z".parse().unwrap();
        let clock = Clock::played(origin, 60.0);
        assert_eq!(clock.now(), origin);
        assert_eq!(clock.real(TimeDelta::minutes(3)), Duration::from_secs(3));
        assert_eq!(clock.real(TimeDelta::minutes(-3)), Duration::ZERO);
        assert_eq!(clock.played_in(Duration::from_secs(3)), TimeDelta::minutes(3));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), origin + TimeDelta::minutes(2));
    }
}
