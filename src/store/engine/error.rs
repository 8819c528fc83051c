//! Why an engine could not do something.

use std::io;

use thiserror::Error;

/// Why the store's engine could not do something.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Another process has it open.
    #[error("it is in use")]
    Busy,
    /// The disk lost or changed what was written.
    #[error("{0}")]
    Damaged(String),
    /// The disk failed.
    #[error("{}", words(.0))]
    Disk(#[from] io::Error),
    /// The engine failed otherwise.
    #[error("{0}")]
    Other(String),
}

/// In the system's words, also where the engine copied an error of the disk: the copy's text is code, and its kind is what counts.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    if text.starts_with("Os {") { error.kind().to_string() } else { text }
}
