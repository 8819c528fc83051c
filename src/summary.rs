//! Overflow messages: alerts in one message, with all of them in an attached list, because there are too many
//! to send one by one, or because they waited while the destination accepted nothing. The message is edited
//! as alerts are added.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertDirection, Figure, Key};
use crate::filing::{Accession, Cik, Shares, Usd};
use crate::mute::Muting;
use crate::rules::Mention;
use crate::text::{clip, plain};

/// The most warning codes that a line keeps.
const MOST_WARNINGS: usize = 10;
/// The longest remark about an odd figure, in characters.
const LONGEST_ODD: usize = 120;
/// The most roles and members that one message may ping.
const MOST_MENTIONS: usize = 20;

/// A message about many alerts, as it is queued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The key of its list, which stays the same while it grows.
    pub list: Key,
    /// Why they share a message.
    pub why: Why,
    /// When the list was begun.
    pub since: DateTime<Utc>,
    /// How many alerts there are.
    pub count: usize,
    /// How many of them, the last ones, are not in any message yet.
    pub added: usize,
    /// The message that it replaces; `None` for a new one.
    pub message_id: Option<String>,
    /// Whom its first message pings: everyone that the alerts' rules name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mention: Vec<Mention>,
    /// The alerts, oldest first. The store keeps each one separately.
    #[serde(skip)]
    pub lines: Vec<Line>,
}

/// Why alerts share a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// More alerts came within ten minutes than the channel should get.
    TooMany,
    /// The channel accepted nothing.
    Waited {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// They were muted.
    Muted {
        /// The target of the mute.
        what: Muting,
        /// Since when.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// One alert in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The delivery's key, which its reference derives from.
    pub key: Key,
    /// The rule's name.
    pub rule: String,
    /// Which filing.
    pub accession: Accession,
    /// When EDGAR accepted it.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When sellbell saw it.
    pub seen_at: DateTime<Utc>,
    /// The company's CIK.
    pub cik: Cik,
    /// The company's name, as filed.
    pub issuer: String,
    /// Its first ticker.
    pub ticker: Option<String>,
    /// The reporting persons.
    pub owners: String,
    /// What they did, in one word: `sold`.
    pub verb: String,
    /// The sum of shares.
    pub shares: Option<Shares>,
    /// The value of its priced lots.
    pub value_usd: Option<Usd>,
    /// True if the true value is higher.
    pub value_is_at_least: bool,
    /// True if a value is flagged as odd and therefore in no total.
    #[serde(default)]
    pub value_is_odd: bool,
    /// `acquired`, `disposed`, or `both`; absent from records of older versions.
    #[serde(default)]
    pub direction: Option<AlertDirection>,
    /// Which way the lots of these figures go, if others go the other way.
    #[serde(default)]
    pub main_direction: Option<String>,
    /// The value of the lots that go the other way.
    #[serde(default)]
    pub opposite_usd: Option<Usd>,
    /// True if their true value is higher.
    #[serde(default)]
    pub opposite_is_at_least: bool,
    /// What they did, in a few words: `sold 300 shares`.
    #[serde(default)]
    pub deed: String,
    /// Shares of the security owned before the filing and after it.
    #[serde(default)]
    pub stake: Option<(Shares, Shares)>,
    /// The codes of the filing's warnings, each once.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The remark about its odd figures; the first if there are several.
    #[serde(default)]
    pub odd: Option<String>,
    /// The filing's index page.
    pub url: String,
}

impl Line {
    /// The line as text.
    pub fn text(&self) -> String {
        let name = self.ticker.as_deref().unwrap_or(&self.issuer);
        match self.sound_value() {
            None if !self.deed.is_empty() => format!("[{name}] {} {}", self.owners, self.deed),
            None => format!("[{name}] {} {} an unknown value", self.owners, self.verb),
            Some(value) => {
                let least = if self.value_is_at_least { "at least " } else { "" };
                format!("[{name}] {} {} {least}{}", self.owners, self.verb, value.short())
            }
        }
    }

    /// The value for headlines and totals; `None` if it is unknown, odd or zero.
    pub fn sound_value(&self) -> Option<Usd> {
        self.value_usd.filter(|value| !self.value_is_odd && !value.is_zero())
    }

    /// The line of an alert whose delivery has this key.
    pub fn new(key: &Key, alert: &Alert) -> Self {
        Self {
            key: key.clone(),
            rule: alert.rule.clone(),
            accession: alert.accession,
            accepted_at: alert.accepted_at,
            seen_at: alert.seen_at,
            cik: alert.issuer.cik,
            issuer: alert.issuer.name.clone(),
            ticker: alert.issuer.tickers.first().cloned(),
            owners: alert.owners_text(),
            verb: alert.verb().text().to_owned(),
            shares: alert.shares,
            value_usd: alert.value_usd,
            value_is_at_least: alert.value_is_at_least || alert.value_usd.is_none(),
            value_is_odd: alert.value_is_odd,
            direction: alert.direction,
            main_direction: alert.main_direction().map(|direction| direction.word().to_owned()),
            opposite_usd: alert
                .opposite
                .as_ref()
                .and_then(|other| other.value_usd.filter(|_| !other.value_is_odd)),
            opposite_is_at_least: alert.opposite.as_ref().is_some_and(|other| other.value_is_at_least),
            deed: alert.deed_text(Figure::Short),
            stake: alert.stake_before.zip(alert.stake_after),
            warnings: alert.warning_codes(MOST_WARNINGS),
            odd: alert
                .figure_warnings()
                .next()
                .map(|warning| clip(&plain(&warning.message), LONGEST_ODD).into_owned()),
            url: alert.url.clone(),
        }
    }
}

impl Summary {
    /// A list that begins with this delivery's alert.
    pub fn new(first: &Key, why: Why, now: DateTime<Utc>) -> Self {
        Self {
            list: Key::of(&["summary", first.as_str()]),
            why,
            since: now,
            count: 0,
            added: 0,
            message_id: None,
            mention: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The list with more alerts, added to those in its message.
    pub fn grown<'a>(&self, more: impl IntoIterator<Item = &'a Alert>) -> Self {
        let mut grown = Self { added: 0, lines: Vec::new(), ..self.clone() };
        for alert in more {
            (grown.count, grown.added) = (grown.count + 1, grown.added + 1);
            for mention in &alert.mention {
                if !grown.mention.contains(mention) {
                    grown.mention.push(*mention);
                }
            }
        }
        grown.mention.truncate(MOST_MENTIONS);
        grown
    }

    /// The key of this list at this length.
    pub fn key(&self) -> Key {
        Key::of(&["summary", self.list.as_str(), &self.count.to_string()])
    }
}
