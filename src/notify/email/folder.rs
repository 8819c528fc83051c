//! Mail written as files to a folder.

use std::fs::{self, DirBuilder, DirEntry, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::ReadableBy;
use crate::private;
use crate::text::path_text;

/// The number of hexadecimal digits in a delivery's key, which ends a file's name.
const KEY_DIGITS: usize = 24;

/// A folder that mails are written to, and who may read them.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    readable_by: ReadableBy,
}

impl Folder {
    /// A folder that may not exist yet.
    pub(super) fn new(path: PathBuf, readable_by: ReadableBy) -> Self {
        Self { path, readable_by }
    }

    /// Writes a mail, and its HTML for viewing.
    pub(super) fn write(&self, name: &str, mail: &[u8], html: &[u8]) -> Result<(), String> {
        let write = || -> io::Result<()> {
            self.make()?;
            self.write_whole(&self.path.join(format!("{name}.eml")), mail)?;
            self.write_whole(&self.path.join(format!("{name}.html")), html)
        };
        write().map_err(|error| format!("cannot write to {}: {error}", path_text(&self.path)))
    }

    fn make(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        let mode = self.readable_by.folder_mode();
        DirBuilder::new().recursive(true).mode(mode).create(&self.path)?;
        fs::set_permissions(&self.path, Permissions::from_mode(mode))
    }

    /// Writes a file so that readers see all of it or nothing.
    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let part = path.with_extension("part");
        private::write_as(&part, bytes, self.readable_by.file_mode())?;
        fs::rename(part, path)
    }

    /// Sets the mode of existing mails to that of new ones.
    pub(super) fn adjust(&self) -> io::Result<()> {
        let mut has_others = false;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            match is_mail(&entry) {
                true => private::set_mode(&File::open(entry.path())?, self.readable_by.file_mode())?,
                false => has_others = true,
            }
        }
        // Leave the mode of a folder that holds other files alone.
        if !has_others {
            fs::set_permissions(&self.path, Permissions::from_mode(self.readable_by.folder_mode()))?;
        }
        Ok(())
    }
}

/// True if the name is that of a file of ours: `qlys-5261cbc83841c892a3b07110.eml`.
fn is_mail(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some((stem, kind)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { return false };
    let key = stem.rsplit_once('-').map(|(_, key)| key);
    matches!(kind, "eml" | "html" | "part")
        && key.is_some_and(|key| key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && entry.file_type().is_ok_and(|kind| kind.is_file())
}
