//! Effects that outlive the process.

use std::io;

/// An effect of the store that outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// One record, or several in one transaction, are written to the log.
    Write,
    /// Everything written so far is flushed to disk.
    Flush,
}

/// Called before each effect; if it returns an error, the effect fails with it.
pub(in crate::store) type Before = Box<dyn Fn(Effect) -> io::Result<()> + Send + Sync>;
