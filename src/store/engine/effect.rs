//! Effects that outlive the process.

use std::io;

/// An effect of the store that outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A record, or several in one transaction, is written to the log.
    Write,
    /// All that was written is brought onto the disk.
    Flush,
}

/// Asked before each effect; an error takes its place.
pub(in crate::store) type Before = Box<dyn Fn(Effect) -> io::Result<()> + Send + Sync>;
