//! Edits of rule files, as the system reports them.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Reports edits of a folder of rule files, or of one file, until it is dropped.
///
/// The system does not report all edits: not those on network file systems, nor those of a link's target.
/// Therefore callers that wait for an edit must also check from time to time.
pub struct Watcher {
    watcher: RecommendedWatcher,
    folder: PathBuf,
}

impl Watcher {
    /// Calls `on_edit`, from a thread of its own, whenever something in `path` seems to have changed.
    ///
    /// # Errors
    /// The system's error: there is no such path, or no room for another watch.
    pub fn of(path: &Path, on_edit: impl Fn() + Send + 'static) -> notify::Result<Self> {
        // Editors replace a file with another one, which only a watch on its folder notices.
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
            // An error means that a report was lost.
            if event.as_ref().map_or(true, &concerns) {
                on_edit();
            }
        })?;
        let mut own = Self { watcher, folder: folder.to_owned() };
        own.renew()?;
        Ok(own)
    }

    /// Watches whatever has the path's name now: another folder may have taken it.
    ///
    /// # Errors
    /// As for [`Self::of`]; after that, nothing is reported until a renewal succeeds.
    pub fn renew(&mut self) -> notify::Result<()> {
        // It fails if the watched folder, and with it its watch, is gone.
        let _ = self.watcher.unwatch(&self.folder);
        self.watcher.watch(&self.folder, RecursiveMode::NonRecursive)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("folder", &self.folder).finish_non_exhaustive()
    }
}
