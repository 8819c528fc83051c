//! An archive of Forms 4 in files on disk: folders, zips and tarballs of submissions.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::archive::{Archive, ArchiveError, SubmissionSource};
use crate::reader;
use crate::source::archive as files;

impl Archive {
    /// The Forms 4 and 4/A of EDGAR's days `from` to `to`, inclusive, whose submissions are in these files;
    /// their bytes stay there. If a submission's header has only the day, its time is 22:00. `progress`
    /// receives how many bytes of the files are scanned, and how many there are.
    ///
    /// # Errors
    /// Files that cannot be used at all. Entries of files that cannot be served are counted by
    /// [`skipped`](Self::skipped).
    pub fn from_files(
        paths: &[PathBuf],
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, ArchiveError> {
        let found = files::Archive::open(paths, None, progress)?;
        let within = |day| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to);
        let mut archive = Self::default();
        archive.skipped = found.skipped();
        let count = found.len();
        let found = Arc::new(Mutex::new(found));
        for place in 0..count {
            let bytes = {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.day(place).filter(|&day| within(day)).and_then(|_| found.submission(place).ok()?)
            };
            let filing = bytes.and_then(|bytes| Some((reader::read(&bytes).ok()?, bytes.len())));
            let added =
                filing.filter(|(filing, _)| filing.form.is_form_4()).is_some_and(|(filing, bytes)| {
                    archive
                        .add_read(&filing, bytes, SubmissionSource::Files(Arc::clone(&found), place))
                        .is_ok()
                });
            archive.skipped += u64::from(!added);
        }
        Ok(archive)
    }
}
