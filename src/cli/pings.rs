//! Roles that a rule mentions and that its messages cannot ping.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

use super::{environment, remote};
use crate::config::Settings;
use crate::destination::Destination;
use crate::notify::{Notifier, SendError};
use crate::problem::{Level, Problem};
use crate::rules::Rule;
use crate::text::{clip, plain};

/// What to do about a role that cannot be pinged.
pub(super) const ADVICE: &str =
    "allow anyone to @mention this role, or give the bot the permission Mention Everyone";

/// The rules among these that mention roles which their messages to a destination cannot ping, each with the
/// names of those roles. Asks Discord only if a rule mentions a role and the bot serves the destination.
///
/// # Errors
/// Discord does not answer.
pub(super) async fn unpinged<'r>(
    notifier: &Notifier,
    rules: impl Iterator<Item = &'r Rule>,
    destination: &Destination,
) -> Result<Vec<(&'r Rule, Vec<String>)>, SendError> {
    let wanted: Vec<(&Rule, Vec<u64>)> = rules
        .map(|rule| (rule, rule.roles().collect()))
        .filter(|(_, roles): &(_, Vec<u64>)| !roles.is_empty())
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let all = wanted.iter().flat_map(|(_, roles)| roles.iter().copied()).collect();
    let names: BTreeMap<u64, String> = notifier.unpingable(destination, &all).await?;
    let of = |roles: Vec<u64>| -> Vec<String> {
        let names = roles.iter().filter_map(|role| names.get(role));
        names.map(|name| format!("@{}", clip(&plain(name), 100))).collect()
    };
    let found = wanted.into_iter().map(|(rule, roles)| (rule, of(roles)));
    Ok(found.filter(|(_, names)| !names.is_empty()).collect())
}

/// Warnings about roles that these rules mention and that their messages cannot ping. Asks Discord, if a token
/// is set.
pub(super) fn problems(settings: &Settings, rules: &[Rule]) -> Vec<Problem> {
    let (secrets, _) = environment::secrets_and_errors(settings);
    let destinations: BTreeSet<&Destination> = rules.iter().flat_map(|rule| &rule.notify).collect();
    if secrets.discord_token.is_none() || destinations.is_empty() {
        return Vec::new();
    }
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier = Notifier::new(settings, &secrets, &|_| false, output, environment::colour());
    // What is wrong with them is reported elsewhere.
    let (Ok(notifier), Ok(runtime)) = (notifier, remote::runtime()) else { return Vec::new() };
    let mut problems = Vec::new();
    for destination in destinations {
        let own = rules.iter().filter(|rule| rule.notify.contains(destination));
        match runtime.block_on(unpinged(&notifier, own, destination)) {
            Ok(found) => {
                problems.extend(found.into_iter().map(|(rule, names)| warning(rule, destination, &names)))
            }
            Err(error) => {
                let message = format!("whether messages to {destination} can ping roles is unknown: {error}");
                problems.push(Problem { level: Level::Warning, ..Problem::of_file("environment", message) });
            }
        }
    }
    problems
}

fn warning(rule: &Rule, destination: &Destination, names: &[String]) -> Problem {
    let names = names.join(", ");
    let message = format!("rule `{}`: its messages to {destination} do not ping {names}", rule.name);
    let problem = Problem::of_file(rule.file.clone(), message).help(ADVICE);
    Problem { place: rule.place.clone(), level: Level::Warning, ..problem }
}
