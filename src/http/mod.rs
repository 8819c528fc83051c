//! Serves the state of a running bot over HTTP, accepts changes with the right token, and lets readers of e-mails
//! unsubscribe. Nothing secret is
//! served.

mod digests;
mod limited_listener;
mod mutes;
mod proof;
mod retries;
mod subscriptions;
mod token;
mod unsubscribe;

pub use digests::{DigestRequest, PreviewRequest};
pub use mutes::MuteRequest;
pub use proof::Nonce;
pub use retries::RetryRequest;
pub use subscriptions::SubscriptionRequest;
pub use token::token_file;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

use self::limited_listener::{Caller, LimitedListener};
use self::mutes::Changes;
use self::token::Token;
use crate::private;
use crate::runtime::App;
use crate::service;
use crate::text::path_text;

/// The most bytes of a request that are read.
const MOST_BYTES: usize = 16 * 1024;

/// The file in the store's folder that holds the address of the bot that is using the store.
pub fn address_file(store: &Path) -> PathBuf {
    store.join("address")
}

/// A file in the store's folder that is removed when the bot ends.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // If it stays, it names a bot that cannot prove itself.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The files in the store's folder for callers on this machine.
struct Left {
    /// The token of this run; `None` if it could not be written.
    token: Option<SecretString>,
    listens: SocketAddr,
    _files: [Passing; 2],
}

/// Serves requests until it is time to stop, if the settings enable it. A bot that cannot serve goes on.
/// Changes need the token of the environment, or the one that is made for this run, in a file that only the
/// owner of the store can read.
pub async fn serve(app: Arc<App>, token: Option<SecretString>, mut stopped: watch::Receiver<bool>) {
    // Files left behind by a killed bot would name a port that may by now belong to another program.
    let files = [address_file(app.store.dir()), token_file(app.store.dir())].map(Passing);
    for Passing(file) in &files {
        let _ = std::fs::remove_file(file);
    }
    let Some(listen) = app.settings.listen else { return };
    if !listen.ip().is_loopback() {
        tracing::warn!(
            "[http] listen = \"{listen}\": anybody who reaches this address can read the bot's status"
        );
    }
    let bound = TcpListener::bind(listen).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (listens, listener) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            tracing::warn!("cannot listen on {listen} ({error}): `sellbell status` will not reach this bot");
            return;
        }
    };
    tracing::debug!("status is served at http://{listens}/status");
    let left = leave(listens, files);
    let tokens = token.iter().chain(&left.token).map(Token::of).collect();
    let changes = Changes { app: Arc::clone(&app), tokens };
    let router = router(app, changes, &left);
    let stop = async move {
        // The sender is dropped with the bot.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::select! {
        ended = axum::serve(LimitedListener::new(listener), router.into_make_service_with_connect_info::<Caller>()) => {
            if let Err(error) = ended {
                tracing::warn!("no longer listening: {error}");
            }
        }
        () = stop => {}
    }
}

/// Writes the token and then the address into the store's folder, so that whoever finds the address also
/// finds the token.
fn leave(listens: SocketAddr, files: [Passing; 2]) -> Left {
    let [Passing(address), Passing(token)] = &files;
    let missed = |file: &Path, error: io::Error| {
        tracing::warn!(
            "{}: cannot be written ({error}): `sellbell status` and `sellbell mute` will not reach this bot",
            path_text(file)
        );
    };
    let made = token::made(token).map_err(|error| missed(token, error)).ok();
    if let Err(error) = private::write(address, format!("{listens}\n").as_bytes()) {
        missed(address, error);
    }
    Left { token: made, listens, _files: files }
}

fn router(app: Arc<App>, changes: Changes, left: &Left) -> Router {
    let (token, listens) = (left.token.clone(), left.listens);
    let proof = move |Query(asked): Query<ProofQuery>| {
        let nonce = Nonce::of(&asked.nonce);
        let proof = nonce.zip(token.as_ref()).and_then(|(nonce, token)| nonce.prove(token, listens));
        let answer = match proof {
            Some(proof) => (StatusCode::OK, Json(json!({ "proof": proof }))),
            None => (
                StatusCode::BAD_REQUEST,
                Json(json!({ "error": "expected a nonce of 64 hexadecimal digits" })),
            ),
        };
        std::future::ready(answer)
    };
    let changing = Router::new()
        .route("/mutes", post(mutes::mute).delete(mutes::unmute))
        .route("/retries", post(retries::retry))
        .route("/digests", get(digests::preview).post(digests::send))
        .route(
            "/subscriptions",
            get(subscriptions::list).post(subscriptions::add).delete(subscriptions::remove),
        )
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .route_layer(middleware::from_fn_with_state(changes.clone(), mutes::allowed))
        .with_state(changes);
    let readers = match app.settings.public_url {
        Some(_) => Router::new()
            .route(unsubscribe::PATH, get(unsubscribe::ask).post(unsubscribe::change))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(Arc::clone(&app)),
        None => Router::new(),
    };
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "ok" }))))
        .route("/status", get(status))
        .route("/proof", get(proof))
        .with_state(Arc::clone(&app))
        .merge(changing)
        .merge(readers)
        .layer(middleware::from_fn(by_address))
        .layer(middleware::from_fn(limited_listener::once))
}

/// The query of `/proof`.
#[derive(Deserialize)]
struct ProofQuery {
    nonce: String,
}

async fn status(State(app): State<Arc<App>>) -> Response {
    // It counts everything that was ever delivered, which must not hold up the bot.
    let runtime = Handle::current();
    let status = tokio::task::spawn_blocking(move || {
        let status = runtime.block_on(service::status(&app, app.clock().now()));
        status.map_err(|error| error.to_string())
    });
    match status.await.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(status) => Json(status).into_response(),
        Err(error) => {
            let body = Json(json!({ "error": error }));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
    }
}

/// Answers only requests addressed to an IP address or this machine: a web page whose own host name resolves
/// to this machine learns nothing.
async fn by_address(request: Request, next: Next) -> Response {
    // Readers of e-mails ask by a public name; their link has a token.
    if request.uri().path() == unsubscribe::PATH {
        return next.run(request).await;
    }
    let (headers, authority) = (request.headers(), request.uri().authority());
    let by_header = headers.get_all(header::HOST).iter().all(|host| host.to_str().is_ok_and(is_address));
    let by_target = authority.is_none_or(|authority| is_address(authority.as_str()));
    if headers.contains_key(header::HOST) && by_header && by_target {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, Json(json!({ "error": "ask by address" }))).into_response()
}

/// True if a host, with or without its port, is an IP address or this machine.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}
