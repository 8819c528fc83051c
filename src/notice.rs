//! Notices, as data: `render::notice` has the words.

mod details;

pub use details::{FeedSilence, GoneRule, InstanceSign, NoFile, SummedAlerts, UnreadableFiling, Waited};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Key;
use crate::destination::Destination;
use crate::mute::Muting;
use crate::receipt::Receipt;

/// Something that operators need to know, or whoever reads a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredNotice")]
pub struct Notice {
    /// The same notice at the same moment has the same key.
    pub key: Key,
    /// When.
    pub at: DateTime<Utc>,
    /// The event it reports.
    pub about: About,
}

/// A notice as it is stored. Older versions stored finished words.
#[derive(Deserialize)]
struct StoredNotice {
    key: Key,
    at: DateTime<Utc>,
    #[serde(default)]
    about: Option<About>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

impl From<StoredNotice> for Notice {
    fn from(stored: StoredNotice) -> Self {
        let StoredNotice { key, at, about, title, text } = stored;
        Self { key, at, about: about.unwrap_or(About::Written { title, text }) }
    }
}

impl Notice {
    /// A notice of this moment.
    pub fn new(at: DateTime<Utc>, about: About) -> Self {
        // Its fields are texts, numbers and times, which JSON always has a form for.
        let said = serde_json::to_string(&about).unwrap_or_default();
        Self { key: Key::of(&["notice", &at.to_rfc3339(), &said]), at, about }
    }

    /// One that is in words already.
    pub fn written(at: DateTime<Utc>, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(at, About::Written { title: title.into(), text: text.into() })
    }

    /// The same with each text from outside made anew, as by what hides secrets.
    pub fn with_texts(self, change: impl Fn(&str) -> String) -> Self {
        let mut notice = self;
        for text in notice.about.texts() {
            *text = change(text);
        }
        notice
    }
}

/// The event that a notice reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Words of an older version, or of a test.
    Written {
        /// In a few words.
        title: String,
        /// The event and what to do, some lines.
        text: String,
    },
    /// EDGAR, and what it shows.
    Edgar(EdgarNews),
    /// Discord's gateway and the slash commands.
    Bot(BotNews),
    /// Another program acts with the same bot.
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
    /// Late alerts: filings that were found too late to be sent one by one.
    LateAlerts(SummedAlerts),
    /// Alerts that a mute kept back.
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
        /// True if it refuses the contact, rather than the address that asks.
        refuses_contact: bool,
        /// Its answer.
        error: String,
        /// For how long nothing is asked.
        minutes: i64,
    },
    /// Its feed shows nothing new in its hours.
    NothingNew {
        /// For how long, in seconds.
        quiet_s: u64,
        /// When the newest filing was accepted.
        newest: DateTime<Utc>,
        /// Why that may be.
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
    /// The comparison with its indexes was not clean.
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
    /// The gateway does not take the bot, which only a person can mend.
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
        /// Since when it was not.
        since: DateTime<Utc>,
    },
    /// The slash commands cannot be registered.
    CommandsNotRegistered {
        /// Why.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
    },
    /// The slash commands are registered at last.
    CommandsRegistered {
        /// Since when they were not.
        since: DateTime<Utc>,
    },
}

/// News of a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationNews {
    /// It takes no files.
    NoFiles(NoFile),
    /// It takes files again.
    FilesAgain {
        /// Since when it took none.
        since: DateTime<Utc>,
    },
    /// Deliveries to it were given up.
    GivenUp {
        /// How many.
        count: usize,
        /// Since when.
        since: DateTime<Utc>,
        /// Why the last of them was.
        reason: String,
    },
    /// It takes nothing, and is paused.
    Paused {
        /// The destination's answer.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
        /// For how long its deliveries are kept.
        kept_days: i64,
        /// After how long it is tried again.
        retry_minutes: i64,
    },
    /// It refuses a message while it takes others.
    Refuses {
        /// The destination's answer.
        reason: String,
        /// Advice for people, if there is any.
        advice: Option<String>,
    },
    /// It takes alerts again.
    Resumed {
        /// Since when it took nothing.
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
        /// The mistakes, some lines of them.
        mistakes: String,
    },
    /// Edited rules are in force, after others that could not be used, or with a rule gone that had subscribers.
    Taken {
        /// True after others that could not be used.
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
    /// The disk lost something.
    Loss {
        /// The store's folder.
        dir: String,
    },
    /// It could not be written for a while.
    Failed {
        /// Since when.
        since: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

impl About {
    /// The texts that come from outside: answers, errors, paths, names.
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
                BotNews::GatewayDown { reason, .. } => vec![reason],
                BotNews::GatewayRefuses { reason, advice, .. } => vec![reason, advice],
                BotNews::CommandsNotRegistered { reason, advice } => {
                    [reason].into_iter().chain(advice).collect()
                }
                BotNews::GatewayBack { .. } | BotNews::CommandsRegistered { .. } => Vec::new(),
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
            Self::Store(StoreNews::Loss { dir: text } | StoreNews::Failed { reason: text, .. }) => vec![text],
            Self::Store(StoreNews::UnreadableRecords { .. }) => Vec::new(),
            Self::LateAlerts(alerts) | Self::MutedAlerts { alerts, .. } => {
                alerts.lines.iter_mut().map(|(_, line)| line).collect()
            }
        }
    }
}
