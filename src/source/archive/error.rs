//! Why an archive cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::index::MOST_FILINGS;
use crate::text::path_text;

/// Why an archive cannot be used at all.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// A file or folder that does not exist or must not be read.
    #[error("{}: cannot be read ({error}): check that it exists and that you may read it", path_text(path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A file of an unsupported kind.
    #[error(
        "{}: no archive by its name: name a folder, or a file that ends in .txt, .xml, .nc, .zip, .tar, .tar.gz or .tgz",
        path_text(path)
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A name that is not valid text.
    #[error("{}: the name is not UTF-8: rename it", path_text(path))]
    Name {
        /// The file, as far as its name can be displayed.
        path: PathBuf,
    },
    /// An archive that cannot be unpacked, or a table that is not valid.
    #[error("{}: damaged ({reason}): download or pack it again", path_text(path))]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// The damage, and where it is.
        reason: String,
    },
    /// An archive that unpacks to far more than real archives of filings do.
    #[error(
        "{}: {reason}: such an archive is made to fill memory or a disk, and is not read; download or pack it again",
        path_text(path)
    )]
    Bomb {
        /// The archive.
        path: PathBuf,
        /// The damage.
        reason: &'static str,
    },
    /// More filings than are indexed.
    #[error("there are more than {} filings: name fewer archives", MOST_FILINGS)]
    TooMany,
    /// The temporary file cannot be written.
    #[error(
        "{}: the temporary file cannot be written ({source}): make room, or choose another folder",
        path_text(dir)
    )]
    Spool {
        /// The folder it is in.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl ArchiveError {
    pub(super) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), error }
    }

    pub(super) fn damaged(path: &Path, reason: String) -> Self {
        Self::Damaged { path: path.to_path_buf(), reason }
    }
}
