//! The progress of the first pass.

/// The progress of the first pass, in bytes of the files on disk.
pub(super) struct Progress<'a> {
    pub(super) done: u64,
    pub(super) all: u64,
    pub(super) report: &'a mut dyn FnMut(u64, u64),
}

impl Progress<'_> {
    /// Adds bytes that are done.
    pub(super) fn add(&mut self, bytes: u64) {
        self.to(self.done + bytes);
    }

    /// Sets how many bytes are done in total.
    pub(super) fn to(&mut self, done: u64) {
        self.done = done.min(self.all);
        (self.report)(self.done, self.all);
    }
}
