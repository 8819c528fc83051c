//! The names of servers and channels that have subscriptions, as Discord last reported them.

use serde::{Deserialize, Serialize};

use super::engine::Transaction;
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::subscriptions;
use super::table::Table;
use crate::destination::PlaceName;
use crate::text::{clip, plain};

/// `server/ID` or `channel/ID` → its name.
pub(super) const NAMES: Table<Named> = Table::new("names");
/// Discord's limit of a name, in characters.
const LONGEST: usize = 100;

/// A name as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    name: String,
    /// A channel's server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<u64>,
}

impl Store {
    /// The name of a channel and of its server, if known.
    pub async fn place_name(&self, channel: u64) -> Result<Option<PlaceName>, StoreError> {
        let Some(Named { name, server }) = self.get(&NAMES, &of_channel(channel)).await? else {
            return Ok(None);
        };
        let server = match server {
            Some(server) => self.get(&NAMES, &of_server(server)).await?.map(|named| named.name),
            None => None,
        };
        Ok(Some(PlaceName { channel: name, server }))
    }

    /// The name of a server, if known.
    pub async fn server_name(&self, server: u64) -> Result<Option<String>, StoreError> {
        Ok(self.get(&NAMES, &of_server(server)).await?.map(|named| named.name))
    }
}

/// Stores the name of a channel, unless it is known.
pub(super) async fn note_channel(
    transaction: &Transaction,
    (channel, name): (u64, &str),
    server: u64,
) -> Result<(), Ended> {
    note(transaction, &of_channel(channel), Named { name: cleaned(name), server: Some(server) }).await
}

/// Stores the name of a server, unless it is known.
pub(super) async fn note_server(transaction: &Transaction, server: u64, name: &str) -> Result<(), Ended> {
    note(transaction, &of_server(server), Named { name: cleaned(name), server: None }).await
}

async fn note(transaction: &Transaction, key: &str, named: Named) -> Result<(), Ended> {
    if named.name.is_empty() || NAMES.get(transaction, key).await?.as_ref() == Some(&named) {
        return Ok(());
    }
    Ok(NAMES.put(transaction, key, &named)?)
}

/// Forgets the name of a channel without subscriptions, and of its server if that has none left.
pub(super) async fn forget(
    transaction: &Transaction,
    channel: u64,
    server: Option<u64>,
) -> Result<(), Ended> {
    let known = NAMES.get(transaction, &of_channel(channel)).await?;
    NAMES.delete(transaction, &of_channel(channel));
    match server.or(known.and_then(|known| known.server)) {
        Some(server) if subscriptions::counted_of(transaction, server).await? == 0 => {
            NAMES.delete(transaction, &of_server(server));
        }
        _ => {}
    }
    Ok(())
}

/// A name that strangers chose, safe to show.
fn cleaned(name: &str) -> String {
    clip(&plain(name), LONGEST).into_owned()
}

fn of_channel(channel: u64) -> String {
    format!("channel/{channel}")
}

fn of_server(server: u64) -> String {
    format!("server/{server}")
}
