//! Learns where a command was used.

use crate::bot::caller::Caller;
use crate::runtime::App;
use crate::store::StoreError;

/// Stores the server of a channel's older subscriptions, which lack it, and the names of both. Writes nothing
/// for a channel without subscriptions.
pub(super) async fn learn(app: &App, caller: &Caller, server: u64) -> Result<(), StoreError> {
    app.store.note_server(caller.channel, server).await?;
    let Some(channel) = caller.channel_name.clone() else { return Ok(()) };
    let name = app.notifier.bot().and_then(|bot| bot.servers().name_of(server));
    app.store.note_names((server, name.as_deref()), &[(caller.channel, channel)]).await
}
