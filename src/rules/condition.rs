//! Conditions: what a rule, a branch of its `any` and the body of its `not` can ask for, and how each is
//! written.

use std::collections::BTreeSet;
use std::fmt;

use rust_decimal::Decimal;

use super::expression::When;
use super::keys::{Shape, keys, words};
use super::span::Span;
use super::threshold::{ThresholdError, threshold};
use super::wanted::{
    Amendments, Cluster, CompanyWanted, Cumulative, DirectionWanted, INTENTS, OWNERSHIPS, OwnerWanted, PLANS,
    RoleWanted, TABLES,
};
use crate::filing::{Cik, Code, Currency, Form, Intent, Ownership, Plan, Shares, Table, Usd};

/// A group of conditions, all of which must hold. An empty list or `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// The issuer has one of these tickers, upper case.
    pub tickers: BTreeSet<String>,
    /// The issuer is one of these.
    pub ciks: BTreeSet<Cik>,
    /// The conditions on the company.
    pub company: CompanyWanted,
    /// One of the owners is one of these.
    pub owners: Vec<OwnerWanted>,
    /// The filing is one of these forms.
    pub forms: Vec<Form>,
    /// How amendments are treated.
    pub amendments: Option<Amendments>,
    /// True if one of the lots that count was reported late.
    pub filed_late: Option<bool>,
    /// One of the owners has one of these roles.
    pub roles: Vec<RoleWanted>,
    /// No owner has one of these roles.
    pub exclude_roles: Vec<RoleWanted>,
    /// Which lots count. Keys that this group does not state are inherited from the group around it.
    pub selection: Selection,
    /// The keys of the selection that this group states itself.
    pub stated: Vec<ConditionKey>,
    /// The lots that count are together worth at least this.
    pub min_value: Option<Usd>,
    /// The lots that count are together worth at most this.
    pub max_value: Option<Usd>,
    /// The lots of one security that count have at least this many shares together.
    pub min_shares: Option<Shares>,
    /// The lots that count are at least this fraction of what their lines held before.
    pub min_share_of_holdings: Option<Decimal>,
    /// The stake in a security of the lots that count falls by at least this fraction.
    pub min_stake_reduction: Option<Decimal>,
    /// This many of the issuer's insiders do the same within a span.
    pub cluster: Option<Cluster>,
    /// The trades add up to this much within a span.
    pub cumulative: Option<Cumulative>,
    /// The owner did nothing of the kind for this long before.
    pub first_in: Option<Span>,
    /// It is worth more than each of the owner's filings of the kind for this long before.
    pub largest_in: Option<Span>,
    /// The owner's last trade on the market, at most this long before, went the other way.
    pub reversal_after: Option<Span>,
    /// At least one of these holds.
    pub any: Vec<Group>,
    /// This does not hold.
    pub not: Option<Box<Group>>,
    /// An expression that is true.
    pub when: Option<When>,
}

/// Which lots count: those that meet all of its criteria.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// One of these codes; never empty.
    pub codes: BTreeSet<Code>,
    /// In this table; `None` for either.
    pub table: Option<Table>,
    /// The security's title has the words of one of these, folded.
    pub securities: Vec<String>,
    /// Held in this way.
    pub ownership: Option<Ownership>,
    /// Going this way; `None` leaves it to the codes: for gifts, those that are made.
    pub direction: Option<DirectionWanted>,
    /// With one of these states of the 10b5-1 plan.
    pub plan: Vec<Plan>,
    /// For one of these reasons.
    pub intents: Vec<Intent>,
    /// For none of these reasons.
    pub exclude_intents: Vec<Intent>,
    /// With a price in one of these currencies.
    pub currencies: Vec<Currency>,
    /// At this price per share or above, in dollars.
    pub min_price: Option<Usd>,
    /// At this price per share or below, in dollars.
    pub max_price: Option<Usd>,
}

impl Default for Selection {
    /// Sales of the securities themselves.
    fn default() -> Self {
        Self {
            codes: BTreeSet::from([Code::SALE]),
            table: Some(Table::NonDerivative),
            securities: Vec::new(),
            ownership: None,
            direction: None,
            plan: Vec::new(),
            intents: Vec::new(),
            exclude_intents: Vec::new(),
            currencies: Vec::new(),
            min_price: None,
            max_price: None,
        }
    }
}

/// How the value of a condition is written, and where a group keeps it.
pub(super) enum Field {
    Tickers(In<Group, BTreeSet<String>>),
    Ciks(In<Group, BTreeSet<Cik>>),
    Owners(In<Group, Vec<OwnerWanted>>),
    Sics(In<Group, Vec<String>>),
    Sectors(In<Group, Vec<String>>),
    Countries(In<Group, Vec<String>>),
    Flag(In<Group, Option<bool>>),
    Forms(In<Group, Vec<Form>>),
    Amendments(In<Group, Option<Amendments>>),
    Roles(In<Group, Vec<RoleWanted>>),
    Lots(LotField),
    Number(Set<Group>),
    Percent(In<Group, Option<Decimal>>),
    Cluster(In<Group, Option<Cluster>>),
    Cumulative(In<Group, Option<Cumulative>>),
    Span(In<Group, Option<Span>>),
    When(In<Group, Option<When>>),
    /// `any`: its branches inherit the selection, so it is read after the lots.
    Any(In<Group, Vec<Group>>),
    /// `not`, likewise.
    Not(In<Group, Option<Box<Group>>>),
}

/// How a condition that chooses lots is written, and where the selection keeps it.
pub(super) enum LotField {
    Codes(In<Selection, BTreeSet<Code>>),
    Table(In<Selection, Option<Table>>),
    Securities(In<Selection, Vec<String>>),
    Ownership(In<Selection, Option<Ownership>>),
    Direction(In<Selection, Option<DirectionWanted>>),
    Plans(In<Selection, Vec<Plan>>),
    Intents(In<Selection, Vec<Intent>>),
    Currencies(In<Selection, Vec<Currency>>),
    Number(Set<Selection>),
}

/// The place of a value.
type In<T, V> = fn(&mut T) -> &mut V;
/// Reads a threshold and stores it.
type Set<T> = fn(&mut T, &str) -> Result<(), ThresholdError>;

fn set<T>(place: &mut Option<T>, digits: &str) -> Result<(), ThresholdError>
where
    T: std::str::FromStr<Err: fmt::Display> + Default + PartialOrd,
{
    *place = Some(threshold(digits)?);
    Ok(())
}

impl From<Field> for Shape {
    fn from(field: Field) -> Self {
        match field {
            Field::Tickers(_) => Self::Tickers,
            Field::Ciks(_) => Self::Ciks,
            Field::Owners(_) => Self::Owners,
            Field::Sics(_) => Self::Sics,
            Field::Sectors(_) | Field::Lots(LotField::Securities(_)) => Self::Texts,
            Field::Countries(_) => Self::Countries,
            Field::Flag(_) => Self::Flag,
            Field::Forms(_) => Self::Forms,
            Field::Amendments(_) => Self::Word(const { &words(&Amendments::WORDS) }),
            Field::Roles(_) => Self::Words(const { &words(&RoleWanted::WORDS) }),
            Field::Lots(LotField::Codes(_)) => Self::Codes,
            Field::Lots(LotField::Table(_)) => Self::Word(const { &words(&TABLES) }),
            Field::Lots(LotField::Ownership(_)) => Self::Word(const { &words(&OWNERSHIPS) }),
            Field::Lots(LotField::Direction(_)) => Self::Word(const { &words(&DirectionWanted::WORDS) }),
            Field::Lots(LotField::Plans(_)) => Self::Words(const { &words(&PLANS) }),
            Field::Lots(LotField::Intents(_)) => Self::Words(const { &words(&INTENTS) }),
            Field::Lots(LotField::Currencies(_)) => Self::Currencies,
            Field::Number(_) | Field::Lots(LotField::Number(_)) => Self::Number,
            Field::Percent(_) => Self::Percent,
            Field::Cluster(_) => Self::Cluster,
            Field::Cumulative(_) => Self::Cumulative,
            Field::Span(_) => Self::Span,
            Field::When(_) => Self::Text,
            Field::Any(_) => Self::Groups,
            Field::Not(_) => Self::Group,
        }
    }
}

keys! {
    /// The keys of conditions.
    pub enum ConditionKey: Field {
        Tickers = "tickers", Field::Tickers(|group| &mut group.tickers),
            "The issuer has one of these tickers.";
        Ciks = "ciks", Field::Ciks(|group| &mut group.ciks),
            "The issuer is one of these companies, by CIK.";
        Owners = "owners", Field::Owners(|group| &mut group.owners),
            "One of the owners is one of these, by words of the name or by CIK.";
        Sic = "sic", Field::Sics(|group| &mut group.company.sic),
            "The issuer's Standard Industrial Classification is one of these, or begins with their digits.";
        Sector = "sector", Field::Sectors(|group| &mut group.company.sectors),
            "The title of that classification has the words of one of these.";
        Country = "country", Field::Countries(|group| &mut group.company.countries),
            "The issuer has its address, or is incorporated, in one of these countries or states.";
        Foreign = "foreign", Field::Flag(|group| &mut group.company.foreign),
            "Whether the issuer's address is outside the United States, or it has a symbol of another market.";
        Forms = "forms", Field::Forms(|group| &mut group.forms),
            "The filing is one of these forms.";
        Amendments = "amendments", Field::Amendments(|group| &mut group.amendments),
            "Whether amendments (4/A) count.";
        FiledLate = "filed_late", Field::Flag(|group| &mut group.filed_late),
            "Whether a lot that counts was reported after the second business day.";
        Roles = "roles", Field::Roles(|group| &mut group.roles),
            "One of the owners has one of these roles.";
        ExcludeRoles = "exclude_roles", Field::Roles(|group| &mut group.exclude_roles),
            "No owner has one of these roles.";
        Codes = "codes", Field::Lots(LotField::Codes(|lots| &mut lots.codes)),
            "Which lots count, by transaction code. Default: S, sales.";
        Table = "table", Field::Lots(LotField::Table(|lots| &mut lots.table)),
            "Which lots count, by table. Default: non-derivative.";
        Securities = "securities", Field::Lots(LotField::Securities(|lots| &mut lots.securities)),
            "Which lots count, by words of the security's title.";
        Ownership = "ownership", Field::Lots(LotField::Ownership(|lots| &mut lots.ownership)),
            "Which lots count, by how they are held.";
        Direction = "direction", Field::Lots(LotField::Direction(|lots| &mut lots.direction)),
            "Which lots count, by direction. Default: any, but gifts (G) only if they are made.";
        Plan = "plan", Field::Lots(LotField::Plans(|lots| &mut lots.plan)),
            "Which lots count, by 10b5-1 plan. Unknown is neither yes nor no.";
        Intents = "intents", Field::Lots(LotField::Intents(|lots| &mut lots.intents)),
            "Which lots count, by the reason that the filing gives for a sale.";
        ExcludeIntents = "exclude_intents", Field::Lots(LotField::Intents(|lots| &mut lots.exclude_intents)),
            "Which lots do not count, by the reason for a sale.";
        Currency = "currency", Field::Lots(LotField::Currencies(|lots| &mut lots.currencies)),
            "Which lots count, by the currency of the price (ISO 4217).";
        MinPrice = "min_price", Field::Lots(LotField::Number(|lots, price| set(&mut lots.min_price, price))),
            "Which lots count: at this price in dollars a share or above.";
        MaxPrice = "max_price", Field::Lots(LotField::Number(|lots, price| set(&mut lots.max_price, price))),
            "Which lots count: at this price in dollars a share or below.";
        MinValue = "min_value", Field::Number(|group, value| set(&mut group.min_value, value)),
            "The lots that count are worth at least this many dollars together.";
        MaxValue = "max_value", Field::Number(|group, value| set(&mut group.max_value, value)),
            "The lots that count are worth at most this many dollars together.";
        MinShares = "min_shares", Field::Number(|group, shares| set(&mut group.min_shares, shares)),
            "The lots of one security that count are at least this many shares together.";
        MinShareOfHoldings = "min_share_of_holdings", Field::Percent(|group| &mut group.min_share_of_holdings),
            "They are at least this share of the holdings before.";
        MinStakeReduction = "min_stake_reduction", Field::Percent(|group| &mut group.min_stake_reduction),
            "The stake in a security of theirs is smaller after the filing than before it by at least this share.";
        Cluster = "cluster", Field::Cluster(|group| &mut group.cluster),
            "Several insiders do the same within a span.";
        Cumulative = "cumulative", Field::Cumulative(|group| &mut group.cumulative),
            "It adds up within a span.";
        FirstIn = "first_in", Field::Span(|group| &mut group.first_in),
            "The owner did nothing of the kind within this span before.";
        LargestIn = "largest_in", Field::Span(|group| &mut group.largest_in),
            "It is worth more than anything of the kind that the owner did within this span before.";
        ReversalAfter = "reversal_after", Field::Span(|group| &mut group.reversal_after),
            "The owner's last trade on the market, within this span before, was the opposite.";
        Any = "any", Field::Any(|group| &mut group.any),
            "At least one of these groups of conditions is true.";
        Not = "not", Field::Not(|group| &mut group.not),
            "This group of conditions is false.";
        When = "when", Field::When(|group| &mut group.when),
            "An expression over the names of docs/RULES.md that is true.";
    }
}

impl ConditionKey {
    /// True if its value contains groups of conditions.
    pub(super) fn is_nested(self) -> bool {
        matches!(self, Self::Any | Self::Not)
    }
}

impl fmt::Display for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Its text in quotes: history keeps a hash of this text of a rule's conditions, so it must not change.
impl fmt::Debug for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
    }
}

impl From<ConditionKey> for String {
    fn from(key: ConditionKey) -> Self {
        key.to_string()
    }
}
