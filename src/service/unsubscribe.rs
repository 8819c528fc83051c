//! Stops e-mails to a reader who asks for it by a link in one, and sends them again.

use chrono::{DateTime, Utc};

use crate::destination::{Destination, Inbox};
use crate::notice::Notice;
use crate::runtime::App;
use crate::store::StoreError;
use crate::text::Language;

/// A reader whom a link belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The inbox.
    pub inbox: Inbox,
    /// Its address with most of it hidden.
    pub masked: String,
    /// The language of its e-mails.
    pub language: Language,
}

/// The reader whom a link with this inbox and token belongs to; `None` if it is none of ours, or of an address
/// that the settings no longer have.
pub fn reader_of(app: &App, to: &str, token: &str) -> Option<Reader> {
    let inbox: Inbox = to.parse().ok()?;
    let (recipient, address) = (app.settings.recipient(&inbox)?, app.settings.address(&inbox)?);
    let (masked, language) = (address.masked(), recipient.language);
    app.notifier.is_unsubscribe_link(&inbox, token).then_some(Reader { inbox, masked, language })
}

/// Stops e-mails to a reader, or sends them again. The operators are notified of each change.
///
/// # Errors
/// Failures of the store.
pub async fn set_emails(
    app: &App,
    reader: &Reader,
    wants_them: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(address) = app.settings.address(&reader.inbox) else { return Ok(()) };
    let changed = match wants_them {
        true => app.store.resume_emails(&reader.inbox).await?,
        false => app.store.stop_emails(&reader.inbox, &address.id(), now).await?,
    };
    app.store.flush().await?;
    if changed {
        let (name, masked) = (Destination::Email(reader.inbox.clone()), &reader.masked);
        tracing::info!("{masked} at {name} {} e-mails", if wants_them { "wants" } else { "stopped its" });
        let (title, text) = match wants_them {
            true => (format!("{masked} subscribed again"), format!("{name} gets e-mails again.")),
            false => (
                format!("{masked} unsubscribed"),
                format!("{name} gets no more e-mails, by the link in one of them. The link can undo that."),
            ),
        };
        app.operators.notify(&Notice::written(now, title, text), now).await?;
    }
    Ok(())
}
