//! Syncs large values: sled keeps each value above some hundred kilobytes in its own file and never syncs it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use super::files;

/// The files of large values, and which of them are on disk.
pub(super) struct LargeValues {
    folder: PathBuf,
    /// Each file's length before it was synced: a file that sled was still writing has grown since.
    synced: BTreeMap<OsString, u64>,
}

impl LargeValues {
    /// The large values of a store's folder, with nothing known about them yet.
    pub(super) fn new(dir: &Path) -> Self {
        Self { folder: dir.join(files::LARGE_VALUES), synced: BTreeMap::new() }
    }

    /// Syncs files that are new or have grown; returns how many.
    pub(super) fn sync(&mut self) -> io::Result<usize> {
        let (mut there, mut count) = (BTreeMap::new(), 0);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            match self.sync_one(&entry) {
                Ok((length, is_new)) => {
                    there.insert(entry.file_name(), length);
                    count += usize::from(is_new);
                }
                // sled has removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if count > 0 {
            File::open(&self.folder)?.sync_all()?;
        }
        self.synced = there;
        Ok(count)
    }

    /// The file's length on disk, and whether it had to be synced.
    fn sync_one(&self, entry: &DirEntry) -> io::Result<(u64, bool)> {
        let length = entry.metadata()?.len();
        let is_new = self.synced.get(&entry.file_name()) != Some(&length);
        if is_new {
            File::open(entry.path())?.sync_all()?;
        }
        Ok((length, is_new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_synced_while_they_grow_and_forgotten_when_they_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(files::LARGE_VALUES);
        fs::create_dir(&folder).unwrap();
        let mut values = LargeValues::new(dir.path());
        fs::write(folder.join("17"), "x").unwrap();
        fs::write(folder.join("18"), "crc").unwrap();
        assert_eq!(values.sync().unwrap(), 2);
        assert_eq!(values.sync().unwrap(), 0);
        fs::write(folder.join("18"), "crc and data").unwrap();
        fs::remove_file(folder.join("17")).unwrap();
        assert_eq!(values.sync().unwrap(), 1);
        assert_eq!(values.synced, BTreeMap::from([("18".into(), 12)]));
        fs::remove_dir_all(&folder).unwrap();
        assert!(values.sync().is_err());
    }
}
