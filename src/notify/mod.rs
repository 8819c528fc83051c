//! Sends one message to its destination, and reports whether a failure is worth another try. Never retries by
//! itself.

mod check;
mod discord;
mod email;
mod error;
mod jsonl;
mod lines;
mod notifier;
mod output;
mod secret_parts;
mod secrets;
mod setup_error;
mod variables;
mod webhook;

pub use check::check_secrets;
pub use discord::{
    BadAddress, BadGateway, BadToken, ChannelKind, DiscordBot, FOR_THREADS, Foreign, Gateway, Kinds,
    NoAnswer, NoFile, NoGateway, Place, Role, Servers, WITH_ALERTS, needed_permissions,
};
pub use email::{TemplatesReload, check_server, check_templates};
pub use error::{ReadBack, Retry, SendError, Sent};
pub use notifier::Notifier;
pub use output::Output;
pub use secrets::Secrets;
pub use setup_error::SetupError;
pub use variables::{UnusedVariable, unused_variables, variable};
