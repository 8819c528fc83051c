//! Digests on request: sent before their slot is over, or shown without being sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Mode, Settings};
use crate::destination::{Destination, Inbox};
use crate::digest::Digest;
use crate::intake::destinations_of;
use crate::outbox::{Digests, MOST_ALERTS};
use crate::rules::RuleSet;
use crate::store::{Store, StoreError};
use crate::text::redact::Redactor;

/// The most characters of an unknown name to show.
const NAME: usize = 80;

/// The result of sending a digest on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDigest {
    /// `email:desk`
    pub destination: Destination,
    /// How many filings it has; `None` if nothing waited, so that there is none.
    pub filings: Option<usize>,
}

/// The alerts that wait for an inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestPreview {
    /// `email:desk`
    pub destination: Destination,
    /// The digest that would be sent now; `None` if nothing waits.
    pub digest: Option<Digest>,
}

/// Why there is no digest on request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoDigest {
    /// No such recipient.
    #[error("the settings define no e-mail recipient `{0}`{1}")]
    Unknown(String, String),
    /// The recipient gets each alert at once.
    #[error("`{0}` gets each alert at once, and no digests: its mode is not \"digest\"")]
    Instant(String),
    /// Nobody gets digests.
    #[error("no e-mail recipient of the settings gets digests: add one with mode = \"digest\"")]
    Nobody,
}

/// The inboxes that a name stands for: `desk` and `email:desk` for all addresses of a recipient, `desk/1a2b3c4d`
/// for one of them, and no name for the first address of each recipient that gets digests.
///
/// # Errors
/// A name that is unknown, or whose recipient gets no digests.
pub fn digest_inboxes(settings: &Settings, name: Option<&str>) -> Result<Vec<Inbox>, NoDigest> {
    let digesting = || {
        let all = settings.email.recipients.iter();
        all.filter(|recipient| matches!(recipient.mode, Mode::Digest(_)))
    };
    let Some(name) = name else {
        let inboxes: Vec<Inbox> =
            digesting().filter_map(|recipient| Some(recipient.addresses.first()?.inbox.clone())).collect();
        return if inboxes.is_empty() { Err(NoDigest::Nobody) } else { Ok(inboxes) };
    };
    let name = name.strip_prefix("email:").unwrap_or(name);
    let known = name.parse::<Inbox>().ok().and_then(|inbox| Some((settings.recipient(&inbox)?, inbox)));
    let Some((recipient, inbox)) = known else {
        let names: Vec<&str> = digesting().map(|recipient| recipient.name.as_str()).collect();
        let help = match names.is_empty() {
            true => String::new(),
            false => format!("; those with digests are {}", names.join(", ")),
        };
        return Err(NoDigest::Unknown(Redactor::default().clean(name, NAME), help));
    };
    match recipient.mode {
        Mode::Instant => Err(NoDigest::Instant(recipient.name.clone())),
        Mode::Digest(_) if inbox.is_first() => {
            Ok(recipient.addresses.iter().map(|address| address.inbox.clone()).collect())
        }
        Mode::Digest(_) => Ok(vec![inbox]),
    }
}

/// Sends what waits for these inboxes as a digest each, now.
///
/// # Errors
/// Failures of the store.
pub async fn send_digests(
    digests: &Digests,
    inboxes: &[Inbox],
    now: DateTime<Utc>,
) -> Result<Vec<SentDigest>, StoreError> {
    let mut sent = Vec::new();
    for inbox in inboxes {
        let filings = digests.send_now(inbox, now).await?;
        sent.push(SentDigest { destination: Destination::Email(inbox.clone()), filings });
    }
    Ok(sent)
}

/// Shows digests. Changes nothing.
#[derive(Clone, Copy)]
pub struct Previewer<'a> {
    /// Makes the digests.
    pub digests: &'a Digests,
    /// Where alerts may go.
    pub settings: &'a Settings,
    /// The rules of files.
    pub rules: &'a RuleSet,
    /// The store, with waiting alerts and those of the last month.
    pub store: &'a Store,
}

impl Previewer<'_> {
    /// The digest of all that waits for an inbox, as it would be sent now; with `since`, that of all alerts since
    /// then whose rules go there today and that no mute holds back, whether they wait, were sent or came before
    /// the recipient was added. At most the first [`MOST_ALERTS`] of them.
    ///
    /// # Errors
    /// Failures of the store.
    pub async fn preview(
        &self,
        inbox: &Inbox,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<DigestPreview, StoreError> {
        let digest = match since {
            None => self.digests.preview(inbox, now).await?,
            Some(since) => self.since(inbox, since, now).await?,
        };
        Ok(DigestPreview { destination: Destination::Email(inbox.clone()), digest })
    }

    async fn since(
        &self,
        inbox: &Inbox,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Digest>, StoreError> {
        let destination = Destination::Email(inbox.clone());
        let rules = self.rules.iter();
        let rules =
            rules.filter(|rule| rule.enabled && destinations_of(self.settings, rule).contains(&destination));
        let rules: BTreeSet<&str> = rules.map(|rule| rule.name.as_str()).collect();
        let mutes = self.store.mutes().await?;
        let is_muted =
            |alert: &_| mutes.iter().any(|mute| mute.holds(now) && mute.what.covers(alert, &destination));
        let alerts = self.store.alerts_since(since, MOST_ALERTS, |alert| {
            rules.contains(alert.rule.as_str()) && !is_muted(alert)
        });
        let alerts = alerts.await?;
        match alerts.is_empty() {
            true => Ok(None),
            false => self.digests.preview_of(inbox, &alerts, since, now).await.map(Some),
        }
    }
}
