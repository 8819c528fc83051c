//! Edits of messages: which message a batch edits, and its new cards.

use serde::{Deserialize, Serialize};

use crate::alert::Key;
use crate::bounds::AtMost;
use crate::delivery::{Batch, Body, Delivery};
use crate::notify::error::SendError;
use crate::render::discord::{self, AllowedMentions};

/// The largest message to edit, in bytes; ten full cards take some 50 kB.
const MOST_POSTED: usize = 512 * 1024;

/// The new cards of a message.
#[derive(Serialize)]
struct EditCards {
    embeds: Vec<discord::Embed>,
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
    #[derive(Deserialize)]
    struct Cards {
        embeds: AtMost<discord::Embed, { discord::MOST_EMBEDS }>,
    }
    let posted = Some(posted).filter(|posted| posted.len() <= MOST_POSTED);
    let posted: Option<Cards> = posted.and_then(|posted| serde_json::from_slice(posted).ok());
    let posted = posted.ok_or_else(|| SendError::gone("the message has cards of others"))?;
    let embeds = discord::changed(posted.embeds.0, concerned, delivery)
        .ok_or_else(|| SendError::gone("the message has no card of this alert, or no room"))?;
    Ok(EditCards { embeds, allowed_mentions: AllowedMentions::default() })
}
