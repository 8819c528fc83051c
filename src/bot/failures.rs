//! Failures of the store and of Discord.

use super::gateway;
use crate::notify::NoAnswer;
use crate::operators::GatewayFailure;
use crate::store::StoreError;

/// Logs a failure of the store. The parts that depend on it stop by themselves.
pub(super) fn log(noted: Result<(), StoreError>) {
    if let Err(error) = noted {
        tracing::error!("{error}");
    }
}

pub(super) fn late() -> GatewayFailure {
    GatewayFailure { reason: "Discord did not answer in time".to_owned(), advice: None }
}

/// The failure behind a refusal.
pub(super) fn failure(no_answer: &NoAnswer) -> GatewayFailure {
    let is_token = matches!(no_answer, NoAnswer::Refused { status: 401, .. });
    GatewayFailure { reason: no_answer.to_string(), advice: is_token.then_some(gateway::TOKEN) }
}
