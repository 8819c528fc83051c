//! Alerts as Discord messages: one embed each, within Discord's limits, that can ping only those whom a rule
//! names.
//!
//! Limits: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>.

mod addition;
mod alert;
mod change;
mod compose;
mod embed;
mod notice;
mod summary;
mod words;

pub use alert::alert;
pub use change::changed;
pub use compose::{fitting, message, without_file};
pub use embed::{
    AllowedMentions, Attached, Attachment, Author, Embed, Field, Footer, MOST_EMBEDS, Message, NoFile,
    referred,
};
