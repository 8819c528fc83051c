//! Errors in a destination's secrets or setup.

use thiserror::Error;

use super::discord::{BadAddress, BadToken};
use super::variables::variable;
use crate::problem::Problems;

/// Why a destination cannot be served as configured.
#[derive(Debug, Error)]
pub enum SetupError {
    /// A channel by id without a bot token.
    #[error("discord:{0} needs the bot, and DISCORD_TOKEN is not set")]
    NoToken(String),
    /// A webhook channel without its address.
    #[error("discord:{0} is a webhook, and {variable} is not set", variable = variable("DISCORD_WEBHOOK", .0))]
    NoWebhook(String),
    /// An unusable webhook address.
    #[error("{variable} {1}", variable = variable("DISCORD_WEBHOOK", .0))]
    BadWebhook(String, BadAddress),
    /// A malformed bot token.
    #[error(transparent)]
    BadToken(BadToken),
    /// An endpoint without its address.
    #[error("webhook:{0} needs an address, and {variable} is not set", variable = variable("WEBHOOK_URL", .0))]
    NoEndpoint(String),
    /// A malformed endpoint address.
    #[error("{variable} is not an address like https://example.org/hook", variable = variable("WEBHOOK_URL", .0))]
    BadEndpoint(String),
    /// A Discord webhook in place of an endpoint.
    #[error(
        "{variable} is the URL of a Discord webhook, which accepts messages, not the JSON of alerts: add a [[discord.channel]] with webhook = true, and set DISCORD_WEBHOOK_<NAME>",
        variable = variable("WEBHOOK_URL", .0)
    )]
    DiscordEndpoint(String),
    /// An endpoint's secret that claims to be Base64 but is not.
    #[error(
        "{variable} begins with whsec_, but what follows is not Base64: copy it again",
        variable = variable("WEBHOOK_SECRET", .0)
    )]
    BadSecret(String),
    /// A mistake in `SMTP_URL`, which is not shown.
    #[error("SMTP_URL cannot be used: {0}")]
    Smtp(String),
    /// An address for readers of e-mails without the secret that signs links.
    #[error("[http] public_url needs HTTP_TOKEN, which signs the links in e-mails")]
    NoHttpToken,
    /// A secret that can be guessed.
    #[error(
        "HTTP_TOKEN is too short to sign the links in e-mails: use {0} characters or more, such as those from `openssl rand -hex 32`"
    )]
    ShortHttpToken(usize),
    /// Mistakes in the templates of e-mails.
    #[error("the templates of e-mails cannot be used: {0}")]
    Templates(Problems),
    /// The HTTP library could not be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(#[from] reqwest::Error),
}

impl SetupError {
    /// True if a secret is missing rather than wrong.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NoToken(_) | Self::NoWebhook(_) | Self::NoEndpoint(_) | Self::NoHttpToken)
    }
}
