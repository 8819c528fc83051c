//! The lots of a kind, from the filing at hand and from history, each with its insider and where it counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::filing::record::LotRecord;
use crate::filing::{Accession, Cik, Direction, PastFiling, Shares, Unit, Usd, edgar_day};
use crate::rules::condition::Group;
use crate::rules::criterion::LotView;
use crate::rules::span::Span;
use crate::rules::subject::Subject;
use crate::rules::totals::Counted;
use crate::rules::truth::Truth;

/// A lot from history or from the filing at hand.
#[derive(Clone)]
pub(super) struct Event<'s> {
    pub(super) date: NaiveDate,
    /// Its insider. Owners who report together, or report the same trade, are one.
    pub(super) insider: usize,
    /// Which way it goes: acquisitions and disposals are never added together.
    pub(super) direction: Option<Direction>,
    pub(super) value: Option<Usd>,
    /// True if the value is flagged as odd.
    pub(super) odd_value: bool,
    pub(super) shares: Option<Shares>,
    pub(super) security: Option<&'s str>,
    pub(super) unit: Unit,
    /// True if it counts for the issuer. A trade that several filings report counts once.
    pub(super) of_issuer: bool,
    /// True if it counts for the filing's own owners, whoever reported it first.
    pub(super) of_owner: bool,
    /// True if it is uncertain that it is of the kind.
    pub(super) doubtful: bool,
    /// Its filing; `None` for the filing at hand.
    pub(super) filing: Option<Accession>,
}

/// The trades that may be added up in a span.
pub(super) struct Window {
    /// The range of its lots among all.
    pub(super) events: Range<usize>,
    pub(super) insiders: usize,
    pub(super) value: Usd,
    pub(super) unpriced: bool,
}

/// The lots of the kind that a group counts, from the filing at hand and from history.
pub(super) struct Events<'s> {
    pub(super) subject: &'s Subject<'s>,
    pub(super) events: Vec<Event<'s>>,
    /// The dates of the filing's own lots.
    pub(super) own: BTreeSet<NaiveDate>,
    /// From this day on, history has all trades.
    pub(super) whole_from: Option<NaiveDate>,
}

impl<'s> Events<'s> {
    pub(super) fn new(subject: &'s Subject<'s>, group: &Group, counted: &Counted) -> Self {
        let filing = subject.filing;
        let filings: HashMap<Accession, &PastFiling> =
            earlier(subject).map(|past| (past.accession, past)).collect();
        let mut insiders = Insiders::default();
        let own_insider = insiders.of(filing.owners.iter().map(|owner| (owner.cik, owner.name.as_str())));
        let mut events = own_events(subject, counted, own_insider, &filings);
        let own = events.iter().map(|event| event.date).collect();
        let numbers: HashMap<Accession, usize> = filings
            .values()
            .map(|past| {
                let owners = past.owners.iter().map(|owner| (owner.cik, owner.name.as_str()));
                (past.accession, insiders.of(owners))
            })
            .collect();
        let counting = subject.history.counted_in.into_iter().flat_map(BTreeMap::values);
        for number in counting.filter_map(|filing| numbers.get(filing)) {
            insiders.join(own_insider, *number);
        }
        for past in filings.values() {
            for teller in past.counted_in.values().filter_map(|teller| numbers.get(teller)) {
                insiders.join(numbers[&past.accession], *teller);
            }
            events.extend(past_events(subject, group, past, numbers[&past.accession], &filings));
        }
        for event in &mut events {
            event.insider = insiders.root(event.insider);
        }
        events.sort_by_key(|event| (event.date, event.filing));
        // Filings accepted later on the first day may report that day only in part.
        let whole_from = subject.history.since.and_then(|since| edgar_day(since).succ_opt());
        Self { subject, events, own, whole_from }
    }

    pub(super) fn first(&self) -> Option<NaiveDate> {
        self.own.first().copied()
    }

    /// The ways in which the filing's own lots go.
    pub(super) fn ways(&self) -> BTreeSet<Option<Direction>> {
        self.events.iter().filter(|event| event.filing.is_none()).map(|event| event.direction).collect()
    }

    /// Only the lots that go one way.
    pub(super) fn going(&self, way: Option<Direction>) -> Self {
        let events = self.events.iter().filter(|event| event.direction == way);
        let events: Vec<Event<'s>> = events.cloned().collect();
        let own = events.iter().filter(|event| event.filing.is_none()).map(|event| event.date).collect();
        Self { subject: self.subject, events, own, whole_from: self.whole_from }
    }

    /// The day that history must reach back to from the filing's first lot, if it does; otherwise the result
    /// and the reason.
    pub(super) fn reach(&self, span: Span) -> Result<NaiveDate, (Truth, String)> {
        let Some(first) = self.first() else {
            return Err((Truth::Unknown, "no lot that counts has a date".to_owned()));
        };
        let needed = span.before(first);
        match self.whole_from {
            Some(from) if from <= needed => Ok(needed),
            Some(from) => {
                Err((Truth::Unknown, format!("unknown: history begins {from}, and {needed} is needed")))
            }
            None => Err((Truth::Unknown, "unknown: there is no history".to_owned())),
        }
    }

    /// The lots that count, by date, with or without those that may be of the kind.
    pub(super) fn counted(&self, doubtful: bool, counts: impl Fn(&Event<'_>) -> bool) -> Vec<&Event<'s>> {
        self.events.iter().filter(|event| counts(event) && (doubtful || !event.doubtful)).collect()
    }

    /// The windows of a span that contain a lot of the filing, each starting on a day with a lot.
    pub(super) fn windows(&self, span: Span, events: &[&Event<'_>]) -> Vec<Window> {
        let mut windows = Vec::new();
        let (mut end, mut sum, mut unpriced) = (0, Decimal::ZERO, 0_usize);
        let mut insiders: HashMap<usize, usize> = HashMap::new();
        let mut added: Vec<Option<Decimal>> = Vec::with_capacity(events.len());
        for (start, first) in events.iter().enumerate() {
            while let Some(event) = events.get(end).filter(|event| span.before(event.date) <= first.date) {
                *insiders.entry(event.insider).or_default() += 1;
                let value = event.value.map(Usd::decimal).filter(|value| sum.checked_add(*value).is_some());
                sum += value.unwrap_or_default();
                unpriced += usize::from(value.is_none());
                added.push(value);
                end += 1;
            }
            let is_new = start == 0 || events[start - 1].date < first.date;
            let next_own = self.own.range(first.date..).next();
            if is_new && next_own.is_some_and(|own| span.before(*own) <= first.date) {
                windows.push(Window {
                    events: start..end,
                    insiders: insiders.len(),
                    value: sum.into(),
                    unpriced: unpriced > 0,
                });
            }
            // The first lot is no longer in the next window.
            sum -= added[start].unwrap_or_default();
            unpriced -= usize::from(added[start].is_none());
            if let Some(count) = insiders.get_mut(&first.insider) {
                *count -= 1;
                if *count == 0 {
                    insiders.remove(&first.insider);
                }
            }
        }
        windows
    }

    /// The owner's lots from other filings in a span up to the filing's first lot, oldest first.
    pub(super) fn before_own(&self, span: Span, first: NaiveDate) -> impl Iterator<Item = &Event<'s>> {
        let days = span.before(first)..=first;
        self.events
            .iter()
            .filter(move |event| event.of_owner && event.filing.is_some() && days.contains(&event.date))
    }
}

/// The lots of the filing at hand that certainly count and have a date.
fn own_events<'s>(
    subject: &'s Subject<'s>,
    counted: &Counted,
    insider: usize,
    filings: &HashMap<Accession, &PastFiling>,
) -> Vec<Event<'s>> {
    let filing = subject.filing;
    let moves = counted.sure.iter().all(|&i| filing.lots[i].moved);
    let lots = counted.sure.iter().filter(|&&i| moves || !filing.lots[i].moved);
    lots.filter_map(|&i| {
        let lot = &filing.lots[i];
        let date = day(lot.date.value, filing.accepted_at.map(edgar_day))?;
        let elsewhere = subject.history.counted_in.and_then(|counted_in| counted_in.get(&i));
        let teller = elsewhere.and_then(|accession| filings.get(accession));
        Some(Event {
            date,
            insider,
            direction: lot.direction.value,
            value: lot.value(),
            odd_value: lot.odd_value,
            shares: lot.figures().shares,
            security: lot.line.security.value.as_deref(),
            unit: lot.units.counted,
            of_issuer: elsewhere.is_none(),
            of_owner: teller.is_none_or(|teller| !is_same_owner(subject, teller)),
            doubtful: false,
            filing: None,
        })
    })
    .collect()
}

/// The lots of a past filing that are, or may be, of the kind that a group counts.
fn past_events<'s>(
    subject: &Subject<'_>,
    group: &Group,
    past: &'s PastFiling,
    insider: usize,
    filings: &HashMap<Accession, &PastFiling>,
) -> Vec<Event<'s>> {
    let same_owner = is_same_owner(subject, past);
    let lots = past.lots.iter().enumerate();
    lots.filter_map(|(i, lot)| {
        let kind = of_kind(group, LotView::from(lot));
        let date = past.day_of(i)?;
        let of_issuer = !past.not_counted.contains(&i);
        let of_owner = same_owner && (of_issuer || is_retold(subject, past, i, filings));
        if kind == Truth::No || !of_issuer && !of_owner {
            return None;
        }
        Some(Event {
            date,
            insider,
            direction: lot.acquired_disposed,
            value: lot.counted_value(),
            odd_value: false,
            shares: lot.figures().shares,
            security: lot.security.as_deref(),
            unit: lot.pricing.unit,
            of_issuer,
            of_owner,
            doubtful: kind == Truth::Unknown,
            filing: Some(past.accession),
        })
    })
    .collect()
}

/// True if a lot is of the kind that a group counts, according to the group's own keys or those of one of its
/// branches.
fn of_kind(group: &Group, lot: LotView<'_>) -> Truth {
    if group.any.is_empty() {
        return group.selection.takes(lot);
    }
    group.any.iter().fold(Truth::No, |holds, branch| holds.or(of_kind(branch, lot)))
}

pub(super) fn earlier<'s>(subject: &'s Subject<'s>) -> impl Iterator<Item = &'s PastFiling> {
    let own = subject.filing.accession;
    subject.history.filings.iter().filter(move |past| Some(past.accession) != own)
}

/// The lots of a past filing of the same owner that are the owner's, whoever else reported them, each with
/// its position.
pub(super) fn owners_own<'s>(
    subject: &'s Subject<'s>,
    past: &'s PastFiling,
) -> impl Iterator<Item = (usize, &'s LotRecord)> {
    let filings: HashMap<Accession, &PastFiling> =
        earlier(subject).map(|past| (past.accession, past)).collect();
    let lots = past.lots.iter().enumerate();
    lots.filter(move |(i, _)| !past.not_counted.contains(i) || is_retold(subject, past, *i, &filings))
}

/// True if a lot of a past filing counts elsewhere only because somebody else also reported the trade: it is
/// this owner's as well.
fn is_retold(
    subject: &Subject<'_>,
    past: &PastFiling,
    lot: usize,
    filings: &HashMap<Accession, &PastFiling>,
) -> bool {
    let Some(teller) = past.counted_in.get(&lot) else { return false };
    // The filing at hand replaced it.
    if Some(*teller) == subject.filing.accession {
        return false;
    }
    filings.get(teller).is_none_or(|teller| !is_same_owner(subject, teller))
}

/// The day of a trade. If its date is missing or after the filing, the filing's day is used.
fn day(traded: Option<NaiveDate>, accepted: Option<NaiveDate>) -> Option<NaiveDate> {
    match (traded, accepted) {
        (Some(traded), Some(accepted)) => Some(traded.min(accepted)),
        (traded, accepted) => traded.or(accepted),
    }
}

/// Groups owners who count as one insider: those of one filing do.
#[derive(Default)]
struct Insiders<'a> {
    numbers: HashMap<(Option<Cik>, &'a str), usize>,
    parents: Vec<usize>,
}

impl<'a> Insiders<'a> {
    /// The number of the owners of one filing, who count as one from here on.
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

pub(super) fn is_same_owner(subject: &Subject<'_>, past: &PastFiling) -> bool {
    subject.filing.owners.iter().any(|owner| {
        past.owners.iter().any(|theirs| match owner.cik {
            Some(cik) => theirs.cik == Some(cik),
            None => theirs.name == owner.name,
        })
    })
}
