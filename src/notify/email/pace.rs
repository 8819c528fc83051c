//! When the next mail may be sent, if the settings limit how many are sent in a minute.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// The shortest and the longest time until a recipient in line asks again.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(15);
/// A recipient that has not asked for this long has left the line.
const GONE: TimeDelta = TimeDelta::seconds(45);
/// How old a caller's reading of the clock may be.
const BEHIND: TimeDelta = TimeDelta::minutes(1);

/// The order in which recipients get mails. Those that must wait form a line with one place each; after a mail, a
/// recipient goes behind those that still wait.
#[derive(Debug)]
pub(super) struct Pace {
    /// The most mails in a minute; 0 for any number.
    per_minute: usize,
    state: Mutex<State>,
}

/// A place in line: the round in which a recipient takes part, and the order within it.
type Place = (u64, u64);

#[derive(Debug, Default)]
struct State {
    /// When mails were sent in the last minute.
    turns: VecDeque<DateTime<Utc>>,
    /// Place in line → recipient, and when it last asked.
    line: BTreeMap<Place, (String, DateTime<Utc>)>,
    /// Recipient → its place.
    places: HashMap<String, Place>,
    /// Recipient → the first round in which it may take part again.
    rounds: HashMap<String, u64>,
    /// The round of the latest turn.
    round: u64,
    /// How many places were given.
    given: u64,
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
    pub(super) fn line_up(&self, recipient: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.ask(recipient, now, |_, _| {})
    }

    /// Takes a turn to send a mail to a recipient.
    ///
    /// # Errors
    /// When to ask again.
    pub(super) fn turn(&self, recipient: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.ask(recipient, now, |state, now| {
            state.turns.push_back(now);
            let round = state.round_of(recipient);
            state.round = state.round.max(round);
            state.rounds.insert(recipient.to_owned(), round + 1);
            state.leave(recipient);
        })
    }

    /// Takes a recipient that has no mail to get from the line.
    pub(super) fn leave(&self, recipient: &str) {
        if self.per_minute > 0 {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).leave(recipient);
        }
    }

    fn ask(
        &self,
        recipient: &str,
        now: DateTime<Utc>,
        then: impl FnOnce(&mut State, DateTime<Utc>),
    ) -> Result<(), DateTime<Utc>> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.by_now(now);
        let free = self.per_minute.saturating_sub(state.turns.len());
        let goes_first = state.line.len() < free && !state.places.contains_key(recipient);
        if !goes_first {
            let place = state.place(recipient, now);
            // How many come before it; those behind the next minute's ask again anyway.
            let before = state.line.keys().take(self.per_minute).position(|known| *known == place);
            if let Some(until) = state.turn_after(before, free, now) {
                return Err(until);
            }
        }
        then(&mut state, now);
        Ok(())
    }
}

impl State {
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
        while let Some((_, (recipient, asked))) = self.line.first_key_value()
            && now - *asked > GONE
        {
            let recipient = recipient.clone();
            self.leave(&recipient);
        }
        now
    }

    /// The round in which a recipient takes part.
    fn round_of(&self, recipient: &str) -> u64 {
        match self.places.get(recipient) {
            Some((round, _)) => *round,
            None => self.rounds.get(recipient).copied().unwrap_or(0).max(self.round),
        }
    }

    /// The place of a recipient in line; a new one if it has none.
    fn place(&mut self, recipient: &str, now: DateTime<Utc>) -> Place {
        let place = self.places.get(recipient).copied().unwrap_or((self.round_of(recipient), self.given));
        self.given += 1;
        self.places.insert(recipient.to_owned(), place);
        self.line.insert(place, (recipient.to_owned(), now));
        place
    }

    fn leave(&mut self, recipient: &str) {
        if let Some(place) = self.places.remove(recipient) {
            self.line.remove(&place);
        }
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
                match pace.line_up(recipient, at(second)).and_then(|()| pace.turn(recipient, at(second))) {
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
        assert_eq!(pace.turn("a", at(0)), Ok(()));
        for recipient in ["b", "c", "d"] {
            assert_eq!(pace.line_up(recipient, at(1)), Err(at(16)));
        }
        assert_eq!(pace.line_up("c", at(55)), Err(at(60)), "b has left by now, and so has d");
        assert_eq!(pace.line_up("d", at(59)), Err(at(74)));
        pace.leave("c");
        assert_eq!(pace.line_up("e", at(60)), Err(at(75)));
        assert_eq!(pace.line_up("d", at(60)), Ok(()));
        assert_eq!(pace.turn("d", at(60)), Ok(()));
        // A clock that was set back by a day must not block mails for a day.
        assert_eq!(pace.turn("e", at(-86_400)), Ok(()));
        assert_eq!(Pace::new(0).turn("a", at(0)), Ok(()));
    }

    #[test]
    fn each_of_two_thousand_recipients_gets_its_turn() {
        let pace = Pace::new(600);
        let mut left: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
        let mut seconds = 0;
        while !left.is_empty() {
            left.retain(|recipient| pace.turn(recipient, at(seconds)).is_err());
            seconds += 10;
        }
        assert_eq!(seconds, 190);
    }
}
