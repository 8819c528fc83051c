//! A subscription, and what is stored of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::destination::Threads;
use crate::rules::Mention;

/// A subscription as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subscribed {
    pub(super) at: DateTime<Utc>,
    /// The user; 0 for the command line.
    pub(super) by: u64,
    /// The channel's server. Older records lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<u64>,
    /// Whom its alerts mention, in addition to the rule's own mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mention: Option<Mention>,
    /// True for the direct messages of the person who made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_direct: bool,
    /// How its alerts are spread over threads, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) threads: Option<Threads>,
}

/// A subscribed channel in the index by rule. Without a mention or threads, it is stored as the server alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredSeat", into = "StoredSeat")]
pub(super) struct Seat {
    pub(super) server: Option<u64>,
    pub(super) mention: Option<Mention>,
    pub(super) threads: Option<Threads>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredSeat {
    Special {
        server: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mention: Option<Mention>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threads: Option<Threads>,
    },
    Server(Option<u64>),
}

impl From<StoredSeat> for Seat {
    fn from(stored: StoredSeat) -> Self {
        match stored {
            StoredSeat::Special { server, mention, threads } => Self { server, mention, threads },
            StoredSeat::Server(server) => Self { server, ..Self::default() },
        }
    }
}

impl From<Seat> for StoredSeat {
    fn from(Seat { server, mention, threads }: Seat) -> Self {
        match (mention, threads) {
            (None, None) => Self::Server(server),
            _ => Self::Special { server, mention, threads },
        }
    }
}

/// The rule to subscribe to, and who subscribes.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'a> {
    /// The channel's server; `None` for direct messages, or if it is not known.
    pub server: Option<u64>,
    /// The channel.
    pub channel: u64,
    /// True for the direct messages of the person who subscribes.
    pub is_direct: bool,
    /// The rule's name.
    pub rule: &'a str,
    /// The user who subscribes the channel.
    pub by: u64,
    /// Whom its alerts mention, in addition to the rule's own mentions.
    pub mention: Option<Mention>,
    /// How its alerts are spread over threads; `None` for the channel itself.
    pub threads: Option<Threads>,
}

impl<'a> Subscription<'a> {
    /// A channel's, without a mention or threads.
    pub fn new(server: Option<u64>, channel: u64, rule: &'a str, by: u64) -> Self {
        Self { server, channel, is_direct: false, rule, by, mention: None, threads: None }
    }
}

/// The result of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribing {
    /// The channel is now subscribed.
    New,
    /// It already was.
    Known,
    /// It already was; its mention or threads changed.
    Changed,
    /// The channel has reached its limit, which is this many.
    ChannelFull(usize),
    /// The person has reached their limit, which is this many.
    PersonFull(usize),
    /// Its server has reached its limit.
    ServerFull,
    /// All servers together have reached their limit.
    Full,
}

/// A subscribed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscriber {
    /// Its id.
    pub channel: u64,
    /// Its server, if known.
    pub server: Option<u64>,
    /// Whom its alerts mention, in addition to the rule's own mentions.
    pub mention: Option<Mention>,
    /// How its alerts are spread over threads; `None` for the channel itself.
    pub threads: Option<Threads>,
}

/// A subscription of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSubscription {
    /// The rule's name.
    pub rule: String,
    /// Whom its alerts mention, in addition to the rule's own mentions.
    pub mention: Option<Mention>,
    /// How its alerts are spread over threads; `None` for the channel itself.
    pub threads: Option<Threads>,
}
