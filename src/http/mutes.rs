//! Changes over HTTP: mutes.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::limited_listener::Caller;
use super::token::Token;
use crate::mute::{Mute, MuteError, Muting};
use crate::runtime::App;
use crate::store::StoreError;

/// The body of `POST /mutes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteRequest {
    /// `ticker:QLYS`, `owner:1234567`, `owner:NAME`, `rule:NAME`, `destination:NAME`.
    pub what: String,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The reason.
    #[serde(default)]
    pub why: Option<String>,
    /// Who requests it.
    #[serde(default)]
    pub by: Option<String>,
}

/// The query of `DELETE /mutes`.
#[derive(Debug, Deserialize)]
pub(super) struct Unmute {
    what: String,
}

/// The state of the handlers.
#[derive(Clone)]
pub(super) struct Changes {
    pub(super) app: Arc<App>,
    /// Any of them allows a change: the one of the environment, and the one in the store's folder.
    pub(super) tokens: Vec<Token>,
}

/// Why nothing was changed.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<MuteError> for Refusal {
    fn from(error: MuteError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

pub(super) async fn mute(State(changes): State<Changes>, body: Bytes) -> Result<Json<Mute>, Refusal> {
    let request: MuteRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    let what: Muting = request.what.parse()?;
    let mute = Mute::new(what, changes.app.clock().now(), request.until)?;
    let mute = mute.said(request.by.as_deref(), request.why.as_deref());
    changes.app.outbox.mutes.mute(&mute).await??;
    changes.app.store.flush().await?;
    tracing::info!("{} is muted until {}", mute.what, mute.until);
    Ok(Json(mute))
}

pub(super) async fn unmute(
    State(changes): State<Changes>,
    Query(Unmute { what }): Query<Unmute>,
) -> Result<Json<Value>, Refusal> {
    let what: Muting = what.parse()?;
    let ended = changes.app.outbox.mutes.unmute(&what, changes.app.clock().now()).await?;
    changes.app.store.flush().await?;
    match ended {
        Some(muted) => Ok(Json(json!({ "what": what, "muted": muted }))),
        None => Err(Refusal(StatusCode::NOT_FOUND, format!("{what} is not muted"))),
    }
}

/// Allows a change only with a token. Checked before anything else of the request is read.
pub(super) async fn allowed(State(changes): State<Changes>, request: Request, next: Next) -> Response {
    if changes.tokens.iter().any(|token| token.is_in(request.headers())) {
        if let Some(caller) = Caller::of(&request) {
            caller.trust();
        }
        return next.run(request).await;
    }
    let (status, what) = match changes.tokens.is_empty() {
        false => (
            StatusCode::UNAUTHORIZED,
            "a change needs `Authorization: Bearer TOKEN`, with the token in HTTP_TOKEN or in the file `token` in the store's folder",
        ),
        true => (StatusCode::FORBIDDEN, "this bot has no token, so nothing can be changed"),
    };
    Refusal(status, what.to_owned()).into_response()
}
