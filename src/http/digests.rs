//! Digests over HTTP: sends or shows what waits for a recipient.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::mutes::{Changes, Refusal};
use crate::service::{self, DigestPreview, NoDigest, Previewer, SentDigest};

/// The body of `POST /digests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestRequest {
    /// `desk` for all addresses of a recipient, `desk/1a2b3c4d` for one.
    pub recipient: String,
}

/// The query of `GET /digests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// `desk` for the first address of a recipient, `desk/1a2b3c4d` for another.
    pub recipient: String,
    /// The time from which alerts are in the digest; without it, those that wait are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

impl From<NoDigest> for Refusal {
    fn from(error: NoDigest) -> Self {
        Self(StatusCode::NOT_FOUND, error.to_string())
    }
}

/// Sends digests before their slot is over.
pub(super) async fn send(
    State(changes): State<Changes>,
    body: Bytes,
) -> Result<Json<Vec<SentDigest>>, Refusal> {
    let request: DigestRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    let app = &changes.app;
    let inboxes = service::digest_inboxes(&app.settings, Some(&request.recipient))?;
    let sent = service::send_digests(&app.outbox.digests, &inboxes, app.clock().now()).await?;
    app.store.flush().await?;
    app.wakes.queued.notify_one();
    Ok(Json(sent))
}

/// Shows the digest that would be sent now to the first of a recipient's addresses, or to the given one.
pub(super) async fn preview(
    State(changes): State<Changes>,
    Query(request): Query<PreviewRequest>,
) -> Result<Json<Option<DigestPreview>>, Refusal> {
    let app = &changes.app;
    let inboxes = service::digest_inboxes(&app.settings, Some(&request.recipient))?;
    let Some(inbox) = inboxes.first() else { return Ok(Json(None)) };
    let rules = app.rules.current();
    let previewer =
        Previewer { digests: &app.outbox.digests, settings: &app.settings, rules: &rules, store: &app.store };
    Ok(Json(Some(previewer.preview(inbox, request.since, app.clock().now()).await?)))
}
