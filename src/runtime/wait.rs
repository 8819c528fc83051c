//! Waiting: until a moment of the clock, or until it is time to stop.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep, timeout};

use crate::clock::Clock;
use crate::store::StoreError;

/// How long to wait at the stop for EDGAR's answers under way: a block must not be forgotten.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The longest sleep, after which a clock that was set forward is noticed.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The error that ended the loop.
#[derive(Debug, Error)]
pub enum RunError {
    /// The store failed: what is not written down must not be sent, and sled does not recover by itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One of its tasks failed.
    #[error("a task failed: {0}")]
    Task(#[from] JoinError),
}

pub(super) type Ended = Result<(), RunError>;

/// Runs a step that sends requests to EDGAR. At the stop no further request begins, and the step has a moment
/// to end. Returns `None` if it does not end: what it has written is complete, and what it has not is found
/// again.
pub(super) async fn or_stopped<T>(
    stopped: &mut watch::Receiver<bool>,
    step: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(step);
    tokio::select! {
        done = &mut step => return Some(done),
        _ = stopped.changed() => {}
    }
    timeout(LAST_ANSWERS, step).await.ok()
}

/// Sleeps until a moment of the clock; `false` if it is time to stop.
///
/// Setting the clock back does not prolong the sleep, and setting it forward soon ends it.
pub(super) async fn sleep_until(
    clock: Clock,
    moment: DateTime<Utc>,
    stopped: &mut watch::Receiver<bool>,
) -> bool {
    let deadline = Instant::now() + clock.real(moment - clock.now());
    loop {
        if *stopped.borrow() {
            return false;
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() || clock.now() >= moment {
            return true;
        }
        tokio::select! {
            () = sleep(rest.min(LONGEST_SLEEP)) => {}
            _ = stopped.changed() => return false,
        }
    }
}
