//! The loop that delivers: a task for each destination that has something queued.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::sleep;

use super::App;
use super::wait::{Ended, LONGEST_SLEEP, sleep_until};
use crate::destination::Destination;
use crate::outbox::{DeliverReport, Lane};
use crate::store::StoreError;

/// How long a destination is left alone after its task failed.
const BROKEN_PAUSE: Duration = Duration::from_secs(30);

/// Keeps one task for each destination that has something queued, so that none holds up another.
pub(super) async fn deliver_loop(app: Arc<App>, mut stopped: watch::Receiver<bool>) -> Ended {
    let mut lanes =
        Lanes { app: &app, stopped: stopped.clone(), tasks: JoinSet::new(), running: HashMap::new() };
    let mut look = true;
    loop {
        if std::mem::replace(&mut look, true) {
            lanes.open(app.store.waiting_destinations().await?);
        }
        tokio::select! {
            () = app.wakes.queued.notified() => {}
            Some(ended) = lanes.tasks.join_next_with_id() => {
                // With many destinations, looking at all of them whenever one ends would leave time for
                // nothing else.
                look = false;
                if let Some(destination) = lanes.ended(ended)? && !app.store.queued(&destination, 1).await?.is_empty() {
                    lanes.open([destination]);
                }
            }
            () = sleep(LONGEST_SLEEP) => {}
            _ = stopped.changed() => break,
        }
    }
    // Each lane ends by itself at the stop signal, once the send under way is finished.
    while let Some(ended) = lanes.tasks.join_next().await {
        if let Ok(Err(error)) = ended {
            return Err(error.into());
        }
    }
    Ok(())
}

/// The tasks of destinations.
struct Lanes<'a> {
    app: &'a Arc<App>,
    stopped: watch::Receiver<bool>,
    tasks: JoinSet<Result<(), StoreError>>,
    running: HashMap<task::Id, Destination>,
}

impl Lanes<'_> {
    /// Starts a task for each of these that has none, beginning with those that the settings name.
    fn open(&mut self, destinations: impl IntoIterator<Item = Destination>) {
        let running: HashSet<&Destination> = self.running.values().collect();
        let new = destinations.into_iter().filter(|destination| !running.contains(destination));
        let mut new: Vec<Destination> = new.collect();
        new.sort_by_key(|destination| matches!(destination, Destination::Channel(_)));
        for destination in new {
            let lane = lane_loop(Arc::clone(self.app), destination.clone(), self.stopped.clone());
            self.running.insert(self.tasks.spawn(lane).id(), destination);
        }
    }

    /// Records that a task ended, and returns its destination.
    fn ended(
        &mut self,
        ended: Result<(task::Id, Result<(), StoreError>), JoinError>,
    ) -> Result<Option<Destination>, StoreError> {
        let error = match ended {
            Ok((id, ended)) => return ended.map(|()| self.running.remove(&id)),
            Err(error) => error,
        };
        tracing::error!("a destination's task failed: {error}");
        let destination = self.running.remove(&error.id());
        // It keeps its place, but nothing is sent there for a while.
        let mut stopped = self.stopped.clone();
        let pause = async move {
            tokio::select! {
                () = sleep(BROKEN_PAUSE) => {}
                _ = stopped.changed() => {}
            }
            Ok(())
        };
        self.running.extend(destination.map(|destination| (self.tasks.spawn(pause).id(), destination)));
        Ok(None)
    }
}

async fn lane_loop(
    app: Arc<App>,
    destination: Destination,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let mut lane = Lane::default();
    let mut retried = app.outbox.retried.subscribe();
    let name = destination.to_string();
    let mut times = retried.borrow_and_update().get(&name).copied();
    while !*stopped.borrow() {
        // On the heap: what a round needs is many times what thousands of lanes keep while they wait.
        let round = Box::pin(app.outbox.deliver_once(&destination, &mut lane, app.clock().now())).await?;
        if round.crowded {
            tokio::select! {
                () = app.outbox.wait_for_place(&destination, &mut lane) => continue,
                _ = stopped.changed() => break,
            }
        }
        let DeliverReport { next: Some(next), paused, .. } = round else { break };
        // New deliveries for this destination are noticed after this sleep at the latest, if they could be sent.
        let is_closed = paused || lane.is_closed_until(next);
        let latest = if is_closed { next } else { app.clock().now() + TimeDelta::seconds(1) };
        tokio::select! {
            awake = sleep_until(app.clock(), next.min(latest), &mut stopped) => {
                if !awake {
                    break;
                }
            }
            // Its sender lives as long as the app.
            Ok(()) = retried.changed() => {
                let asked = retried.borrow_and_update().get(&name).copied();
                if asked != times {
                    (times, lane) = (asked, Lane::default());
                }
            }
        }
    }
    Ok(())
}
