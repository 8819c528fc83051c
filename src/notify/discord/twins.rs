//! Signs that another program acts with the same bot, by messages that it sent and this one did not.
//!
//! Only messages since the start of this process count, by Discord's own time, which is in its ids. Messages of an earlier
//! process do not, even if the store was since replaced by an older one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::MessageId;
use tokio::time::Instant;

use crate::alert::Key;

/// Messages of this process, and tries of it without an answer, that are remembered.
const MOST_KNOWN: usize = 2_000;
/// How well Discord's time at our start is known, and the longest that a fresh message may take to be answered.
const MARGIN: TimeDelta = TimeDelta::seconds(2);
const FRESH: TimeDelta = TimeDelta::seconds(8);
/// A channel is first checked this long after the first message there, then at intervals that double up to the second value.
const LOOKS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(20), TimeDelta::minutes(10));
/// Least time between two checks, over all channels.
const BETWEEN_LOOKS: TimeDelta = TimeDelta::seconds(1);
/// More channels are not checked.
const MOST_CHANNELS: usize = 1_000;

/// A message that another program seems to have sent. The store decides whether it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The delivery that it refers to.
    pub key: Key,
    /// The message's id.
    pub message_id: String,
    /// True if it was there before it was asked for: then it is certain.
    pub was_there: bool,
}

/// This process's messages, and those that it did not send.
#[derive(Debug, Default)]
pub(super) struct Twins {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When something was to be sent first, by the system's running time and by our clock.
    started: Option<(Instant, DateTime<Utc>)>,
    /// Discord's time then.
    began: Option<DateTime<Utc>>,
    ours: VecDeque<MessageId>,
    /// The keys of tries without an answer.
    unsure: VecDeque<Key>,
    /// Found and not asked for yet.
    found: VecDeque<Foreign>,
    looks: BTreeMap<u64, Look>,
    last_look: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    next: DateTime<Utc>,
    wait: TimeDelta,
}

impl Twins {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is about to be sent.
    pub(super) fn begin(&self, now: DateTime<Utc>) {
        self.state().started.get_or_insert_with(|| (Instant::now(), now));
    }

    /// Notes the message that an answer shows, made at a moment of Discord's. Where Discord had it before it was asked for it,
    /// by its nonce, and this process never tried to send it, somebody else did.
    pub(super) fn took(
        &self,
        channel: u64,
        key: &Key,
        id: MessageId,
        made: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) {
        let Some(made) = made else { return };
        let mut state = self.state();
        let Some((instant, start)) = state.started else { return };
        // Our clock may be set while this runs; what is later of the two is on the safe side for the start, and what is earlier
        // for what came before a request.
        let (steady, shown) = (TimeDelta::from_std(instant.elapsed()).unwrap_or_default(), now - start);
        let running = steady.min(shown);
        let known = state.ours.contains(&id) || state.unsure.contains(key);
        if let Some(began) = state.began
            && !known
            && made > began + MARGIN
            && made < began + running - FRESH
        {
            remember(
                &mut state.found,
                Foreign { key: key.clone(), message_id: id.to_string(), was_there: true },
            );
        } else if !state.ours.contains(&id) {
            remember(&mut state.ours, id);
        }
        state.began = state.began.max(made.checked_sub_signed(steady.max(shown)));
        if state.looks.len() < MOST_CHANNELS {
            state.looks.entry(channel).or_insert(Look { next: now + LOOKS.0, wait: LOOKS.0 });
        }
    }

    /// Notes a try that may have arrived.
    pub(super) fn may_have_arrived(&self, keys: impl Iterator<Item = Key>) {
        let mut state = self.state();
        keys.for_each(|key| remember(&mut state.unsure, key));
    }

    /// True if a channel is to be looked at now: seldom, and only one where this process sent something before.
    pub(super) fn is_due(&self, channel: u64, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        // A clock that was set back does not hold it for ever.
        let waits = |until: DateTime<Utc>| now < until && until - now <= LOOKS.1;
        if state.last_look.is_some_and(|last| waits(last + BETWEEN_LOOKS)) {
            return false;
        }
        let Some(look) = state.looks.get_mut(&channel).filter(|look| !waits(look.next)) else { return false };
        look.wait = (look.wait * 2).min(LOOKS.1);
        look.next = now + look.wait;
        state.last_look = Some(now);
        true
    }

    /// Notes messages of the bot's user in a channel: their ids, when they were made, and the deliveries that they refer to.
    pub(super) fn saw<'k>(
        &self,
        id: MessageId,
        made: Option<DateTime<Utc>>,
        keys: impl Iterator<Item = &'k str>,
    ) {
        let Some(made) = made else { return };
        let mut state = self.state();
        let Some(began) = state.began else { return };
        if made <= began + MARGIN || state.ours.contains(&id) {
            return;
        }
        for key in keys.filter_map(Key::read) {
            if !state.unsure.contains(&key) {
                remember(&mut state.found, Foreign { key, message_id: id.to_string(), was_there: false });
            }
        }
    }

    /// Takes the messages found since the last call.
    pub(super) fn take(&self) -> Vec<Foreign> {
        self.state().found.drain(..).collect()
    }
}

fn remember<T>(known: &mut VecDeque<T>, new: T) {
    if known.len() == MOST_KNOWN {
        known.pop_front();
    }
    known.push_back(new);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0)
    }

    fn key(name: &str) -> Key {
        Key::of(&[name])
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_was_there_before_it_was_asked_for_is_of_somebody_else() {
        let (twins, mut now) = (Twins::default(), at(0).unwrap());
        twins.begin(now);
        // Our clock may be wrong by any span: Discord's ids alone count.
        twins.took(1, &key("a"), MessageId::new(10), at(1_000), now);
        tokio::time::advance(Duration::from_secs(60)).await;
        now += TimeDelta::seconds(60);
        twins.took(1, &key("b"), MessageId::new(20), at(1_061), now);
        assert_eq!(twins.take(), []);
        twins.took(1, &key("c"), MessageId::new(15), at(1_030), now);
        assert_eq!(twins.take(), [Foreign { key: key("c"), message_id: "15".to_owned(), was_there: true }]);
        // A try of ours without an answer had made this one, and one was made before our start.
        twins.may_have_arrived([key("d")].into_iter());
        twins.took(1, &key("d"), MessageId::new(16), at(1_031), now);
        twins.took(1, &key("e"), MessageId::new(5), at(990), now);
        twins.took(1, &key("b"), MessageId::new(20), at(1_061), now);
        // Our clock is set forward and back: what is made now is no older for that.
        twins.took(1, &key("f"), MessageId::new(21), at(1_062), now + TimeDelta::hours(1));
        twins.took(1, &key("g"), MessageId::new(22), at(1_063), now - TimeDelta::hours(1));
        assert_eq!(twins.take(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn messages_of_the_bot_that_this_process_did_not_send_are_of_somebody_else() {
        let (twins, now) = (Twins::default(), at(0).unwrap());
        twins.begin(now);
        let c = key("c");
        twins.saw(MessageId::new(7), at(1_500), [c.as_str()].into_iter());
        assert_eq!(twins.take(), [], "nothing is known of Discord's time yet");
        twins.took(1, &key("a"), MessageId::new(10), at(1_000), now);
        twins.may_have_arrived([key("b")].into_iter());
        twins.saw(MessageId::new(5), at(900), [c.as_str()].into_iter());
        twins.saw(MessageId::new(10), at(1_000), [key("a").as_str()].into_iter());
        twins.saw(MessageId::new(11), at(1_010), [key("b").as_str()].into_iter());
        twins.saw(MessageId::new(13), at(1_012), ["not a key"].into_iter());
        assert_eq!(twins.take(), []);
        twins.saw(MessageId::new(12), at(1_011), [c.as_str()].into_iter());
        assert_eq!(twins.take(), [Foreign { key: c, message_id: "12".to_owned(), was_there: false }]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_is_looked_at_seldom() {
        let (twins, start) = (Twins::default(), at(0).unwrap());
        let due = |channel, seconds| twins.is_due(channel, start + TimeDelta::seconds(seconds));
        twins.begin(start);
        assert!(!due(1, 0), "nothing was sent there");
        twins.took(1, &key("a"), MessageId::new(10), at(0), start);
        twins.took(2, &key("b"), MessageId::new(11), at(0), start);
        assert!(!due(1, 19) && due(1, 20) && !due(2, 20) && due(2, 22));
        let looks = (21..86_400).filter(|seconds| due(1, *seconds)).count();
        assert!((140..160).contains(&looks), "{looks}");
    }
}
