//! Chains of versions: a filing and its amendments, each of which names the day of the first version or of a
//! later one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::amendment::{Changes, RowChange, changes};
use super::past::{Link, MOST_RELATED, PastFiling};
use super::record::LotRecord;
use super::{Accession, edgar_day};

/// The head of each filing's chain: the original or, if that is not known, the first known amendment.
pub(super) type Heads = HashMap<Accession, Accession>;

/// How many amendments whose place was unclear on arrival are examined again, at most: the newest ones.
const MOST_UNCLEAR: usize = 10;
/// How many versions of a chain are examined, at most: the first and the newest.
const MOST_VERSIONS: usize = 30;

/// The position of a row: the number of its version, and its own.
type RowPosition = (usize, usize);

/// The order in which versions came; within one second, originals first.
pub(super) fn order(past: &PastFiling) -> (DateTime<Utc>, bool, Accession) {
    (past.accepted_at, past.form.is_amendment(), past.accession)
}

/// The heads of the chains of some filings, which are in [`order`]; `own` is the index of the current one. An
/// amendment whose place was unclear on arrival may have one now.
pub(super) fn heads(filings: &[&PastFiling], own: usize) -> Heads {
    let mut heads = Heads::new();
    let is_unclear = |i: &usize| filings[*i].form.is_amendment() && filings[*i].amends.is_none();
    let unclear: BTreeSet<usize> =
        (0..filings.len()).rev().filter(is_unclear).take(MOST_UNCLEAR).chain([own]).collect();
    for (i, past) in filings.iter().enumerate() {
        let head = match past.amends {
            Some(amended) => heads.get(&amended).copied().unwrap_or(amended),
            None if past.form.is_amendment() && unclear.contains(&i) => {
                match link(past, &filings[..i], &heads) {
                    Link::To(head) => head,
                    Link::Unclear(_) | Link::Unknown => past.accession,
                }
            }
            None => past.accession,
        };
        heads.insert(past.accession, head);
    }
    heads
}

/// Links an amendment to its chain, by the chain's head, among the issuer's earlier filings: it has the same
/// owners and period, and a version from the day that the amendment names. If several fit, the one with the
/// most equal rows wins, then the one with the most rows that are the same trade, if that decides it.
pub(super) fn link(amendment: &PastFiling, earlier: &[&PastFiling], heads: &Heads) -> Link {
    let mut places: HashMap<Accession, usize> = HashMap::new();
    let mut chains: Vec<(Accession, Vec<&PastFiling>)> = Vec::new();
    for &past in earlier.iter().filter(|past| past.form.number() == amendment.form.number()) {
        let head = heads.get(&past.accession).copied().unwrap_or(past.accession);
        let place = *places.entry(head).or_insert(chains.len());
        if place == chains.len() {
            chains.push((head, Vec::new()));
        }
        chains[place].1.push(past);
    }
    let scored: Vec<(usize, bool, Accession, &[&PastFiling])> = chains
        .iter()
        .filter_map(|(head, versions)| {
            let (score, named) = fit(amendment, versions)?;
            Some((score, named, *head, versions.as_slice()))
        })
        .collect();
    let best = scored.iter().map(|(score, ..)| *score).max();
    let fitting: Vec<_> = scored.into_iter().filter(|(score, ..)| Some(*score) == best).collect();
    match fitting[..] {
        [] => return Link::Unknown,
        [(_, true, head, _)] => return Link::To(head),
        // It fits the period, but was not submitted on the day that the amendment names.
        [(_, false, head, _)] => return Link::Unclear(vec![head]),
        _ => {}
    }
    // Sales with more rows than fit on a form are split over several filings of one day.
    let alike: Vec<((usize, usize), bool, Accession)> = fitting
        .iter()
        .take(MOST_RELATED)
        .map(|(_, named, head, versions)| {
            let found = changes(&rows(versions), &amendment.lots);
            ((found.unchanged, found.restated.len()), *named, *head)
        })
        .collect();
    let most = alike.iter().map(|(alike, ..)| *alike).max().unwrap_or_default();
    let nearest: Vec<_> = alike.into_iter().filter(|(alike, ..)| *alike == most).collect();
    match nearest[..] {
        [(_, true, head)] if most.1 > 0 => Link::To(head),
        _ => Link::Unclear(fitting.iter().take(MOST_RELATED).map(|(_, _, head, _)| *head).collect()),
    }
}

/// How well an amendment fits the versions of a chain, and whether it names the day of one of them; `None` if
/// it cannot be one of them.
fn fit(amendment: &PastFiling, versions: &[&PastFiling]) -> Option<(usize, bool)> {
    if !versions.iter().any(|past| amendment.shares_owner(past)) {
        return None;
    }
    let day = amendment.named_day();
    // If the original is not known, its amendments give its day.
    let lacks_original = versions.iter().all(|past| past.form.is_amendment());
    let is_of_day = |past: &PastFiling| {
        Some(edgar_day(past.accepted_at)) == day || lacks_original && past.named_day() == day
    };
    let same_day = day.is_some() && versions.iter().any(|past| is_of_day(past));
    let same_period =
        amendment.period.is_some() && versions.iter().any(|past| past.period == amendment.period);
    let same_owners = versions.iter().any(|past| amendment.has_owners_of(past));
    let score = usize::from(same_day) + usize::from(same_period) + usize::from(same_owners);
    (same_day || same_period).then_some((score, day.is_none() || same_day))
}

/// The first version of a chain, the newest ones, and the one at `own`.
pub(super) fn bounded<'a>(versions: &[&'a PastFiling], own: Option<usize>) -> Vec<&'a PastFiling> {
    let newest = (versions.len() + 1).saturating_sub(MOST_VERSIONS);
    let kept = versions.iter().enumerate().filter(|(i, _)| *i == 0 || *i >= newest || Some(*i) == own);
    kept.map(|(_, past)| *past).collect()
}

/// The rows of a chain that are in force after its last version.
fn rows(versions: &[&PastFiling]) -> Vec<LotRecord> {
    let versions = &bounded(versions, None)[..];
    let mut chain = Rows::default();
    for next in 0..versions.len() {
        chain.take(versions, next);
    }
    chain.in_force.iter().map(|&(version, row)| versions[version].lots[row].clone()).collect()
}

/// The rows of a chain as its versions leave them, one after the other.
#[derive(Default)]
pub(super) struct Rows {
    /// Rows that no later version replaced.
    pub(super) in_force: Vec<RowPosition>,
    /// The others, each with the version that replaced it.
    pub(super) replaced: BTreeMap<RowPosition, usize>,
}

impl Rows {
    /// Adds the next version and returns what it changes. The rows of a version stay if the next one neither
    /// repeats nor changes any of them: an amendment that adds a trade may be amended on its own.
    pub(super) fn take(&mut self, versions: &[&PastFiling], next: usize) -> Changes {
        let compare = |places: &[RowPosition]| {
            let lots: Vec<LotRecord> =
                places.iter().map(|&(version, row)| versions[version].lots[row].clone()).collect();
            changes(&lots, &versions[next].lots)
        };
        let mut places = self.in_force.clone();
        let mut found = compare(&places);
        let left_out = |row: &usize| {
            found
                .rows
                .iter()
                .any(|change| matches!(change, RowChange::Removed { row: out, .. } if out == row))
        };
        let touched: BTreeSet<usize> =
            found.replaced.iter().filter(|row| !left_out(row)).map(|&row| places[row].0).collect();
        if !touched.is_empty() && places.iter().any(|(version, _)| !touched.contains(version)) {
            places.retain(|(version, _)| touched.contains(version));
            found = compare(&places);
        }
        for &row in &found.replaced {
            self.replaced.insert(places[row], next);
        }
        self.in_force.retain(|place| !self.replaced.contains_key(place));
        self.in_force.extend((0..versions[next].lots.len()).map(|row| (next, row)));
        found
    }
}
