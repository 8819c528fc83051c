//! A filing as rules ask it: what several of them want to know is worked out once.

use std::cell::OnceCell;

use super::condition::{name_words, phrase};
use super::{History, Selection, Truth, Way};
use crate::filing::record::LotRecord;
use crate::filing::{Code, Currency, Direction, Filing, Intent, Lot, Ownership, Plan, Role, Table, Usd};

/// A filing and what came before it.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The filing.
    pub filing: &'a Filing,
    /// What came before it.
    pub history: History<'a>,
    tickers: OnceCell<Vec<String>>,
    roles: OnceCell<Vec<Vec<Role>>>,
    names: OnceCell<Vec<Vec<String>>>,
    late: OnceCell<Option<Vec<usize>>>,
}

impl<'a> Subject<'a> {
    /// Of a filing and its history.
    pub fn new(filing: &'a Filing, history: History<'a>) -> Self {
        Self {
            filing,
            history,
            tickers: OnceCell::new(),
            roles: OnceCell::new(),
            names: OnceCell::new(),
            late: OnceCell::new(),
        }
    }

    /// The tickers by which the issuer can be looked for.
    pub(super) fn tickers(&self) -> &[String] {
        self.tickers.get_or_init(|| self.filing.issuer.all_tickers())
    }

    /// Each owner's roles.
    pub(super) fn roles(&self) -> &[Vec<Role>] {
        self.roles.get_or_init(|| self.filing.owners.iter().map(|owner| self.filing.roles(owner)).collect())
    }

    /// Each owner's name in words.
    pub(super) fn names(&self) -> &[Vec<String>] {
        self.names.get_or_init(|| self.filing.owners.iter().map(|owner| name_words(&owner.name)).collect())
    }

    /// The lots that were reported late; `None` where that cannot be told.
    pub(super) fn late(&self) -> Option<&[usize]> {
        self.late.get_or_init(|| self.filing.late_lots()).as_deref()
    }
}

/// What a selection asks of a lot, of a filing at hand or of one in history.
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

impl Selection {
    /// The keys that it asks something by, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let asked = [
            ("codes", true),
            ("table", true),
            ("securities", !self.securities.is_empty()),
            ("ownership", self.ownership.is_some()),
            ("direction", self.asks_direction()),
            ("plan", !self.plan.is_empty()),
            ("intents", !self.intents.is_empty()),
            ("exclude_intents", !self.exclude_intents.is_empty()),
            ("currency", !self.currencies.is_empty()),
            ("min_price", self.min_price.is_some()),
            ("max_price", self.max_price.is_some()),
        ];
        asked.into_iter().filter(|(_, asked)| *asked).map(|(key, _)| key)
    }

    /// Whether it matters which way a lot goes.
    fn asks_direction(&self) -> bool {
        match self.direction {
            Some(Way::Any) => false,
            Some(Way::One(_)) => true,
            None => self.codes.iter().any(|code| code.usual_direction().is_some()),
        }
    }

    /// Whether a lot counts. What it does not state cannot be told.
    pub(super) fn takes(&self, lot: LotView<'_>) -> Truth {
        let mut holds = Truth::Yes;
        for key in self.keys() {
            holds = holds.and(self.takes_by(key, lot));
            if holds == Truth::No {
                break;
            }
        }
        holds
    }

    /// Whether a lot meets one key of it.
    pub(super) fn takes_by(&self, key: &str, lot: LotView<'_>) -> Truth {
        let stated = |holds: Option<bool>| holds.map_or(Truth::Unknown, Truth::from);
        match key {
            "codes" => stated(lot.code.map(|code| self.codes.contains(&code))),
            "table" => self.table.is_none_or(|table| table == lot.table).into(),
            "securities" => stated(lot.security.map(|title| {
                let title = format!(" {} ", phrase(title));
                self.securities.iter().any(|words| title.contains(&format!(" {words} ")))
            })),
            "ownership" => stated(lot.ownership.map(|own| self.ownership.is_none_or(|wanted| wanted == own))),
            "direction" => stated(Way::takes(self.direction, lot.code, lot.direction)),
            "plan" => self.plan.contains(&lot.plan).into(),
            "intents" => lot.intent.is_some_and(|intent| self.intents.contains(&intent)).into(),
            "exclude_intents" => {
                (!lot.intent.is_some_and(|intent| self.exclude_intents.contains(&intent))).into()
            }
            "currency" => stated(lot.currency.map(|currency| self.currencies.contains(&currency))),
            "min_price" => stated(lot.price.map(|price| self.min_price.is_none_or(|least| price >= least))),
            _ => stated(lot.price.map(|price| self.max_price.is_none_or(|most| price <= most))),
        }
    }
}
