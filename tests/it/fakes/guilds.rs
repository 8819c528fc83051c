//! The servers that the bot is on, and what the gateway says of them.

use serde_json::{Value, json};

use super::discord::{FakeDiscord, World};
use super::gateway::Sent;
use super::shards::server_of;
use super::{answers, take};

/// The intent without which nothing is said of servers.
pub(super) const GUILDS: u64 = 1;
/// Intents that Discord grants on application: members, presences, the content of messages.
pub(super) const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;

impl FakeDiscord {
    /// A server as the gateway describes it, with its channels.
    pub fn server(id: u64, name: &str, channels: &[(u64, &str)]) -> Value {
        let channel = |(id, name): &(u64, &str)| json!({ "id": id.to_string(), "type": 0, "name": name });
        let mut server = answers::guild();
        let more = json!({
            "id": id.to_string(), "name": name, "channels": channels.iter().map(channel).collect::<Vec<_>>(),
            "threads": [], "joined_at": "2026-01-05T14:30:00.000000+00:00", "large": false, "unavailable": false,
            "member_count": 2, "members": [answers::bot_member()], "voice_states": [], "presences": [],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
        });
        server.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server
    }

    /// The servers that the bot is on, from the next session on.
    pub fn set_servers(&self, servers: &[Value]) {
        self.world.edit(|state| state.servers = Some(servers.to_vec()));
    }

    /// Says something of a server to each open session of its shard that asked for it. Waits for one if need be.
    pub async fn dispatch(&self, kind: &str, data: Value) {
        let server = server_of(kind, &data);
        let event = json!({ "t": kind, "d": data });
        take(&self.world.state, "a session that is told of servers", |state| {
            let wants = state.intents & GUILDS != 0;
            let hears = state.sessions.iter().filter(|session| session.hears_of(server));
            let sent = hears.filter(|session| session.events.send(Sent::Event(event.clone())).is_ok());
            (wants && sent.count() > 0).then_some(())
        })
        .await;
    }

    /// A role of the server.
    pub fn add_role(&self, id: u64, name: &str, mentionable: bool) {
        self.world.edit(|state| state.roles.push(answers::role(id, name, mentionable)));
    }

    /// What the bot may do in a channel besides what it needs.
    pub fn grant(&self, channel: u64, permissions: u64) {
        self.world.edit(|state| state.granted.insert(channel.to_string(), permissions));
    }
}

impl World {
    /// The servers as the gateway describes them.
    pub(super) fn servers(&self) -> Vec<Value> {
        let state = self.state.borrow();
        let own = || vec![FakeDiscord::server(FakeDiscord::GUILD, "server", &[])];
        let mut servers = state.servers.clone().unwrap_or_else(own);
        let id = json!(FakeDiscord::GUILD.to_string());
        for server in servers.iter_mut().filter(|server| server["id"] == id) {
            server["roles"].as_array_mut().unwrap().extend(state.roles.iter().cloned());
        }
        servers
    }

    pub(super) fn granted(&self, channel: &str) -> u64 {
        self.state.borrow().granted.get(channel).copied().unwrap_or_default()
    }

    /// The server as REST describes it.
    pub(super) fn guild(&self) -> Value {
        let mut guild = answers::guild();
        guild["roles"].as_array_mut().unwrap().extend(self.state.borrow().roles.iter().cloned());
        guild
    }
}
