//! Changes over HTTP: retries of destinations.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::mutes::{Changes, Refusal};
use crate::outbox::{Retried, Retry};

/// The body of `POST /retries`: a destination, or `all`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// `email:desk`
    #[serde(default)]
    pub destination: Option<String>,
    /// Every destination that is paused, or has deliveries that wait or were given up.
    #[serde(default)]
    pub all: bool,
}

pub(super) async fn retry(
    State(changes): State<Changes>,
    body: Bytes,
) -> Result<Json<Vec<Retried>>, Refusal> {
    let bad = |error: String| Refusal(StatusCode::BAD_REQUEST, error);
    let request: RetryRequest = serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))?;
    let what = match (request.destination, request.all) {
        (Some(destination), false) => {
            Retry::One(destination.parse().map_err(|error| bad(format!("{error}")))?)
        }
        (None, true) => Retry::All,
        _ => return Err(bad("give either `destination`, or `all` as true".to_owned())),
    };
    let app = changes.app;
    // Many deliveries may have been given up, and the bot must go on meanwhile.
    let retrying = tokio::task::spawn_blocking({
        let (app, runtime) = (std::sync::Arc::clone(&app), Handle::current());
        move || runtime.block_on(app.outbox.retry(&what, app.clock().now()))
    });
    let retried =
        retrying.await.map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let retried = retried?.map_err(|error| Refusal(StatusCode::NOT_FOUND, error))?;
    app.store.flush().await?;
    Ok(Json(retried))
}
