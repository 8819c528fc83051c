//! A webhook on loopback that writes each message it receives to a folder, as JSON.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::server::Server;

/// A running sink, which ends when this value is dropped.
#[derive(Debug)]
pub struct WebhookSink {
    server: Server,
}

struct Sink {
    folder: PathBuf,
    count: AtomicUsize,
}

impl WebhookSink {
    /// Writes messages to `folder` as `discord-<number>.json`, continuing the numbers of existing files.
    ///
    /// # Errors
    /// No free port, or no folder.
    pub async fn start(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let count = AtomicUsize::new(std::fs::read_dir(folder)?.count());
        let sink = Arc::new(Sink { folder: folder.to_owned(), count });
        let router = Router::new().route("/api/webhooks/{id}/{token}", post(take)).with_state(sink);
        Ok(Self { server: Server::start(router).await? })
    }

    /// The webhook's address.
    pub fn address(&self) -> String {
        format!("{}/api/webhooks/1/demo", self.server.base_url())
    }
}

async fn take(State(sink): State<Arc<Sink>>, Json(message): Json<Value>) -> (StatusCode, Json<Value>) {
    let number = sink.count.fetch_add(1, Ordering::Relaxed) + 1;
    let path = sink.folder.join(format!("discord-{number:02}.json"));
    match std::fs::write(path, format!("{message:#}\n")) {
        Ok(()) => (StatusCode::OK, Json(json!({ "id": number.to_string() }))),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "code": 0, "message": error.to_string() })))
        }
    }
}
