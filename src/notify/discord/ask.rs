//! The bot's questions to Discord besides its messages. serenity's own client reads an answer of any length, so that one of a proxy, or of
//! somebody in Discord's place, could fill the memory; here it is bounded.

use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serenity::all::{
    ApplicationId, ChannelId, CreateCommand, CreateInteractionResponse, CurrentUser, InteractionId, UserId,
};
use serenity::http::Route;
use thiserror::Error;

use super::bot::DiscordBot;
use super::codes::{By, Purpose, Refusal, unreachable};
use super::request::{RefusalBody, bounded, words};
use crate::notify::error::SendError;

/// A server with 250 roles has some 100 kB. Reading an answer takes many times its size.
const MAX_ANSWER: usize = 1024 * 1024;

/// Discord did not do what it was asked. The text has no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// No answer in time.
    #[error("Discord did not answer in time")]
    Late,
    /// No connection.
    #[error("Discord cannot be reached")]
    Unreachable,
    /// An answer that cannot be read.
    #[error("Discord's answer cannot be read: {0}")]
    Unreadable(String),
    /// A refusal.
    #[error("Discord answers {status}{code}", code = code.map_or(String::new(), |code| format!(", code {code}")))]
    Refused {
        /// The status.
        status: u16,
        /// Discord's own number for it, where the answer has one.
        code: Option<i64>,
        /// Discord's words.
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
    /// Registers the bot's commands, in place of those that it had.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn register(
        &self,
        application_id: ApplicationId,
        commands: &[CreateCommand],
    ) -> Result<(), NoAnswer> {
        let route = Route::Commands { application_id };
        self.answer(Method::PUT, &route, Some(commands)).await.map(drop)
    }

    /// Answers a command, or what was typed of one.
    ///
    /// # Errors
    /// [`NoAnswer`]
    pub async fn respond(
        &self,
        interaction_id: InteractionId,
        token: &str,
        response: &CreateInteractionResponse,
    ) -> Result<(), NoAnswer> {
        let route = Route::InteractionResponse { interaction_id, token };
        self.answer(Method::POST, &route, Some(response)).await.map(drop)
    }

    /// Asks for a thing of Discord's.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, route: &Route<'_>) -> Result<T, NoAnswer> {
        let body = self.answer(Method::GET, route, None::<&()>).await?;
        serde_json::from_slice(&body).map_err(|error| NoAnswer::Unreadable(words(&error.to_string())))
    }

    pub(super) async fn channel(&self, channel_id: ChannelId) -> Result<serenity::all::Channel, NoAnswer> {
        self.fetch(&Route::Channel { channel_id }).await
    }

    pub(super) async fn own_id(&self) -> Result<UserId, NoAnswer> {
        let ask = async || self.fetch(&Route::UserMe).await.map(|user: CurrentUser| user.id);
        self.own_id.get_or_try_init(ask).await.copied()
    }

    async fn answer(
        &self,
        method: Method,
        route: &Route<'_>,
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let mut request = self.request(method, route);
        if let Some(body) = body {
            request = request.json(body);
        }
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
}
