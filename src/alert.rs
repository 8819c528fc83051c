//! What people are told of one match, as plain data with a stable key. Its JSON is a contract: `docs/ALERT.md`.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::filing::record::LotRecord;
use crate::filing::{
    Accession, Cik, Code, Filing, Form, Shares, Trade, Usd, Warning, index_url, share_of_holdings,
};
use crate::rules::{Match, Rule};
use crate::text::plain;

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
    /// Its index page on sec.gov.
    pub url: String,
    /// The company.
    pub issuer: AlertIssuer,
    /// Who reports.
    pub owners: Vec<AlertOwner>,
    /// The lots that met the rule.
    pub lots: Vec<LotRecord>,
    /// Their positions among the filing's transactions, from 0.
    pub lot_numbers: Vec<usize>,
    /// The sum of shares; `null` where no lot states a number.
    pub shares: Option<Shares>,
    /// Whether a lot states no number of shares, so that the true sum is higher.
    pub shares_is_at_least: bool,
    /// The sum of shares × price over the priced lots; `null` where none is priced.
    pub value_usd: Option<Usd>,
    /// Whether a lot is unpriced, so that the true value is higher.
    pub value_is_at_least: bool,
    /// Value ÷ shares over the priced lots.
    pub average_price: Option<Usd>,
    /// Lowest actual price, of footnoted ranges where there are such; `null` where a lot's price is unknown.
    pub price_low: Option<Usd>,
    /// Highest actual price, likewise.
    pub price_high: Option<Usd>,
    /// The lots' shares ÷ what was owned of their lines before, 0 to 1, to eight digits; `null` where that is not stated.
    pub share_of_holdings: Option<String>,
    /// 10b5-1: `yes` where the box is ticked, else `unknown`: a footnote may say so.
    pub plan: String,
    /// Why it was sold; `null` until footnotes are understood.
    pub intent: Option<String>,
    /// What was odd in the filing.
    pub warnings: Vec<Warning>,
    /// Whether it was seen more than an hour after EDGAR accepted it.
    pub late: bool,
    /// The accession that an amendment amends; `null` until amendments are linked.
    pub amends: Option<Accession>,
    /// Accessions of filings that tell the same trade.
    pub also_in: Vec<Accession>,
    /// All of it in one line.
    pub text: String,
}

/// An alert's issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertIssuer {
    /// The key.
    pub cik: Cik,
    /// As filed.
    pub name: String,
    /// Read off the filer's own symbol.
    pub tickers: Vec<String>,
}

/// An alert's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertOwner {
    /// The key.
    pub cik: Option<Cik>,
    /// As filed.
    pub name: String,
    /// `director`, `officer`, `10% owner`, `other`.
    pub roles: Vec<String>,
    /// Title of an officer, or what "other" means.
    pub title: Option<String>,
}

impl Alert {
    /// The alert of a match; `None` where the filing has no accession, which only a bare XML document lacks.
    pub fn new(rule: &Rule, filing: &Filing, matched: &Match, seen_at: DateTime<Utc>) -> Option<Self> {
        let accession = filing.accession?;
        let issuer = AlertIssuer {
            cik: filing.issuer.cik,
            name: filing.issuer.name.clone(),
            tickers: filing.issuer.tickers(),
        };
        let owners: Vec<AlertOwner> = filing
            .owners
            .iter()
            .map(|owner| AlertOwner {
                cik: owner.cik,
                name: owner.name.clone(),
                roles: filing.roles(owner).into_iter().map(|role| role.word().to_owned()).collect(),
                title: match (filing.title(owner), &owner.other_text) {
                    (Some(title), Some(other)) => Some(format!("{title}, {other}")),
                    (title, other) => title.map(str::to_owned).or_else(|| other.clone()),
                },
            })
            .collect();
        let trade = &matched.trade;
        let lots: Vec<LotRecord> = matched.lots.iter().map(|&i| LotRecord::from(&filing.lots[i])).collect();
        let waited = filing.accepted_at.map(|accepted| seen_at - accepted);
        let mut alert = Self {
            key: Key::of(&["alert", &rule.name, &issuer.cik.to_string(), &accession.to_string()]),
            rule: rule.name.clone(),
            rule_description: rule.description.clone(),
            accession,
            form: filing.form,
            accepted_at: filing.accepted_at,
            seen_at,
            url: index_url(issuer.cik, accession),
            issuer,
            owners,
            lots,
            lot_numbers: matched.lots.clone(),
            shares: trade.shares,
            shares_is_at_least: trade.shares_is_at_least,
            value_usd: trade.value,
            value_is_at_least: trade.value_is_at_least,
            average_price: trade.average_price,
            price_low: trade.price_range.map(|range| range.0),
            price_high: trade.price_range.map(|range| range.1),
            share_of_holdings: share_of_holdings(&filing.lots, &matched.lots)
                .map(|share| share.fraction.round_dp(8).normalize().to_string()),
            plan: if filing.plan_10b5_1 == Some(true) { "yes" } else { "unknown" }.to_owned(),
            intent: None,
            warnings: filing.warnings.clone(),
            late: waited.is_some_and(|waited| waited.num_minutes() > LATE_AFTER_MINUTES),
            amends: None,
            also_in: Vec::new(),
            text: String::new(),
        };
        alert.text = alert.line();
        Some(alert)
    }

    /// Figures and text anew, after lots were added.
    pub(crate) fn refigure(&mut self) {
        let trade = self.trade();
        self.price_low = trade.price_range.map(|range| range.0);
        self.price_high = trade.price_range.map(|range| range.1);
        // What was owned of the other lots' lines is not in the records.
        self.share_of_holdings = None;
        self.shares = trade.shares;
        self.shares_is_at_least = trade.shares_is_at_least;
        self.value_usd = trade.value;
        self.value_is_at_least = trade.value_is_at_least;
        self.average_price = trade.average_price;
        self.text = self.line();
    }

    /// The lots' figures together, from the records.
    pub fn trade(&self) -> Trade {
        Trade::of(self.lots.iter().map(LotRecord::figures))
    }

    /// The ticker that a headline shows, or the issuer's name where none is known.
    pub fn ticker_or_name(&self) -> &str {
        self.issuer.tickers.first().map_or(self.issuer.name.as_str(), String::as_str)
    }

    /// What the lots did, in one past-tense word: `sold` where all have code S.
    pub fn verb(&self) -> &'static str {
        let mut codes: Vec<Code> = self.lots.iter().filter_map(|lot| lot.code).collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [one] => match one.letter() {
                'S' => "sold",
                'P' => "bought",
                'G' => "gave away",
                'F' => "had withheld",
                'A' => "was granted",
                'M' | 'X' | 'C' | 'O' => "exercised",
                'D' => "returned to the issuer",
                _ => "reported",
            },
            _ => "traded",
        }
    }

    /// The number of shares as people read it: `24,133`, `at least …`, or `an unknown number of`.
    pub fn shares_text(&self) -> String {
        match self.shares {
            None => "an unknown number of".into(),
            Some(shares) if self.shares_is_at_least => format!("at least {shares}"),
            Some(shares) => shares.to_string(),
        }
    }

    /// What was traded, for a headline: its value, or where that is unknown the shares.
    pub fn what_text(&self) -> String {
        if self.value_usd.is_some() { self.value_text() } else { format!("{} shares", self.shares_text()) }
    }

    /// The value as people read it: `$2,661,359.10`, `at least $…`, or `an unknown price`.
    pub fn value_text(&self) -> String {
        match self.value_usd {
            None => "an unknown price".into(),
            Some(value) if self.value_is_at_least => format!("at least {value}"),
            Some(value) => value.to_string(),
        }
    }

    /// `$110.00 to $110.82`, where the actual prices differ.
    pub fn range_text(&self) -> Option<String> {
        let (low, high) = self.price_low.zip(self.price_high)?;
        (low != high).then(|| format!("{} to {}", low.exact(), high.exact()))
    }

    /// `0.48%`, `under 0.01%`.
    pub fn holdings_text(&self) -> Option<String> {
        let fraction: Decimal = self.share_of_holdings.as_deref()?.parse().ok()?;
        let percent = (fraction * Decimal::ONE_HUNDRED).round_dp(2).normalize();
        Some(if percent.is_zero() { "under 0.01%".to_owned() } else { format!("{percent}%") })
    }

    /// `2 lots on 2 days`.
    pub fn lots_text(&self) -> String {
        let trade = self.trade();
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let lots = plural(self.lots.len(), "lot");
        if trade.days > 1 { format!("{lots} on {}", plural(trade.days, "day")) } else { lots }
    }

    /// `2021-08-20 to 2021-08-23`, one date, or `an unknown date`.
    pub fn dates_text(&self) -> String {
        let day = |date: NaiveDate| date.format("%Y-%m-%d").to_string();
        match self.trade().dates {
            None => "an unknown date".into(),
            Some((first, last)) if first == last => day(first),
            Some((first, last)) => format!("{} to {}", day(first), day(last)),
        }
    }

    /// The owners by name, the first with its position: `DOE JANE (CFO) and 2 others`.
    pub fn owners_text(&self) -> String {
        let Some(first) = self.owners.first() else { return "somebody".into() };
        let position = first.position();
        let named =
            if position.is_empty() { first.name.clone() } else { format!("{} ({position})", first.name) };
        match self.owners.len() {
            1 => named,
            2 => format!("{named} and {}", self.owners[1].name),
            n => format!("{named} and {} others", n - 1),
        }
    }

    fn line(&self) -> String {
        let average = self.average_price.map(|price| match self.lots.len() {
            1 => format!(" at {price}"),
            _ => format!(" at {price} on average"),
        });
        let amended = if self.form.is_amendment() { " (amended)" } else { "" };
        format!(
            "{} {} {} {} for {}{}, {}, {}{amended}",
            plain(&self.owners_text()),
            self.verb(),
            self.shares_text(),
            plain(self.ticker_or_name()),
            self.value_text(),
            average.unwrap_or_default(),
            self.lots_text(),
            self.dates_text(),
        )
    }
}

impl AlertOwner {
    /// Title and roles in one phrase: `Chief Financial Officer`, `director, 10% owner`.
    pub fn position(&self) -> String {
        let mut parts: Vec<&str> = self.title.as_deref().into_iter().collect();
        let titled = self.title.is_some();
        parts.extend(
            self.roles
                .iter()
                .map(String::as_str)
                .filter(|role| !(titled && matches!(*role, "officer" | "other"))),
        );
        parts.join(", ")
    }
}
