//! Mail: sent by SMTP if `SMTP_URL` is set, otherwise written as files to a folder, so that new users can see
//! it.

mod connection;
mod conversation;
mod failure;
mod fault;
mod folder;
mod mailer;
mod pace;
mod reply;
mod server;
mod smtp;
mod verdict;

pub(super) use mailer::Mailer;
pub use server::check_server;
pub(super) use server::secrets_in;
