//! Why the store could not do something.

use std::path::{Path, PathBuf};

use crate::text::path_text;
use sled::transaction::ConflictableTransactionError;
use thiserror::Error;

/// Why the store could not do something.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the store in {} is in use by another sellbell; stop that one, or set [store] dir to another folder", path_text(.0))]
    Busy(PathBuf),
    /// The disk lost or changed what was written.
    #[error(
        "the store in {} is damaged, and cannot be read: put a copy of the folder back, or move it away and start with `sellbell run --since DATE`, which finds what was filed since that day; what was told is not told again in the bot's channels, but by webhooks and mail",
        path_text(.0)
    )]
    Damaged(PathBuf),
    /// The disk or sled failed.
    #[error("the store in {}: {}", path_text(dir), words(error))]
    Failed {
        /// Which store.
        dir: PathBuf,
        /// What failed.
        error: sled::Error,
    },
    /// A record that this version cannot read.
    #[error("the store's record {key} cannot be read: {reason}")]
    Unreadable {
        /// Tree and key.
        key: String,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// Whether it is another user's.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Failed { error: sled::Error::Io(io), .. } if io.kind() == std::io::ErrorKind::PermissionDenied)
    }
}

/// In the system's words, also where sled copied an error of the disk: the copy's text is code, and its kind tells.
fn words(error: &sled::Error) -> String {
    let sled::Error::Io(io) = error else { return error.to_string() };
    let text = io.to_string();
    if text.starts_with("Os {") { io.kind().to_string() } else { text }
}

pub(super) fn open_error(dir: &Path, error: sled::Error) -> StoreError {
    // sled reports a lock that is held as an error of its own making, with these words.
    let locked = matches!(&error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"));
    if matches!(error, sled::Error::Corruption { .. }) {
        return StoreError::Damaged(dir.to_owned());
    }
    if locked { StoreError::Busy(dir.to_owned()) } else { StoreError::Failed { dir: dir.to_owned(), error } }
}

pub(super) fn abort(error: StoreError) -> ConflictableTransactionError<StoreError> {
    ConflictableTransactionError::Abort(error)
}
