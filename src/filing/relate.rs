//! How a new filing relates to its issuer's history: as a version of a chain, and as another report of a
//! trade.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::chain::{Heads, Rows, bounded, heads, link, order};
use super::past::{Alerted, AlsoReported, MOST_RELATED, PastFiling, Relation};
use super::{Accession, changes};

impl PastFiling {
    /// Finds how this filing relates to its issuer's history.
    pub fn relate(&self, history: &[PastFiling]) -> Relation {
        let others = history.iter().filter(|past| past.accession != self.accession);
        let mut all: Vec<&PastFiling> = others.chain([self]).collect();
        all.sort_by_key(|past| order(past));
        let own = all.partition_point(|past| order(past) < order(self));
        let is_late = all.iter().skip(own + 1).any(|past| past.form.is_amendment());
        let mut relation = Relation::default();
        if self.form.is_amendment() || is_late {
            let heads = heads(&all, own);
            if self.form.is_amendment() {
                relation.link = link(self, &all[..own], &heads);
            }
            self.place(&all, &heads, &mut relation);
        }
        // An amendment rightly repeats its original's lots: that is its link.
        let others = all
            .iter()
            .filter(|past| past.accession != self.accession && !relation.versions.contains(&past.accession));
        let others = others.filter_map(|past| {
            let lots = past.lots_of(self);
            let alerts = past.alerts.iter().filter(|(_, alert)| !alert.withdrawn);
            let alerts = alerts.map(|(rule, alert)| (rule.clone(), alert.clone())).collect();
            (!lots.is_empty()).then_some(AlsoReported { accession: past.accession, lots, alerts })
        });
        relation.also_reported = others.take(MOST_RELATED).collect();
        relation
    }

    /// For an amendment: from when on there may be versions that history's amendments by the same owners
    /// follow.
    pub fn versions_since(&self, history: &[PastFiling]) -> Option<DateTime<Utc>> {
        let is_akin = |past: &&PastFiling| {
            past.form.is_amendment() && past.form.number() == self.form.number() && self.shares_owner(past)
        };
        let akin = history.iter().filter(|_| self.form.is_amendment()).filter(is_akin);
        Some(akin.filter_map(PastFiling::named_day).min()?.and_hms_opt(0, 0, 0)?.and_utc())
    }

    /// Finds this filing's place among the versions of its chain, and what that changes.
    fn place(&self, all: &[&PastFiling], heads: &Heads, relation: &mut Relation) {
        let head = heads.get(&self.accession).copied().unwrap_or(self.accession);
        let is_version = |past: &&&PastFiling| heads.get(&past.accession) == Some(&head);
        let versions: Vec<&PastFiling> = all.iter().filter(is_version).copied().collect();
        let place = |versions: &[&PastFiling]| versions.partition_point(|past| order(past) < order(self));
        let versions = bounded(&versions, Some(place(&versions)));
        let own = place(&versions);
        relation.versions = versions.iter().map(|past| past.accession).chain([head]).collect();
        let mut rows = Rows::default();
        for next in 0..versions.len() {
            let before = rows.in_force.clone();
            let changes = rows.take(&versions, next);
            if next != own {
                continue;
            }
            for (&(version, row), _) in rows.replaced.iter().filter(|(_, by)| **by == own) {
                relation.replaces.entry(versions[version].accession).or_default().insert(row);
            }
            relation.alerted = alerted(&versions[..own], &before, &rows.in_force);
            // An amendment that reports holdings only is not a version of the rows.
            let has_lots = |past: &&&PastFiling| !past.lots.is_empty() || !past.form.is_amendment();
            let follows = versions[..own].iter().rfind(has_lots).or(versions[..own].last());
            relation.follows = follows.map(|past| past.accession);
            relation.changes = relation.follows.map(|_| changes);
        }
        let later = &versions[(own + 1).min(versions.len())..];
        relation.amended_by = later.iter().rfind(|past| !past.lots.is_empty()).map(|past| past.accession);
        relation.alerted_later = alerted(later, &[], &[]);
        let by = |version: usize| versions[version].accession;
        let own_rows = rows.replaced.iter().filter(|((version, _), _)| *version == own);
        relation.replaced = own_rows.map(|((_, row), version)| (*row, by(*version))).collect();
        for (i, past) in versions.iter().enumerate().filter(|(i, _)| *i != own) {
            let mut revised = (*past).clone();
            if past.form.is_amendment() && past.accession != head {
                revised.amends = Some(head);
            }
            let replaced = rows.replaced.iter().filter(|((version, _), _)| *version == i);
            let replaced: BTreeMap<usize, Accession> =
                replaced.map(|((_, row), version)| (*row, by(*version))).collect();
            revised
                .count_again(|row, other| relation.versions.contains(&other) && !replaced.contains_key(&row));
            for (row, version) in replaced {
                revised.replace_in(version, [row]);
            }
            if revised != **past {
                relation.revised.push(revised);
            }
        }
    }

    /// Counts lots here again that no longer count in another filing.
    fn count_again(&mut self, is_over: impl Fn(usize, Accession) -> bool) {
        let lots = self.counted_in.iter().filter(|(row, other)| is_over(**row, **other));
        for row in lots.map(|(row, _)| *row).collect::<Vec<_>>() {
            self.not_counted.remove(&row);
            self.counted_in.remove(&row);
        }
    }
}

/// The alert, by rule, that a filing which follows these versions may replace: of the alerts in force, the
/// newest whose lots it replaces, else the newest. The newest of all is in force; an older one is while one
/// of its rows is. `before` and `after` are the rows in force without and with that filing.
fn alerted(
    versions: &[&PastFiling],
    before: &[(usize, usize)],
    after: &[(usize, usize)],
) -> BTreeMap<String, Alerted> {
    let rules: BTreeSet<&String> = versions.iter().flat_map(|past| past.alerts.keys()).collect();
    let mut found = BTreeMap::new();
    for rule in rules {
        let all = versions.iter().enumerate().rev();
        let all: Vec<_> = all.filter_map(|(i, past)| Some((i, *past, past.alerts.get(rule)?))).collect();
        let any_in = |rows: &[(usize, usize)], i: usize, lots: &[usize]| {
            lots.iter().any(|lot| rows.binary_search(&(i, *lot)).is_ok())
        };
        let stands = |&(place, (i, _, alert)): &(usize, &(usize, &PastFiling, &super::PastAlert))| {
            place == 0 || any_in(before, *i, &alert.lots)
        };
        let standing: Vec<_> = all.iter().enumerate().filter(stands).map(|(_, one)| *one).collect();
        let is_touched = |&&(i, _, alert): &&(usize, &PastFiling, &super::PastAlert)| {
            !alert.lots.is_empty() && {
                alert.lots.iter().any(|lot| after.binary_search(&(i, *lot)).is_err())
            }
        };
        let Some(&(i, past, alert)) = standing.iter().find(is_touched).or(standing.first()) else { continue };
        let over = all
            .iter()
            .filter(|(other, _, alert)| *other == i || *other < i && !any_in(after, *other, &alert.lots));
        let lots = alert.lots.iter().filter_map(|&lot| past.lots.get(lot)).cloned().collect();
        let alerted = Alerted {
            version: past.accession,
            alert: alert.clone(),
            lots,
            is_replaced: !any_in(after, i, &alert.lots),
            over: over.map(|(_, past, _)| past.accession).collect(),
        };
        found.insert(rule.clone(), alerted);
    }
    found
}

/// True if two lists of lots say the same, in any order.
pub(crate) fn say_the_same(one: &[super::record::LotRecord], other: &[super::record::LotRecord]) -> bool {
    one.len() == other.len() && changes(one, other).rows.is_empty()
}
