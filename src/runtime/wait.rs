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

/// Answers of EDGAR that are under way at the stop are waited for so long: a block must not be forgotten.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The longest sleep: a clock that was set forward is noticed after it.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The error that ended the loop.
#[derive(Debug, Error)]
pub enum RunError {
    /// The store failed: what is not written down must not be sent, and sled does not recover by itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A part of it broke down.
    #[error("a task failed: {0}")]
    Task(#[from] JoinError),
}

pub(super) type Ended = Result<(), RunError>;

/// Takes a step that asks EDGAR. At the stop no further request begins, and what is under way has a moment to end; `None` where it
/// does not: what it has written is whole, and what it has not is found again.
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

/// Sleeps until a moment of the clock; `false` where it is time to stop.
///
/// A clock that is set back does not prolong the sleep, and one that is set forward ends it soon.
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
