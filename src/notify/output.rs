//! The terminal, and files of JSON lines.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{SendError, Sent, no_digest};
use super::jsonl::{self, Files};
use crate::config::ReadableBy;
use crate::delivery::{Body, Delivery};
use crate::render::terminal::{self, Colour};

/// Where `terminal` and `jsonl` write.
pub type Output = Arc<Mutex<dyn Write + Send>>;

/// The destinations on this machine: the terminal, and files of JSON lines.
pub(super) struct LocalOutput {
    output: Output,
    colour: Colour,
    files: Arc<Files>,
}

impl LocalOutput {
    pub(super) fn new(output: Output, colour: Colour, readable_by: ReadableBy) -> Self {
        Self { output, colour, files: Arc::new(Files::new(readable_by)) }
    }

    pub(super) async fn print(&self, delivery: &Delivery) -> Result<Sent, SendError> {
        match &delivery.body {
            Body::Alert(alert) => self.write(terminal::alert(alert, self.colour)).await,
            Body::Notice(notice) => self.write(terminal::notice(notice, self.colour)).await,
            Body::Digest(_) | Body::Summary(_) | Body::Addition(_) => Err(no_digest(&delivery.destination)),
        }
    }

    pub(super) async fn jsonl(&self, file: Option<&str>, delivery: &Delivery) -> Result<Sent, SendError> {
        let Body::Alert(alert) = &delivery.body else { return Err(no_digest(&delivery.destination)) };
        let line = jsonl::line(alert).map_err(|error| SendError::never(error.to_string()))?;
        let Some(file) = file.map(str::to_owned) else { return self.write(line).await };
        let (files, key) = (Arc::clone(&self.files), alert.key.clone());
        blocking(move || {
            files.append(&file, &key, &line).map_err(|error| format!("cannot append to {file}: {error}"))
        })
        .await?;
        Ok(Sent { message_id: None })
    }

    async fn write(&self, text: String) -> Result<Sent, SendError> {
        let output = Arc::clone(&self.output);
        blocking(move || {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
            written.map_err(|error| format!("cannot write to standard output: {error}"))
        })
        .await?;
        Ok(Sent { message_id: None })
    }
}

/// Work that may block for long, as a pipe that nobody reads does: on a thread of its own, so that it holds up its own
/// destination only.
pub(super) async fn blocking(
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Result<(), SendError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(error.to_string())).map_err(SendError::later)
}
