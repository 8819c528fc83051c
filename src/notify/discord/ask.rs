//! The bot's requests to Discord other than messages. serenity's own client reads an answer of any length, so
//! a proxy or an impostor could exhaust memory; here, answers are bounded.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serenity::all::{ApplicationId, ChannelId, CreateCommand, CurrentUser, GuildId, InteractionId, UserId};
use serenity::http::Route;
use thiserror::Error;

use super::bot::DiscordBot;
use super::codes::{By, Purpose, Refusal, unreachable};
use super::request::{RefusalBody, bounded, filled, words};
use crate::notify::error::SendError;
use crate::render::discord::Attached;

/// A server with 250 roles takes some 100 kB. Parsing an answer takes many times its size in memory.
const MAX_ANSWER: usize = 1024 * 1024;

/// Discord did not fulfil a request. The text contains no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// Discord did not answer in time.
    #[error("Discord did not answer in time")]
    Late,
    /// Discord cannot be reached.
    #[error("Discord cannot be reached")]
    Unreachable,
    /// The answer cannot be read.
    #[error("Discord's answer cannot be read: {0}")]
    Unreadable(String),
    /// Discord refused the request.
    #[error("Discord answers {status}{code}", code = code.map_or(String::new(), |code| format!(", code {code}")))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Discord's error code, if the answer has one.
        code: Option<i64>,
        /// Discord's message.
        message: String,
    },
}

impl From<NoAnswer> for SendError {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Late => Self::later("Discord did not answer in time"),
            NoAnswer::Unreachable => unreachable("Discord"),
            NoAnswer::Unreadable(_) => Self::later(no_answer.to_string()),
            NoAnswer::Refused { status, code, ref message } => {
                let message = format!("{no_answer}: {message}");
                Refusal { status, code, at_fault: &[] }.judged(Purpose::Read, By::Settings, message)
            }
        }
    }
}

impl DiscordBot {
    /// Registers the bot's commands, everywhere or on one server, replacing those it had there.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn register(
        &self,
        application_id: ApplicationId,
        server: Option<u64>,
        commands: &[CreateCommand],
    ) -> Result<(), NoAnswer> {
        let route = match server {
            Some(server) => Route::GuildCommands { application_id, guild_id: GuildId::new(server.max(1)) },
            None => Route::Commands { application_id },
        };
        self.answer(Method::PUT, &route, Some(commands)).await.map(drop)
    }

    /// Responds to an interaction.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn respond(
        &self,
        interaction_id: InteractionId,
        token: &str,
        response: &impl Serialize,
        files: &[Attached],
    ) -> Result<(), NoAnswer> {
        let route = Route::InteractionResponse { interaction_id, token };
        self.answer_with(Method::POST, &route, response, files).await
    }

    /// Replaces the response to an interaction, within 15 minutes.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn follow_up(
        &self,
        application_id: ApplicationId,
        token: &str,
        message: &impl Serialize,
        files: &[Attached],
    ) -> Result<(), NoAnswer> {
        let route = Route::WebhookOriginalInteractionResponse { application_id, token };
        self.answer_with(Method::PATCH, &route, message, files).await
    }

    /// Adds a message to the response to an interaction, within 15 minutes.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn add_follow_up(
        &self,
        application_id: ApplicationId,
        token: &str,
        message: &impl Serialize,
    ) -> Result<(), NoAnswer> {
        let route = Route::WebhookFollowupMessages { application_id, token };
        self.answer(Method::POST, &route, Some(message)).await.map(drop)
    }

    /// The channel of direct messages with a person.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn direct_channel(&self, user: u64) -> Result<u64, NoAnswer> {
        #[derive(Deserialize)]
        struct Direct {
            id: ChannelId,
        }
        let body = json!({ "recipient_id": user.to_string() });
        let opened = self.answer(Method::POST, &Route::UserMeDmChannels, Some(&body)).await?;
        let opened: Result<Direct, _> = serde_json::from_slice(&opened);
        opened.map(|direct| direct.id.get()).map_err(|error| NoAnswer::Unreadable(words(&error.to_string())))
    }

    /// Fetches an object from Discord.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, route: &Route<'_>) -> Result<T, NoAnswer> {
        let body = self.answer(Method::GET, route, None::<&()>).await?;
        serde_json::from_slice(&body).map_err(|error| NoAnswer::Unreadable(words(&error.to_string())))
    }

    pub(super) async fn channel(&self, channel_id: ChannelId) -> Result<serenity::all::Channel, NoAnswer> {
        let mut channel: Value = self.fetch(&Route::Channel { channel_id }).await?;
        // serenity does not know media channels, which are like forums.
        if channel["type"] == 16 {
            channel["type"] = 15.into();
        }
        serde_json::from_value(channel).map_err(|error| NoAnswer::Unreadable(words(&error.to_string())))
    }

    pub(super) async fn own_id(&self) -> Result<UserId, NoAnswer> {
        let ask = async || self.fetch(&Route::UserMe).await.map(|user: CurrentUser| user.id);
        self.own_id.get_or_try_init(ask).await.copied()
    }

    async fn answer_with(
        &self,
        method: Method,
        route: &Route<'_>,
        body: &impl Serialize,
        files: &[Attached],
    ) -> Result<(), NoAnswer> {
        let request = filled(self.request(method, route), body, files);
        let request = request.map_err(|error| NoAnswer::Unreadable(error.to_string()))?;
        answered(request).await.map(drop)
    }

    pub(super) async fn answer(
        &self,
        method: Method,
        route: &Route<'_>,
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let mut request = self.request(method, route);
        if let Some(body) = body {
            request = request.json(body);
        }
        answered(request).await
    }
}

/// Sends a request, and returns the answer's body.
async fn answered(request: RequestBuilder) -> Result<Vec<u8>, NoAnswer> {
    let response = request.send().await.map_err(|error| match error {
        error if error.is_timeout() => NoAnswer::Late,
        _ => NoAnswer::Unreachable,
    })?;
    let status = response.status();
    let (body, is_whole) = bounded(response, MAX_ANSWER).await;
    match status {
        StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT if is_whole => Ok(body),
        StatusCode::OK | StatusCode::CREATED => {
            Err(NoAnswer::Unreadable("it broke off, or is too long".to_owned()))
        }
        _ => {
            let RefusalBody { code, message, .. } = serde_json::from_slice(&body).unwrap_or_default();
            Err(NoAnswer::Refused { status: status.as_u16(), code, message: words(&message) })
        }
    }
}
