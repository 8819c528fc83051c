//! Conditions about what came before: clusters, sums over time, firsts, largests, reversals.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::evaluate::Evaluator;
use super::facts::LotView;
use super::reason::Recorder;
use super::sums::Counted;
use super::{Cluster, Cumulative, Group, Per, Span, Subject, Truth};
use crate::filing::record::LotRecord;
use crate::filing::{Accession, Cik, Code, PastFiling, Usd, edgar_day};

/// What came before a filing, of its issuer.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// Earlier filings; the filing itself is passed over where it is among them.
    pub filings: &'a [PastFiling],
    /// What was accepted from here on is all there; `None` where there is no history.
    pub since: Option<DateTime<Utc>>,
    /// Positions of the filing's own lots that an earlier filing tells as well: they count there.
    pub told: Option<&'a BTreeSet<usize>>,
    /// The earlier filings that tell them.
    pub told_in: &'a [Accession],
}

/// A lot of the past or of the filing at hand.
struct Event {
    date: NaiveDate,
    /// Whose it is: owners who report together are one.
    insider: usize,
    value: Option<Usd>,
    /// Whether one of the filing's own owners reports it.
    same_owner: bool,
    filing: Option<Accession>,
}

/// What may be added up in a span.
#[derive(Default)]
struct Window {
    insiders: usize,
    value: Usd,
    unpriced: bool,
}

impl<R: Recorder> Evaluator<'_, R> {
    /// The conditions about history. Only lots that surely count are looked at.
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
        let past = Past::new(self.subject, group, counted);
        if let Some(cluster) = group.cluster {
            let (is, found) = past.cluster(cluster);
            let worth = cluster
                .min_value
                .map(|value| format!(", worth {} or more", value.exact()))
                .unwrap_or_default();
            let wanted = || format!("{} insiders within {}{worth}", cluster.insiders, cluster.within);
            self.note(&mut holds, "cluster", is, || (wanted(), found));
        }
        if let Some(cumulative) = group.cumulative {
            let (is, found) = past.cumulative(cumulative);
            let whose = if cumulative.per == Per::Owner { "the owner's" } else { "all insiders'" };
            let Cumulative { within, min_value, .. } = cumulative;
            let wanted = || format!("{whose} within {within} are worth at least {}", min_value.exact());
            self.note(&mut holds, "cumulative", is, || (wanted(), found));
        }
        if let Some(span) = group.first_in {
            let (is, found) = past.first_in(span);
            self.note(&mut holds, "first_in", is, || (format!("the owner's first in {span}"), found));
        }
        if let Some(span) = group.largest_in {
            let (is, found) = past.largest_in(span, counted);
            self.note(&mut holds, "largest_in", is, || (format!("the owner's largest in {span}"), found));
        }
        if let Some(span) = group.reversal_after {
            let (is, found) = past.reversal_after(span, counted);
            let wanted = || format!("the owner's last trade, at most {span} before, was the opposite");
            self.note(&mut holds, "reversal_after", is, || (wanted(), found));
        }
        holds
    }
}

/// The lots of the kind that a group counts, of the filing at hand and of history.
struct Past<'s> {
    subject: &'s Subject<'s>,
    events: Vec<Event>,
    /// The dates of the filing's own lots, first and last.
    own: Option<(NaiveDate, NaiveDate)>,
    /// From this day on all trades are in history.
    whole_from: Option<NaiveDate>,
}

impl<'s> Past<'s> {
    fn new(subject: &'s Subject<'s>, group: &Group, counted: &Counted) -> Self {
        let filing = subject.filing;
        let accepted = filing.accepted_at.map(edgar_day);
        let mut insiders = Insiders::default();
        let told_in = subject.history.told_in;
        let own_insider = insiders.of(filing.owners.iter().map(|owner| (owner.cik, owner.name.as_str())));
        let mut own: Option<(NaiveDate, NaiveDate)> = None;
        let mut events = Vec::new();
        for &i in &counted.sure {
            let lot = &filing.lots[i];
            let Some(date) = day(lot.date.value, accepted) else { continue };
            own = Some(own.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
            if !subject.history.told.is_some_and(|told| told.contains(&i)) {
                events.push(Event {
                    date,
                    insider: own_insider,
                    value: lot.value(),
                    same_owner: true,
                    filing: None,
                });
            }
        }
        for past in earlier(subject) {
            let insider = insiders.of(past.owners.iter().map(|owner| (owner.cik, owner.name.as_str())));
            if told_in.contains(&past.accession) {
                insiders.join(own_insider, insider);
            }
            let same_owner = is_same_owner(subject, past);
            let (accession, accepted) = (past.accession, Some(edgar_day(past.accepted_at)));
            let lots = counting(past).filter(|lot| of_kind(group, LotView::from(*lot)) == Truth::Yes);
            events.extend(lots.filter_map(|lot| {
                let date = day(lot.date, accepted)?;
                Some(Event { date, insider, value: lot.value, same_owner, filing: Some(accession) })
            }));
        }
        for event in &mut events {
            event.insider = insiders.root(event.insider);
        }
        events.sort_by_key(|event| event.date);
        // What was accepted later on the first day may tell of that day only in part.
        let whole_from = subject.history.since.and_then(|since| edgar_day(since).succ_opt());
        Self { subject, events, own, whole_from }
    }

    /// Whether history reaches back far enough before the filing's first lot; if not, the words for it.
    fn reach(&self, span: Span) -> Result<NaiveDate, (Truth, String)> {
        let Some((first, _)) = self.own else {
            return Err((Truth::Unknown, "no lot that counts has a date".to_owned()));
        };
        let needed = span.before(first);
        match self.whole_from {
            Some(from) if from <= needed => Ok(needed),
            Some(from) => Err((
                Truth::Unknown,
                format!("cannot be told: history begins {from}, and {needed} is needed"),
            )),
            None => Err((Truth::Unknown, "cannot be told: there is no history".to_owned())),
        }
    }

    /// What is found, or where that is nothing and history is too short, that it cannot be told.
    fn unless_short(&self, span: Span, found: String) -> (Truth, String) {
        match self.reach(span) {
            Ok(_) => (Truth::No, found),
            Err((truth, short)) => (truth, format!("{found} so far; {short}")),
        }
    }

    /// The windows of a span that a lot of the filing lies in, each from a lot on.
    fn windows(&self, span: Span, counts: impl Fn(&Event) -> bool) -> Vec<Window> {
        let Some((own_first, own_last)) = self.own else { return Vec::new() };
        let events: Vec<&Event> = self.events.iter().filter(|event| counts(event)).collect();
        let mut windows = Vec::new();
        for (start, first) in events.iter().enumerate() {
            let earlier = start.checked_sub(1).and_then(|before| events.get(before));
            let is_new = earlier.is_none_or(|before| before.date < first.date);
            if !is_new || first.date > own_last || first.date < span.before(own_first) {
                continue;
            }
            let within = events[start..].iter().take_while(|event| span.before(event.date) <= first.date);
            let mut window = Window::default();
            let mut insiders = BTreeSet::new();
            let mut has_own = false;
            for event in within {
                insiders.insert(event.insider);
                has_own |= (own_first..=own_last).contains(&event.date);
                match event.value.and_then(|value| window.value.plus(value)) {
                    Some(sum) => window.value = sum,
                    None => window.unpriced = true,
                }
            }
            window.insiders = insiders.len();
            if has_own {
                windows.push(window);
            }
        }
        windows
    }

    fn cluster(&self, wanted: Cluster) -> (Truth, String) {
        let enough = |window: &Window| u32::try_from(window.insiders).unwrap_or(u32::MAX) >= wanted.insiders;
        let windows = self.windows(wanted.within, |_| true);
        let most = windows.iter().map(|window| window.insiders).max().unwrap_or(0);
        let found = format!("{most} insider{}", if most == 1 { "" } else { "s" });
        let Some(least) = wanted.min_value else {
            return if windows.iter().any(enough) {
                (Truth::Yes, found)
            } else {
                self.unless_short(wanted.within, found)
            };
        };
        let value = windows.iter().filter(|window| enough(window)).map(|window| window.value).max();
        let found = value.map_or(found.clone(), |value| format!("{found}, worth {}", value.exact()));
        if value.is_some_and(|value| value >= least) {
            return (Truth::Yes, found);
        }
        if windows.iter().any(|window| enough(window) && window.unpriced) {
            return (Truth::Unknown, format!("{found} at least, a lot has no price"));
        }
        self.unless_short(wanted.within, found)
    }

    fn cumulative(&self, wanted: Cumulative) -> (Truth, String) {
        let windows = self.windows(wanted.within, |event| wanted.per == Per::Issuer || event.same_owner);
        let value = windows.iter().map(|window| window.value).max().unwrap_or_default();
        let found = value.exact();
        if value >= wanted.min_value {
            return (Truth::Yes, found);
        }
        if windows.iter().any(|window| window.unpriced) {
            return (Truth::Unknown, format!("at least {found}, a lot has no price"));
        }
        self.unless_short(wanted.within, found)
    }

    /// The owner's earlier lots from a day on.
    fn earlier_own(&self, from: NaiveDate) -> impl Iterator<Item = &Event> {
        let own = self.events.iter().filter(|event| event.same_owner && event.filing.is_some());
        own.filter(move |event| event.date >= from)
    }

    fn first_in(&self, span: Span) -> (Truth, String) {
        let Some((first, _)) = self.own else {
            return (Truth::Unknown, "no lot that counts has a date".into());
        };
        match self.earlier_own(span.before(first)).last() {
            Some(last) => (Truth::No, format!("the last was on {}", last.date)),
            None => match self.reach(span) {
                Ok(_) => (Truth::Yes, "none before".to_owned()),
                Err(short) => short,
            },
        }
    }

    fn largest_in(&self, span: Span, counted: &Counted) -> (Truth, String) {
        let Some((first, _)) = self.own else {
            return (Truth::Unknown, "no lot that counts has a date".into());
        };
        let own = counted.trade(self.subject.filing);
        let value = own.value.unwrap_or_default();
        let mut sums: HashMap<Accession, (Usd, bool)> = HashMap::new();
        for event in self.earlier_own(span.before(first)) {
            let Some(accession) = event.filing else { continue };
            let (sum, unpriced) = sums.entry(accession).or_default();
            match event.value.and_then(|value| sum.plus(value)) {
                Some(total) => *sum = total,
                None => *unpriced = true,
            }
        }
        let largest = sums.values().map(|(sum, _)| *sum).max();
        let found = largest.map_or("none before".to_owned(), |largest| {
            format!("this one {}, the largest before {}", value.exact(), largest.exact())
        });
        if largest.is_some_and(|largest| largest >= value) {
            // More may be known of this one than of that one, or less.
            let truth = if own.value_is_at_least { Truth::Unknown } else { Truth::No };
            return (truth, found);
        }
        if sums.values().any(|(_, unpriced)| *unpriced) || own.value.is_none() {
            return (Truth::Unknown, format!("{found}; a lot has no price"));
        }
        match self.reach(span) {
            Ok(_) => (Truth::Yes, found),
            Err((truth, short)) => (truth, format!("{found}; {short}")),
        }
    }

    fn reversal_after(&self, span: Span, counted: &Counted) -> (Truth, String) {
        let lots = &self.subject.filing.lots;
        let mut codes = counted.sure.iter().filter_map(|&lot| lots[lot].code.value);
        let (Some(code), Some((first, _))) = (codes.next(), self.own) else {
            return (Truth::Unknown, "no lot that counts has a date".to_owned());
        };
        let wanted = if code.letter() == 'S' { 'P' } else { 'S' };
        if !matches!(code.letter(), 'S' | 'P') || codes.any(|other| other != code) {
            return (Truth::No, "neither sales alone nor purchases alone".to_owned());
        }
        let from = span.before(first);
        let market = |code: Option<Code>| code.is_some_and(|code| matches!(code.letter(), 'S' | 'P'));
        let mut last: Option<(NaiveDate, DateTime<Utc>, Code)> = None;
        for past in earlier(self.subject).filter(|past| is_same_owner(self.subject, past)) {
            for lot in counting(past).filter(|lot| market(lot.code)) {
                let date = day(lot.date, Some(edgar_day(past.accepted_at)));
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

/// Whether a lot is of the kind that a group counts: by its own keys, or those of one of its branches.
fn of_kind(group: &Group, lot: LotView<'_>) -> Truth {
    if group.any.is_empty() {
        return group.selection.takes(lot);
    }
    group.any.iter().fold(Truth::No, |holds, branch| holds.or(of_kind(branch, lot)))
}

fn earlier<'s>(subject: &'s Subject<'s>) -> impl Iterator<Item = &'s PastFiling> {
    let own = subject.filing.accession;
    subject.history.filings.iter().filter(move |past| Some(past.accession) != own)
}

/// The lots of a past filing that no other tells as well.
fn counting(past: &PastFiling) -> impl Iterator<Item = &LotRecord> {
    past.lots.iter().enumerate().filter(|(i, _)| !past.not_counted.contains(i)).map(|(_, lot)| lot)
}

fn is_same_owner(subject: &Subject<'_>, past: &PastFiling) -> bool {
    subject.filing.owners.iter().any(|owner| {
        past.owners.iter().any(|theirs| match owner.cik {
            Some(cik) => theirs.cik == Some(cik),
            None => theirs.name == owner.name,
        })
    })
}

/// The day of a trade: a date that is missing, or lies after the filing, is the filing's.
fn day(traded: Option<NaiveDate>, accepted: Option<NaiveDate>) -> Option<NaiveDate> {
    match (traded, accepted) {
        (Some(traded), Some(accepted)) => Some(traded.min(accepted)),
        (traded, accepted) => traded.or(accepted),
    }
}

/// Who is one with whom: owners of one filing are.
#[derive(Default)]
struct Insiders<'a> {
    numbers: HashMap<(Option<Cik>, &'a str), usize>,
    parents: Vec<usize>,
}

impl<'a> Insiders<'a> {
    /// The number of the owners of one filing, who are one from here on.
    fn of(&mut self, owners: impl Iterator<Item = (Option<Cik>, &'a str)>) -> usize {
        let mut own = None;
        for (cik, name) in owners {
            let key = (cik, if cik.is_some() { "" } else { name });
            let next = self.parents.len();
            let number = *self.numbers.entry(key).or_insert(next);
            if number == next {
                self.parents.push(next);
            }
            match own {
                None => own = Some(number),
                Some(first) => self.join(first, number),
            }
        }
        own.unwrap_or_else(|| {
            self.parents.push(self.parents.len());
            self.parents.len() - 1
        })
    }

    fn root(&self, mut number: usize) -> usize {
        while self.parents[number] != number {
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[other] = one;
    }
}
