//! Edits of rule files, as the system reports them.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Reports edits of a folder of rule files, or of one file, until it is dropped.
///
/// The system does not report all: not those on network file systems, nor those of what a link names. So whoever waits for
/// an edit looks now and then, too.
pub struct Watcher {
    watcher: RecommendedWatcher,
    folder: PathBuf,
}

impl Watcher {
    /// Calls `on_edit`, from a thread of its own, each time that something of `path` seems to have changed.
    ///
    /// # Errors
    /// The system's: there is no such path, or no room for another watch.
    pub fn of(path: &Path, on_edit: impl Fn() + Send + 'static) -> notify::Result<Self> {
        // Editors put another file in a file's place, which only its folder tells.
        let file = path.file_name().filter(|_| path.is_file()).map(OsStr::to_owned);
        let folder = match (&file, path.parent()) {
            (Some(_), Some(folder)) if folder.as_os_str().is_empty() => Path::new("."),
            (Some(_), Some(folder)) => folder,
            _ => path,
        };
        let concerns = move |event: &Event| {
            let named = |path: &PathBuf| file.as_deref().is_none_or(|file| path.file_name() == Some(file));
            !event.kind.is_access() && (event.paths.is_empty() || event.paths.iter().any(named))
        };
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error is a report that was lost.
            if event.as_ref().map_or(true, &concerns) {
                on_edit();
            }
        })?;
        let mut own = Self { watcher, folder: folder.to_owned() };
        own.renew()?;
        Ok(own)
    }

    /// Watches what has the path's name now: another folder may have taken it.
    ///
    /// # Errors
    /// As [`Self::of`]; then nothing is reported until a renewal succeeds.
    pub fn renew(&mut self) -> notify::Result<()> {
        // It fails where the folder that was watched is gone, with its watch.
        let _ = self.watcher.unwatch(&self.folder);
        self.watcher.watch(&self.folder, RecursiveMode::NonRecursive)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("folder", &self.folder).finish_non_exhaustive()
    }
}
