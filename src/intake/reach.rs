//! How far back a page of the feed goes, judged by its end, because a single entry may carry any time.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::edgar::feed::Entry;
use crate::filing::Accession;

/// How much EDGAR's clock and ours may differ. An entry with a later time says nothing about how far the feed
/// was read.
pub(super) const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// How many consecutive filings at the end of a page show that it reaches back to their times; one or two may
/// have an absurd time.
const AGREE: usize = 3;
/// How many there must be if none of them was seen before: new filings may be below a few that are merely
/// backdated.
const AGREE_UNSEEN: usize = 30;

/// The newest plausible acceptance time.
pub(super) fn newest(entries: &[Entry], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    entries.iter().map(|entry| entry.accepted_at).filter(|time| is_possible(*time, now)).max()
}

/// How many entries are above the run of entries accepted before `moment` at the end of a page. Older entries
/// further up do not count, because new ones may be below them.
pub(super) fn above(entries: &[Entry], moment: DateTime<Utc>, now: DateTime<Utc>) -> usize {
    let is_new = |entry: &Entry| entry.accepted_at >= moment && is_possible(entry.accepted_at, now);
    entries.iter().rposition(is_new).map_or(0, |last| last + 1)
}

/// True if the entries reach back to filings accepted before `moment`.
pub(super) fn reaches(entries: &[Entry], moment: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    end(entries, moment, now).len() >= AGREE
}

/// True if the entries reach filings that were seen before and accepted before `moment`. EDGAR adds new
/// entries above existing ones, so nothing below a known entry is new. On a first reading with a look-back,
/// none may have been seen.
pub(super) fn joins_on(
    entries: &[Entry],
    moment: DateTime<Utc>,
    now: DateTime<Utc>,
    is_first: bool,
    seen: impl Fn(Accession) -> bool,
) -> bool {
    let end = end(entries, moment, now);
    is_first && end.len() >= AGREE_UNSEEN || end.len() >= AGREE && end.into_iter().any(seen)
}

/// The filings accepted before `moment` at the end of the entries.
pub(super) fn end(entries: &[Entry], moment: DateTime<Utc>, now: DateTime<Utc>) -> HashSet<Accession> {
    let end = entries.iter().skip(above(entries, moment, now));
    end.filter(|entry| entry.accepted_at < moment).map(|entry| entry.accession).collect()
}

fn is_possible(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    time <= now + MOST_AHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A filing for each letter, newest first: `n` is new, `o` old, `f` from the future; `i` is another entry
    /// of the previous filing.
    fn entries(letters: &str) -> Vec<Entry> {
        let mut serial = 0;
        let mut last = 'n';
        let entries = letters.chars().map(|letter| {
            if letter != 'i' {
                (last, serial) = (letter, serial + 1);
            }
            let day = match last {
                'n' => "2021-08-24",
                'o' => "2021-08-20",
                _ => "2031-01-01",
            };
            Entry {
                accession: format!("0000000001-21-{serial:06}").parse().unwrap(),
                form: "4".to_owned(),
                accepted_at: format!("{day}T12:00:00Z").parse().unwrap(),
                filer: "7".parse().unwrap(),
                is_issuer: false,
            }
        });
        entries.collect()
    }

    #[test]
    fn old_ones_that_nobody_saw_must_be_many() {
        let moment = "2021-08-23T00:00:00Z".parse().unwrap();
        let now = "2021-08-24T12:00:05Z".parse().unwrap();
        for (old, seen, expected) in [
            (3, Some(3), true),
            (3, None, false),
            (29, None, false),
            (30, None, true),
            (2, Some(2), false),
            (20, Some(0), false),
            (20, Some(15), true),
        ] {
            let page = entries(&format!("n{}", "o".repeat(old)));
            let is_seen = |accession| seen.is_some_and(|at: usize| page[at].accession == accession);
            assert_eq!(joins_on(&page, moment, now, false, is_seen), expected && seen.is_some());
            assert_eq!(joins_on(&page, moment, now, true, is_seen), expected, "{old} {seen:?}");
        }
    }

    #[test]
    fn a_pages_end_says_how_far_it_goes() {
        let moment = "2021-08-23T00:00:00Z".parse().unwrap();
        let now = "2021-08-24T12:00:05Z".parse().unwrap();
        for (letters, expected) in [
            ("nnooo", (true, 2)),
            ("ooooo", (true, 0)),
            ("nnoo", (false, 2)),
            ("nnoiii", (false, 2)),
            ("nnooi", (false, 2)),
            ("oonnnn", (false, 6)),
            ("nnoooooonn", (false, 10)),
            ("ooooooooon", (false, 10)),
            ("oonnooo", (true, 4)),
            ("nnnno", (false, 4)),
            ("nnooof", (true, 2)),
            ("nnoofo", (true, 2)),
            ("ffff", (false, 0)),
            ("", (false, 0)),
        ] {
            let page = entries(letters);
            let found = (reaches(&page, moment, now), above(&page, moment, now));
            assert_eq!(found, expected, "{letters}");
        }
    }
}
