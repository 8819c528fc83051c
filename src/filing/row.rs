//! Rows of the two tables: transactions (lots) and holdings.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    Amount, Code, Concluded, Currency, Direction, Evidence, Form, Intent, Plan, PlanDate, Shares, Units, Usd,
};

/// A data element: its value, if it has one, and the ids of the footnotes tied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted<T> {
    /// The value; an element may have only footnotes.
    pub value: Option<T>,
    /// Footnote ids in document order.
    pub footnotes: Vec<String>,
}

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self { value: None, footnotes: Vec::new() }
    }
}

/// Table I or table II of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Table I: the securities themselves.
    NonDerivative,
    /// Table II: options, warrants, convertibles and the like.
    Derivative,
}

/// Direct or indirect ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ownership {
    /// `D`: in the owner's own name.
    #[serde(rename = "D")]
    Direct,
    /// `I`: through somebody or something else; the nature says what.
    #[serde(rename = "I")]
    Indirect,
}

/// The security of a row and its holding afterwards: common to transactions and holdings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The table it is in.
    pub table: Table,
    /// `securityTitle`.
    pub security: Noted<String>,
    /// `sharesOwnedFollowingTransaction`.
    pub shares_after: Noted<Shares>,
    /// `valueOwnedFollowingTransaction`, for securities counted in dollars.
    pub value_after: Noted<Usd>,
    /// `directOrIndirectOwnership`.
    pub ownership: Noted<Ownership>,
    /// `natureOfOwnership`.
    pub nature: Noted<String>,
    /// The derivative's terms; `None` in table I.
    pub terms: Option<Terms>,
}

/// The security that a derivative gives a right to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// `conversionOrExercisePrice`, in any currency.
    pub exercise_price: Noted<Amount>,
    /// `exerciseDate`.
    pub exercise_date: Noted<NaiveDate>,
    /// `expirationDate`.
    pub expiration_date: Noted<NaiveDate>,
    /// `underlyingSecurityTitle`.
    pub underlying: Noted<String>,
    /// `underlyingSecurityShares`.
    pub underlying_shares: Noted<Shares>,
    /// `underlyingSecurityValue`.
    pub underlying_value: Noted<Usd>,
}

/// One transaction row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The line it changes.
    pub line: Line,
    /// `transactionDate`.
    pub date: Noted<NaiveDate>,
    /// `deemedExecutionDate`.
    pub deemed_execution_date: Noted<NaiveDate>,
    /// `transactionFormType`: the form the row belongs on, which may differ from the document's.
    pub form: Option<Form>,
    /// `transactionCode` and the footnotes of its `transactionCoding`.
    pub code: Noted<Code>,
    /// `equitySwapInvolved` (code K of the paper form).
    pub equity_swap: Option<bool>,
    /// `transactionTimeliness`: `E` early, `L` late, empty on time.
    pub timeliness: Noted<String>,
    /// `transactionShares`.
    pub shares: Noted<Shares>,
    /// `transactionTotalValue`, in place of shares for securities counted in dollars.
    pub total_value: Noted<Amount>,
    /// `transactionPricePerShare`; unknown, not zero, if it has no value.
    pub price: Noted<Amount>,
    /// The currency of price and total; `None` if unknown.
    pub currency: Concluded<Option<Currency>>,
    /// The units of its number and of its price.
    pub units: Units,
    /// `transactionAcquiredDisposedCode`.
    pub direction: Noted<Direction>,
    /// The range of actual prices that a footnote of the row states.
    pub actual_prices: Option<ActualPrices>,
    /// True if a footnote calls the price an average; `None` if there is no price.
    pub price_is_average: Option<bool>,
    /// Whether it was traded under a 10b5-1 plan.
    pub plan: Concluded<Plan>,
    /// When that plan was adopted, if a footnote says so.
    pub plan_adopted: Option<Adopted>,
    /// Why it was sold; `None` for codes other than S.
    pub intent: Option<Concluded<Intent>>,
    /// True for a debt security: its number is principal in dollars, and its price may be in percent.
    pub debt: bool,
    /// True if its value is flagged as odd: no total and no headline includes it.
    pub odd_value: bool,
    /// True if it only moves shares between lines of the filing: as much enters one as leaves another.
    pub moved: bool,
    /// How many splits within the filing come before it: shares and prices with different counts do not
    /// compare.
    pub splits_before: u8,
}

/// When a plan was adopted, and the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The day or month.
    pub date: PlanDate,
    /// The words.
    pub evidence: Evidence,
}

/// The lowest and highest actual price of a lot, and the evidence for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualPrices {
    /// Lowest.
    pub low: Usd,
    /// Highest.
    pub high: Usd,
    /// The words that state it.
    pub evidence: Evidence,
}

impl Lot {
    /// Shares × price, exact, else the stated total, in [`Self::currency`]; `None` if neither is given, the
    /// product does not fit, or the unit of the price is unknown. The number and price of a debt security are
    /// never multiplied.
    pub fn amount(&self) -> Option<Amount> {
        let priced = || Amount::of(self.units.priced(self.shares.value?)?, self.price.value?);
        let product = || if self.units.in_hundredths { priced()?.hundredth() } else { priced() };
        if self.debt { None } else { product() }.or(self.total_value.value)
    }

    /// The amount in dollars; `None` if it is in another currency or an unknown one. Zero is zero in any
    /// currency.
    pub fn value(&self) -> Option<Usd> {
        self.amount().filter(|amount| amount.is_zero() || self.is_in_dollars()).map(Amount::dollars)
    }

    /// True if price and total are in US dollars.
    pub fn is_in_dollars(&self) -> bool {
        self.currency.value == Some(Currency::USD)
    }

    /// The price, if it is in dollars; `None` for a debt security, whose price may be in percent.
    pub fn dollar_price(&self) -> Option<Usd> {
        self.price.value.filter(|_| !self.debt && self.is_in_dollars()).map(Amount::dollars)
    }

    /// The principal of a debt security, in dollars; `None` for other securities.
    pub fn principal(&self) -> Option<Usd> {
        let principal = self.shares.value.map(|shares| Usd::from(shares.decimal()));
        principal.or(self.total_value.value.map(Amount::dollars)).filter(|_| self.debt)
    }

    /// The lowest actual price in dollars: that of the footnoted range, else the price itself; `None` for a
    /// debt security.
    pub fn price_low(&self) -> Option<Usd> {
        self.actual_prices().map(|prices| prices.low).or(self.dollar_price())
    }

    /// The highest actual price, likewise.
    pub fn price_high(&self) -> Option<Usd> {
        self.actual_prices().map(|prices| prices.high).or(self.dollar_price())
    }

    fn actual_prices(&self) -> Option<&ActualPrices> {
        self.actual_prices.as_ref().filter(|_| !self.debt && self.is_in_dollars())
    }

    /// The distinct footnote ids anywhere in the row, in numeric order.
    pub fn footnotes(&self) -> Vec<String> {
        in_order(self.footnote_lists())
    }

    /// The footnote ids of each element of the row.
    pub(crate) fn footnote_lists(&self) -> impl Iterator<Item = &Vec<String>> {
        let own = [
            &self.date.footnotes,
            &self.deemed_execution_date.footnotes,
            &self.code.footnotes,
            &self.timeliness.footnotes,
            &self.shares.footnotes,
            &self.total_value.footnotes,
            &self.price.footnotes,
            &self.direction.footnotes,
        ];
        own.into_iter().chain(self.line.footnote_lists())
    }
}

impl ActualPrices {
    /// True if a price can be one of these or their average, give or take a cent of rounding.
    pub fn allow(&self, price: Usd) -> bool {
        Self::span(self.low, self.high, price)
    }

    /// True if a price lies in a range, give or take a cent of rounding.
    pub(crate) fn span(low: Usd, high: Usd, price: Usd) -> bool {
        let cent = Decimal::new(1, 2);
        let (low, high, price) = (low.decimal(), high.decimal(), price.decimal());
        low.checked_sub(cent).is_none_or(|low| low <= price)
            && high.checked_add(cent).is_none_or(|high| price <= high)
    }
}

/// One holding row: what is owned of a line with no transaction to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The line.
    pub line: Line,
    /// `transactionFormType`.
    pub form: Option<Form>,
    /// The footnotes of its `transactionCoding`.
    pub coding_footnotes: Vec<String>,
}

impl Holding {
    /// The distinct footnote ids anywhere in the row, in numeric order.
    pub fn footnotes(&self) -> Vec<String> {
        in_order(self.footnote_lists())
    }

    /// The footnote ids of each element of the row.
    pub(crate) fn footnote_lists(&self) -> impl Iterator<Item = &Vec<String>> {
        self.line.footnote_lists().chain([&self.coding_footnotes])
    }
}

impl Line {
    fn footnote_lists(&self) -> impl Iterator<Item = &Vec<String>> {
        let terms = self.terms.iter().flat_map(|terms| {
            [
                &terms.exercise_price.footnotes,
                &terms.exercise_date.footnotes,
                &terms.expiration_date.footnotes,
                &terms.underlying.footnotes,
                &terms.underlying_shares.footnotes,
                &terms.underlying_value.footnotes,
            ]
        });
        [
            &self.security.footnotes,
            &self.shares_after.footnotes,
            &self.value_after.footnotes,
            &self.ownership.footnotes,
            &self.nature.footnotes,
        ]
        .into_iter()
        .chain(terms)
    }
}

/// The path of a lot among others: `nonDerivativeTransaction[2]`.
pub(crate) fn lot_path(lots: &[Lot], i: usize) -> String {
    let Some(lot) = lots.get(i) else { return String::new() };
    let count = lots[..=i].iter().filter(|other| other.line.table == lot.line.table).count();
    let name = if lot.line.table == Table::Derivative { "derivative" } else { "nonDerivative" };
    format!("{name}Transaction[{count}]")
}

fn in_order<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut ids: Vec<String> = lists.flatten().cloned().collect();
    ids.sort_by(|a, b| (number(a), a).cmp(&(number(b), b)));
    ids.dedup();
    ids
}

fn number(id: &str) -> u64 {
    id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(u64::MAX)
}
