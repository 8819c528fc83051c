//! Turns of new sessions: Discord accepts one every few seconds from each group of shards, and resets the token
//! of a bot that begins too many in a day.
//!
//! Times are spans since the bot started, so that setting the clock changes nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

/// The time between two sessions of a group. Discord requires five seconds at its end of the network.
pub(super) const BETWEEN: TimeDelta = TimeDelta::milliseconds(5_500);
/// Discord resets the token of a bot that begins more than 1,000 sessions a day. The first 500 of a day may
/// follow each other quickly, the others may not: 500, plus one every 200 seconds, make 932.
const DAY: TimeDelta = TimeDelta::hours(24);
const FREELY: usize = 500;
const BETWEEN_MANY: TimeDelta = TimeDelta::seconds(200);

/// The sessions that the bot began within the last day, over all shards.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions(Arc<Mutex<VecDeque<TimeDelta>>>);

impl Sessions {
    /// Those that count at this time.
    fn counted(&self, now: TimeDelta) -> MutexGuard<'_, VecDeque<TimeDelta>> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|at| now - *at < DAY);
        begun
    }

    /// Records that a session is about to begin.
    fn begins(&self, now: TimeDelta) {
        let mut begun = self.counted(now);
        begun.push_back(now);
        if begun.len() == FREELY {
            tracing::warn!(
                "{FREELY} gateway sessions were started within a day: from now on, one every {} seconds, so that Discord does not reset the token",
                BETWEEN_MANY.num_seconds()
            );
        }
    }

    /// True if so many sessions began that the others are far apart.
    fn are_many(&self, now: TimeDelta) -> bool {
        self.counted(now).len() >= FREELY
    }

    fn latest(&self, now: TimeDelta) -> Option<TimeDelta> {
        self.counted(now).back().copied()
    }
}

/// The turns of a bot's shards. Those whose numbers leave the same remainder are a group.
#[derive(Debug)]
pub(super) struct Turns {
    sessions: Sessions,
    /// When each group last began a session.
    groups: Vec<Arc<Lock<Option<TimeDelta>>>>,
    /// Held by the one shard whose turn it is after many sessions.
    sole: Arc<Lock<()>>,
}

/// A shard's turn. It lasts until a session begins or the turn is dropped, and none of its group has another.
#[derive(Debug)]
pub(super) struct Turn {
    sessions: Sessions,
    latest: OwnedMutexGuard<Option<TimeDelta>>,
    sole: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// The turns of shards in so many groups, after the earlier sessions of the bot.
    pub(super) fn new(groups: u32, sessions: Sessions, now: TimeDelta) -> Self {
        let latest = sessions.latest(now);
        let groups = (0..groups.max(1)).map(|_| Arc::new(Lock::new(latest))).collect();
        Self { sessions, groups, sole: Arc::default() }
    }

    /// Waits for the shards that came before. The turn may be used after [`Turn::wait`].
    pub(super) async fn next(&self, shard: usize, now: impl Fn() -> TimeDelta) -> Turn {
        let group = Arc::clone(&self.groups[shard % self.groups.len()]);
        let latest = group.lock_owned().await;
        let sole = match self.sessions.are_many(now()) {
            true => Some(Arc::clone(&self.sole).lock_owned().await),
            false => None,
        };
        Turn { sessions: self.sessions.clone(), latest, sole }
    }
}

impl Turn {
    /// How long to wait until a session may begin.
    pub(super) fn wait(&self, now: TimeDelta) -> TimeDelta {
        let after = |at: Option<TimeDelta>, between| at.map_or(TimeDelta::zero(), |at| at + between - now);
        let many = match self.sole {
            Some(_) => after(self.sessions.latest(now), BETWEEN_MANY),
            None => TimeDelta::zero(),
        };
        after(*self.latest, BETWEEN).max(many).max(TimeDelta::zero())
    }

    /// Records that the session is about to begin, which ends the turn.
    pub(super) fn begins(mut self, now: TimeDelta) {
        *self.latest = Some(now);
        self.sessions.begins(now);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn seconds(seconds: i64) -> TimeDelta {
        TimeDelta::seconds(seconds)
    }

    #[tokio::test]
    async fn shards_of_a_group_take_turns_and_other_groups_do_not_wait_for_them() {
        let turns = Turns::new(2, Sessions::default(), seconds(0));
        let first = turns.next(0, || seconds(0)).await;
        assert_eq!(first.wait(seconds(0)), seconds(0));
        let other = turns.next(1, || seconds(0)).await;
        assert_eq!(other.wait(seconds(0)), seconds(0));
        let now = || seconds(1);
        let mut same = Box::pin(turns.next(2, now));
        assert!(same.as_mut().now_or_never().is_none(), "the first has not begun");
        first.begins(seconds(1));
        let same = same.await;
        assert_eq!(same.wait(seconds(2)), BETWEEN - seconds(1));
        assert_eq!(same.wait(seconds(60)), seconds(0));
        // One that did not connect makes room.
        drop(same);
        assert_eq!(turns.next(4, now).await.wait(seconds(1)), BETWEEN);
        // Shards of another number go on after them.
        let turns = Turns::new(1, turns.sessions.clone(), seconds(3));
        assert_eq!(turns.next(0, now).await.wait(seconds(3)), BETWEEN - seconds(2));
    }

    #[tokio::test]
    async fn no_day_has_more_sessions_than_discord_bears_over_all_shards() {
        for (groups, shards) in [(1, 1), (1, 5), (4, 64)] {
            let turns = Turns::new(groups, Sessions::default(), seconds(0));
            let (mut now, mut begun) = (TimeDelta::zero(), Vec::new());
            for shard in (0..shards).cycle() {
                let turn = turns.next(shard, || now).await;
                now += turn.wait(now);
                if now > DAY * 3 {
                    break;
                }
                turn.begins(now);
                begun.push(now);
            }
            let most =
                begun.iter().map(|from| begun.iter().filter(|at| (*from..*from + DAY).contains(at)).count());
            let most = most.max().unwrap();
            assert!((600..950).contains(&most), "{groups} {shards}: {most}");
        }
    }
}
