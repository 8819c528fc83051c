//! A lot as a selection sees it, from the filing at hand or from history.

use std::collections::BTreeSet;

use super::condition::{ConditionKey, Selection};
use super::fold::phrase;
use super::phrases::{list, ownership, table};
use super::truth::Truth;
use super::wanted::{DirectionWanted, INTENTS, PLANS};
use crate::filing::record::LotRecord;
use crate::filing::{Code, Currency, Direction, Intent, Lot, Ownership, Plan, Table, Usd};

/// A lot as a selection sees it, of the filing at hand or of one in history.
#[derive(Debug, Clone, Copy)]
pub(super) struct LotView<'a> {
    table: Table,
    code: Option<Code>,
    security: Option<&'a str>,
    ownership: Option<Ownership>,
    direction: Option<Direction>,
    plan: Plan,
    intent: Option<Intent>,
    currency: Option<Currency>,
    price: Option<Usd>,
}

impl<'a> From<&'a Lot> for LotView<'a> {
    fn from(lot: &'a Lot) -> Self {
        Self {
            table: lot.line.table,
            code: lot.code.value,
            security: lot.line.security.value.as_deref(),
            ownership: lot.line.ownership.value,
            direction: lot.direction.value,
            plan: lot.plan.value,
            intent: lot.intent.as_ref().map(|intent| intent.value),
            currency: lot.currency.value,
            price: lot.dollar_price(),
        }
    }
}

impl<'a> From<&'a LotRecord> for LotView<'a> {
    fn from(lot: &'a LotRecord) -> Self {
        Self {
            table: lot.table,
            code: lot.code,
            security: lot.security.as_deref(),
            ownership: lot.ownership,
            direction: lot.acquired_disposed,
            plan: lot.plan.unwrap_or_default(),
            intent: lot.intent,
            currency: lot.pricing.currency,
            price: lot.dollar_price(),
        }
    }
}

/// One condition on a lot.
pub(super) enum Criterion<'s> {
    Codes(&'s BTreeSet<Code>),
    Table(Option<Table>),
    Securities(&'s [String]),
    Ownership(Ownership),
    Direction(Option<DirectionWanted>),
    Plan(&'s [Plan]),
    Intents(&'s [Intent]),
    ExcludeIntents(&'s [Intent]),
    Currency(&'s [Currency]),
    MinPrice(Usd),
    MaxPrice(Usd),
}

impl Selection {
    /// Its criteria, in the order of `docs/RULES.md`.
    pub(super) fn criteria(&self) -> impl Iterator<Item = Criterion<'_>> {
        let Self {
            codes,
            table,
            securities,
            ownership,
            direction,
            plan,
            intents,
            exclude_intents,
            currencies,
            min_price,
            max_price,
        } = self;
        let criteria = [
            Some(Criterion::Codes(codes)),
            Some(Criterion::Table(*table)),
            stated(securities).map(Criterion::Securities),
            ownership.map(Criterion::Ownership),
            self.asks_direction().then_some(Criterion::Direction(*direction)),
            stated(plan).map(Criterion::Plan),
            stated(intents).map(Criterion::Intents),
            stated(exclude_intents).map(Criterion::ExcludeIntents),
            stated(currencies).map(Criterion::Currency),
            min_price.map(Criterion::MinPrice),
            max_price.map(Criterion::MaxPrice),
        ];
        criteria.into_iter().flatten()
    }

    /// True if it matters which way a lot goes.
    fn asks_direction(&self) -> bool {
        match self.direction {
            Some(DirectionWanted::Any) => false,
            Some(DirectionWanted::One(_)) => true,
            None => self.codes.iter().any(|code| code.usual_direction().is_some()),
        }
    }

    /// True if a lot counts. Anything that it does not state is unknown.
    pub(super) fn takes(&self, lot: LotView<'_>) -> Truth {
        let mut holds = Truth::Yes;
        for criterion in self.criteria() {
            holds = holds.and(criterion.takes(lot));
            if holds == Truth::No {
                break;
            }
        }
        holds
    }
}

fn stated<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

impl Criterion<'_> {
    /// The key that states it.
    pub(super) fn key(&self) -> ConditionKey {
        match self {
            Self::Codes(_) => ConditionKey::Codes,
            Self::Table(_) => ConditionKey::Table,
            Self::Securities(_) => ConditionKey::Securities,
            Self::Ownership(_) => ConditionKey::Ownership,
            Self::Direction(_) => ConditionKey::Direction,
            Self::Plan(_) => ConditionKey::Plan,
            Self::Intents(_) => ConditionKey::Intents,
            Self::ExcludeIntents(_) => ConditionKey::ExcludeIntents,
            Self::Currency(_) => ConditionKey::Currency,
            Self::MinPrice(_) => ConditionKey::MinPrice,
            Self::MaxPrice(_) => ConditionKey::MaxPrice,
        }
    }

    /// True if a lot meets it.
    pub(super) fn takes(&self, lot: LotView<'_>) -> Truth {
        let known = |holds: Option<bool>| holds.map_or(Truth::Unknown, Truth::from);
        match self {
            Self::Codes(codes) => known(lot.code.map(|code| codes.contains(&code))),
            Self::Table(table) => table.is_none_or(|table| table == lot.table).into(),
            Self::Securities(securities) => known(lot.security.map(|title| {
                let title = format!(" {} ", phrase(title));
                securities.iter().any(|words| title.contains(&format!(" {words} ")))
            })),
            Self::Ownership(wanted) => known(lot.ownership.map(|own| own == *wanted)),
            Self::Direction(wanted) => known(DirectionWanted::takes(*wanted, lot.code, lot.direction)),
            Self::Plan(plans) => plans.contains(&lot.plan).into(),
            Self::Intents(intents) => lot.intent.is_some_and(|intent| intents.contains(&intent)).into(),
            Self::ExcludeIntents(intents) => {
                (!lot.intent.is_some_and(|intent| intents.contains(&intent))).into()
            }
            Self::Currency(currencies) => known(lot.currency.map(|currency| currencies.contains(&currency))),
            Self::MinPrice(least) => known(lot.price.map(|price| price >= *least)),
            Self::MaxPrice(most) => known(lot.price.map(|price| price <= *most)),
        }
    }

    /// Its words in an explanation.
    pub(super) fn wanted(&self) -> String {
        match self {
            Self::Codes(codes) => list(codes.iter().copied().map(coded)),
            Self::Table(Some(wanted)) => format!("the {} table", table(*wanted)),
            Self::Table(None) => "either table".to_owned(),
            Self::Securities(securities) => list(securities.iter().map(|words| format!("\"{words}\""))),
            Self::Ownership(wanted) => format!("{} ownership", ownership(*wanted)),
            Self::Direction(Some(wanted)) => wanted.word().to_owned(),
            Self::Direction(None) => "disposed, of gifts".to_owned(),
            Self::Plan(plans) => format!("10b5-1 plan: {}", listed(&PLANS, plans)),
            Self::Intents(intents) => listed(&INTENTS, intents),
            Self::ExcludeIntents(intents) => format!("not {}", listed(&INTENTS, intents)),
            Self::Currency(currencies) => format!("a price in {}", list(*currencies)),
            Self::MinPrice(least) => format!("{} a share or above", least.exact()),
            Self::MaxPrice(most) => format!("{} a share or below", most.exact()),
        }
    }
}

/// The words for some meanings, in the order of their table.
fn listed<T: PartialEq>(table: &[(&'static str, T)], wanted: &[T]) -> String {
    list(table.iter().filter(|(_, meaning)| wanted.contains(meaning)).map(|(word, _)| word))
}

/// `S (open-market or private sale)`.
fn coded(code: Code) -> String {
    code.meaning().map_or_else(|| code.to_string(), |meaning| format!("{code} ({meaning})"))
}
