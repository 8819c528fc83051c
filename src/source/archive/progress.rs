//! How far the first pass is.

/// How far the first pass is, in bytes of the files on disk.
pub(super) struct Progress<'a> {
    pub(super) done: u64,
    pub(super) all: u64,
    pub(super) tell: &'a mut dyn FnMut(u64, u64),
}

impl Progress<'_> {
    /// More bytes that are done.
    pub(super) fn add(&mut self, bytes: u64) {
        self.to(self.done + bytes);
    }

    /// All bytes that are done.
    pub(super) fn to(&mut self, done: u64) {
        self.done = done.min(self.all);
        (self.tell)(self.done, self.all);
    }
}
