//! A webhook on loopback that writes each message it receives to a folder, as JSON.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
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

/// The JSON of a message, which is one part of a form if the message has files.
fn message_in(head: &HeaderMap, body: &[u8]) -> Option<Value> {
    let kind = head.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some((_, boundary)) = kind.split_once("boundary=") else { return serde_json::from_slice(body).ok() };
    let text = String::from_utf8_lossy(body);
    let part = text.split(boundary.trim_matches('"')).find(|part| part.contains("name=\"payload_json\""))?;
    let (_, json) = part.split_once("\r\n\r\n")?;
    serde_json::from_str(json.trim_end_matches('-').trim()).ok()
}

async fn take(State(sink): State<Arc<Sink>>, head: HeaderMap, body: Bytes) -> (StatusCode, Json<Value>) {
    let Some(message) = message_in(&head, &body) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "code": 50109, "message": "no message" })));
    };
    let number = sink.count.fetch_add(1, Ordering::Relaxed) + 1;
    let path = sink.folder.join(format!("discord-{number:02}.json"));
    match std::fs::write(path, format!("{message:#}\n")) {
        Ok(()) => (StatusCode::OK, Json(json!({ "id": number.to_string() }))),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "code": 0, "message": error.to_string() })))
        }
    }
}
