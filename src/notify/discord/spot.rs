//! Where in a channel a batch goes: among its messages, into a thread, or into a new post of a forum.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use serenity::all::ChannelId;
use serenity::http::Route;

use super::bot::DiscordBot;
use super::codes::{is_no_channel, is_thread_closed, is_wrong_kind};
use super::edit::edited;
use super::kinds::ChannelKind;
use super::shared::{answered, changed, shared_thread};
use crate::delivery::Batch;
use crate::notify::error::{Retry, SendError};

/// When a batch goes to another thread, after its own was lost.
const SOON: Duration = Duration::from_secs(1);

/// Where a batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// To the messages of this channel or thread.
    In(ChannelId),
    /// Into a new post of this forum.
    Post(ChannelId),
}

impl Spot {
    /// Where a batch goes in a channel. A post of a forum has the id of its first message, so an edit of that
    /// message and a reply to it go there.
    ///
    /// # Errors
    /// The id of the message to edit is invalid.
    pub(super) fn of(channel: u64, takes_posts: bool, batch: &Batch) -> Result<Self, SendError> {
        if let Some(thread) = shared_thread(batch) {
            return Ok(Self::In(ChannelId::new(thread)));
        }
        if !takes_posts {
            return Ok(Self::In(ChannelId::new(channel)));
        }
        match changed(batch) {
            Some(id) => {
                let id = id.parse().ok().filter(|id| *id > 0);
                let id = id.ok_or_else(|| SendError::gone("the message's id is invalid"))?;
                Ok(Self::In(ChannelId::new(id)))
            }
            None => Ok(Self::Post(ChannelId::new(channel))),
        }
    }
}

impl DiscordBot {
    /// Where to send a batch that was refused at a spot for this reason: at the same spot if it was a closed
    /// thread that is open now, and elsewhere if the channel turns out to be a forum, or if the post to reply
    /// to is gone.
    pub(super) async fn next_spot(
        &self,
        spot: Spot,
        channel: u64,
        batch: &Batch,
        error: &SendError,
    ) -> Option<Spot> {
        let Spot::In(place) = spot else { return None };
        if is_thread_closed(error) && self.opened(place).await {
            return Some(spot);
        }
        if shared_thread(batch).is_some() {
            return None;
        }
        if self.kinds.takes_posts(channel) {
            let is_final = matches!(error.retry, Retry::Closed | Retry::Never | Retry::Gone);
            let is_reply =
                answered(batch).is_some() && edited(batch).is_none() && batch.concerned().is_none();
            return (is_final && is_reply).then(|| Spot::Post(ChannelId::new(channel)));
        }
        if !is_wrong_kind(error) && error.retry != Retry::Gone {
            return None;
        }
        let known = self.learned(channel).await?;
        let takes_posts = known.kind == ChannelKind::Posts;
        Spot::of(channel, takes_posts, batch).ok().filter(|next| *next != spot)
    }

    /// The error of a batch whose shared thread accepts no more messages: it was deleted, or is locked. What was
    /// to begin there goes to another thread, and what was to change a message there is sent as a new one.
    pub(super) fn lost(&self, batch: &Batch, error: SendError) -> SendError {
        let Some(thread) = shared_thread(batch).filter(|_| is_no_channel(&error) || is_thread_closed(&error))
        else {
            return error;
        };
        self.threads.close(thread);
        let SendError { code, message, .. } = error;
        match changed(batch) {
            Some(_) => SendError { code, ..SendError::gone(message) },
            None => SendError { code, retry: Retry::After(SOON), ..SendError::refused(message) },
        }
    }

    /// Opens an archived thread again; true if that worked. A locked one only moderators may open.
    async fn opened(&self, thread: ChannelId) -> bool {
        let route = Route::Channel { channel_id: thread };
        let opened = self.answer(Method::PATCH, &route, Some(&json!({ "archived": false }))).await;
        opened.inspect_err(|error| tracing::debug!(%thread, %error, "it cannot be opened again")).is_ok()
    }
}
