//! Alerts as Discord messages: one embed each, within Discord's limits, that can ping only those whom a rule
//! names.
//!
//! Limits: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>.

mod addition;
mod alert;
mod amendment;
mod buttons;
mod change;
mod compose;
mod correction;
mod embed;
mod figures;
mod glance;
mod headline;
mod notice;
mod part;
mod picture;
mod post;
mod reasons;
mod stake;
mod summary;
mod sums;
mod warnings;
mod words;

pub use buttons::{Action, Concerned, MUTED_DAYS, Row, RuleMark};
pub use change::{NOTE, Posted, changed};
pub use compose::{fitting, message, without_file};
pub use embed::{
    AllowedMentions, Attached, Attachment, Author, Embed, Field, Footer, Image, MOST_EMBEDS, Message, NoFile,
    referred,
};
pub use picture::CardChart;
pub use post::{post_name, thread_name};

/// Escapes a filer's text so that Discord shows it unchanged: no markdown, no mentions, no links.
pub fn escaped(text: &str) -> String {
    words::escaped(text)
}

/// The message for one alert; `reference` is the delivery's key.
pub fn alert(alert: &crate::alert::Alert, reference: &crate::alert::Key) -> Option<Message> {
    Message::of(vec![alert::alert(alert, reference)])
}
