//! Conditions, as plain values: what a rule, a branch of its `any` and the body of its `not` can ask for.

use std::collections::BTreeSet;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::CompanyWanted;
use super::expression::When;
use super::span::Span;
use crate::filing::{
    Cik, Code, Currency, Direction, Form, Intent, Ownership, Plan, Role, Shares, Table, Usd,
};

/// A group of conditions, of which all must hold. An empty list or `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// The issuer has one of these tickers, upper case.
    pub tickers: BTreeSet<String>,
    /// The issuer is one of these.
    pub ciks: BTreeSet<Cik>,
    /// What is asked of the company.
    pub company: CompanyWanted,
    /// One of the owners is one of these.
    pub owners: Vec<OwnerWanted>,
    /// The filing is one of these forms.
    pub forms: Vec<Form>,
    /// Whether amendments are meant.
    pub amendments: Option<Amendments>,
    /// Whether one of the lots that count was reported late.
    pub filed_late: Option<bool>,
    /// One of the owners has one of these roles.
    pub roles: Vec<RoleWanted>,
    /// No owner has one of these roles.
    pub exclude_roles: Vec<RoleWanted>,
    /// Which lots count; what this group does not state itself is what the group around it states.
    pub selection: Selection,
    /// Which keys of the selection this group states itself.
    pub stated: Vec<&'static str>,
    /// The lots that count are worth at least this together.
    pub min_value: Option<Usd>,
    /// The lots that count are worth at most this together.
    pub max_value: Option<Usd>,
    /// The lots of one security that count are at least this many shares together.
    pub min_shares: Option<Shares>,
    /// The lots that count are at least this fraction of what was held of their lines before.
    pub min_share_of_holdings: Option<Decimal>,
    /// The stake in a security of the lots that count falls by at least this fraction.
    pub min_stake_reduction: Option<Decimal>,
    /// So many insiders of the issuer do the like within a span.
    pub cluster: Option<Cluster>,
    /// It adds up to so much within a span.
    pub cumulative: Option<Cumulative>,
    /// The owner did nothing of the kind for so long before.
    pub first_in: Option<Span>,
    /// It is worth more than all that the owner did of the kind, each by itself, for so long before.
    pub largest_in: Option<Span>,
    /// The owner's last trade on the market, at most so long before, went the other way.
    pub reversal_after: Option<Span>,
    /// At least one of these holds.
    pub any: Vec<Group>,
    /// This does not hold.
    pub not: Option<Box<Group>>,
    /// An expression that is true.
    pub when: Option<When>,
}

/// Which lots count: those that meet all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// One of these codes; never empty.
    pub codes: BTreeSet<Code>,
    /// Of this table; `None` of either.
    pub table: Option<Table>,
    /// The security's title has the words of one of these, folded.
    pub securities: Vec<String>,
    /// Held so.
    pub ownership: Option<Ownership>,
    /// Going this way; `None` leaves it to the codes: of gifts, those that are made.
    pub direction: Option<Way>,
    /// In one of these states of the 10b5-1 plan.
    pub plan: Vec<Plan>,
    /// For one of these reasons.
    pub intents: Vec<Intent>,
    /// For none of these reasons.
    pub exclude_intents: Vec<Intent>,
    /// With a price in one of these currencies.
    pub currencies: Vec<Currency>,
    /// At this price a share or above, in dollars.
    pub min_price: Option<Usd>,
    /// At this price a share or below, in dollars.
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

/// Which way a lot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Acquired or disposed of.
    One(Direction),
    /// Either.
    Any,
}

impl Way {
    /// As rules write it.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("acquired", Self::One(Direction::Acquired)),
        ("disposed", Self::One(Direction::Disposed)),
        ("any", Self::Any),
    ];

    /// Whether a lot of a code that goes this way is meant, where a rule may leave it to the code: of codes whose verb in an alert
    /// names one way, such as "gave away", that one.
    pub(super) fn takes(
        wanted: Option<Self>,
        code: Option<Code>,
        direction: Option<Direction>,
    ) -> Option<bool> {
        let meant = match wanted {
            Some(Self::Any) => None,
            Some(Self::One(meant)) => Some(meant),
            None => code.and_then(Code::usual_direction),
        };
        meant.map_or(Some(true), |meant| direction.map(|direction| direction == meant))
    }
}

/// Whether amendments (`4/A`) are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amendments {
    /// Like other filings.
    Include,
    /// Not at all.
    Exclude,
    /// Nothing else.
    Only,
}

impl Amendments {
    /// As rules write it.
    pub const WORDS: [(&'static str, Self); 3] =
        [("include", Self::Include), ("exclude", Self::Exclude), ("only", Self::Only)];
}

/// A reporting person that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerWanted {
    /// By EDGAR's key.
    Cik(Cik),
    /// By words of the name, in any order and case.
    Name(Vec<String>),
}

/// The words of a name, lower case, points and commas left out.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-' && c != '&');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A title for the search of a phrase in it: its words in lower case. Whether two titles are of one security,
/// [`crate::filing::fold_title`] says.
pub(super) fn phrase(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for OwnerWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cik(cik) => write!(f, "CIK {cik}"),
            Self::Name(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// A role that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleWanted {
    /// This one.
    Role(Role),
    /// Any office: the officer's box, or a title.
    Officer,
}

impl RoleWanted {
    /// As rules write it.
    pub const WORDS: [(&'static str, Self); 11] = [
        ("ceo", Self::Role(Role::Ceo)),
        ("cfo", Self::Role(Role::Cfo)),
        ("coo", Self::Role(Role::Coo)),
        ("president", Self::Role(Role::President)),
        ("chair", Self::Role(Role::Chair)),
        ("general counsel", Self::Role(Role::GeneralCounsel)),
        ("other officer", Self::Role(Role::OtherOfficer)),
        ("officer", Self::Officer),
        ("director", Self::Role(Role::Director)),
        ("10% owner", Self::Role(Role::TenPercentOwner)),
        ("other", Self::Role(Role::Other)),
    ];

    /// Whether one of an owner's roles is it.
    pub fn is_among(self, roles: &[Role]) -> bool {
        match self {
            Self::Role(wanted) => roles.contains(&wanted),
            Self::Officer => roles.iter().any(|role| role.is_office()),
        }
    }
}

impl fmt::Display for RoleWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, wanted)| wanted == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

/// `cluster`: so many insiders within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// How many different ones, at least 2; owners who report together, or the same trade, are one.
    pub insiders: u32,
    /// From the first trade to the last.
    pub within: Span,
    /// What their trades are worth together, at least.
    pub min_value: Option<Usd>,
}

/// `cumulative`: a sum within a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cumulative {
    /// Whose trades are added up.
    pub per: Per,
    /// From the first trade to the last.
    pub within: Span,
    /// What they are worth together, at least.
    pub min_value: Usd,
}

/// Whose trades are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Those of the filing's owners at the issuer.
    Owner,
    /// Those of all insiders of the issuer.
    Issuer,
}

impl Per {
    /// As rules write it.
    pub const WORDS: [(&'static str, Self); 2] = [("owner", Self::Owner), ("issuer", Self::Issuer)];
}

impl Group {
    /// How far back history is asked, by its longest condition, in days; 0 where it is not.
    pub fn reach_days(&self) -> u32 {
        let own = [
            self.cluster.map(|cluster| cluster.within),
            self.cumulative.map(|cumulative| cumulative.within),
            self.first_in,
            self.largest_in,
            self.reversal_after,
        ];
        let own = own.into_iter().flatten().map(Span::most_days);
        own.chain(self.nested().map(Self::reach_days)).max().unwrap_or(0)
    }

    /// What it asks of owners and lots, and not of the form, of lateness and of what came before.
    #[must_use]
    pub fn of_lots_alone(&self) -> Self {
        let any: Vec<Self> = self.any.iter().map(Self::of_lots_alone).collect();
        // Branches that ask less may bring more.
        let max_value = self.max_value.filter(|_| any == self.any);
        Self {
            max_value,
            forms: Vec::new(),
            amendments: None,
            filed_late: None,
            cluster: None,
            cumulative: None,
            first_in: None,
            largest_in: None,
            reversal_after: None,
            when: None,
            any,
            // What is excluded may be excluded for one of these.
            not: self.not.as_ref().filter(|not| **not == Box::new(not.of_lots_alone())).cloned(),
            ..self.clone()
        }
    }

    /// The groups within it.
    pub fn nested(&self) -> impl Iterator<Item = &Group> {
        self.any.iter().chain(self.not.as_deref())
    }

    /// The issuers that alone can meet it, if it names some.
    pub fn issuers(&self) -> Option<(BTreeSet<&str>, BTreeSet<Cik>)> {
        if !self.ciks.is_empty() {
            return Some((BTreeSet::new(), self.ciks.clone()));
        }
        if !self.tickers.is_empty() {
            return Some((self.tickers.iter().map(String::as_str).collect(), BTreeSet::new()));
        }
        let mut all = (BTreeSet::new(), BTreeSet::new());
        for branch in &self.any {
            let (tickers, ciks) = branch.issuers()?;
            all.0.extend(tickers);
            all.1.extend(ciks);
        }
        (!self.any.is_empty()).then_some(all)
    }

    /// Whether a row of this table and code can be among the lots that count.
    pub fn may_count(&self, table: Table, code: Code) -> bool {
        if self.any.is_empty() {
            let selection = &self.selection;
            return selection.codes.contains(&code) && selection.table.is_none_or(|wanted| wanted == table);
        }
        self.any.iter().any(|branch| branch.may_count(table, code))
    }

    /// The codes of which a filing must have a lot to meet it.
    pub fn codes(&self) -> BTreeSet<Code> {
        if self.any.is_empty() {
            return self.selection.codes.clone();
        }
        self.any.iter().flat_map(Group::codes).collect()
    }
}
