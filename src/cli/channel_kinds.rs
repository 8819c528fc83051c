//! Discord channels of a kind that takes no alerts.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use super::{environment, remote};
use crate::config::Settings;
use crate::destination::Destination;
use crate::notify::{NoAnswer, Notifier, WITH_ALERTS};
use crate::problem::Problem;

/// The most channels to ask Discord about.
const MOST: usize = 50;

/// What to say about a destination whose channel is of a kind that takes no alerts.
pub(super) async fn wrong_kind(notifier: &Notifier, destination: &Destination) -> Option<String> {
    found(notifier, destination).await.ok().flatten()
}

async fn found(notifier: &Notifier, destination: &Destination) -> Result<Option<String>, NoAnswer> {
    let kind = notifier.kind_of(destination).await;
    let kind = kind.inspect_err(|error| tracing::debug!("the kind of {destination} is unknown: {error}"))?;
    let kind = kind.and_then(|kind| kind.without_alerts());
    Ok(kind.map(|kind| format!("the channel of {destination} is {kind}, which takes no alerts")))
}

/// Problems with the channels of these destinations. Asks Discord, if a token is set.
pub(super) fn problems(settings: &Settings, used: &BTreeSet<&Destination>) -> Vec<Problem> {
    let (secrets, _) = environment::secrets_and_errors(settings);
    let channels = used.iter().filter(|one| matches!(one, Destination::Discord(_))).take(MOST);
    let channels: Vec<&&Destination> = channels.collect();
    if secrets.discord_token.is_none() || channels.is_empty() {
        return Vec::new();
    }
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier = Notifier::new(settings, &secrets, &|_| false, output, environment::colour());
    // What is wrong with them is reported elsewhere.
    let (Ok(notifier), Ok(runtime)) = (notifier, remote::runtime()) else { return Vec::new() };
    let mut problems = Vec::new();
    for destination in channels {
        match runtime.block_on(found(&notifier, destination)) {
            Ok(wrong) => {
                let problem = |wrong| Problem::of_file("environment", wrong).help(WITH_ALERTS);
                problems.extend(wrong.map(problem));
            }
            // The next answers would take as long.
            Err(NoAnswer::Late | NoAnswer::Unreachable) => break,
            Err(_) => {}
        }
    }
    problems
}
