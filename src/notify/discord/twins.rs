//! Signs that another program acts as the same bot: messages that this one did not send.
//!
//! Only messages since the start of this process count, by Discord's own time, which its ids contain.
//! Messages of an earlier process do not count, even if the store has since been replaced with an older one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::MessageId;
use tokio::time::Instant;

use crate::alert::Key;

/// The most messages of this process, and tries without an answer, to remember.
const MOST_KNOWN: usize = 2_000;
/// How precisely we know Discord's time at our start, and the longest that a new message may take to be
/// answered.
const MARGIN: TimeDelta = TimeDelta::seconds(2);
const FRESH: TimeDelta = TimeDelta::seconds(8);
/// How long after the first message in a channel it is first checked; the interval then doubles up to the
/// second value.
const LOOKS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(20), TimeDelta::minutes(10));
/// The least time between two checks, over all channels.
const BETWEEN_LOOKS: TimeDelta = TimeDelta::seconds(1);
/// The most channels to check.
const MOST_CHANNELS: usize = 1_000;

/// A message that another program seems to have sent. The store decides whether it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The key of the delivery that it refers to.
    pub key: Key,
    /// The message's id.
    pub message_id: String,
    /// True if it existed before we tried to send it, which is certain proof.
    pub was_there: bool,
}

/// The messages of this process, and those it did not send.
#[derive(Debug, Default)]
pub(super) struct Twins {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When something was first about to be sent, by the monotonic and the system clock.
    started: Option<(Instant, DateTime<Utc>)>,
    /// Discord's time at that moment.
    began: Option<DateTime<Utc>>,
    ours: VecDeque<MessageId>,
    /// The keys of tries without an answer.
    unsure: VecDeque<Key>,
    /// Found but not collected yet.
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

    /// Notes that something is about to be sent.
    pub(super) fn begin(&self, now: DateTime<Utc>) {
        self.state().started.get_or_insert_with(|| (Instant::now(), now));
    }

    /// Notes the message in an answer, created at `made` by Discord's time. If, by its nonce, Discord had it
    /// before this request and this process never tried to send it, somebody else did.
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
        // Our clock may be set while this runs. The longer of the two durations is safe for dating the start,
        // and the shorter one for deciding what came before a request.
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

    /// Notes tries that may have arrived.
    pub(super) fn may_have_arrived(&self, keys: impl Iterator<Item = Key>) {
        let mut state = self.state();
        keys.for_each(|key| remember(&mut state.unsure, key));
    }

    /// True if a channel must be checked now: rarely, and only if this process has sent something there.
    pub(super) fn is_due(&self, channel: u64, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        // A clock that was set back must not block checks forever.
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

    /// Notes a message by the bot's user in a channel: its id, creation time and the deliveries that it
    /// refers to.
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
        // Our clock may be wrong by any amount: only Discord's ids count.
        twins.took(1, &key("a"), MessageId::new(10), at(1_000), now);
        tokio::time::advance(Duration::from_secs(60)).await;
        now += TimeDelta::seconds(60);
        twins.took(1, &key("b"), MessageId::new(20), at(1_061), now);
        assert_eq!(twins.take(), []);
        twins.took(1, &key("c"), MessageId::new(15), at(1_030), now);
        assert_eq!(twins.take(), [Foreign { key: key("c"), message_id: "15".to_owned(), was_there: true }]);
        // One was created by a try of ours without an answer, and another before our start.
        twins.may_have_arrived([key("d")].into_iter());
        twins.took(1, &key("d"), MessageId::new(16), at(1_031), now);
        twins.took(1, &key("e"), MessageId::new(5), at(990), now);
        twins.took(1, &key("b"), MessageId::new(20), at(1_061), now);
        // Our clock is set forward and back, which does not make new messages older.
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
