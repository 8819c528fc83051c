//! A single entry point for all destinations, which routes each delivery to its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::discord::{
    self, ChannelKind, DiscordBot, DiscordRoute, DiscordWebhook, Foreign, Made, NoAnswer, NoFile, RateLimit,
};
use super::email::{Mailer, TemplatesReload};
use super::error::{ReadBack, SendError, Sent, unknown};
use super::output::{LocalOutput, Output};
use super::secrets::Secrets;
use super::setup_error::SetupError;
use super::webhook::Webhook;
use crate::config::Settings;
use crate::delivery::{Batch, Delivery, InFlight};
use crate::destination::{AddressId, Destination, Inbox, ReadBack as CanReadBack};
use crate::render;
use crate::render::discord::{CardChart, Message};
use crate::render::email::Chart;
use crate::render::terminal::Colour;
use crate::text::redact::Redactor;

/// All destinations, ready to send.
pub struct Notifier {
    local: LocalOutput,
    bot: Option<DiscordBot>,
    channels: BTreeMap<String, DiscordRoute>,
    mailer: Mailer,
    webhooks: BTreeMap<String, Webhook>,
    redactor: Redactor,
}

/// How a Discord channel is reached.
enum Route<'a> {
    Channel(u64),
    Webhook(&'a DiscordWebhook),
}

impl Notifier {
    /// The destinations defined in the settings. Secrets may be missing for those not in `used`.
    ///
    /// # Errors
    /// The secret of a used destination is missing or cannot be used.
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        used: &dyn Fn(&Destination) -> bool,
        output: Output,
        colour: Colour,
    ) -> Result<Self, SetupError> {
        let rate_limit = Arc::new(RateLimit::default());
        let bot = secrets.discord_token.as_ref();
        let bot = bot.map(|token| DiscordBot::new(token, &settings.discord, Arc::clone(&rate_limit)));
        let bot = bot.transpose()?;
        let channels = discord::routes(settings, secrets, used, &rate_limit)?;
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
        let mailer = Mailer::new(settings, secrets)?;
        mailer.adjust_files();
        let local = LocalOutput::new(output, colour, settings.readable_by);
        Ok(Self { local, bot, channels, mailer, webhooks, redactor })
    }

    /// The redactor that removes secrets from external text.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The text part of the e-mail that a delivery to a recipient would be.
    ///
    /// # Errors
    /// [`SendError`] if the settings do not define the recipient, or it is another kind of destination.
    pub async fn email_text(&self, delivery: &Delivery) -> Result<String, SendError> {
        let Destination::Email(inbox) = &delivery.destination else {
            return Err(unknown(&delivery.destination));
        };
        Ok(self.mailer.compose(inbox, delivery, None).await?.0.text)
    }

    /// True if this is the token of a link that stops e-mails to an address, with the inbox in that link.
    pub fn is_unsubscribe_link(&self, inbox: &Inbox, address: &AddressId, token: &str) -> bool {
        self.mailer.is_unsubscribe_link(inbox, address, token)
    }

    /// Takes the names of inboxes from the settings again.
    pub fn name_inboxes(&mut self, settings: &Settings) {
        self.mailer.name_inboxes(settings);
    }

    /// Looks whether the templates of e-mails were edited, and uses them from now on if they can be.
    pub fn reload_templates(&self) -> TemplatesReload {
        self.mailer.reload_templates()
    }

    /// True if a destination can be served because everything it needs is set.
    pub fn serves(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Discord(name) => self.channels.contains_key(name),
            Destination::Channel(_) => self.bot.is_some(),
            Destination::Webhook(name) => self.webhooks.contains_key(name),
            Destination::Email(_) => true,
            _ => destination.capabilities().local,
        }
    }

    /// The bot, if a token is set; the gateway uses the same one.
    pub fn bot(&self) -> Option<&DiscordBot> {
        self.bot.as_ref()
    }

    /// How many of these deliveries to one destination, starting with the first, fit in one message (at least
    /// one), and that message if it combines several.
    pub fn fitting(&self, deliveries: &[Delivery]) -> (usize, Option<Message>) {
        match deliveries.first() {
            Some(first) if self.batches(&first.destination) => render::discord::fitting(deliveries),
            _ => (1, None),
        }
    }

    /// True if one message to a destination can have several alerts. In a forum, each has its own post.
    fn batches(&self, destination: &Destination) -> bool {
        let takes_posts = match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => bot.kinds().takes_posts(id),
            (Some(Route::Webhook(webhook)), _) => webhook.creates_posts(),
            _ => false,
        };
        destination.capabilities().batches && !takes_posts
    }

    /// The thread of its channel that a batch begins a message in; opens it if there is none. `None` if it goes
    /// to the channel itself.
    ///
    /// # Errors
    /// [`SendError`] if Discord cannot be asked now.
    pub async fn thread(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Option<u64>, SendError> {
        let Some(name) = batch.thread_name() else { return Ok(None) };
        match (self.route(batch.destination()), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => {
                let thread = bot.thread(id, name, batch.destination(), now).await;
                thread.map_err(|error| error.cleaned(&self.redactor))
            }
            _ => Ok(None),
        }
    }

    /// Takes a turn to send a batch, within the destination's limits, or returns when to try again.
    ///
    /// # Errors
    /// When to try again.
    pub fn turn(&self, batch: &Batch, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        match (self.route(batch.destination()), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => bot.turn(id, batch, now),
            (Some(Route::Webhook(webhook)), _) => webhook.turn(now),
            _ => match batch.destination() {
                Destination::Email(inbox) => self.mailer.turn(inbox, now),
                _ => Ok(()),
            },
        }
    }

    /// Succeeds if a destination may get a turn now. Subscribed channels queue behind those defined in the
    /// settings, and recipients of mails queue in order.
    ///
    /// # Errors
    /// When to try again.
    pub fn line_up(&self, destination: &Destination, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        match (destination, &self.bot) {
            (Destination::Channel(id), Some(bot)) => bot.line_up(*id, now),
            (Destination::Email(inbox), _) => self.mailer.line_up(inbox, now),
            _ => Ok(()),
        }
    }

    /// Gives up a destination's place in line, because it has nothing to get.
    pub fn leave_line(&self, destination: &Destination) {
        if let Destination::Email(inbox) = destination {
            self.mailer.leave_line(inbox);
        }
    }

    /// Closes connections that nothing used since the last call.
    pub async fn close_idle(&self) {
        self.mailer.close_idle().await;
    }

    /// Closes all connections that are kept for the next message.
    pub async fn hang_up(&self) {
        self.mailer.hang_up().await;
    }

    /// Sends a batch as one message, now. It is not published.
    ///
    /// # Errors
    /// [`SendError`], which says whether to try again.
    pub async fn send(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Sent, SendError> {
        let made = Made { message: None, charts: Vec::new(), with_sample: false, is_real: false };
        self.dispatch(batch, made, now).await.map_err(|error| error.cleaned(&self.redactor))
    }

    /// The same, with a message that is already rendered, and with charts. Where the settings say so, it is
    /// published.
    ///
    /// # Errors
    /// Same as [`Self::send`].
    pub async fn send_composed(
        &self,
        batch: &Batch,
        message: Option<Message>,
        charts: Vec<CardChart>,
        now: DateTime<Utc>,
    ) -> Result<Sent, SendError> {
        let made = Made { message, charts, with_sample: false, is_real: true };
        self.dispatch(batch, made, now).await.map_err(|error| error.cleaned(&self.redactor))
    }

    /// The same, to test a destination: attaches a small file if its messages may have one.
    ///
    /// # Errors
    /// Same as [`Self::send`].
    pub async fn try_out(&self, batch: &Batch, now: DateTime<Utc>) -> Result<Sent, SendError> {
        let made = Made { message: None, charts: Vec::new(), with_sample: true, is_real: false };
        self.dispatch(batch, made, now).await.map_err(|error| error.cleaned(&self.redactor))
    }

    /// Whether a destination accepts files; `None` if none was sent there since the start.
    pub fn takes_files(&self, destination: &Destination) -> Option<Result<(), NoFile>> {
        match (self.route(destination)?, &self.bot) {
            (Route::Channel(id), Some(bot)) => bot.takes_files(id),
            (Route::Webhook(webhook), _) => webhook.takes_files(),
            (Route::Channel(_), None) => None,
        }
    }

    /// Records that a destination accepted nothing before the start. That was reported then, so the reason is
    /// not looked up again.
    pub fn refused_before(&self, destination: &Destination) {
        if let (Some(Route::Channel(id)), Some(bot)) = (self.route(destination), &self.bot) {
            bot.refused_before(id);
        }
    }

    /// Messages in a bot's channel that another program seems to have sent as this bot, found since the last
    /// call.
    pub async fn foreign(&self, destination: &Destination, now: DateTime<Utc>) -> Vec<Foreign> {
        match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => bot.foreign(id, now).await,
            _ => Vec::new(),
        }
    }

    async fn dispatch(&self, batch: &Batch, made: Made, now: DateTime<Utc>) -> Result<Sent, SendError> {
        let destination = batch.destination();
        let Some(delivery) = batch.deliveries().first() else {
            return Err(SendError::never("nothing to send"));
        };
        match destination {
            Destination::Discord(_) | Destination::Channel(_) => match (self.route(destination), &self.bot) {
                (Some(Route::Channel(id)), Some(bot)) => bot.send(id, batch, made, now).await,
                (Some(Route::Webhook(webhook)), _) => webhook.send(batch, made, now).await,
                (Some(Route::Channel(_)), None) => Err(SendError::refused("DISCORD_TOKEN is not set")),
                (None, _) => Err(unknown(destination)),
            },
            Destination::Email(inbox) => {
                let chart = made.charts.into_iter().next();
                let chart = chart.map(|chart| Chart { png: chart.png.to_vec(), alt_text: chart.alt_text });
                self.mailer.send(inbox, delivery, batch.concerned().map(|(id, _)| id), chart).await
            }
            Destination::Webhook(name) => match self.webhooks.get(name) {
                Some(webhook) => webhook.send(delivery, now).await,
                None => Err(unknown(destination)),
            },
            _ => self.local.send(delivery).await,
        }
    }

    /// Checks whether the deliveries of one message arrived, if that is uncertain.
    ///
    /// # Errors
    /// [`SendError`] if the destination cannot be checked now.
    pub async fn find(
        &self,
        batch: &Batch,
        sends: &InFlight,
        now: DateTime<Utc>,
    ) -> Result<ReadBack, SendError> {
        let destination = batch.destination();
        match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => {
                bot.find(id, batch, sends, now).await.map_err(|error| error.cleaned(&self.redactor))
            }
            _ if destination.capabilities().read_back == CanReadBack::Guarded => Ok(ReadBack::Guarded),
            _ => Ok(ReadBack::Unknown("it cannot be read back")),
        }
    }

    /// True if messages can be read back from a destination.
    pub fn reads_back(&self, destination: &Destination) -> bool {
        matches!(self.route(destination), Some(Route::Channel(_)))
    }

    /// How a Discord channel is reached.
    fn route(&self, destination: &Destination) -> Option<Route<'_>> {
        match destination {
            Destination::Channel(id) => Some(Route::Channel(*id)),
            Destination::Discord(name) => match self.channels.get(name)? {
                DiscordRoute::Channel(id) => Some(Route::Channel(*id)),
                DiscordRoute::Webhook(webhook) => Some(Route::Webhook(webhook)),
            },
            _ => None,
        }
    }

    /// The kind of a destination's channel, as Discord says now; `None` if the bot does not serve it.
    ///
    /// # Errors
    /// [`NoAnswer`] if Discord does not say.
    pub async fn kind_of(&self, destination: &Destination) -> Result<Option<ChannelKind>, NoAnswer> {
        match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => bot.kind_of(id).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Discord's names of the permissions that the bot needs in a destination's channel, also to open threads
    /// there, but lacks; `None` if the bot does not serve it.
    ///
    /// # Errors
    /// [`SendError`] if Discord does not answer.
    pub async fn lacks(
        &self,
        destination: &Destination,
        opens_threads: bool,
    ) -> Result<Option<Vec<&'static str>>, SendError> {
        match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => {
                let lacking = bot.lacks(id, opens_threads).await;
                lacking.map(Some).map_err(|error| error.cleaned(&self.redactor))
            }
            _ => Ok(None),
        }
    }

    /// The names of those of these roles that messages to a destination cannot ping, by id: roles that not
    /// everybody may mention, where the bot lacks the permission Mention Everyone. None if the bot does not
    /// serve the destination.
    ///
    /// # Errors
    /// [`SendError`] if Discord does not answer.
    pub async fn unpingable(
        &self,
        destination: &Destination,
        roles: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, String>, SendError> {
        match (self.route(destination), &self.bot) {
            (Some(Route::Channel(id)), Some(bot)) => {
                bot.unpingable_in(id, roles).await.map_err(|error| error.cleaned(&self.redactor))
            }
            _ => Ok(BTreeMap::new()),
        }
    }
}
