//! Settings, as validated values.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::recipient::{Address, DigestMode, Mode, Recipient, places};
use crate::destination::{AddressId, BUILT_IN, Destination, Inbox, KnownAddresses, ReadBack, Threads};
use crate::problem::Problem;
use crate::schedule::Schedule;

/// All settings, validated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[edgar]`
    pub edgar: Edgar,
    /// `[schedule]`
    pub schedule: Schedules,
    /// `[rules] dir`
    pub rules_dir: PathBuf,
    /// `[store] dir`
    pub store_dir: PathBuf,
    /// `[discord]`
    pub discord: Discord,
    /// `[email]`
    pub email: Email,
    /// `[files] readable_by`: who may read the mails and JSON lines written to files.
    pub readable_by: ReadableBy,
    /// `[[webhook.endpoint]]`: the names of the endpoints that rules can name. Their addresses are in
    /// `WEBHOOK_URL_<NAME>`.
    pub webhooks: Vec<String>,
    /// `[http] listen`: where a running bot serves its state; `None` to disable it.
    pub listen: Option<SocketAddr>,
    /// `[http] public_url`: where readers of e-mails reach it, without a trailing slash; `None` if they do not.
    pub public_url: Option<String>,
    /// `[operators] notify`: where notices to the operators go.
    pub operators: Vec<Destination>,
    /// Warnings about renamed keys in the file.
    pub renamed: Vec<Problem>,
}

impl Settings {
    /// True if a rule may name this destination.
    pub fn knows(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Discord(name) => self.discord.channels.iter().any(|channel| channel.name == *name),
            Destination::Email(inbox) => self.recipient(inbox).is_some(),
            Destination::Webhook(name) => self.webhooks.contains(name),
            _ => destination.capabilities().local,
        }
    }

    /// The names of all defined destinations, for error messages.
    pub fn destinations(&self) -> Vec<String> {
        let built_in = BUILT_IN.map(str::to_owned).into_iter();
        let discord = self.discord.channels.iter().map(|channel| format!("discord:{}", channel.name));
        let email = self.email.recipients.iter().map(|recipient| format!("email:{}", recipient.name));
        let webhooks = self.webhooks.iter().map(|name| format!("webhook:{name}"));
        built_in.chain(discord).chain(email).chain(webhooks).collect()
    }

    /// True if messages sent to a destination can be read back.
    pub fn reads_back(&self, destination: &Destination) -> bool {
        match (destination.capabilities().read_back, destination) {
            (ReadBack::Always, _) => true,
            (ReadBack::ByBot, Destination::Discord(name)) => {
                let mut channels = self.discord.channels.iter();
                channels.any(|channel| channel.name == *name && matches!(channel.via, Via::Bot(_)))
            }
            (ReadBack::ByBot | ReadBack::Guarded | ReadBack::Never, _) => false,
        }
    }

    /// The recipient that an inbox belongs to, if the settings define it.
    pub fn recipient(&self, inbox: &Inbox) -> Option<&Recipient> {
        self.email.recipients.get(*self.email.places.get(inbox)?)
    }

    /// The address of an inbox, if the settings define it.
    pub fn address(&self, inbox: &Inbox) -> Option<&Address> {
        self.recipient(inbox)?.addresses.iter().find(|address| address.inbox == *inbox)
    }

    /// Names the inboxes of recipients as a store knows them, so that the order of addresses does not matter. Before
    /// that, the first address of each has its name.
    pub fn name_inboxes(&mut self, known: &BTreeMap<String, KnownAddresses>) {
        for recipient in &mut self.email.recipients {
            if let Some(known) = known.get(&recipient.name) {
                recipient.name_inboxes(known);
            }
        }
        self.email.places = places(&self.email.recipients);
    }

    /// The records of the recipients' addresses for the next start: those that differ from the known ones.
    pub fn addresses_to_know(
        &self,
        known: &BTreeMap<String, KnownAddresses>,
    ) -> BTreeMap<String, KnownAddresses> {
        let recipients = self.email.recipients.iter();
        let changed = recipients.filter_map(|recipient| {
            let ids: Vec<AddressId> = recipient.addresses.iter().map(Address::id).collect();
            let before = known.get(&recipient.name);
            let after = KnownAddresses::after(before, &ids)?;
            (before != Some(&after)).then(|| (recipient.name.clone(), after))
        });
        changed.collect()
    }

    /// The digests of a destination, if it gets digests.
    pub fn digest_mode(&self, destination: &Destination) -> Option<&DigestMode> {
        let Destination::Email(inbox) = destination else { return None };
        match &self.recipient(inbox)?.mode {
            Mode::Digest(mode) => Some(mode),
            Mode::Instant => None,
        }
    }

    /// The digest schedule of a destination, if it has one.
    pub fn digest_of(&self, destination: &Destination) -> Option<&Schedule> {
        self.digest_mode(destination).map(|mode| &mode.schedule)
    }

    /// The destinations that a name in a file stands for: each address of a recipient, and any other by itself.
    pub fn each_of(&self, name: &Destination) -> Vec<Destination> {
        let recipient = match name {
            Destination::Email(inbox) if inbox.is_first() => self.recipient(inbox),
            _ => None,
        };
        match recipient {
            Some(recipient) => recipient.destinations().collect(),
            None => vec![name.clone()],
        }
    }

    /// The address of a recipient's inbox with most of it hidden, for people, unless the inbox has the recipient's
    /// name: `j•••@example.org`.
    pub fn masked_address(&self, destination: &Destination) -> Option<String> {
        let Destination::Email(inbox) = destination else { return None };
        let address = self.address(inbox)?;
        (!inbox.is_first()).then(|| address.masked())
    }

    /// The mistakes in the names of rules that recipients list, where these are the names of all rules.
    pub fn unknown_rules(&self, rules: &[&str]) -> Vec<Problem> {
        self.email.recipients.iter().flat_map(|recipient| recipient.unknown_rules(rules)).collect()
    }
}

/// How to reach EDGAR.
#[derive(Debug, Clone)]
pub struct Edgar {
    /// Where EDGAR is, without a trailing slash.
    pub base_url: String,
    /// Where EDGAR's data server is, without a trailing slash: it lists a company's filings.
    pub data_url: String,
    /// Who sends the requests, as the SEC wants it declared: a name and a mail address. Empty if not
    /// declared.
    pub contact: String,
    /// The most requests in a second, for all work together.
    pub requests_per_second: u32,
    /// How long one request may take.
    pub timeout: Duration,
    /// True to fetch filings even if no rule asks about their issuer.
    pub fetch_all: bool,
}

impl Edgar {
    /// True if this is the SEC's own server, which has rules for automated clients.
    pub fn is_live(&self) -> bool {
        is_sec(&self.base_url) || is_sec(&self.data_url)
    }
}

/// When things happen.
#[derive(Debug, Clone)]
pub struct Schedules {
    /// When the feed is polled.
    pub poll: Schedule,
    /// When the daily index of a finished day is requested.
    pub reconcile: Schedule,
    /// Filings accepted longer ago than this when they are found cause late alerts: one message per
    /// destination.
    pub late_after: Duration,
    /// How long the feed may show nothing new during EDGAR's hours before the operators are notified.
    pub stale_after: Duration,
    /// How far back the first run looks. If zero, everything already on EDGAR counts as known.
    pub look_back: Duration,
}

/// Discord's address and channels.
#[derive(Debug, Clone)]
pub struct Discord {
    /// Where Discord's API is, without a trailing slash.
    pub api_base: String,
    /// How many alerts a channel gets one by one within ten minutes; more than that come in one message.
    pub channel_budget: usize,
    /// The ids of the servers in which the bot may be used; empty for all.
    pub servers: Vec<u64>,
    /// How many subscriptions there may be.
    pub limits: SubscriptionLimits,
    /// The one server that has the slash commands, to try them out; `None` for all servers.
    pub test_server: Option<u64>,
    /// True if alerts have a chart where history has something to show.
    pub charts: bool,
    /// True if messages in announcement channels are published, so that followers in other servers see them.
    pub publish: bool,
    /// The channels that rules can name.
    pub channels: Vec<Channel>,
}

/// How many subscriptions there may be. A subscription is one rule or one watch in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionLimits {
    /// In one channel of a server.
    pub per_channel: usize,
    /// In one person's direct messages.
    pub per_person: usize,
    /// In one server, across its channels.
    pub per_server: usize,
    /// In all servers together.
    pub in_all: usize,
}

impl Discord {
    /// True if the bot may be used in a server.
    pub fn allows(&self, server: u64) -> bool {
        self.servers.is_empty() || self.servers.contains(&server)
    }

    /// A channel that the bot serves, as a destination: by its name in the settings, if it has one.
    pub fn destination_of(&self, channel: u64) -> Destination {
        let named = self.channels.iter().find(|own| own.via == Via::Bot(channel));
        named.map_or(Destination::Channel(channel), |own| Destination::Discord(own.name.clone()))
    }

    /// How the alerts of a channel in the settings are spread over threads; `None` for the channel itself.
    pub fn threads_of(&self, destination: &Destination) -> Option<Threads> {
        let Destination::Discord(name) = destination else { return None };
        self.channels.iter().find(|own| own.name == *name)?.threads
    }

    /// A warning if anybody who adds the bot to a server can subscribe there.
    pub fn open_to_all(&self) -> Option<&'static str> {
        self.servers.is_empty().then_some(
            "[discord] servers is not set, so members who manage any server with the bot can subscribe there: list your servers' ids, and untick Public Bot at discord.com/developers",
        )
    }
}

/// A destination `discord:<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The name that rules use.
    pub name: String,
    /// How it is reached.
    pub via: Via,
    /// True if it is a forum, where the webhook creates a post for each alert.
    pub thread_name: bool,
    /// The ids of the tags that posts get, if it is a forum.
    pub tags: Vec<u64>,
    /// How its alerts are spread over threads; `None` for the channel itself.
    pub threads: Option<Threads>,
}

/// How a Discord channel is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By the bot, which needs `DISCORD_TOKEN`, to the channel with this id.
    Bot(u64),
    /// By the webhook whose address is in `DISCORD_WEBHOOK_<NAME>`.
    Webhook,
}

/// Mail.
#[derive(Debug, Clone)]
pub struct Email {
    /// The sender, `Name <address>`, its domain in ASCII.
    pub from: String,
    /// The name with which this machine introduces itself to mail servers, in SMTP form; `None` for its own.
    pub ehlo_name: Option<String>,
    /// True if user and password may be sent to a mail server unencrypted.
    pub allow_plain_password: bool,
    /// The most mails sent in a minute, to all recipients together; 0 for any number.
    pub per_minute: usize,
    /// Where mails are written as files while no `SMTP_URL` is set.
    pub out_dir: PathBuf,
    /// The folder with templates that replace the built-in ones; it may be missing.
    pub templates: PathBuf,
    /// The recipients that rules can name.
    pub recipients: Vec<Recipient>,
    /// Inbox → the place of its recipient in that list.
    pub(super) places: BTreeMap<Inbox, usize>,
}

/// Who may read the files that alerts are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadableBy {
    /// Only the user that runs it.
    #[default]
    Owner,
    /// The file's group as well.
    Group,
    /// Every user of the machine.
    Everyone,
}

impl ReadableBy {
    /// The mode of such a file.
    pub const fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o640,
            Self::Everyone => 0o644,
        }
    }

    /// The mode of a folder of such files.
    pub const fn folder_mode(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::Group => 0o750,
            Self::Everyone => 0o755,
        }
    }
}

/// True if an address is on the SEC's own servers.
pub(super) fn is_sec(address: &str) -> bool {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host.is_some_and(|host| host == "sec.gov" || host.ends_with(".sec.gov"))
}
