//! Sends one message to its destination, and says whether a failure is worth another try. Never loops.

mod check;
mod discord;
mod email;
mod jsonl;
mod output;
mod secrets;
mod variables;
mod webhook;

pub use check::{SetupError, check_secrets};
pub use discord::{
    BadAddress, BadGateway, BadToken, DiscordBot, Foreign, Gateway, NoAnswer, NoFile, NoGateway,
};
pub use email::check_server;
pub use secrets::{Secrets, variable};
pub use variables::{UnusedVariable, unused_variables};

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::Key;
use crate::config::Settings;
use crate::delivery::{Batch, Delivery, InFlight};
use crate::destination::Destination;
use crate::render;
use crate::render::terminal::Colour;
use crate::text::redact::Redactor;

use discord::{DiscordWay, DiscordWebhook, Pace};
use email::Mailer;
use output::blocking;
use webhook::Webhook;

/// An error has so many characters at most.
const MOST_MESSAGE: usize = 1_000;

/// A destination took a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id, where the destination gives one.
    pub message_id: Option<String>,
}

/// A delivery was not taken. The text holds no secret and no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SendError {
    /// What happened.
    pub message: String,
    /// Whether and when to try again.
    pub retry: Retry,
    /// Whether it may have reached the destination all the same: no answer says that it did not.
    pub may_have_arrived: bool,
    /// What people can do about it, where that is known.
    pub advice: Option<&'static str>,
    /// Whether it may be this message that the destination does not like, so that others are tried before it.
    pub of_message: bool,
}

/// Whether a failed delivery may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It can never succeed as it is.
    Never,
    /// The message that it edits cannot be edited any more: as a new one it can succeed.
    Gone,
    /// The destination takes nothing at all until somebody mends it.
    Closed,
    /// Later, by our own back-off.
    Later,
    /// Not before the destination allows it.
    After(Duration),
}

impl SendError {
    /// The same without secrets, and with so many words at most.
    fn cleaned(self, redactor: &Redactor) -> Self {
        Self { message: redactor.clean(&self.message, MOST_MESSAGE), ..self }
    }

    fn never(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: Retry::Never,
            may_have_arrived: false,
            advice: None,
            of_message: false,
        }
    }

    /// Nobody knows what became of it.
    fn later(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retry: Retry::Later,
            may_have_arrived: true,
            advice: None,
            of_message: false,
        }
    }

    /// It certainly was not taken.
    fn refused(message: impl Into<String>) -> Self {
        Self { may_have_arrived: false, ..Self::later(message) }
    }

    /// What it edits is no longer there.
    fn gone(message: impl Into<String>) -> Self {
        Self { retry: Retry::Gone, ..Self::refused(message) }
    }

    /// The destination takes nothing.
    fn closed(message: impl Into<String>) -> Self {
        Self { retry: Retry::Closed, ..Self::refused(message) }
    }

    fn advise(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }
}

/// What looking for deliveries that may have arrived came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// These are there, with what took them and since when; the others are not.
    Told(BTreeMap<Key, (Sent, DateTime<Utc>)>),
    /// The destination drops a repeated one by itself.
    Guarded,
    /// That cannot be told, so that they may be told twice.
    Unknown(&'static str),
}

/// Where `terminal` and `jsonl` write.
pub type Output = Arc<Mutex<dyn Write + Send>>;

/// All destinations, ready to send.
pub struct Notifier {
    output: Output,
    colour: Colour,
    bot: Option<DiscordBot>,
    channels: BTreeMap<String, DiscordWay>,
    mailer: Mailer,
    webhooks: BTreeMap<String, Webhook>,
    files: Arc<jsonl::Files>,
    redactor: Redactor,
}

/// The way to a channel of Discord.
enum Way<'a> {
    Channel(u64),
    Webhook(&'a DiscordWebhook),
}

impl Notifier {
    /// The destinations of the settings. A secret may be missing for those that are not in `used`.
    ///
    /// # Errors
    /// A used destination whose secret is missing or cannot be used.
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        used: &dyn Fn(&Destination) -> bool,
        output: Output,
        colour: Colour,
    ) -> Result<Self, SetupError> {
        let pace = Arc::new(Pace::default());
        let bot = secrets.discord_token.as_ref();
        let bot = bot.map(|token| DiscordBot::new(token, &settings.discord.api_base, Arc::clone(&pace)));
        let bot = bot.transpose()?;
        let channels = discord::ways(settings, secrets, used, &pace)?;
        let mut webhooks = BTreeMap::new();
        for name in &settings.webhooks {
            let secret = secrets.webhook_secrets.get(name);
            let roots = secrets.webhook_roots.get(name).cloned().unwrap_or_default();
            match secrets.webhook_urls.get(name) {
                Some(address) => {
                    webhooks.insert(name.clone(), Webhook::new(name, address, secret, &roots)?);
                }
                None if used(&Destination::Webhook(name.clone())) => {
                    return Err(SetupError::NoEndpoint(name.clone()));
                }
                None => {}
            }
        }
        let redactor = secrets.redactor([]);
        let mailer = Mailer::new(&settings.email, settings.readable_by, secrets)?;
        mailer.adjust_files();
        let files = Arc::new(jsonl::Files::new(settings.readable_by));
        Ok(Self { output, colour, bot, channels, mailer, webhooks, files, redactor })
    }

    /// What hides the secrets in words from outside.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether a destination can be served: what it needs is set.
    pub fn serves(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Discord(name) => self.channels.contains_key(name),
            Destination::Channel(_) => self.bot.is_some(),
            Destination::Webhook(name) => self.webhooks.contains_key(name),
            Destination::Terminal | Destination::Jsonl(_) | Destination::Email(_) => true,
        }
    }

    /// The bot, where a token is set: the gateway uses the same one.
    pub fn bot(&self) -> Option<&DiscordBot> {
        self.bot.as_ref()
    }

    /// How many of these deliveries to one destination, from the first, go out in one message: at least one.
    pub fn fitting(&self, deliveries: &[Delivery]) -> usize {
        match deliveries.first() {
            Some(first) if takes_many(&first.destination) => render::discord::fitting(deliveries),
            _ => 1,
        }
    }

    /// A turn to send a batch, or when to come back: as often as the destination takes messages.
    ///
    /// # Errors
    /// Until when it is to be left alone.
    pub fn turn(&self, batch: &Batch, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        match (self.way(batch.destination()), &self.bot) {
            (Some(Way::Channel(id)), Some(bot)) => bot.turn(id, batch, now),
            (Some(Way::Webhook(webhook)), _) => webhook.turn(now),
            _ => Ok(()),
        }
    }

    /// Whether a destination may get a turn now. Channels that subscribed line up behind those of the settings.
    ///
    /// # Errors
    /// When to come back.
    pub fn line_up(&self, destination: &Destination, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        match (destination, &self.bot) {
            (Destination::Channel(id), Some(bot)) => bot.line_up(*id, now),
            _ => Ok(()),
        }
    }

    /// Sends what goes out in one message, now.
    ///
    /// # Errors
    /// [`SendError`] says whether another try may help.
    pub async fn send(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Sent, SendError> {
        self.dispatch(batch, false, now).await.map_err(|error| error.cleaned(&self.redactor))
    }

    /// The same, to try a destination out: with a small file, where messages there may have one.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn try_out(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Sent, SendError> {
        self.dispatch(batch, true, now).await.map_err(|error| error.cleaned(&self.redactor))
    }

    /// Whether a destination takes files: `None` where none was sent there since the start.
    pub fn takes_files(&self, destination: &Destination) -> Option<Result<(), NoFile>> {
        match (self.way(destination)?, &self.bot) {
            (Way::Channel(id), Some(bot)) => bot.takes_files(id),
            (Way::Webhook(webhook), _) => webhook.takes_files(),
            (Way::Channel(_), None) => None,
        }
    }

    /// Notes that a destination took nothing before the start, which was reported then: nothing is asked to explain it again.
    pub fn refused_before(&self, destination: &Destination) {
        if let (Some(Way::Channel(id)), Some(bot)) = (self.way(destination), &self.bot) {
            bot.refused_before(id);
        }
    }

    /// Messages in a bot's channel that another program seems to have sent as this bot, found since the last call.
    pub async fn foreign(&self, destination: &Destination, now: DateTime<Utc>) -> Vec<Foreign> {
        match (self.way(destination), &self.bot) {
            (Some(Way::Channel(id)), Some(bot)) => bot.foreign(id, now).await,
            _ => Vec::new(),
        }
    }

    async fn dispatch(
        &self,
        batch: &Batch,
        with_sample: bool,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let destination = batch.destination();
        let Some(delivery) = batch.deliveries().first() else {
            return Err(SendError::never("nothing to send"));
        };
        match destination {
            Destination::Terminal => self.print(delivery).await,
            Destination::Jsonl(file) => self.jsonl(file.as_deref(), delivery).await,
            Destination::Discord(_) | Destination::Channel(_) => match (self.way(destination), &self.bot) {
                (Some(Way::Channel(id)), Some(bot)) => bot.send(id, batch, with_sample, now).await,
                (Some(Way::Webhook(webhook)), _) => webhook.send(batch, with_sample, now).await,
                (Some(Way::Channel(_)), None) => Err(SendError::refused("DISCORD_TOKEN is not set")),
                (None, _) => Err(unknown(destination)),
            },
            Destination::Email(name) => {
                self.mailer.send(name, delivery, batch.concerned().map(|(id, _)| id)).await
            }
            Destination::Webhook(name) => match self.webhooks.get(name) {
                Some(webhook) => webhook.send(delivery, now).await,
                None => Err(unknown(destination)),
            },
        }
    }

    /// Looks whether what was in one message arrived, where that is not known.
    ///
    /// # Errors
    /// [`SendError`]: the destination does not say so now.
    pub async fn find(
        &self,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<Found, SendError> {
        match (self.way(batch.destination()), &self.bot) {
            (Some(Way::Channel(id)), Some(bot)) => {
                bot.find(id, batch, sends, now).await.map_err(|error| error.cleaned(&self.redactor))
            }
            // A file's last lines are looked at before each line that is added.
            _ if matches!(batch.destination(), Destination::Jsonl(Some(_))) => Ok(Found::Guarded),
            _ => Ok(Found::Unknown("what was sent there cannot be read back")),
        }
    }

    /// Whether a destination tells what reached it.
    pub fn reads_back(&self, destination: &Destination) -> bool {
        matches!(self.way(destination), Some(Way::Channel(_)))
    }

    /// The way to a channel of Discord.
    fn way(&self, destination: &Destination) -> Option<Way<'_>> {
        match destination {
            Destination::Channel(id) => Some(Way::Channel(*id)),
            Destination::Discord(name) => match self.channels.get(name)? {
                DiscordWay::Channel(id) => Some(Way::Channel(*id)),
                DiscordWay::Webhook(webhook) => Some(Way::Webhook(webhook)),
            },
            Destination::Terminal
            | Destination::Jsonl(_)
            | Destination::Email(_)
            | Destination::Webhook(_) => None,
        }
    }

    /// The permissions that the bot needs in the channel of a destination and lacks there, by Discord's names for them;
    /// `None` where the bot does not serve it.
    ///
    /// # Errors
    /// [`SendError`]: Discord does not say.
    pub async fn lacks(&self, destination: &Destination) -> Result<Option<Vec<&'static str>>, SendError> {
        match (self.way(destination), &self.bot) {
            (Some(Way::Channel(id)), Some(bot)) => {
                bot.lacks(id).await.map(Some).map_err(|error| error.cleaned(&self.redactor))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a destination is told of several alerts in one message.
pub fn takes_many(destination: &Destination) -> bool {
    matches!(destination, Destination::Discord(_) | Destination::Channel(_))
}

fn unknown(destination: &Destination) -> SendError {
    // It may be that the settings lost it by mistake, so the delivery is kept for a while.
    SendError::refused(format!("the settings no longer define {destination}, or its secret is not set"))
}

fn no_digest(destination: &Destination) -> SendError {
    SendError::never(format!("{destination} cannot take a digest or notice"))
}
