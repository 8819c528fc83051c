//! Edits of messages: which message a batch edits, and its new cards.

use serde::Serialize;

use crate::alert::Key;
use crate::delivery::{Batch, Body, Delivery};
use crate::notify::error::SendError;
use crate::render::discord::{self, AllowedMentions};

/// The largest message to edit, in bytes; ten full cards take some 50 kB.
const MOST_POSTED: usize = 512 * 1024;

/// A message with its changes.
#[derive(Serialize)]
struct EditMessage {
    #[serde(flatten)]
    posted: discord::Posted,
    allowed_mentions: AllowedMentions,
}

/// The message that a batch edits, if it does not create a new one.
pub(super) fn edited(batch: &Batch) -> Option<&str> {
    match batch.deliveries() {
        [Delivery { body: Body::Summary(summary), .. }] => summary.message_id.as_deref(),
        _ => None,
    }
}

/// The new cards of the message.
pub(super) fn edit(
    posted: &[u8],
    concerned: &Key,
    delivery: &Delivery,
) -> Result<impl Serialize + use<>, SendError> {
    let posted = Some(posted).filter(|posted| posted.len() <= MOST_POSTED);
    let posted: Option<discord::Posted> = posted.and_then(|posted| serde_json::from_slice(posted).ok());
    let posted = posted.ok_or_else(|| SendError::gone("the message has cards of others"))?;
    let posted = discord::changed(posted, concerned, delivery)
        .ok_or_else(|| SendError::gone("the message has no card of this alert, or no room"))?;
    Ok(EditMessage { posted, allowed_mentions: AllowedMentions::default() })
}
