//! Mutes: tickers, owners, rules and destinations that are kept quiet for a while.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::alert::Alert;
use crate::config::{Settings, Via};
use crate::destination::Destination;
use crate::filing::{Cik, ticker_key};
use crate::problem::nearest;
use crate::rules::{RuleSet, is_watch};
use crate::text::{clip, eastern, fold, plain};

/// The longest mute. To silence alerts for good, remove the rule.
pub const LONGEST: TimeDelta = TimeDelta::days(366);
/// How `by` begins for a mute that somebody made in Discord; their id follows.
pub const DISCORD_USER: &str = "discord user ";
/// The longest text that people may write in a mute, in characters.
const TEXT: usize = 200;

/// The target of a mute. As text: `ticker:QLYS`, `owner:1234567` or `owner:DOE JANE`, `rule:big`,
/// `destination:discord:alerts`, `in:discord:alerts ticker:QLYS`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Muting {
    /// Alerts of companies with this ticker.
    Ticker(String),
    /// Alerts in which this owner reports.
    Owner(Cik),
    /// Alerts in which an owner with this name, as filed, reports.
    OwnerNamed(String),
    /// Alerts of this rule.
    Rule(String),
    /// Alerts to this destination.
    Destination(Destination),
    /// The alerts of a ticker, owner or rule to this destination only: a channel's own mute.
    In(Destination, Box<Self>),
}

/// A mute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// The target.
    pub what: Muting,
    /// When it begins.
    pub since: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// The reason, in the words of whoever muted it.
    #[serde(default)]
    pub why: Option<String>,
    /// Who muted it.
    #[serde(default)]
    pub by: Option<String>,
}

/// Why a mute is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MuteError {
    /// The text is not a valid target.
    #[error(
        "`{0}` cannot be muted: expected ticker:QLYS, owner:1234567, owner:NAME, rule:NAME, destination:discord:NAME or \"in:discord:NAME ticker:QLYS\""
    )]
    Unknown(String),
    /// No such rule.
    #[error("there is no rule `{0}`{1}")]
    NoRule(String, String),
    /// No such destination.
    #[error("the settings define no destination `{0}`; they define {1}")]
    NoDestination(String, String),
    /// It would already be over.
    #[error("a mute that ends at {} is already over", eastern(*.0))]
    Over(DateTime<Utc>),
    /// It would last too long.
    #[error("a mute lasts at most {} days: remove the rule instead", LONGEST.num_days())]
    TooLong,
}

impl Muting {
    /// The one destination that it is about, if there is one. A recipient stands for all of its addresses.
    pub fn destination(&self) -> Option<&Destination> {
        match self {
            Self::Destination(destination) | Self::In(destination, _) => Some(destination),
            _ => None,
        }
    }

    /// True if it covers this alert to this destination.
    pub fn covers(&self, alert: &Alert, destination: &Destination) -> bool {
        self.concerns(alert) && self.reaches(destination)
    }

    /// True if it covers this alert to some destination.
    pub fn concerns(&self, alert: &Alert) -> bool {
        match self.target() {
            Self::Ticker(ticker) => {
                let key = ticker_key(ticker);
                alert.issuer.tickers.iter().any(|own| ticker_key(own) == key)
            }
            Self::Owner(cik) => alert.owners.iter().any(|owner| owner.cik == Some(*cik)),
            Self::OwnerNamed(name) => {
                alert.owners.iter().any(|owner| fold(&owner.name).to_lowercase() == name.to_lowercase())
            }
            Self::Rule(rule) => alert.rule == *rule,
            Self::Destination(_) | Self::In(..) => true,
        }
    }

    /// True if it covers some alert to this destination.
    pub fn reaches(&self, destination: &Destination) -> bool {
        match self {
            Self::Destination(own) | Self::In(own, _) => own.covers(destination),
            _ => true,
        }
    }

    /// The target within one destination.
    pub fn within(self, destination: Destination) -> Self {
        Self::In(destination, Box::new(self))
    }

    /// The ticker, owner, rule or destination, wherever it is muted.
    pub fn target(&self) -> &Self {
        if let Self::In(_, what) = self { what } else { self }
    }

    /// The one destination in which the target is muted; `None` if it is muted everywhere.
    pub fn only_in(&self) -> Option<&Destination> {
        if let Self::In(destination, _) = self { Some(destination) } else { None }
    }

    /// Checks that the rule or destination exists.
    ///
    /// # Errors
    /// An unknown rule or destination, with the names of the known ones.
    pub fn check(&self, settings: &Settings, rules: &RuleSet) -> Result<(), MuteError> {
        if let Self::Rule(name) = self.target()
            && rules.get(name).is_none()
        {
            return Err(MuteError::NoRule(name.clone(), which_rules(name, rules)));
        }
        match (self.only_in(), self) {
            (Some(destination), _) | (None, Self::Destination(destination)) => exists(destination, settings),
            _ => Ok(()),
        }
    }

    /// In words: `ticker QLYS`, `ticker QLYS in discord:alerts`.
    pub fn in_words(&self) -> String {
        let words = self.target().to_string().replacen(':', " ", 1);
        self.only_in().map_or(words.clone(), |destination| format!("{words} in {destination}"))
    }
}

/// Checks that a destination exists, under this name.
fn exists(destination: &Destination, settings: &Settings) -> Result<(), MuteError> {
    let unknown = |name: String, known: String| Err(MuteError::NoDestination(name, known));
    match destination {
        Destination::Channel(id) => {
            let named = settings.discord.channels.iter().find(|channel| channel.via == Via::Bot(*id));
            named.map_or(Ok(()), |named| {
                unknown(format!("channel:{id}"), format!("it as discord:{}", named.name))
            })
        }
        other if !settings.knows(other) => unknown(other.to_string(), settings.destinations().join(", ")),
        _ => Ok(()),
    }
}

/// The rule that may be meant by an unknown name, or the names of those that there are.
fn which_rules(name: &str, rules: &RuleSet) -> String {
    const MOST: usize = 20;
    let names = || rules.iter().map(|rule| rule.name.as_str()).filter(|name| !is_watch(name));
    if let Some(near) = nearest(name, names()) {
        return format!(": did you mean `{near}`?");
    }
    let shown: Vec<&str> = names().take(MOST).collect();
    match names().count() {
        0 => ": there are no rules".to_owned(),
        all if all > MOST => format!("; the first of {all} rules are {}", shown.join(", ")),
        _ => format!("; the rules are {}", shown.join(", ")),
    }
}

impl Mute {
    /// A mute from now on.
    ///
    /// # Errors
    /// A mute that would already be over, or would last more than a year.
    pub fn new(what: Muting, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Self, MuteError> {
        if until <= now {
            return Err(MuteError::Over(until));
        }
        if until - now > LONGEST {
            return Err(MuteError::TooLong);
        }
        Ok(Self { what, since: now, until, why: None, by: None })
    }

    /// Adds who muted it and why, each as one line.
    pub fn said(self, by: Option<&str>, why: Option<&str>) -> Self {
        let line = |text: &str| Some(plain(&clip(text, TEXT))).filter(|text| !text.is_empty());
        Self { by: by.and_then(line), why: why.and_then(line), ..self }
    }

    /// True if it is in force.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        now < self.until
    }
}

impl FromStr for Muting {
    type Err = MuteError;

    fn from_str(text: &str) -> Result<Self, MuteError> {
        let unknown = || MuteError::Unknown(plain(&clip(text, TEXT)));
        let within = text.trim().strip_prefix("in:").map(|rest| rest.split_once(' ').ok_or_else(unknown));
        let (destination, target) = match within.transpose()? {
            Some((destination, target)) => (Some(destination.parse().map_err(|_| unknown())?), target),
            None => (None, text),
        };
        let (kind, name) = target.trim().split_once(':').ok_or_else(unknown)?;
        let name = plain(name);
        if name.is_empty() || name.chars().count() > TEXT {
            return Err(unknown());
        }
        let target = match kind {
            "ticker" => Self::Ticker(name.to_uppercase()),
            "owner" if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self::Owner(name.parse().map_err(|_| unknown())?)
            }
            "owner" => Self::OwnerNamed(name),
            "rule" => Self::Rule(name),
            "destination" if destination.is_none() => Self::Destination(name.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        Ok(match destination {
            Some(destination) => target.within(destination),
            None => target,
        })
    }
}

impl TryFrom<String> for Muting {
    type Error = MuteError;

    fn try_from(text: String) -> Result<Self, MuteError> {
        text.parse()
    }
}

impl From<Muting> for String {
    fn from(muting: Muting) -> Self {
        muting.to_string()
    }
}

impl fmt::Display for Muting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(destination) = self.only_in() {
            write!(f, "in:{destination} ")?;
        }
        match self.target() {
            Self::Ticker(ticker) => write!(f, "ticker:{ticker}"),
            Self::Owner(cik) => write!(f, "owner:{}", cik.number()),
            Self::OwnerNamed(name) => write!(f, "owner:{name}"),
            Self::Rule(rule) => write!(f, "rule:{rule}"),
            Self::Destination(destination) => write!(f, "destination:{destination}"),
            // The target of a mute is in no further one.
            Self::In(..) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_muted_reads_as_it_is_written() {
        for text in [
            "ticker:QLYS",
            "owner:1107843",
            "owner:DOE JANE",
            "rule:big sales",
            "destination:discord:alerts",
            "destination:channel:5",
            "in:channel:5 ticker:QLYS",
            "in:discord:alerts owner:DOE JANE",
        ] {
            assert_eq!(text.parse::<Muting>().unwrap().to_string(), text);
        }
        assert_eq!("ticker:qlys".parse::<Muting>().unwrap().to_string(), "ticker:QLYS");
        for text in [
            "",
            "QLYS",
            "ticker:",
            "ticker: \u{202e}",
            "owner:0",
            "destination:pager:x",
            "issuer:5",
            "in:channel:5",
            "in:channel:5 destination:terminal",
            "in:channel:5 in:channel:5 ticker:A",
            "in:pager:x ticker:A",
        ] {
            assert!(text.parse::<Muting>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mute_lasts_for_a_time_that_is_to_come_and_a_year_at_most() {
        let now: DateTime<Utc> = "2026-01-05T12:00:00Z".parse().unwrap();
        let mute = |until| Mute::new(Muting::Rule("a".into()), now, until);
        assert_eq!(mute(now), Err(MuteError::Over(now)));
        assert_eq!(mute(now + TimeDelta::days(367)), Err(MuteError::TooLong));
        let mute = mute(now + TimeDelta::hours(1)).unwrap().said(Some("jane\n"), Some("  "));
        assert_eq!((mute.by.as_deref(), mute.why.as_deref()), (Some("jane"), None));
        assert!(mute.holds(now) && !mute.holds(now + TimeDelta::hours(1)));
    }
}
