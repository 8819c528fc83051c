//! The message that a batch changes, and the thread that it goes to.

use super::edit::edited;
use crate::delivery::{Batch, parts_of_id};

/// The message that a batch edits or replies to.
pub(super) fn changed(batch: &Batch) -> Option<&str> {
    edited(batch).or(batch.concerned().map(|(id, _)| id)).or(answered(batch))
}

/// The thread that alerts share and a batch goes to: that of its message, or the one for new messages.
pub(super) fn shared_thread(batch: &Batch) -> Option<u64> {
    match changed(batch) {
        Some(id) => parts_of_id(id).0,
        None => batch.thread(),
    }
}

/// The message that a batch replies to.
pub(super) fn answered(batch: &Batch) -> Option<&str> {
    batch.deliveries().first().and_then(|delivery| delivery.answers.as_deref())
}
