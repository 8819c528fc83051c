//! The tables in `docs/ARCHITECTURE.md` list every keyspace and every state.

use std::collections::BTreeSet;

use super::*;
use crate::delivery::InFlight;
use crate::store::placing::Stood;

/// The first column of the table that follows the given words.
fn rows(words: &str) -> BTreeSet<String> {
    let page = include_str!("../../../docs/ARCHITECTURE.md");
    let table = page.split(words).nth(1).unwrap().lines().skip_while(|line| !line.starts_with("| `"));
    let names = table.map_while(|line| line.strip_prefix("| `")?.split('`').next());
    names.map(str::to_owned).collect()
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_keyspace_is_in_the_table() {
    assert_eq!(rows("## The store"), names(tables::ALL.map(|space| space.0)));
}

#[test]
fn every_state_of_a_delivery_is_in_the_table() {
    let in_flight = InFlight { first: now(), last: now(), batch: None, thread: None, guess: false };
    let key = Key::of(&["a"]);
    let delivered = Outcome::Delivered { at: now(), message_id: None };
    let dead = Outcome::Dead { at: now(), reason: "gone".into() };
    let all = [
        Stood::Waits("a".into()),
        Stood::Queued,
        Stood::InFlight(in_flight),
        Stood::Joined(key.clone()),
        Stood::In { message: key, since: now() },
        Stood::Muted,
        Stood::Unreported { at: now() },
        Stood::Left(delivered),
        Stood::Left(dead),
        Stood::Unknown,
    ];
    let name = |stood: &Stood| match stood {
        Stood::Waits(_) | Stood::Queued => "queued",
        Stood::InFlight(_) => "in_flight",
        Stood::Joined(_) | Stood::In { .. } => "joined",
        Stood::Muted => "muted",
        Stood::Unreported { .. } => "unreported",
        Stood::Left(Outcome::Delivered { .. }) => "delivered",
        Stood::Left(Outcome::Dead { .. }) => "dead",
        Stood::Unknown => "unknown",
    };
    assert_eq!(rows("A delivery has one of these states:"), names(all.iter().map(name)));
}

#[test]
fn every_state_of_a_filing_is_in_the_table() {
    let all = [
        Ending::Baseline,
        Ending::Alerted,
        Ending::Quiet,
        Ending::Unreadable,
        Ending::NotFetched,
        Ending::Past,
    ];
    let name = |ending: &Ending| match ending {
        Ending::Baseline => "baseline",
        Ending::Alerted => "alerted",
        Ending::Quiet => "quiet",
        Ending::Unreadable => "unreadable",
        Ending::NotFetched => "not_fetched",
        Ending::Past => "past",
    };
    let endings = all.iter().map(name).chain(["pending"]);
    assert_eq!(rows("And a filing one of these:"), names(endings));
}
