//! Subscriptions over HTTP: lists, adds and removes them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mutes::{Changes, Refusal};
use crate::destination::Threads;
use crate::service::{self, SubscriptionLine, Subscriptions};

/// The body of `POST /subscriptions`, and the query of `DELETE /subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// The channel's id, as text.
    pub channel: String,
    /// The rule's name.
    pub rule: String,
    /// How its alerts are spread over threads; without it, they go to the channel itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<Threads>,
}

impl SubscriptionRequest {
    fn channel(&self) -> Result<u64, Refusal> {
        let id = self.channel.parse().ok().filter(|id| *id > 0);
        id.ok_or_else(|| Refusal(StatusCode::BAD_REQUEST, "`channel` is not the id of a channel".to_owned()))
    }
}

pub(super) async fn list(State(changes): State<Changes>) -> Result<Json<Vec<SubscriptionLine>>, Refusal> {
    Ok(Json(service::subscriptions(&changes.app.store).await?))
}

pub(super) async fn add(State(changes): State<Changes>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: SubscriptionRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    let (channel, app) = (request.channel()?, &changes.app);
    let rules = &app.rules.of_files();
    let parts = Subscriptions { settings: &app.settings, rules, store: &app.store, notifier: &app.notifier };
    let added = parts.add(channel, &request.rule, request.threads, app.clock().now()).await?;
    added.map_err(|refusal| Refusal(StatusCode::CONFLICT, refusal.to_string()))?;
    Ok(Json(json!(request)))
}

pub(super) async fn remove(
    State(changes): State<Changes>,
    Query(request): Query<SubscriptionRequest>,
) -> Result<Json<Value>, Refusal> {
    let (channel, app) = (request.channel()?, &changes.app);
    if service::unsubscribe(app, channel, &request.rule).await? {
        tracing::info!(channel, rule = request.rule, "a subscription is removed");
        return Ok(Json(json!(request)));
    }
    let said = format!("channel {channel} does not subscribe to a rule `{}`", request.rule);
    Err(Refusal(StatusCode::NOT_FOUND, said))
}
