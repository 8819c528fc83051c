//! Mail: sent by SMTP if `SMTP_URL` is set, otherwise written as files to a folder, so that new users can see
//! it.

mod conversation;
mod failure;
mod folder;
mod mailer;
mod message;
mod reply;
mod server;
mod verdict;

pub(super) use mailer::Mailer;
pub use server::check_server;
pub(super) use server::secrets_in;
