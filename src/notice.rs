//! Notices, as data: `render::notice` puts them into words.

mod details;

pub use details::{FeedSilence, GoneRule, InstanceSign, NoFile, SummedAlerts, UnreadableFiling, Waited};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Key;
use crate::destination::Destination;
use crate::mute::Muting;
use crate::receipt::Receipt;

/// Something that operators, or the readers of a destination, need to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredNotice")]
pub struct Notice {
    /// The same notice at the same moment has the same key.
    pub key: Key,
    /// When.
    pub at: DateTime<Utc>,
    /// The event it reports.
    pub about: About,
    /// Names of destinations, for people: `channel:777` is `#alerts on Traders`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// A notice as it is stored. Older versions stored the finished text.
#[derive(Deserialize)]
struct StoredNotice {
    key: Key,
    at: DateTime<Utc>,
    #[serde(default)]
    about: Option<About>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

impl From<StoredNotice> for Notice {
    fn from(stored: StoredNotice) -> Self {
        let StoredNotice { key, at, about, names, title, text } = stored;
        Self { key, at, about: about.unwrap_or(About::Written { title, text }), names }
    }
}

impl Notice {
    /// A notice about something that happens at this moment.
    pub fn new(at: DateTime<Utc>, about: About) -> Self {
        // The fields are texts, numbers and times, all of which JSON can represent.
        let said = serde_json::to_string(&about).unwrap_or_default();
        Self { key: Key::of(&["notice", &at.to_rfc3339(), &said]), at, about, names: BTreeMap::new() }
    }

    /// A notice that is already in words.
    pub fn written(at: DateTime<Utc>, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(at, About::Written { title: title.into(), text: text.into() })
    }

    /// The same, with a key of its own: of several with this key, only the first is sent.
    pub fn with_key(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// True if it is for readers of alerts, rather than for operators.
    pub fn is_for_readers(&self) -> bool {
        matches!(self.about, About::LateAlerts(_) | About::MutedAlerts { .. })
    }

    /// The same, with `change` applied to each text from outside, for example to hide secrets.
    pub fn with_texts(self, change: impl Fn(&str) -> String) -> Self {
        let mut notice = self;
        for text in notice.about.texts().into_iter().chain(notice.names.values_mut()) {
            *text = change(text);
        }
        notice
    }

    /// The same, with the name of a destination.
    pub fn with_name(mut self, destination: &Destination, name: impl Into<String>) -> Self {
        self.names.insert(destination.to_string(), name.into());
        self
    }

    /// A destination by its name, or by its id if its name is unknown.
    pub fn shown(&self, destination: &Destination) -> String {
        let id = destination.to_string();
        self.names.get(&id).cloned().unwrap_or(id)
    }
}

/// The event that a notice reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The words of an older version, or of a test.
    Written {
        /// A few words.
        title: String,
        /// The event and what to do about it, in a few lines.
        text: String,
    },
    /// EDGAR, and what its feed shows.
    Edgar(EdgarNews),
    /// Discord's gateway and the slash commands.
    Bot(BotNews),
    /// Another program uses the same bot.
    AnotherInstance(InstanceSign),
    /// A destination.
    Destination {
        /// Which.
        destination: Destination,
        /// The event.
        news: DestinationNews,
    },
    /// The rule files.
    Rules(RulesNews),
    /// The store.
    Store(StoreNews),
    /// Late alerts: their filings were found too late to send them one by one.
    LateAlerts(SummedAlerts),
    /// Alerts that a mute held back.
    MutedAlerts {
        /// The target of the mute.
        what: Muting,
        /// Since when.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
        /// The alerts.
        alerts: SummedAlerts,
    },
}

/// News of EDGAR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgarNews {
    /// It blocks us.
    Blocks {
        /// True if it refuses the contact, rather than the requesting address.
        refuses_contact: bool,
        /// Its answer.
        error: String,
        /// How long no requests are made, in minutes.
        minutes: i64,
    },
    /// Its feed shows nothing new although EDGAR is open.
    NothingNew {
        /// How long it has shown nothing new, in seconds.
        quiet_s: u64,
        /// When the newest filing was accepted.
        newest: DateTime<Utc>,
        /// The likely cause.
        why: FeedSilence,
    },
    /// Its feed shows new filings again.
    NewAgain {
        /// How long after the alarm.
        minutes: i64,
        /// When the newest filing was accepted.
        newest: DateTime<Utc>,
    },
    /// Filings went into quarantine.
    Quarantined {
        /// The first of them.
        filings: Vec<UnreadableFiling>,
        /// How many more.
        more: usize,
    },
    /// The comparison with its indexes found problems.
    DaysNotClean {
        /// The first of the days.
        receipts: Vec<Receipt>,
        /// How many more.
        more: usize,
    },
}

/// News of the bot's connection to Discord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotNews {
    /// The gateway cannot be reached.
    GatewayDown {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// Some of the connections to the gateway are down.
    ConnectionsDown {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
        /// Which, by their numbers.
        down: Vec<usize>,
        /// How many connections there are.
        all: usize,
    },
    /// All connections to the gateway are open again.
    ConnectionsBack {
        /// Since when some had been down.
        since: DateTime<Utc>,
        /// How many connections there are.
        all: usize,
    },
    /// The gateway rejects the bot, which only a person can fix.
    GatewayRefuses {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
        /// Advice for people.
        advice: String,
    },
    /// The gateway is connected again.
    GatewayBack {
        /// Since when it had been disconnected.
        since: DateTime<Utc>,
    },
    /// The slash commands cannot be registered.
    CommandsNotRegistered {
        /// Why.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
    },
    /// The slash commands are finally registered.
    CommandsRegistered {
        /// Since when they had not been.
        since: DateTime<Utc>,
    },
}

/// News of a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationNews {
    /// It accepts no files.
    NoFiles(NoFile),
    /// It accepts files again.
    FilesAgain {
        /// Since when it had accepted none.
        since: DateTime<Utc>,
    },
    /// Deliveries to it were given up.
    GivenUp {
        /// How many.
        count: usize,
        /// Since when.
        since: DateTime<Utc>,
        /// Why the last of them was given up.
        reason: String,
    },
    /// It accepts nothing, and is paused.
    Paused {
        /// The destination's answer.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
        /// How long its deliveries are kept.
        kept_days: i64,
        /// How long until the next try.
        retry_minutes: i64,
    },
    /// It refuses a message but accepts others.
    Refuses {
        /// The destination's answer.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
    },
    /// It accepts alerts again.
    Resumed {
        /// Since when it had accepted nothing.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
        /// The deliveries that waited for it.
        waited: Waited,
    },
}

/// News of the rule files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesNews {
    /// Edited rules cannot be used.
    Refused {
        /// The first lines of the mistakes.
        mistakes: String,
    },
    /// Edited rules are in force, after some that could not be used, or with a rule gone that had
    /// subscribers.
    Taken {
        /// True if they follow rules that could not be used.
        were_refused: bool,
        /// Rules that are gone, and had subscribers.
        gone: Vec<GoneRule>,
        /// The changes: `added a; removed b`.
        changes: String,
    },
}

/// News of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreNews {
    /// Records could not be read.
    UnreadableRecords {
        /// How many.
        count: usize,
    },
    /// The disk lost something. Older versions also stored the folder.
    Loss {},
    /// It could not be written to for a while.
    Failed {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

impl About {
    /// The destination that it is about, if any.
    pub fn destination(&self) -> Option<&Destination> {
        match self {
            Self::Destination { destination, .. }
            | Self::AnotherInstance(InstanceSign::Sent(destination)) => Some(destination),
            _ => None,
        }
    }

    /// The texts from outside: answers, errors, paths, names.
    fn texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Written { title, text } => vec![title, text],
            Self::Edgar(news) => match news {
                EdgarNews::Blocks { error, .. } => vec![error],
                EdgarNews::NothingNew { why, .. } => match why {
                    FeedSilence::BackOff { reason: text, .. } | FeedSilence::Failing { answer: text } => {
                        vec![text]
                    }
                    FeedSilence::OldFeed => Vec::new(),
                },
                EdgarNews::Quarantined { filings, .. } => {
                    filings.iter_mut().map(|filing| &mut filing.reason).collect()
                }
                EdgarNews::NewAgain { .. } | EdgarNews::DaysNotClean { .. } => Vec::new(),
            },
            Self::Bot(news) => match news {
                BotNews::GatewayDown { reason, .. } | BotNews::ConnectionsDown { reason, .. } => vec![reason],
                BotNews::GatewayRefuses { reason, advice, .. } => vec![reason, advice],
                BotNews::CommandsNotRegistered { reason, advice } => {
                    [reason].into_iter().chain(advice).collect()
                }
                BotNews::GatewayBack { .. }
                | BotNews::ConnectionsBack { .. }
                | BotNews::CommandsRegistered { .. } => Vec::new(),
            },
            Self::AnotherInstance(_) => Vec::new(),
            Self::Destination { news, .. } => match news {
                DestinationNews::Paused { reason, advice, .. }
                | DestinationNews::Refuses { reason, advice } => [reason].into_iter().chain(advice).collect(),
                DestinationNews::GivenUp { reason, .. } | DestinationNews::Resumed { reason, .. } => {
                    vec![reason]
                }
                DestinationNews::NoFiles(_) | DestinationNews::FilesAgain { .. } => Vec::new(),
            },
            Self::Rules(RulesNews::Refused { mistakes }) => vec![mistakes],
            Self::Rules(RulesNews::Taken { gone, changes, .. }) => {
                let gone =
                    gone.iter_mut().flat_map(|gone| [&mut gone.rule].into_iter().chain(&mut gone.channels));
                gone.chain([changes]).collect()
            }
            Self::Store(StoreNews::Failed { reason, .. }) => vec![reason],
            Self::Store(StoreNews::UnreadableRecords { .. } | StoreNews::Loss {}) => Vec::new(),
            Self::LateAlerts(alerts) | Self::MutedAlerts { alerts, .. } => {
                alerts.lines.iter_mut().map(|(_, line)| line).collect()
            }
        }
    }
}
