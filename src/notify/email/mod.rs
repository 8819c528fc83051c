//! Mail: sent by SMTP if `SMTP_URL` is set, otherwise written as files to a folder, so that new users can see
//! it.

mod connection;
mod conversation;
mod failure;
mod fault;
mod folder;
mod line;
mod mailer;
mod message;
mod own_templates;
mod pace;
mod reply;
mod server;
mod smtp;
mod unsubscribe;
mod verdict;

pub(super) use mailer::Mailer;
pub use own_templates::{TemplatesReload, check_templates};
pub use server::check_server;
pub(super) use server::secrets_in;
