//! A subscription, and what is stored of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
}

/// A subscribed channel in the index by rule. Without a mention, it is stored as the server alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredSeat", into = "StoredSeat")]
pub(super) struct Seat {
    pub(super) server: Option<u64>,
    pub(super) mention: Option<Mention>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredSeat {
    Mentioning { server: Option<u64>, mention: Mention },
    Server(Option<u64>),
}

impl From<StoredSeat> for Seat {
    fn from(stored: StoredSeat) -> Self {
        match stored {
            StoredSeat::Mentioning { server, mention } => Self { server, mention: Some(mention) },
            StoredSeat::Server(server) => Self { server, mention: None },
        }
    }
}

impl From<Seat> for StoredSeat {
    fn from(Seat { server, mention }: Seat) -> Self {
        mention.map_or(Self::Server(server), |mention| Self::Mentioning { server, mention })
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
}

impl<'a> Subscription<'a> {
    /// A channel's, without a mention.
    pub fn new(server: Option<u64>, channel: u64, rule: &'a str, by: u64) -> Self {
        Self { server, channel, is_direct: false, rule, by, mention: None }
    }
}

/// The result of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribing {
    /// The channel is now subscribed.
    New,
    /// It already was.
    Known,
    /// It already was; its mention changed.
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
}
