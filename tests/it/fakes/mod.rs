//! Stand-ins for the services that sellbell speaks to, on loopback: strict where the real ones are, and
//! stricter where a silent slip would hurt. They know the protocols and nothing of sellbell.
//!
//! Every fake ends with `finish`, which fails the test for each request that it did not understand and each
//! message that the test did not read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    dead_code,
    unreachable_pub
)]

pub mod discord;
pub mod edgar;
pub mod smtp;
pub mod threads;

mod answers;
pub mod gateway;
mod guilds;
mod interactions;
pub mod limits;
mod rest;
mod schema;
pub mod shards;
mod tests;

use std::fmt::Write;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long a test waits for something that should come, in tokio's time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a fake holds against the program under test.
trait Ledger {
    fn is_closing(&self) -> bool;
    fn unexpected(&self) -> &[String];
    fn unread(&self) -> Vec<String>;
}

/// Changes the state and wakes all who wait for a change.
fn edit<S, T>(state: &watch::Sender<S>, change: impl FnOnce(&mut S) -> T) -> T {
    let mut result = None;
    state.send_modify(|state| result = Some(change(state)));
    result.unwrap()
}

/// Waits until `find` finds what it wants in the state, and takes it out.
async fn take<S: Ledger, T>(
    state: &watch::Sender<S>,
    what: &str,
    mut find: impl FnMut(&mut S) -> Option<T>,
) -> T {
    let mut changes = state.subscribe();
    let search = async {
        loop {
            let mut found = None;
            state.send_if_modified(|state| {
                found = find(state);
                found.is_some()
            });
            if let Some(found) = found {
                return found;
            }
            changes.changed().await.unwrap();
        }
    };
    match timeout(PATIENCE, search).await {
        Ok(found) => found,
        Err(_) => panic!("{what} did not come within {} seconds{}", PATIENCE.as_secs(), so_far(state)),
    }
}

async fn closing<S: Ledger>(state: &watch::Sender<S>) {
    // The state is gone with the fake itself: that is an end, too.
    let _ = state.subscribe().wait_for(S::is_closing).await;
}

/// The unexpected requests up to now, to say beside another failure: they are often its cause.
fn so_far<S: Ledger>(state: &watch::Sender<S>) -> String {
    listed(", unexpected so far", state.borrow().unexpected())
}

/// Fails the test if the fake holds anything against the program.
fn settle<S: Ledger>(name: &str, state: &watch::Sender<S>) {
    let unexpected = listed("\nunexpected", state.borrow().unexpected());
    let unread = listed("\nunread", &state.borrow().unread());
    assert!(unexpected.is_empty() && unread.is_empty(), "{name}{unexpected}{unread}");
}

/// For `drop`: `finish` must have been called, unless the test fails anyway.
fn check_finished<S: Ledger>(name: &str, finished: bool, state: &watch::Sender<S>) {
    if finished {
        return;
    }
    let so_far = so_far(state);
    if !std::thread::panicking() {
        panic!("{name} was dropped without finish(){so_far}");
    } else if !so_far.is_empty() {
        eprintln!("{name} at that moment{so_far}");
    }
}

fn listed(title: &str, lines: &[String]) -> String {
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        if i == 0 {
            write!(text, "{title} ({}):", lines.len()).unwrap();
        }
        write!(text, "\n  {line}").unwrap();
    }
    text
}
