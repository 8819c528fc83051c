//! What people are told of one match, as plain data with a stable key. Its JSON is a contract: `docs/ALERT.md`.

mod deeds;
mod figures;
mod related;
mod securities;
mod sums;
mod way;
mod words;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use deeds::Way;
pub use figures::{AlertLine, WayFigures};
pub use securities::{AlertSecurity, Figure};

use crate::filing::record::{LotRecord, StakeRecord, eight_digits};
use crate::filing::{
    Accession, Cik, CompanyRecord, Filing, Form, Intent, Plan, Role, Shares, Usd, Warning, index_url, lines,
    share_of_holdings, stakes,
};
use crate::rules::{Match, Mention, Rule, Sum};

/// The lists of an alert have these bounds.
const MOST_CHANGES: usize = 30;
const MOST_OWNERS: usize = 100;
const MOST_FOOTNOTES: usize = 20;
/// How long after its acceptance a filing may be seen before its alerts say that they are late, in minutes.
const LATE_AFTER_MINUTES: i64 = 60;

/// A stable key: 24 hexadecimal digits, so that it fits Discord's nonce.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key of these parts, in this order: 96 bits of their SHA-256.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that a text is, as [`Self::as_str`] gives it.
    pub fn read(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 24 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// A number to spread retries by.
    pub fn seed(&self) -> u64 {
        u64::from_str_radix(self.0.get(..16).unwrap_or_default(), 16).unwrap_or_default()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One match, told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Of rule, issuer and trade: the same match has the same key for ever.
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
    /// When it was sent to where it is; `None` before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// Its index page on sec.gov.
    pub url: String,
    /// The company.
    pub issuer: AlertIssuer,
    /// Who reports.
    pub owners: Vec<AlertOwner>,
    /// The lots that met the rule, each with 20 of its footnotes at most.
    pub lots: Vec<LotRecord>,
    /// Their positions among the filing's transactions, from 0.
    pub lot_numbers: Vec<usize>,
    /// `acquired` or `disposed`, or `both`; `null` where the lots do not say.
    #[serde(default)]
    pub direction: Option<String>,
    /// The sums of the lots that go the other way than those that the figures here are of.
    #[serde(default)]
    pub opposite: Option<WayFigures>,
    /// The sums of each security of the lots and each way that they go. Unlike securities are never added.
    #[serde(default)]
    pub securities: Vec<AlertSecurity>,
    /// The sum of shares; `null` where no lot states a number, or the lots are of several securities.
    pub shares: Option<Shares>,
    /// Whether a lot states no number of shares, so that the true sum is higher.
    pub shares_is_at_least: bool,
    /// The principal of debt securities, in dollars; `null` where there are none.
    #[serde(default)]
    pub principal_usd: Option<Usd>,
    /// The sum of shares × price, or of stated totals, over the lots that have them; `null` where none does.
    pub value_usd: Option<Usd>,
    /// Whether a lot is unpriced, so that the true value is higher.
    pub value_is_at_least: bool,
    /// Whether the value of a lot is flagged as odd: it is in no headline and no total.
    #[serde(default)]
    pub value_is_odd: bool,
    /// Value ÷ shares over the priced lots; `null` across a split.
    pub average_price: Option<Usd>,
    /// Lowest actual price, of footnoted ranges where there are such; `null` where a lot's price is unknown.
    pub price_low: Option<Usd>,
    /// Highest actual price, likewise.
    pub price_high: Option<Usd>,
    /// The lots' shares ÷ what was owned of their lines before, to eight digits; above 1 where what was sold came in within
    /// the same filing; `null` where that is not stated.
    pub share_of_holdings: Option<String>,
    /// The same for each line that the lots change.
    #[serde(default)]
    pub holdings: Vec<AlertLine>,
    /// Owned of the security before the filing's first row; `null` where that is not known, or the lots are of several.
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
    /// 10b5-1: `yes`, `no` or `unknown` where all lots agree, else `mixed`; each lot says its own.
    pub plan: String,
    /// When the plan was adopted, to the day or the month, where the lots under one agree.
    #[serde(default)]
    pub plan_adopted: Option<String>,
    /// Why it was sold, where all lots of code S agree, else `mixed`; `null` without such lots.
    pub intent: Option<String>,
    /// Whether one of the lots was reported after the second business day; `null` where that is not known.
    #[serde(default)]
    pub filed_late: Option<bool>,
    /// What was odd in the filing.
    pub warnings: Vec<Warning>,
    /// Whether it was seen more than an hour after EDGAR accepted it.
    pub late: bool,
    /// The accession that an amendment amends; `null` where history does not have it or it is not clear.
    pub amends: Option<Accession>,
    /// Of an amendment: the filings of which it amends one, where it is not clear which.
    #[serde(default)]
    pub may_amend: Vec<Accession>,
    /// Of a linked amendment: what changed, row by row.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Of a linked amendment: the version that it follows, the original or an amendment before it.
    #[serde(default)]
    pub follows: Option<Accession>,
    /// Numbers of lots here that restate lots of that version.
    #[serde(default)]
    pub restated: Vec<usize>,
    /// Numbers of lots of that version that this one takes the place of.
    #[serde(default)]
    pub replaces: Vec<usize>,
    /// Lots of versions before that one that this takes the place of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces_earlier: Vec<ReplacedLots>,
    /// Numbers of lots here that an alert of another filing told before.
    #[serde(default)]
    pub told_before: Vec<usize>,
    /// Whether this takes back an alert: an amendment no longer meets its rule. The lots are those that were told.
    #[serde(default)]
    pub withdrawn: bool,
    /// The key of the alert that this one takes the place of: of the version that an amendment follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Key>,
    /// An amendment that was seen before the filing that it amends.
    #[serde(default)]
    pub amended_by: Option<Accession>,
    /// Accessions of filings that tell the same trade.
    pub also_in: Vec<Accession>,
    /// The sums that made `cumulative` and `cluster` conditions of the rule hold, four at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<Sum>,
    /// All of it in one line.
    pub text: String,
    /// The rule's own words, where it has a template.
    #[serde(default)]
    pub message: Option<String>,
    /// Whom messages on Discord ping.
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
    /// Those that EDGAR lists, or that the filer typed where EDGAR lists them for nobody.
    pub tickers: Vec<String>,
    /// Company details from the filing's header, and its symbol in another market.
    #[serde(flatten)]
    pub company: CompanyRecord,
}

/// Lots of a version that an amendment takes the place of.
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
    /// By boxes and title: `ceo`, `cfo`, `coo`, `president`, `chair`, `general counsel`, `other officer`, `director`,
    /// `10% owner`, `other`.
    pub roles: Vec<Role>,
    /// Title of an officer, or what "other" means.
    pub title: Option<String>,
    /// ISO code of the country of the address.
    #[serde(default)]
    pub country: Option<String>,
}

impl Alert {
    /// The alert of a match; `None` where the filing has no accession, which only a bare XML document lacks.
    pub fn new(rule: &Rule, filing: &Filing, matched: &Match, seen_at: DateTime<Utc>) -> Option<Self> {
        let accession = filing.accession?;
        let issuer = AlertIssuer {
            cik: filing.issuer.cik,
            name: filing.issuer.name.clone(),
            tickers: filing.issuer.tickers(),
            company: CompanyRecord::from(&filing.issuer),
        };
        let owners: Vec<AlertOwner> = filing
            .owners
            .iter()
            .map(|owner| AlertOwner {
                cik: owner.cik,
                name: owner.name.clone(),
                roles: filing.roles(owner),
                country: owner.address.place().map(|place| place.country.to_owned()),
                title: match (filing.title(owner), &owner.other_text) {
                    (Some(title), Some(other)) => Some(format!("{title}, {other}")),
                    (title, other) => title.map(str::to_owned).or_else(|| other.clone()),
                },
            })
            .collect();
        let trade = &matched.trade;
        let mut lots: Vec<LotRecord> =
            matched.lots.iter().map(|&i| LotRecord::from(&filing.lots[i])).collect();
        lots.iter_mut().for_each(|lot| lot.footnotes.truncate(MOST_FOOTNOTES));
        let waited = filing.accepted_at.map(|accepted| seen_at - accepted);
        let mut alert = Self {
            key: Self::own_key(&rule.name, issuer.cik, accession),
            rule: rule.name.clone(),
            rule_description: rule.description.clone(),
            accession,
            form: filing.form,
            accepted_at: filing.accepted_at,
            seen_at,
            sent_at: None,
            url: index_url(issuer.cik, accession),
            issuer,
            owners,
            lots,
            lot_numbers: matched.lots.clone(),
            direction: None,
            opposite: None,
            securities: Vec::new(),
            shares: None,
            shares_is_at_least: false,
            principal_usd: None,
            value_usd: None,
            value_is_at_least: false,
            value_is_odd: false,
            average_price: None,
            price_low: None,
            price_high: None,
            share_of_holdings: share_of_holdings(&filing.lots, &matched.lots)
                .map(|share| eight_digits(share.fraction)),
            holdings: lines(&filing.lots, &matched.lots).into_iter().map(AlertLine::from).collect(),
            stake_before: None,
            stake_after: None,
            stake_change: None,
            stakes: Vec::new(),
            plan: String::new(),
            plan_adopted: None,
            intent: None,
            filed_late: filing.filed_late(matched.lots.iter().copied()),
            warnings: filing.warnings.clone(),
            late: waited.is_some_and(|waited| waited.num_minutes() > LATE_AFTER_MINUTES),
            amends: None,
            may_amend: Vec::new(),
            changes: Vec::new(),
            follows: None,
            restated: Vec::new(),
            replaces: Vec::new(),
            replaces_earlier: Vec::new(),
            told_before: Vec::new(),
            withdrawn: false,
            supersedes: None,
            amended_by: None,
            also_in: Vec::new(),
            sums: matched.sums.clone(),
            text: String::new(),
            message: None,
            mention: rule.mention.clone(),
        };
        let apart = alert.moves_beside().map(|_| alert.trade());
        let trade = apart.as_ref().unwrap_or(trade);
        alert.take_sums(&trade.sums, trade.opposite.as_ref());
        alert.take_stakes(stakes(filing, &matched.lots).into_iter().map(StakeRecord::from));
        alert.reason();
        alert.text = alert.line();
        Some(alert)
    }

    /// Whether an earlier filing's alert tells the trade: this one has that one's key, and is not told again.
    pub fn is_told_before(&self) -> bool {
        !self.withdrawn && self.key != Self::own_key(&self.rule, self.issuer.cik, self.accession)
    }

    /// The key of a rule's alert of a filing that tells nothing which was told before.
    pub fn own_key(rule: &str, issuer: Cik, accession: Accession) -> Key {
        Key::of(&["alert", rule, &issuer.to_string(), &accession.to_string()])
    }

    /// What the lots say together of plan and intent.
    fn reason(&mut self) {
        let plans = self.lots.iter().map(|lot| lot.plan.unwrap_or_default());
        self.plan = agreed(plans, Plan::word).unwrap_or(Plan::Unknown.word()).to_owned();
        self.intent = agreed(self.lots.iter().filter_map(|lot| lot.intent), Intent::word).map(str::to_owned);
        let under = self.lots.iter().filter(|lot| lot.plan == Some(Plan::Yes));
        let mut adopted: Vec<Option<&String>> = under.map(|lot| lot.plan_adopted.as_ref()).collect();
        adopted.dedup();
        self.plan_adopted = if let [Some(one)] = adopted[..] { Some(one.clone()) } else { None };
    }

    /// Figures and text anew, after lots were added.
    pub(crate) fn refigure(&mut self) {
        let trade = self.trade();
        self.reason();
        self.take_sums(&trade.sums, trade.opposite.as_ref());
        // What was owned of the other lots' lines is not in the records.
        self.share_of_holdings = None;
        self.holdings.clear();
        self.text = self.line();
    }
}

/// What all agree on, or `mixed`; `None` of none.
pub(crate) fn agreed<T: PartialEq>(
    all: impl Iterator<Item = T>,
    word: fn(T) -> &'static str,
) -> Option<&'static str> {
    let mut all: Vec<T> = all.collect();
    all.dedup();
    match all.len() {
        0 | 1 => all.pop().map(word),
        _ => Some("mixed"),
    }
}
