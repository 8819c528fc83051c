//! Mail: by SMTP where `SMTP_URL` is set, else as files in a folder, so that a newcomer sees it.

mod conversation;
mod failure;
mod folder;
mod mailer;
mod reply;
mod server;
mod verdict;

pub(super) use mailer::Mailer;
pub use server::check_server;
pub(super) use server::secrets_in;
