//! When the next mail may be sent, if the settings limit how many are sent in a minute.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::line::Line;

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// The shortest and the longest time until a recipient in line asks again.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(15);
/// How old a caller's reading of the clock may be.
const BEHIND: TimeDelta = TimeDelta::minutes(1);

/// How many e-mails that are sent at once go before one that has a schedule, while both wait.
const URGENT_FIRST: usize = 3;

/// The order in which recipients get mails. Those that must wait form two lines with one place each: recipients of
/// e-mails at once, and recipients of digests. Three of the first line have their turn before one of the second, so
/// that thousands of digests hold up no alert, and many alerts no digest for long. After a mail, a recipient goes
/// behind those of its line that still wait.
#[derive(Debug)]
pub(super) struct Pace {
    /// The most mails in a minute; 0 for any number.
    per_minute: usize,
    state: Mutex<State>,
}

/// A recipient in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asker<'a> {
    /// The name of its inbox.
    pub(super) recipient: &'a str,
    /// True if it gets e-mails at once, rather than digests.
    pub(super) is_urgent: bool,
}

#[derive(Debug, Default)]
struct State {
    /// When mails were sent in the last minute.
    turns: VecDeque<DateTime<Utc>>,
    urgent: Line,
    scheduled: Line,
    /// How many turns the first line had for which the second did not have its share yet.
    ahead: usize,
    /// The latest time at which anyone asked.
    latest: Option<DateTime<Utc>>,
}

impl Pace {
    pub(super) fn new(per_minute: usize) -> Self {
        Self { per_minute, state: Mutex::default() }
    }

    /// Succeeds if a recipient may get a mail now. Otherwise it has a place in line.
    ///
    /// # Errors
    /// When to ask again.
    pub(super) fn line_up(&self, asker: Asker<'_>, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.ask(asker, now, |_, _| {})
    }

    /// Takes a turn to send a mail to a recipient.
    ///
    /// # Errors
    /// When to ask again.
    pub(super) fn turn(&self, asker: Asker<'_>, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.ask(asker, now, |state, now| {
            state.turns.push_back(now);
            state.line(asker).take_turn(asker.recipient);
            state.ahead = match asker.is_urgent {
                _ if state.scheduled.is_empty() => 0,
                true => state.ahead + 1,
                false => state.ahead.saturating_sub(URGENT_FIRST),
            };
        })
    }

    /// Takes a recipient that has no mail to get from the line.
    pub(super) fn leave(&self, asker: Asker<'_>) {
        if self.per_minute > 0 {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.line(asker).leave(asker.recipient);
        }
    }

    fn ask(
        &self,
        asker: Asker<'_>,
        now: DateTime<Utc>,
        then: impl FnOnce(&mut State, DateTime<Utc>),
    ) -> Result<(), DateTime<Utc>> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.by_now(now);
        let free = self.per_minute.saturating_sub(state.turns.len());
        let waiting = state.urgent.len() + state.scheduled.len();
        let goes_first = waiting < free && !state.line(asker).has(asker.recipient);
        if !goes_first {
            let before = state.before(asker, self.per_minute, now);
            if let Some(until) = state.turn_after(before, free, now) {
                return Err(until);
            }
        }
        then(&mut state, now);
        Ok(())
    }
}

impl State {
    fn line(&mut self, asker: Asker<'_>) -> &mut Line {
        if asker.is_urgent { &mut self.urgent } else { &mut self.scheduled }
    }

    /// The current time, but not earlier than the latest request, unless the clock was set back. Forgets the
    /// turns and the recipients that count no more.
    fn by_now(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = match self.latest {
            Some(latest) if latest - now > BEHIND => {
                *self = Self::default();
                now
            }
            Some(latest) => now.max(latest),
            None => now,
        };
        self.latest = Some(now);
        self.turns.retain(|turn| now - *turn < MINUTE);
        self.urgent.forget_gone(now);
        self.scheduled.forget_gone(now);
        now
    }

    /// How many get their turn before a recipient, which has a place in line from now on; `None` if that is not
    /// within the next minute's turns, and it asks again anyway.
    fn before(&mut self, asker: Asker<'_>, per_minute: usize, now: DateTime<Utc>) -> Option<usize> {
        let own = self.line(asker).place(asker.recipient, per_minute, now)?;
        let of_other = match asker.is_urgent {
            true => ((own + self.ahead) / URGENT_FIRST).min(self.scheduled.len()),
            false => ((own + 1) * URGENT_FIRST).saturating_sub(self.ahead).min(self.urgent.len()),
        };
        Some(own + of_other)
    }

    /// When a recipient may get its turn, if so many come before it; `None` for now.
    fn turn_after(&self, before: Option<usize>, free: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let latest = now + LONGEST_WAIT;
        let Some(behind_free) = before.map(|before| before.checked_sub(free)) else { return Some(latest) };
        let turn = self.turns.get(behind_free?);
        Some(turn.map_or(latest, |turn| *turn + MINUTE).clamp(now + SHORTEST_WAIT, latest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(recipient: &str) -> Asker<'_> {
        Asker { recipient, is_urgent: false }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn no_minute_has_more_than_its_share_and_recipients_take_turns() {
        let pace = Pace::new(3);
        let recipients = ["a", "b", "c", "d", "e"];
        let (mut turns, mut asks) = (Vec::new(), vec![at(0); recipients.len()]);
        for second in 0..600 {
            for (recipient, ask) in recipients.iter().zip(&mut asks) {
                if *ask > at(second) {
                    continue;
                }
                match pace
                    .line_up(digests(recipient), at(second))
                    .and_then(|()| pace.turn(digests(recipient), at(second)))
                {
                    Ok(()) => turns.push((second, *recipient)),
                    Err(until) => {
                        assert!(at(second) < until && until <= at(second) + LONGEST_WAIT, "{until}");
                        *ask = until;
                    }
                }
            }
        }
        for (of, (second, _)) in turns.iter().enumerate() {
            let within = turns[..=of].iter().filter(|(other, _)| second - other < 60).count();
            assert!(within <= 3, "{second}: {turns:?}");
        }
        // Asking now and then costs some turns.
        assert!((27..=30).contains(&turns.len()), "{turns:?}");
        for recipient in recipients {
            let own = turns.iter().filter(|(_, other)| *other == recipient).count();
            assert!((5..=7).contains(&own), "{recipient}: {turns:?}");
        }
    }

    #[test]
    fn whoever_has_nothing_to_get_or_is_gone_holds_up_nobody() {
        let pace = Pace::new(1);
        assert_eq!(pace.turn(digests("a"), at(0)), Ok(()));
        for recipient in ["b", "c", "d"] {
            assert_eq!(pace.line_up(digests(recipient), at(1)), Err(at(16)));
        }
        assert_eq!(pace.line_up(digests("c"), at(55)), Err(at(60)), "b has left by now, and so has d");
        assert_eq!(pace.line_up(digests("d"), at(59)), Err(at(74)));
        pace.leave(digests("c"));
        assert_eq!(pace.line_up(digests("e"), at(60)), Err(at(75)));
        assert_eq!(pace.line_up(digests("d"), at(60)), Ok(()));
        assert_eq!(pace.turn(digests("d"), at(60)), Ok(()));
        // A clock that was set back by a day must not block mails for a day.
        assert_eq!(pace.turn(digests("e"), at(-86_400)), Ok(()));
        assert_eq!(Pace::new(0).turn(digests("a"), at(0)), Ok(()));
    }

    #[test]
    fn digests_hold_up_no_alert_and_alerts_no_digest_for_long() {
        let pace = Pace::new(60);
        let names: Vec<String> = (0..500).map(|n| format!("digest-{n}")).collect();
        for name in &names {
            let _ = pace.turn(digests(name), at(0));
        }
        let urgent = |recipient| Asker { recipient, is_urgent: true };
        let (mut alerts, mut sent) = (Vec::new(), 0);
        for second in (15..600).step_by(15) {
            // A hundred alerts to two recipients, and five hundred digests.
            while alerts.len() < 100 {
                let came = ["a", "b"].into_iter().filter(|name| pace.turn(urgent(name), at(second)).is_ok());
                let before = alerts.len();
                alerts.extend(came.map(|name| (second, name)));
                if alerts.len() == before {
                    break;
                }
            }
            sent += names.iter().filter(|name| pace.turn(digests(name), at(second)).is_ok()).count();
        }
        let (first, last) = (alerts[0].0, alerts[99].0);
        assert!(first <= 60 && last <= 240, "{alerts:?}");
        let in_first_minute = alerts.iter().filter(|(second, _)| *second == first).count();
        assert_eq!(in_first_minute, 45, "one digest for three alerts");
        assert!(alerts[..20].iter().any(|(_, name)| *name == "b"), "they take turns: {alerts:?}");
        assert!(sent > 300, "{sent}");
    }

    #[test]
    fn each_of_two_thousand_recipients_gets_its_turn() {
        let pace = Pace::new(600);
        let mut left: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
        let mut seconds = 0;
        while !left.is_empty() {
            left.retain(|recipient| pace.turn(digests(recipient), at(seconds)).is_err());
            seconds += 10;
        }
        assert_eq!(seconds, 190);
    }
}
