//! Stops e-mails to a reader who asks for it by a link in one, and sends them again.

use chrono::{DateTime, Utc};

use crate::alert::Key;
use crate::config::Address;
use crate::destination::{Destination, Inbox};
use crate::filing::edgar_day;
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

/// The reader whom a link with this recipient and token belongs to; `None` if it is none of ours, or of an address
/// that the settings no longer have.
pub fn reader_of(app: &App, to: &str, token: &str) -> Option<Reader> {
    let inbox: Inbox = to.parse().ok()?;
    let recipient = app.settings.recipient(&inbox)?;
    let is_its_own = |address: &&Address| app.notifier.is_unsubscribe_link(&inbox, &address.id(), token);
    let address = recipient.addresses.iter().find(is_its_own)?;
    let (inbox, masked) = (address.inbox.clone(), address.masked());
    Some(Reader { inbox, masked, language: recipient.language })
}

/// True if a reader has not stopped their e-mails.
///
/// # Errors
/// Failures of the store.
pub async fn gets_emails(app: &App, reader: &Reader) -> Result<bool, StoreError> {
    match app.settings.address(&reader.inbox) {
        Some(address) => Ok(!app.store.has_unsubscribed(&reader.inbox, &address.id()).await?),
        None => Ok(false),
    }
}

/// Stops e-mails to a reader, or sends them again. The operators are notified of either once a day.
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
        true => app.store.resume_emails(&reader.inbox, &address.id()).await?,
        false => app.store.stop_emails(&reader.inbox, &address.id(), now).await?,
    };
    app.store.flush().await?;
    if changed {
        let (name, masked) = (Destination::Email(reader.inbox.clone()), &reader.masked);
        tracing::debug!("{masked} at {name} {} e-mails", if wants_them { "wants" } else { "stopped its" });
        let (title, text) = match wants_them {
            true => (format!("{masked} subscribed again"), format!("{name} gets e-mails again.")),
            false => (
                format!("{masked} unsubscribed"),
                format!("{name} gets no more e-mails, by the link in one of them. The link can undo that."),
            ),
        };
        // One notice a day for each change: whoever has the link can follow it again and again.
        let day = edgar_day(now).to_string();
        let key = Key::of(&["unsubscribe", &name.to_string(), &address.id().to_string(), &day, &title]);
        app.operators.notify(&Notice::written(now, title, text).with_key(key), now).await?;
    }
    Ok(())
}
