//! Learns where a command was used.

use super::asked::Asked;
use crate::runtime::App;
use crate::store::StoreError;

/// Stores the server of a channel's older subscriptions, which lack it, and the names of both. Writes nothing
/// for a channel without subscriptions.
pub(super) async fn learn(app: &App, asked: &Asked, server: u64) -> Result<(), StoreError> {
    app.store.note_server(asked.channel, server).await?;
    let Some(channel) = asked.channel_name.clone() else { return Ok(()) };
    let name = app.notifier.bot().and_then(|bot| bot.servers().name_of(server));
    app.store.note_names((server, name.as_deref()), &[(asked.channel, channel)]).await
}
