//! Errors of an engine.

use std::io;

use thiserror::Error;

/// An error of the store's engine.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Another process has the store open.
    #[error("it is in use")]
    Busy,
    /// The disk lost or changed data.
    #[error("{0}")]
    Damaged(String),
    /// The disk failed.
    #[error("{}", words(.0))]
    Disk(#[from] io::Error),
    /// Any other failure of the engine.
    #[error("{0}")]
    Other(String),
}

/// The system's error message. Where the engine copied a disk error, the copy's text is debug output, so we
/// show its kind instead.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    if text.starts_with("Os {") { error.kind().to_string() } else { text }
}
