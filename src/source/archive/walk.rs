//! Finds the files to read by their names, in a fixed order.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::allowance::is_regular;
use super::error::ArchiveError;

/// The kind of a file, according to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A submission, or a bare document.
    Submission,
    /// A zip: of submissions, or a quarter of the SEC's data sets.
    Zip,
    /// A tarball.
    Tar,
    /// A tarball in gzip.
    TarGz,
}

impl Kind {
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        match () {
            () if ends(&[".txt", ".xml", ".nc"]) => Some(Self::Submission),
            () if ends(&[".zip"]) => Some(Self::Zip),
            () if ends(&[".tar.gz", ".tgz"]) => Some(Self::TarGz),
            () if ends(&[".tar"]) => Some(Self::Tar),
            () => None,
        }
    }
}

/// A file to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileToRead<'a> {
    pub(super) path: &'a Path,
    /// Its path, as text.
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) bytes: u64,
}

/// Visits the named files, and the files in the named folders and their subfolders, each folder in the order
/// of its names. Unreadable entries of a folder are skipped; a named file must be readable.
pub(super) fn walk(
    paths: &[PathBuf],
    visit: &mut dyn FnMut(FileToRead<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| ArchiveError::read(path, error))?;
        if metadata.is_dir() {
            folder(path, visit)?;
            continue;
        }
        is_regular(&metadata).map_err(|error| ArchiveError::read(path, error))?;
        if !file(path, metadata.len(), visit)? {
            return Err(ArchiveError::Unknown { path: path.clone() });
        }
    }
    Ok(())
}

fn folder(
    dir: &Path,
    visit: &mut dyn FnMut(FileToRead<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let unread = |error| ArchiveError::read(dir, error);
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(dir).map_err(unread)? {
        names.push(entry.map_err(unread)?.file_name());
    }
    names.sort_unstable();
    for name in names {
        let path = dir.join(name);
        // A link to a folder is not followed: it may lead back here.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if is_folder {
            folder(&path, visit)?;
        } else if let Ok(metadata) = fs::metadata(&path)
            && metadata.is_file()
        {
            file(&path, metadata.len(), visit)?;
        }
    }
    Ok(())
}

/// Visits a file; returns true if it was of a known kind.
fn file(
    path: &Path,
    bytes: u64,
    visit: &mut dyn FnMut(FileToRead<'_>) -> Result<(), ArchiveError>,
) -> Result<bool, ArchiveError> {
    let Some(kind) = path.file_name().and_then(|name| Kind::of(&name.to_string_lossy())) else {
        return Ok(false);
    };
    let name = path.to_str().ok_or_else(|| ArchiveError::Name { path: path.to_path_buf() })?;
    visit(FileToRead { path, name, kind, bytes })?;
    Ok(true)
}
