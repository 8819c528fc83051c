//! The destinations on this machine: the terminal, and lines on standard output or in files.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{SendError, Sent, no_digest, unknown};
use super::jsonl;
use super::lines::{Files, LineFormat};
use crate::config::ReadableBy;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::render::terminal::{self, Colour};

/// The output of `terminal` and `jsonl`.
pub type Output = Arc<Mutex<dyn Write + Send>>;

/// The destinations on this machine, ready to write.
pub(super) struct LocalOutput {
    output: Output,
    colour: Colour,
    files: Arc<Files>,
}

impl LocalOutput {
    pub(super) fn new(output: Output, colour: Colour, readable_by: ReadableBy) -> Self {
        Self { output, colour, files: Arc::new(Files::new(readable_by)) }
    }

    pub(super) async fn send(&self, delivery: &Delivery) -> Result<Sent, SendError> {
        match &delivery.destination {
            Destination::Terminal => self.print(delivery).await,
            Destination::Jsonl(file) => self.append(&jsonl::FORMAT, file.as_deref(), delivery).await,
            other => Err(unknown(other)),
        }
    }

    async fn print(&self, delivery: &Delivery) -> Result<Sent, SendError> {
        match &delivery.body {
            Body::Alert(alert) => self.write(terminal::alert(alert, self.colour)).await,
            Body::Notice(notice) => self.write(terminal::notice(notice, self.colour)).await,
            Body::Digest(_) | Body::Summary(_) | Body::Addition(_) | Body::Correction(_) => {
                Err(no_digest(&delivery.destination))
            }
        }
    }

    /// Writes a line to a file, or to standard output if there is none.
    async fn append(
        &self,
        format: &'static LineFormat,
        file: Option<&str>,
        delivery: &Delivery,
    ) -> Result<Sent, SendError> {
        let Body::Alert(alert) = &delivery.body else { return Err(no_digest(&delivery.destination)) };
        let line = (format.line)(alert)?;
        let Some(file) = file.map(str::to_owned) else { return self.write(line).await };
        let (files, key) = (Arc::clone(&self.files), alert.key.clone());
        blocking(move || {
            let appended = files.append(&file, format, &key, &line);
            appended.map_err(|error| format!("cannot append to {file}: {error}"))
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

/// Runs work that may block for long, such as writing to a pipe that nobody reads, on its own thread, so that
/// it delays only its own destination.
pub(super) async fn blocking(
    work: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Result<(), SendError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(error.to_string())).map_err(SendError::later)
}
