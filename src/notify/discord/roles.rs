//! Servers and their roles, as the gateway reports them: kept in memory, to tell which roles a message cannot
//! ping.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most roles to keep, over all servers, and the most of one server. Discord allows 250 on a server.
const MOST_ROLES: usize = 50_000;
const MOST_OF_SERVER: usize = 1_000;
/// The most servers to keep.
const MOST_SERVERS: usize = 10_000;

/// A role of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// True if anybody may ping it.
    pub mentionable: bool,
}

/// A server's name and its roles by id.
#[derive(Debug, Clone, Default)]
struct KnownServer {
    name: String,
    roles: BTreeMap<u64, Role>,
}

/// The servers that the gateway reported since the start.
#[derive(Debug, Default)]
pub struct Servers(Mutex<BTreeMap<u64, KnownServer>>);

impl Servers {
    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, KnownServer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a server's name and roles. Beyond the limits, nothing more is kept.
    pub fn keep(&self, server: u64, name: &str, roles: Vec<Role>) {
        let mut known = self.known();
        known.remove(&server);
        let kept: usize = known.values().map(|server| server.roles.len()).sum();
        if known.len() < MOST_SERVERS && kept + roles.len() <= MOST_ROLES {
            let roles = roles.into_iter().map(|role| (role.id, role)).collect();
            known.insert(server, KnownServer { name: name.to_owned(), roles });
        }
    }

    /// Forgets a server.
    pub fn forget(&self, server: u64) {
        self.known().remove(&server);
    }

    /// Keeps a role of a server that is kept.
    pub fn keep_role(&self, server: u64, role: Role) {
        if let Some(server) = self.known().get_mut(&server)
            && (server.roles.contains_key(&role.id) || server.roles.len() < MOST_OF_SERVER)
        {
            server.roles.insert(role.id, role);
        }
    }

    /// Forgets a role.
    pub fn forget_role(&self, server: u64, role: u64) {
        if let Some(server) = self.known().get_mut(&server) {
            server.roles.remove(&role);
        }
    }

    /// The name of a server, if the gateway reported it.
    pub fn name_of(&self, server: u64) -> Option<String> {
        self.known().get(&server).map(|server| server.name.clone())
    }

    /// The names of those of these roles that only a bot with the permission Mention Everyone can ping, as
    /// far as the gateway reported them.
    pub fn unpingable(&self, server: u64, roles: impl IntoIterator<Item = u64>) -> Vec<String> {
        let known = self.known();
        let Some(server) = known.get(&server) else { return Vec::new() };
        let roles = roles.into_iter().filter_map(|role| server.roles.get(&role));
        roles.filter(|role| !role.mentionable).map(|role| role.name.clone()).collect()
    }
}
