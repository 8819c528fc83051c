//! The bot: its token, its connection and what it remembers about channels.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serenity::all::UserId;
use serenity::http::Route;
use tokio::sync::OnceCell;

use super::address::DISCORD;
use super::codes::By;
use super::edit::edited;
use super::files::Files;
use super::kinds::Kinds;
use super::open_threads::OpenThreads;
use super::publishing::Publishing;
use super::rate_limit::RateLimit;
use super::refusing::Refusing;
use super::request::DiscordClient;
use super::roles::Servers;
use super::shared::shared_thread;
use super::tags::Tags;
use super::token;
use super::twins::Twins;
use crate::config;
use crate::delivery::Batch;
use crate::notify::setup_error::SetupError;
use crate::render::discord::NoFile;

/// The bot. Clones share its connection and its limits.
#[derive(Clone)]
pub struct DiscordBot {
    token: SecretString,
    pub(super) api_base: String,
    pub(super) client: DiscordClient,
    pub(super) own_id: Arc<OnceCell<UserId>>,
    pub(super) files: Arc<Files>,
    pub(super) twins: Arc<Twins>,
    pub(super) refusing: Arc<Refusing>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) publishing: Arc<Publishing>,
    pub(super) threads: Arc<OpenThreads>,
    /// The tags of posts, by forum.
    tags: Arc<BTreeMap<u64, Tags>>,
    servers: Arc<Servers>,
}

impl fmt::Debug for DiscordBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscordBot")
    }
}

impl DiscordBot {
    /// The bot with this token, at Discord or at a proxy in its place, as the settings say.
    ///
    /// # Errors
    /// The token is malformed, or the HTTP library could not be set up.
    pub(in crate::notify) fn new(
        token: &SecretString,
        settings: &config::Discord,
        rate_limit: Arc<RateLimit>,
    ) -> Result<Self, SetupError> {
        let token = token::parse(token, &settings.api_base).map_err(SetupError::BadToken)?;
        let client = DiscordClient::new("Discord", rate_limit)?;
        let tags = settings.channels.iter().filter_map(|channel| match channel.via {
            config::Via::Bot(id) => Some((id, Tags::of(channel))),
            config::Via::Webhook => None,
        });
        let api_base = settings.api_base.clone();
        let (own_id, files, twins) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self {
            token,
            api_base,
            client,
            own_id,
            files,
            twins,
            refusing: Arc::default(),
            kinds: Arc::default(),
            publishing: Arc::new(Publishing::new(settings.publish)),
            threads: Arc::default(),
            tags: Arc::new(tags.collect()),
            servers: Arc::default(),
        })
    }

    /// The token, which is also used for the gateway.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The servers that the gateway reported since the start.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The tags that posts of a forum get.
    pub(super) fn tags(&self, forum: u64) -> Tags {
        self.tags.get(&forum).cloned().unwrap_or_default()
    }

    /// Takes a turn to send to a channel, or returns when to try again.
    pub(in crate::notify) fn turn(
        &self,
        channel: u64,
        batch: &Batch,
        now: DateTime<Utc>,
    ) -> Result<(), DateTime<Utc>> {
        self.twins.begin(now);
        self.client.turn(&route(channel, batch), By::bot(batch.destination()), now)
    }

    /// Succeeds if a subscribed channel may get a turn now; otherwise returns when to try again.
    pub(in crate::notify) fn line_up(&self, channel: u64, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.client.line_up(&format!("channel:{channel}"), now)
    }

    /// Whether a channel accepts files, as far as known.
    pub(in crate::notify) fn takes_files(&self, channel: u64) -> Option<Result<(), NoFile>> {
        self.files.taken_by(&channel.to_string())
    }

    /// Records that a channel refused messages before the start. That was reported then, so its permissions
    /// are not checked again.
    pub(in crate::notify) fn refused_before(&self, channel: u64) {
        self.refusing.note_refused_before(channel);
    }

    pub(super) fn request(&self, method: Method, route: &Route<'_>) -> RequestBuilder {
        let address = route.path().replacen(DISCORD, self.api_base.trim_end_matches('/'), 1);
        let request = self.client.http.request(method, address);
        request.header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret()))
    }
}

/// The route of a batch, which has its own limits.
pub(super) fn route(channel: u64, batch: &Batch) -> String {
    let what = if edited(batch).is_some() || batch.concerned().is_some() { "editing" } else { "channel" };
    format!("{what}:{}", shared_thread(batch).unwrap_or(channel))
}
