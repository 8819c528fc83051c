//! Tells over HTTP what state a running bot is in, and mutes with the right token. Nothing secret is told.

mod bounded;
mod mutes;
mod retries;
mod token;

pub use mutes::MuteRequest;
pub use retries::RetryRequest;
pub use token::token_file;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::bounded::Bounded;
use self::mutes::Changes;
use self::token::Token;
use crate::app::App;

/// More than this of a request is not read.
const MOST_BYTES: usize = 16 * 1024;

/// The file in the store's folder that names the address of the bot that has the store.
pub fn address_file(store: &Path) -> PathBuf {
    store.join("address")
}

/// Answers until it is time to stop, where the settings say so. A bot that cannot answer goes on. Changes need the token, or
/// where there is none the one that is made then, in a file that only the owner of the store reads.
pub async fn serve(app: Arc<App>, token: Option<SecretString>, mut stopped: watch::Receiver<bool>) {
    let file = address_file(app.store.dir());
    // One that a kill left behind would name a port that is another's by now.
    let _ = std::fs::remove_file(&file);
    let Some(listen) = app.settings.listen else { return };
    if !listen.ip().is_loopback() {
        tracing::warn!(
            "[http] listen = \"{listen}\": whoever reaches this address can read the bot's status"
        );
    }
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!("cannot listen on {listen} ({error}): `sellbell status` will not reach this bot");
            return;
        }
    };
    let written = listener.local_addr().and_then(|address| {
        tracing::debug!("status is told on http://{address}/status");
        std::fs::write(&file, format!("{address}\n"))
    });
    if let Err(error) = written {
        tracing::warn!(
            "{}: cannot be written ({error}): `sellbell status` will not find this bot",
            file.display()
        );
    }
    let made = token.is_none().then(|| token_file(app.store.dir()));
    let token = match (&token, &made) {
        (Some(token), _) => Some(Token::of(token)),
        (None, Some(file)) => match Token::made(file) {
            Ok(token) => Some(token),
            Err(error) => {
                tracing::warn!(
                    "{}: cannot be written ({error}): `sellbell mute` needs HTTP_TOKEN",
                    file.display()
                );
                None
            }
        },
        (None, None) => None,
    };
    let changes = Router::new()
        .route("/mutes", post(mutes::mute).delete(mutes::unmute))
        .route("/retries", post(retries::retry))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Changes { app: Arc::clone(&app), token });
    let router = Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/status", get(status))
        .with_state(app)
        .merge(changes)
        .layer(middleware::from_fn(by_address));
    let stop = async move {
        // The sender is gone with the bot.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::select! {
        ended = axum::serve(Bounded::new(listener), router) => {
            if let Err(error) = ended {
                tracing::warn!("no longer listening: {error}");
            }
        }
        () = stop => {}
    }
    // It is stale from now on; one that stays is noticed by its silence.
    let _ = std::fs::remove_file(file);
    if let Some(file) = made {
        let _ = std::fs::remove_file(file);
    }
}

async fn status(State(app): State<Arc<App>>) -> Response {
    // It counts all that was ever delivered, which must not hold up the bot.
    let status =
        tokio::task::spawn_blocking(move || app.status(app.clock().now()).map_err(|error| error.to_string()));
    match status.await.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(status) => Json(status).into_response(),
        Err(error) => {
            let body = Json(json!({ "error": error }));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
    }
}

/// Answers only who asks by address: a page in a browser that lets a name of its own point here learns nothing.
async fn by_address(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok() {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, Json(json!({ "error": "ask by address" }))).into_response()
}
