//! A line of recipients that wait for their turn, with one place each.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

/// A recipient that has not asked for this long has left the line.
const GONE: TimeDelta = TimeDelta::seconds(45);

/// A place in line: the round in which a recipient takes part, and the order within it.
type Place = (u64, u64);

/// A line.
#[derive(Debug, Default)]
pub(super) struct Line {
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
}

impl Line {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// True if nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// True if a recipient waits.
    pub(super) fn has(&self, recipient: &str) -> bool {
        self.places.contains_key(recipient)
    }

    /// How many wait before a recipient, which has a place from now on; `None` if that is `most` or more.
    pub(super) fn place(&mut self, recipient: &str, most: usize, now: DateTime<Utc>) -> Option<usize> {
        let place = self.places.get(recipient).copied().unwrap_or((self.round_of(recipient), self.given));
        self.given += 1;
        self.places.insert(recipient.to_owned(), place);
        self.line.insert(place, (recipient.to_owned(), now));
        self.line.keys().take(most).position(|known| *known == place)
    }

    /// Ends the wait of a recipient that has its turn.
    pub(super) fn take_turn(&mut self, recipient: &str) {
        let round = self.round_of(recipient);
        self.round = self.round.max(round);
        self.rounds.insert(recipient.to_owned(), round + 1);
        self.leave(recipient);
    }

    /// Takes a recipient from the line.
    pub(super) fn leave(&mut self, recipient: &str) {
        if let Some(place) = self.places.remove(recipient) {
            self.line.remove(&place);
        }
    }

    /// Forgets those at the head of the line that have not asked for long.
    pub(super) fn forget_gone(&mut self, now: DateTime<Utc>) {
        while let Some((_, (recipient, asked))) = self.line.first_key_value()
            && now - *asked > GONE
        {
            let recipient = recipient.clone();
            self.leave(&recipient);
        }
    }

    /// The round in which a recipient takes part.
    fn round_of(&self, recipient: &str) -> u64 {
        match self.places.get(recipient) {
            Some((round, _)) => *round,
            None => self.rounds.get(recipient).copied().unwrap_or(0).max(self.round),
        }
    }
}
