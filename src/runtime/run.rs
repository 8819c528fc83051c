//! Runs the program until it is stopped: starts the loops, and ends them in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::follow::{feed_loop, fetch_loop, tickers_loop};
use super::housekeeping::on_start;
use super::lanes::deliver_loop;
use super::loops::{backfill_loop, digest_loop, housekeeping_loop, idle_loop, reconcile_loop, reload_loop};
use super::wait::{Ended, RunError};
use super::{App, Watch};

/// How long sends under way may go on after the stop signal.
const GRACE: Duration = Duration::from_secs(8);

/// Polls, creates digests, delivers on schedule and applies edits of watched rules until `stop` is ready.
/// Then finishes the work under way and saves everything.
///
/// # Errors
/// A failed store, or a failed part: the program must be restarted.
pub async fn run(
    app: Arc<App>,
    watch: Option<Watch>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    on_start(&app, app.clock().now()).await?;
    let (stopping, stopped) = watch::channel(false);
    let mut parts: JoinSet<Ended> = JoinSet::new();
    parts.spawn(feed_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(tickers_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(fetch_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(reconcile_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(backfill_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(digest_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(housekeeping_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(idle_loop(Arc::clone(&app), stopped.clone()));
    parts.spawn(deliver_loop(Arc::clone(&app), stopped.clone()));
    if let Some(watch) = watch {
        parts.spawn(reload_loop(Arc::clone(&app), watch, stopped));
    }
    tokio::pin!(stop);
    let ended = loop {
        tokio::select! {
            () = &mut stop => break Ok(()),
            Some(part) = parts.join_next() => match part {
                Ok(Ok(())) => {}
                Ok(Err(error)) => break Err(error),
                Err(error) => break Err(RunError::Task(error)),
            },
        }
    };
    tracing::info!("stopping");
    app.client.end();
    // The receivers live as long as the parts; if all have ended, there is nothing to stop.
    let _ = stopping.send(true);
    let rest = async { while parts.join_next().await.is_some() {} };
    if timeout(GRACE, rest).await.is_err() {
        tracing::warn!("a send was interrupted; it is retried after the next start");
    }
    app.notifier.hang_up().await;
    app.intake.backoff.note_blocks(app.clock().now()).await?;
    app.store.flush().await?;
    ended
}
