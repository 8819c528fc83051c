//! Shards: how many Discord recommends and requires, how far apart their sessions begin, and what each is told.
//!
//! <https://docs.discord.com/developers/events/gateway#sharding>

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::discord::{FakeDiscord, World};
use super::gateway::{Farewell, Mood, Sent};

const INVALID_SHARD: u16 = 4010;
const SHARDING_REQUIRED: u16 = 4011;
/// The time between two sessions of shards with the same remainder.
const BETWEEN: TimeDelta = TimeDelta::seconds(5);

/// A shard: its number, and how many there are.
pub type Shard = (u64, u64);

/// What Discord says of shards, and what it saw of them.
#[derive(Default)]
pub(super) struct Sharding {
    /// How many it recommends; 0 for one.
    recommended: u64,
    /// How many there must be.
    required: u64,
    /// How many sessions may begin at once; 0 if nobody looks at the time between them.
    concurrency: u64,
    /// When each session was asked for.
    begun: Vec<(Shard, DateTime<Utc>)>,
    /// How single shards are treated.
    moods: HashMap<u64, Mood>,
    /// The servers of channels, if not the one in which interactions happen.
    homes: HashMap<u64, u64>,
    /// True if an interaction is dispatched twice.
    repeats: bool,
}

/// A session that is open.
pub(super) struct OpenSession {
    pub(super) shard: Shard,
    pub(super) events: UnboundedSender<Sent>,
}

impl OpenSession {
    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }

    /// True if the shard is told of this server; direct messages arrive on the first.
    pub(super) fn hears_of(&self, server: Option<u64>) -> bool {
        has(self.shard, server.unwrap_or_default())
    }
}

fn has((id, count): Shard, server: u64) -> bool {
    (server >> 22) % count == id
}

/// The server that an event is about.
pub(super) fn server_of(kind: &str, data: &Value) -> Option<u64> {
    let id = if kind.starts_with("GUILD_") && !kind.starts_with("GUILD_ROLE") { "id" } else { "guild_id" };
    data[id].as_str()?.parse().ok()
}

impl FakeDiscord {
    /// Discord recommends so many shards, of which so many may begin a session at once, and looks at the time between them by
    /// its clock.
    pub fn set_shards(&self, recommended: u64, concurrency: u64) {
        self.world.edit(|state| {
            (state.sharding.recommended, state.sharding.concurrency) = (recommended, concurrency);
        });
    }

    /// From now on there must be so many shards. It recommends them once it has refused a session.
    pub fn require_shards(&self, required: u64) {
        self.world.edit(|state| state.sharding.required = required);
    }

    /// How the gateway treats a shard from now on.
    pub fn set_shard(&self, id: u64, mood: Mood) {
        self.world.edit(|state| state.sharding.moods.insert(id, mood));
    }

    /// The channel is in this server.
    pub fn set_home(&self, channel: u64, server: u64) {
        self.world.edit(|state| state.sharding.homes.insert(channel, server));
    }

    /// From now on each interaction is dispatched twice.
    pub fn repeat_interactions(&self) {
        self.world.edit(|state| state.sharding.repeats = true);
    }

    /// The sessions that were asked for, in their order, and when.
    pub fn begun(&self) -> Vec<(Shard, DateTime<Utc>)> {
        self.world.state.borrow().sharding.begun.clone()
    }

    /// The shards with an open session.
    pub fn open_shards(&self) -> Vec<Shard> {
        let state = self.world.state.borrow();
        let open = state.sessions.iter().filter(|session| !session.is_closed());
        let mut shards: Vec<Shard> = open.map(|session| session.shard).collect();
        shards.sort_unstable();
        shards
    }

    /// The gateway ends the session of a shard like this.
    pub fn end_shard(&self, id: u64, farewell: Farewell) {
        let state = self.world.state.borrow();
        let session = state.sessions.iter().rev().find(|session| session.shard.0 == id).unwrap();
        assert!(session.events.send(Sent::Farewell(farewell)).is_ok(), "the session is over");
    }
}

impl World {
    pub(super) fn recommended(&self) -> (u64, u64) {
        let state = self.state.borrow();
        (state.sharding.recommended.max(1), state.sharding.concurrency.max(1))
    }

    /// The server of a channel.
    pub(super) fn home(&self, channel: u64) -> u64 {
        self.state.borrow().sharding.homes.get(&channel).copied().unwrap_or(FakeDiscord::GUILD)
    }

    /// How often an interaction is dispatched.
    pub(super) fn times(&self) -> usize {
        1 + usize::from(self.state.borrow().sharding.repeats)
    }

    pub(super) fn mood_of(&self, shard: Shard) -> Option<Mood> {
        self.state.borrow().sharding.moods.get(&shard.0).copied()
    }

    /// The servers of a shard.
    pub(super) fn servers_of(&self, shard: Shard) -> Vec<Value> {
        let mut servers = self.servers();
        servers.retain(|server| has(shard, server["id"].as_str().unwrap().parse().unwrap()));
        servers
    }

    /// The shard that asks for a session; otherwise the code to close with, or none if the session is not valid.
    pub(super) fn begins(&self, identify: &Value) -> Result<Shard, Option<u16>> {
        let shard = shard(identify);
        let wrong = self.edit(|state| {
            let now = state.now();
            let sharding = &mut state.sharding;
            let Some((id, count)) = shard.filter(|(id, count)| id < count) else {
                return Some((Some(INVALID_SHARD), Some("gateway: an invalid shard".to_owned())));
            };
            let concurrency = sharding.concurrency;
            let same = |other: u64| concurrency > 0 && other % concurrency == id % concurrency;
            let before = sharding.begun.iter().rev().find(|((other, _), _)| same(*other)).map(|(_, at)| *at);
            sharding.begun.push(((id, count), now));
            if count < sharding.required {
                sharding.recommended = sharding.required;
                return Some((Some(SHARDING_REQUIRED), None));
            }
            let early = before.map(|before| now - before).filter(|passed| *passed < BETWEEN);
            early.map(|passed| (None, Some(format!("gateway: shard {id} of {count} after {passed}"))))
        });
        match wrong {
            None => Ok(shard.unwrap()),
            Some((code, unexpected)) => {
                unexpected.into_iter().for_each(|unexpected| self.note(unexpected));
                Err(code)
            }
        }
    }
}

/// The shard of an Identify. Without one the bot has one connection.
fn shard(identify: &Value) -> Option<Shard> {
    match &identify["shard"] {
        Value::Null => Some((0, 1)),
        shard => Some((shard[0].as_u64()?, shard[1].as_u64()?)),
    }
}

/// The id of a shard's session.
pub(super) fn session_id((id, count): Shard) -> String {
    format!("session-{id}-{count}")
}

/// The shard of a session. One that another gateway opened has one connection.
pub(super) fn shard_of(session: &Value) -> Option<Shard> {
    if session == "session" {
        return Some((0, 1));
    }
    let (id, count) = session.as_str()?.strip_prefix("session-")?.split_once('-')?;
    Some((id.parse().ok()?, count.parse().ok()?))
}
