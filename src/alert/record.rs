//! An alert as plain data. Its JSON is both the contract of `docs/ALERT.md` and the form in which it is
//! stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::agreed::{Agreed, AlertDirection, direction_word};
use super::history::TradeHistory;
use super::key::Key;
use crate::filing::record::{LotRecord, StakeRecord};
use crate::filing::{
    Accession, Cik, CompanyRecord, Direction, Form, Intent, Ownership, Plan, Role, SecuritySums, Shares, Usd,
    Warning,
};
use crate::rules::{Mention, Sum};

/// The alert of one match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Derived from rule, issuer and trade: the same match always has the same key.
    pub key: Key,
    /// The rule's name.
    pub rule: String,
    /// The rule's description.
    pub rule_description: Option<String>,
    /// Which filing.
    pub accession: Accession,
    /// Which form.
    pub form: Form,
    /// When EDGAR accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When sellbell saw it in the feed.
    pub seen_at: DateTime<Utc>,
    /// When it was sent to its destination; `None` before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// Its index page on sec.gov.
    pub url: String,
    /// The company.
    pub issuer: AlertIssuer,
    /// The reporting persons.
    pub owners: Vec<AlertOwner>,
    /// The lots that met the rule, each with 20 of its footnotes at most.
    pub lots: Vec<LotRecord>,
    /// Their positions among the filing's transactions, from 0.
    pub lot_numbers: Vec<usize>,
    /// The direction of the lots; `null` if they do not say.
    #[serde(default)]
    pub direction: Option<AlertDirection>,
    /// The sums of the lots that go the other way, if the figures here cover only one.
    #[serde(default)]
    pub opposite: Option<WayFigures>,
    /// The sums for each security of the lots and each direction. Unlike securities are never added.
    #[serde(default)]
    pub securities: Vec<AlertSecurity>,
    /// The sum of shares; `null` if no lot states a number, or the lots are of several securities.
    pub shares: Option<Shares>,
    /// True if a lot states no number of shares, so that the true sum is higher.
    pub shares_is_at_least: bool,
    /// The principal of debt securities, in dollars; `null` if there are none.
    #[serde(default)]
    pub principal_usd: Option<Usd>,
    /// The sum of shares × price, or of stated totals, over the lots that have them; `null` if none does.
    pub value_usd: Option<Usd>,
    /// True if a lot is unpriced, so that the true value is higher.
    pub value_is_at_least: bool,
    /// True if the value of a lot is flagged as odd: no headline and no total includes it.
    #[serde(default)]
    pub value_is_odd: bool,
    /// Value ÷ shares over the priced lots; `null` across a split.
    pub average_price: Option<Usd>,
    /// Lowest actual price, from footnoted ranges if there are any; `null` if a lot's price is unknown.
    pub price_low: Option<Usd>,
    /// Highest actual price, likewise.
    pub price_high: Option<Usd>,
    /// The lots' shares ÷ the prior holding in their lines, to eight digits; above 1 if sold shares were
    /// acquired within the same filing; `null` if that is not stated.
    pub share_of_holdings: Option<String>,
    /// The same for each line that the lots change.
    #[serde(default)]
    pub holdings: Vec<AlertLine>,
    /// Owned of the security before the filing's first row; `null` if unknown, or if the lots are of several.
    #[serde(default)]
    pub stake_before: Option<Shares>,
    /// Owned after its last row, likewise.
    #[serde(default)]
    pub stake_after: Option<Shares>,
    /// (after − before) ÷ before, to eight digits, likewise.
    #[serde(default)]
    pub stake_change: Option<String>,
    /// The stake in each security of the lots.
    #[serde(default)]
    pub stakes: Vec<StakeRecord>,
    /// 10b5-1: `yes`, `no` or `unknown` if all lots agree, else `mixed`; each lot has its own.
    pub plan: Agreed<Plan>,
    /// When the plan was adopted, to the day or the month, if the lots under one agree.
    #[serde(default)]
    pub plan_adopted: Option<String>,
    /// Why it was sold, if all lots of code S agree, else `mixed`; `null` without such lots.
    pub intent: Option<Agreed<Intent>>,
    /// True if one of the lots was reported after the second business day; `null` if unknown.
    #[serde(default)]
    pub filed_late: Option<bool>,
    /// The warnings about the filing.
    pub warnings: Vec<Warning>,
    /// True if it was seen more than an hour after EDGAR accepted it.
    pub late: bool,
    /// The accession that an amendment amends; `null` if history does not have it or it is not clear.
    pub amends: Option<Accession>,
    /// For an amendment: the filings that it may amend, if it is not clear which.
    #[serde(default)]
    pub may_amend: Vec<Accession>,
    /// For a linked amendment: what changed, row by row.
    #[serde(default)]
    pub changes: Vec<String>,
    /// For a linked amendment: the version that it follows, the original or an earlier amendment.
    #[serde(default)]
    pub follows: Option<Accession>,
    /// Numbers of lots here that restate lots of that version.
    #[serde(default)]
    pub restated: Vec<usize>,
    /// Numbers of lots of that version that this one replaces.
    #[serde(default)]
    pub replaces: Vec<usize>,
    /// Lots of versions before that one that this one replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces_earlier: Vec<ReplacedLots>,
    /// Numbers of lots here that an alert of another filing already reported.
    #[serde(alias = "told_before", default)]
    pub reported_before: Vec<usize>,
    /// True if this withdraws an alert: an amendment no longer meets its rule. The lots are those that were
    /// reported.
    #[serde(default)]
    pub withdrawn: bool,
    /// The key of the alert that this one replaces: that of the version that an amendment follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Key>,
    /// For an amendment that replaces an alert: that alert's figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_figures: Option<EarlierFigures>,
    /// An amendment that was seen before the filing that it amends.
    #[serde(default)]
    pub amended_by: Option<Accession>,
    /// Accession numbers of filings that report the same trade.
    pub also_in: Vec<Accession>,
    /// The sums that made `cumulative` and `cluster` conditions of the rule hold, four at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Sum>,
    /// Earlier trades of the same owners, for an alert about sales or purchases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<TradeHistory>,
    /// The whole alert in one line.
    pub text: String,
    /// The rule's own words, if it has a template.
    #[serde(default)]
    pub message: Option<String>,
    /// Who is pinged by messages on Discord.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mention: Vec<Mention>,
}

/// An alert's issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertIssuer {
    /// The key.
    pub cik: Cik,
    /// As filed.
    pub name: String,
    /// Those that EDGAR lists, or those that the filer typed if EDGAR lists them for nobody.
    pub tickers: Vec<String>,
    /// Company details from the filing's header, and its symbol in another market.
    #[serde(flatten)]
    pub company: CompanyRecord,
}

/// Lots of a version that an amendment replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedLots {
    /// The version.
    pub accession: Accession,
    /// Their numbers there.
    pub lots: Vec<usize>,
}

/// An alert's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertOwner {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// From boxes and title: `ceo`, `cfo`, `coo`, `president`, `chair`, `general counsel`, `other officer`,
    /// `director`, `10% owner`, `other`.
    pub roles: Vec<Role>,
    /// Title of an officer, or what "other" means.
    pub title: Option<String>,
    /// ISO code of the country of the address.
    #[serde(default)]
    pub country: Option<String>,
}

/// The sums of an alert's lots that go one way. Lots that go the other way are never added to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayFigures {
    /// `acquired` or `disposed`.
    #[serde(default, with = "direction_word")]
    pub direction: Option<Direction>,
    /// The sum of shares.
    pub shares: Option<Shares>,
    /// True if a lot states no number of shares.
    pub shares_is_at_least: bool,
    /// The principal of debt securities, in dollars.
    pub principal_usd: Option<Usd>,
    /// The sum of the values.
    pub value_usd: Option<Usd>,
    /// True if a lot has no value.
    pub value_is_at_least: bool,
    /// True if the value of a lot is flagged as odd.
    pub value_is_odd: bool,
    /// Value ÷ shares.
    pub average_price: Option<Usd>,
}

/// The figures of an alert that an amendment replaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierFigures {
    /// The sum of shares; `null` if unknown, or for several securities.
    pub shares: Option<Shares>,
    /// The value in dollars, without odd values; `null` if unknown.
    pub value_usd: Option<Usd>,
}

/// A line that an alert's lots change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertLine {
    /// Title of the security.
    pub security: Option<String>,
    /// `D` or `I`.
    pub ownership: Option<Ownership>,
    /// Nature of indirect ownership.
    pub nature: Option<String>,
    /// The lots' shares of this line.
    pub shares: Option<Shares>,
    /// Owned before.
    pub before: Option<Shares>,
    /// `shares` ÷ `before`, to eight digits.
    pub share: Option<String>,
}

/// The lots of one security that go one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertSecurity {
    /// `acquired` or `disposed`; `null` if the lots do not say.
    #[serde(default, with = "direction_word")]
    pub direction: Option<Direction>,
    /// Their sums.
    #[serde(flatten)]
    pub sums: SecuritySums,
}
