//! Discord: the bot's channels and webhooks, within Discord's limits.

mod address;
mod ask;
mod bot;
mod channels;
mod codes;
mod edit;
mod files;
mod gateway;
mod permissions;
mod places;
mod rate_limit;
mod read_back;
mod refusing;
mod request;
mod roles;
mod send;
mod snowflake;
mod token;
mod twins;
mod webhook;

pub use crate::render::discord::NoFile;
pub use address::BadAddress;
pub(super) use address::is_discords;
pub use ask::NoAnswer;
pub use bot::DiscordBot;
pub(super) use channels::{DiscordRoute, check, routes};
pub(super) use files::Made;
pub use gateway::{BadGateway, Gateway, NoGateway};
pub use permissions::needed_permissions;
pub use places::Place;
pub(super) use rate_limit::RateLimit;
pub use roles::{Role, Servers};
pub use token::BadToken;
pub use twins::Foreign;
pub(super) use webhook::DiscordWebhook;
