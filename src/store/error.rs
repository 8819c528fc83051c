//! Failures of the store.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::engine::EngineError;
use crate::text::path_text;

/// A failure of the store: of the disk, the engine or a record. Every method of [`super::Store`] may return
/// one. Unless documented otherwise, a method that fails has written nothing, and what is not written must
/// not be sent.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("the store in {} is in use by another sellbell: stop that one, or set [store] dir to another folder", path_text(.0))]
    Busy(PathBuf),
    /// The disk lost or changed data.
    #[error(
        "the store in {} is damaged and cannot be read: restore a copy of the folder, or move it away and run `sellbell run --since DATE`, which finds what was filed since that day; alerts are not repeated in the bot's channels, but may be by webhooks and e-mail",
        path_text(.0)
    )]
    Damaged(PathBuf),
    /// A newer version of sellbell wrote the store.
    #[error(
        "the store in {} was written by a newer sellbell, in layout {format}, which this one does not know: run the newer one",
        path_text(dir)
    )]
    Newer {
        /// The store's folder.
        dir: PathBuf,
        /// The layout's version.
        format: u32,
    },
    /// The disk or the engine failed.
    #[error("the store in {}: {error}", path_text(dir))]
    Failed {
        /// The store's folder.
        dir: PathBuf,
        /// The failure.
        error: EngineError,
    },
    /// This version cannot read a record.
    #[error("the store's record {key} cannot be read: {reason}")]
    Unreadable {
        /// Tree and key.
        key: String,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// True if the store belongs to another user.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Failed { error: EngineError::Disk(io), .. } if io.kind() == ErrorKind::PermissionDenied)
    }

    /// Why the store in a folder cannot be opened.
    pub(super) fn of_opening(dir: &Path, error: EngineError) -> Self {
        let dir = dir.to_owned();
        match error {
            EngineError::Busy => Self::Busy(dir),
            EngineError::Damaged(_) => Self::Damaged(dir),
            error @ (EngineError::Disk(_) | EngineError::Other(_)) => Self::Failed { dir, error },
        }
    }
}
