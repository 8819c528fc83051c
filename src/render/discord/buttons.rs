//! The buttons under an alert, and what they mean. A button works after a restart and on old messages, because
//! its `custom_id` says everything that its handler needs.
//!
//! <https://discord.com/developers/docs/components/reference>

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use crate::alert::{Alert, Key};
use crate::filing::{Accession, Cik, ticker_key};
use crate::mute::Muting;
use crate::text::{clip, plain};

/// The version of the `custom_id`s.
const VERSION: &str = "s1";
/// The longest ticker that a button mutes.
const LONGEST_TICKER: usize = 16;
/// Discord's limit of an option's label and description.
const LABEL: usize = 100;
/// How long the buttons mute a ticker and an insider, in days.
pub const MUTED_DAYS: (i64, i64) = (7, 30);

const ROW: u8 = 1;
const BUTTON: u8 = 2;
const SELECT: u8 = 3;
const GREY: u8 = 2;
const LINK: u8 = 5;

/// What a button or select does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Explains why the rule matches the filing.
    Why(Concerned),
    /// Shows the trades of the filing's insider and of others in the issuer.
    History(Concerned),
    /// Mutes this target in the message's channel: a ticker or an owner.
    Mute(Muting),
    /// Ends such a mute.
    Undo(Muting),
    /// Chooses one of several alerts of a message.
    Choose,
    /// Ends a subscription of the channel to this rule.
    Unsubscribe(RuleMark),
    /// Deletes what is stored about whoever presses it.
    Forget,
}

/// The alert that a button is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The filing.
    pub accession: Accession,
    /// Its issuer.
    pub issuer: Cik,
    /// Its first owner, if the filing gives a CIK.
    pub owner: Option<Cik>,
    /// The rule.
    pub rule: RuleMark,
    /// The issuer's first ticker, if a button can mute it.
    pub ticker: Option<String>,
}

/// A short hash of a rule's name, since a name may be too long for a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMark(String);

impl RuleMark {
    const DIGITS: usize = 8;

    /// The mark of a rule's name.
    pub fn of(rule: &str) -> Self {
        Self(Key::of(&["rule", rule]).as_str().chars().take(Self::DIGITS).collect())
    }
}

impl FromStr for RuleMark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_mark = text.len() == Self::DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_mark { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl Concerned {
    pub(super) fn of(alert: &Alert) -> Self {
        let can_be_muted = |ticker: &&String| {
            !ticker_key(ticker).is_empty()
                && ticker.len() <= LONGEST_TICKER
                && ticker.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        };
        Self {
            accession: alert.accession,
            issuer: alert.issuer.cik,
            owner: alert.owners.iter().find_map(|owner| owner.cik),
            rule: RuleMark::of(&alert.rule),
            ticker: alert.issuer.tickers.first().filter(can_be_muted).cloned(),
        }
    }
}

impl fmt::Display for Concerned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.owner.map_or(0, Cik::number);
        let ticker = self.ticker.as_deref().unwrap_or_default();
        write!(f, "{}:{}:{owner}:{}:{ticker}", self.accession, self.issuer.number(), self.rule.0)
    }
}

impl FromStr for Concerned {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(());
        let accession = next()?.parse().map_err(drop)?;
        let number = |text: &str| text.parse::<u64>().map_err(drop);
        let issuer = Cik::new(number(next()?)?).ok_or(())?;
        let owner = Cik::new(number(next()?)?);
        let rule = next()?.parse()?;
        let ticker = Some(next()?).filter(|ticker| !ticker.is_empty()).map(str::to_owned);
        Ok(Self { accession, issuer, owner, rule, ticker })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Why(concerned) => write!(f, "{VERSION}:why:{concerned}"),
            Self::History(concerned) => write!(f, "{VERSION}:history:{concerned}"),
            Self::Mute(what) => write!(f, "{VERSION}:mute:{what}"),
            Self::Undo(what) => write!(f, "{VERSION}:undo:{what}"),
            Self::Choose => write!(f, "{VERSION}:choose"),
            Self::Unsubscribe(rule) => write!(f, "{VERSION}:unsubscribe:{}", rule.0),
            Self::Forget => write!(f, "{VERSION}:forget"),
        }
    }
}

impl FromStr for Action {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix(':')).ok_or(())?;
        let (kind, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let target = || match rest.parse::<Muting>() {
            Ok(what @ (Muting::Ticker(_) | Muting::Owner(_))) => Ok(what),
            _ => Err(()),
        };
        match kind {
            "why" => rest.parse().map(Self::Why),
            "history" => rest.parse().map(Self::History),
            "mute" => target().map(Self::Mute),
            "undo" => target().map(Self::Undo),
            "choose" => Ok(Self::Choose),
            "unsubscribe" => rest.parse().map(Self::Unsubscribe),
            "forget" => Ok(Self::Forget),
            _ => Err(()),
        }
    }
}

/// A row of components below a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    #[serde(rename = "type")]
    kind: u8,
    components: Vec<Component>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Component {
    Button(Button),
    Select(Select),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Button {
    #[serde(rename = "type")]
    kind: u8,
    style: u8,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Select {
    #[serde(rename = "type")]
    kind: u8,
    custom_id: String,
    placeholder: &'static str,
    options: Vec<SelectOption>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SelectOption {
    label: String,
    value: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

/// An alert in the select of a message with several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    option: SelectOption,
    /// What its buttons are about.
    pub(super) concerned: Concerned,
}

impl Choice {
    /// The option of an alert, with a line below its label.
    pub(super) fn new(label: &str, description: &str, concerned: Concerned) -> Self {
        let text = |text: &str| clip(&plain(text), LABEL).into_owned();
        let (label, description) = (text(label), text(description));
        Self { option: SelectOption { label, value: concerned.to_string(), description }, concerned }
    }

    /// The option as JSON.
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(&self.option).unwrap_or_default()
    }
}

impl Row {
    fn of(components: Vec<Component>) -> Self {
        Self { kind: ROW, components }
    }

    /// A row of buttons, each with its label; at most five.
    pub fn buttons(buttons: impl IntoIterator<Item = (Action, String)>) -> Self {
        let button = |(action, label): (Action, String)| button(&action, &label);
        Self::of(buttons.into_iter().take(5).map(button).collect())
    }

    /// The buttons of one alert.
    pub fn of_alert(concerned: &Concerned, url: &str) -> Self {
        let link = Button {
            kind: BUTTON,
            style: LINK,
            label: "Filing".to_owned(),
            custom_id: None,
            url: Some(url.split('#').next().unwrap_or_default().to_owned()),
        };
        let mut row = vec![
            Component::Button(link),
            button(&Action::Why(concerned.clone()), "Why?"),
            button(&Action::History(concerned.clone()), "History"),
        ];
        let (ticker_days, owner_days) = MUTED_DAYS;
        if let Some(ticker) = &concerned.ticker {
            let label = format!("Mute {ticker} {ticker_days}d");
            row.push(button(&Action::Mute(Muting::Ticker(ticker.to_uppercase())), &label));
        }
        if let Some(owner) = concerned.owner {
            let label = format!("Mute insider {owner_days}d");
            row.push(button(&Action::Mute(Muting::Owner(owner)), &label));
        }
        Self::of(row)
    }

    /// The select of a message with several alerts, in the order of its cards.
    pub(super) fn choice<'c>(alerts: impl Iterator<Item = &'c Choice>) -> Self {
        Self::of(vec![Component::Select(Select {
            kind: SELECT,
            custom_id: Action::Choose.to_string(),
            placeholder: "Filing, reason, history, mute…",
            options: alerts.map(|choice| choice.option.clone()).collect(),
        })])
    }

    /// The row as JSON.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn button(action: &Action, label: &str) -> Component {
    Component::Button(Button {
        kind: BUTTON,
        style: GREY,
        label: clip(label, 80).into_owned(),
        custom_id: Some(action.to_string()),
        url: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_reads_as_it_is_written_within_discords_limit() {
        let concerned = Concerned {
            accession: "0001107843-21-000101".parse().unwrap(),
            issuer: Cik::new(4_294_967_295).unwrap(),
            owner: Cik::new(4_294_967_295),
            rule: RuleMark::of("large-sales"),
            ticker: Some("ABCDEFGHIJKLMN.A".to_owned()),
        };
        let without = Concerned { owner: None, ticker: None, ..concerned.clone() };
        for action in [
            Action::Why(concerned.clone()),
            Action::History(without),
            Action::Mute(Muting::Ticker("ABCDEFGHIJKLMN.A".to_owned())),
            Action::Undo(Muting::Owner(Cik::new(7).unwrap())),
            Action::Choose,
            Action::Unsubscribe(RuleMark::of("a")),
            Action::Forget,
        ] {
            let text = action.to_string();
            assert!(text.len() <= 100, "{text}");
            assert_eq!(text.parse(), Ok(action));
        }
        for text in
            ["", "s1", "s1:", "s1:why", "s1:why:1:2:3:4:5", "s2:choose", "s1:mute:rule:a", "s1:unsubscribe:x"]
        {
            assert_eq!(text.parse::<Action>(), Err(()), "{text}");
        }
    }
}
