//! sled keeps a value of some hundred kilobytes and more in a file of its own, and never syncs that.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::files;

/// The files of large values, and which of them are on the disk.
pub(super) struct LargeValues {
    folder: PathBuf,
    synced: BTreeSet<OsString>,
}

impl LargeValues {
    /// Those of a store's folder, of which nothing is known yet.
    pub(super) fn new(dir: &Path) -> Self {
        Self { folder: dir.join(files::LARGE_VALUES), synced: BTreeSet::new() }
    }

    /// Syncs new files. A file is never changed once it is written.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let (mut there, mut is_new) = (BTreeSet::new(), false);
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            if !self.synced.contains(&name) {
                match File::open(self.folder.join(&name)) {
                    Ok(file) => file.sync_all()?,
                    // sled removed it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                is_new = true;
            }
            there.insert(name);
        }
        if is_new {
            File::open(&self.folder)?.sync_all()?;
        }
        self.synced = there;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_synced_once_and_those_that_are_gone_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(files::LARGE_VALUES);
        fs::create_dir(&folder).unwrap();
        let mut values = LargeValues::new(dir.path());
        fs::write(folder.join("17"), "x").unwrap();
        fs::write(folder.join("18"), "x").unwrap();
        values.sync().unwrap();
        assert_eq!(values.synced, BTreeSet::from(["17".into(), "18".into()]));
        fs::remove_file(folder.join("17")).unwrap();
        values.sync().unwrap();
        assert_eq!(values.synced, BTreeSet::from(["18".into()]));
        fs::remove_dir_all(&folder).unwrap();
        assert!(values.sync().is_err());
    }
}
