//! Conditions about history: clusters, sums over time, firsts, largests, reversals.

mod events;
mod sum;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::condition::{ConditionKey, Group};
use super::evaluator::Evaluator;
use super::span::Span;
use super::totals::Counted;
use super::truth::Truth;
use super::verdict::Recorder;
use super::wanted::{Cluster, Cumulative, Per};
use crate::filing::{Accession, Code, Usd};
use events::{Events, Window, earlier, is_same_owner, owners_own};
pub use sum::{Counting, Part, Sum};

/// The result of a condition, the reason in words, and if it holds, the sum that made it hold.
type SumFinding = (Truth, String, Option<Sum>);

impl<R: Recorder> Evaluator<'_, R> {
    /// The conditions about history. They consider only lots that certainly count.
    pub(super) fn before(&mut self, group: &Group, counted: &Counted) -> Truth {
        let mut holds = Truth::Yes;
        if group.cluster.is_none()
            && group.cumulative.is_none()
            && group.first_in.is_none()
            && group.largest_in.is_none()
            && group.reversal_after.is_none()
        {
            return holds;
        }
        // A mistyped date does not show when the trade was.
        let mistyped = self.subject.filing.mistyped_lots();
        let counted = &counted.without(&mistyped);
        let events = Events::new(self.subject, group, counted);
        if let Some(cluster) = group.cluster {
            let (is, found, sum) = events.each_way(|events| events.cluster(cluster));
            let worth = cluster
                .min_value
                .map(|value| format!(", worth {} or more", value.exact()))
                .unwrap_or_default();
            let wanted = || format!("{} insiders within {}{worth}", cluster.insiders, cluster.within);
            self.note(&mut holds, ConditionKey::Cluster, is, || (wanted(), found));
            self.sums.extend(sum);
        }
        if let Some(cumulative) = group.cumulative {
            let (is, found, sum) = events.each_way(|events| events.cumulative(cumulative));
            let whose = if cumulative.per == Per::Owner { "the owner's" } else { "all insiders'" };
            let Cumulative { within, min_value, .. } = cumulative;
            let wanted = || format!("{whose} within {within} are worth at least {}", min_value.exact());
            self.note(&mut holds, ConditionKey::Cumulative, is, || (wanted(), found));
            self.sums.extend(sum);
        }
        if let Some(span) = group.first_in {
            let (is, found) = events.first_in(span);
            self.note(&mut holds, ConditionKey::FirstIn, is, || {
                (format!("the owner's first in {span}"), found)
            });
        }
        if let Some(span) = group.largest_in {
            let (is, found) = events.largest_in(span, counted, !mistyped.is_empty());
            self.note(&mut holds, ConditionKey::LargestIn, is, || {
                (format!("the owner's largest in {span}"), found)
            });
        }
        if let Some(span) = group.reversal_after {
            let (is, found) = events.reversal_after(span, counted);
            let wanted = || format!("the owner's last trade, at most {span} before, was the opposite");
            self.note(&mut holds, ConditionKey::ReversalAfter, is, || (wanted(), found));
        }
        holds
    }
}

impl Events<'_> {
    /// The finding: no, or unknown if history is too short.
    fn unless_short(&self, span: Span, found: String) -> (Truth, String) {
        match self.reach(span) {
            Ok(_) => (Truth::No, found),
            Err((truth, short)) => (truth, format!("{found} so far; {short}")),
        }
    }

    /// The finding among the lots that go the same way as some of the filing's own. Of two ways, it is the
    /// one that holds; if both hold, the one with more; otherwise the unknown one.
    fn each_way(&self, found: impl Fn(&Self) -> SumFinding) -> SumFinding {
        let mut best: Option<SumFinding> = None;
        for way in self.ways() {
            let found = found(&self.going(way));
            let rank = |found: &SumFinding| {
                let holds = match found.0 {
                    Truth::Yes => 2,
                    Truth::Unknown => 1,
                    Truth::No => 0,
                };
                (holds, found.2.as_ref().and_then(|sum| sum.value_usd))
            };
            if best.as_ref().is_none_or(|best| rank(&found) > rank(best)) {
                best = Some(found);
            }
        }
        // If none of the filing's own lots has a date, the finding states that.
        best.unwrap_or_else(|| found(self))
    }

    /// The finding among the lots that are of the kind. If it does not hold for them, it is unknown if the
    /// lots whose kind is unknown might change it. The sum is that of the lots that certainly count.
    fn with_doubt(&self, found: impl Fn(bool) -> SumFinding) -> SumFinding {
        let (holds, said, sum) = found(false);
        if holds == Truth::No && found(true).0 != Truth::No {
            return (Truth::Unknown, format!("{said}; the kind of some lots is unknown"), None);
        }
        (holds, said, sum)
    }

    fn cluster(&self, wanted: Cluster) -> SumFinding {
        self.with_doubt(|doubtful| {
            let enough =
                |window: &&Window| u32::try_from(window.insiders).unwrap_or(u32::MAX) >= wanted.insiders;
            let events = self.counted(doubtful, |event| event.of_issuer);
            let windows = self.windows(wanted.within, &events);
            let said =
                |insiders: usize| format!("{insiders} insider{}", if insiders == 1 { "" } else { "s" });
            let worth = |window: &Window| match wanted.min_value {
                Some(_) => format!("{}, worth {}", said(window.insiders), window.value.exact()),
                None => said(window.insiders),
            };
            let reaches = |window: &&Window| wanted.min_value.is_none_or(|least| window.value >= least);
            let met = windows.iter().filter(enough).filter(reaches);
            if let Some(met) = met.max_by_key(|window| (window.insiders, window.value, window.events.len())) {
                let asked = (Counting::Cluster, None, wanted.within);
                return (Truth::Yes, worth(met), Sum::of(self.subject, asked, &events[met.events.clone()]));
            }
            let most = said(windows.iter().map(|window| window.insiders).max().unwrap_or(0));
            let found = windows.iter().filter(enough).map(|window| window.value).max();
            let found = found.map_or(most.clone(), |value| format!("{most}, worth {}", value.exact()));
            if windows.iter().any(|window| enough(&window) && window.unpriced) {
                return (Truth::Unknown, format!("{found} at least, a lot has no value in dollars"), None);
            }
            let (truth, found) = self.unless_short(wanted.within, found);
            (truth, found, None)
        })
    }

    fn cumulative(&self, wanted: Cumulative) -> SumFinding {
        self.with_doubt(|doubtful| {
            let events = self.counted(doubtful, |event| match wanted.per {
                Per::Issuer => event.of_issuer,
                Per::Owner => event.of_owner,
            });
            let windows = self.windows(wanted.within, &events);
            let most = windows.iter().max_by_key(|window| (window.value, window.events.len()));
            let value = most.map(|window| window.value).unwrap_or_default();
            let found = value.exact();
            if let Some(met) = most.filter(|_| value >= wanted.min_value) {
                let asked = (Counting::Cumulative, Some(wanted.per), wanted.within);
                return (Truth::Yes, found, Sum::of(self.subject, asked, &events[met.events.clone()]));
            }
            if windows.iter().any(|window| window.unpriced) {
                return (Truth::Unknown, format!("at least {found}, a lot has no value in dollars"), None);
            }
            let (truth, found) = self.unless_short(wanted.within, found);
            (truth, found, None)
        })
    }

    fn first_in(&self, span: Span) -> (Truth, String) {
        let Some(first) = self.first() else { return no_date() };
        if let Some(last) = self.before_own(span, first).filter(|event| !event.doubtful).last() {
            return (Truth::No, format!("the last was on {}", last.date));
        }
        if let Some(last) = self.before_own(span, first).last() {
            return (Truth::Unknown, format!("unknown whether one of {} is of the kind", last.date));
        }
        match self.reach(span) {
            Ok(_) => (Truth::Yes, "none before".to_owned()),
            Err(short) => short,
        }
    }

    fn largest_in(&self, span: Span, counted: &Counted, in_part: bool) -> (Truth, String) {
        let Some(first) = self.first() else { return no_date() };
        let own = counted.trade(self.subject.filing);
        let value = own.sums.value.unwrap_or_default();
        let mut sums: HashMap<Accession, (Usd, bool)> = HashMap::new();
        for event in self.before_own(span, first).filter(|event| event.direction == own.sums.direction) {
            let Some(accession) = event.filing else { continue };
            let (sum, unknown) = sums.entry(accession).or_default();
            match event.value.filter(|_| !event.doubtful).and_then(|value| sum.plus(value)) {
                Some(total) => *sum = total,
                None => *unknown = true,
            }
        }
        let largest = sums.values().map(|(sum, _)| *sum).max();
        let found = largest.map_or("none before".to_owned(), |largest| {
            format!("this one {}, the largest before {}", value.exact(), largest.exact())
        });
        if largest.is_some_and(|largest| largest >= value) {
            // More may be known about this value than about the other one, or less.
            let truth = if own.sums.value_is_at_least || in_part { Truth::Unknown } else { Truth::No };
            return (truth, found);
        }
        if sums.values().any(|(_, unknown)| *unknown) || own.sums.value.is_none() {
            return (
                Truth::Unknown,
                format!("{found}; a lot has no value in dollars, or its kind is unknown"),
            );
        }
        match self.reach(span) {
            Ok(_) => (Truth::Yes, found),
            Err((truth, short)) => (truth, format!("{found}; {short}")),
        }
    }

    fn reversal_after(&self, span: Span, counted: &Counted) -> (Truth, String) {
        let lots = &self.subject.filing.lots;
        let mut codes = counted.sure.iter().filter_map(|&lot| lots[lot].code.value);
        let (Some(code), Some(first)) = (codes.next(), self.first()) else { return no_date() };
        let wanted = if code.letter() == 'S' { 'P' } else { 'S' };
        if !matches!(code.letter(), 'S' | 'P') || codes.any(|other| other != code) {
            return (Truth::No, "neither sales alone nor purchases alone".to_owned());
        }
        let from = span.before(first);
        let market = |code: Option<Code>| code.is_some_and(|code| matches!(code.letter(), 'S' | 'P'));
        let mut last: Option<(NaiveDate, DateTime<Utc>, Code)> = None;
        for past in earlier(self.subject).filter(|past| is_same_owner(self.subject, past)) {
            for (i, lot) in owners_own(self.subject, past).filter(|(_, lot)| market(lot.code)) {
                let date = past.day_of(i);
                if let (Some(date), Some(code)) = (date, lot.code)
                    && (from..=first).contains(&date)
                    && last.is_none_or(|(on, at, _)| (on, at) <= (date, past.accepted_at))
                {
                    last = Some((date, past.accepted_at, code));
                }
            }
        }
        match last {
            Some((date, _, code)) => {
                let what = if code.letter() == 'P' { "bought" } else { "sold" };
                ((code.letter() == wanted).into(), format!("{what} on {date}"))
            }
            None => self.unless_short(span, "no trade on the market before".to_owned()),
        }
    }
}

fn no_date() -> (Truth, String) {
    (Truth::Unknown, "no lot that counts has a date".to_owned())
}
