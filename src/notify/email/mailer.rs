//! Renders a mail to one recipient and hands it to a transport.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use secrecy::ExposeSecret as _;

use super::folder::Folder;
use super::message::{address, file_name, message, page};
use super::own_templates::{OwnTemplates, TemplatesReload};
use super::pace::{Asker, Pace};
use super::smtp::Smtp;
use super::unsubscribe::Links;
use crate::config;
use crate::delivery::{Body, Delivery};
use crate::destination::{AddressId, Inbox};
use crate::digest::Digest;
use crate::notify::error::{SendError, Sent, unknown};
use crate::notify::output::blocking;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::render::chart::DigestChart;
use crate::render::email::{Chart, Email, Reader, email, email_with};
use crate::text::Language;

/// The most charts to keep; one has some 40 kB.
const MOST_DRAWN: usize = 16;
/// The fewest characters of a token that signs links.
const SHORTEST_KEY: usize = 16;

/// All recipients, and the transport that reaches them.
pub(in crate::notify) struct Mailer {
    from: Option<Mailbox>,
    inboxes: BTreeMap<Inbox, Addressee>,
    templates: OwnTemplates,
    transport: Transport,
    pace: Pace,
    drawn: Drawn,
    links: Option<Links>,
}

/// Whom an inbox belongs to, and what e-mails there are like.
struct Addressee {
    mailbox: Mailbox,
    id: AddressId,
    language: Language,
    max_items: usize,
    /// True if it gets e-mails at once, rather than digests.
    is_urgent: bool,
}

enum Transport {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

impl Mailer {
    pub(in crate::notify) fn new(all: &config::Settings, secrets: &Secrets) -> Result<Self, SetupError> {
        let (settings, readable_by) = (&all.email, all.readable_by);
        let transport = match &secrets.smtp_url {
            None => Transport::Folder(Folder::new(settings.out_dir.clone(), readable_by)),
            Some(url) => Transport::Smtp(Box::new(Smtp::new(url, settings, secrets)?)),
        };
        let inboxes = inboxes(all);
        let templates = OwnTemplates::load(&settings.templates).map_err(SetupError::Templates)?;
        let pace = Pace::new(settings.per_minute);
        let links = match (&all.public_url, &secrets.http_token) {
            (Some(_), Some(key)) if key.expose_secret().chars().count() < SHORTEST_KEY => {
                return Err(SetupError::ShortHttpToken(SHORTEST_KEY));
            }
            (Some(base), Some(key)) => Some(Links::new(base.clone(), key.clone())),
            (Some(_), None) => return Err(SetupError::NoHttpToken),
            (None, _) => None,
        };
        Ok(Self {
            from: settings.from.parse().ok(),
            inboxes,
            templates,
            transport,
            pace,
            drawn: Drawn::default(),
            links,
        })
    }

    /// Takes the names of inboxes from the settings again.
    pub(in crate::notify) fn name_inboxes(&mut self, settings: &config::Settings) {
        self.inboxes = inboxes(settings);
    }

    /// Looks whether the templates were edited, and uses them from now on if they can be.
    pub(in crate::notify) fn reload_templates(&self) -> TemplatesReload {
        self.templates.reload()
    }

    /// Sets the mode of mails already written to files to that of new ones.
    pub(in crate::notify) fn adjust_files(&self) {
        if let Transport::Folder(folder) = &self.transport {
            // Problems with the folder show when there is something to write.
            let _ = folder.adjust();
        }
    }

    /// Succeeds if a recipient may get a mail now.
    ///
    /// # Errors
    /// When to ask again.
    pub(in crate::notify) fn line_up(&self, inbox: &Inbox, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.pace.line_up(self.asker(inbox, &inbox.to_string()), now)
    }

    /// Takes a turn to send a mail to a recipient.
    ///
    /// # Errors
    /// When to ask again.
    pub(in crate::notify) fn turn(&self, inbox: &Inbox, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.pace.turn(self.asker(inbox, &inbox.to_string()), now)
    }

    /// Takes a recipient that has no mail to get from the line.
    pub(in crate::notify) fn leave_line(&self, inbox: &Inbox) {
        self.pace.leave(self.asker(inbox, &inbox.to_string()));
    }

    fn asker<'a>(&self, inbox: &Inbox, recipient: &'a str) -> Asker<'a> {
        Asker { recipient, is_urgent: self.inboxes.get(inbox).is_none_or(|to| to.is_urgent) }
    }

    /// Closes connections to the mail server that nothing used since the last call.
    pub(in crate::notify) async fn close_idle(&self) {
        if let Transport::Smtp(smtp) = &self.transport {
            smtp.close_idle().await;
        }
    }

    /// Closes all connections to the mail server that are not in use.
    pub(in crate::notify) async fn hang_up(&self) {
        if let Transport::Smtp(smtp) = &self.transport {
            smtp.hang_up().await;
        }
    }

    pub(in crate::notify) async fn send(
        &self,
        inbox: &Inbox,
        delivery: &Delivery,
        answered: Option<&str>,
        chart: Option<Chart>,
    ) -> Result<Sent, SendError> {
        let (to, from) = (self.addressee(inbox, delivery)?, self.from()?);
        let (mail, chart) = self.compose(inbox, delivery, chart).await?;
        let link = self.link(inbox, to, delivery);
        let message_id = format!("<{}@{}>", delivery.key, from.email.domain());
        let message = message(
            (from, &to.mailbox),
            (&message_id, answered),
            link.as_deref(),
            delivery,
            (&mail, chart.as_ref()),
        )
        .map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        match &self.transport {
            Transport::Smtp(smtp) => smtp.send(&message).await?,
            Transport::Folder(folder) => {
                let (folder, name) = (folder.clone(), file_name(delivery));
                let page = page(&mail, chart.as_ref());
                blocking(move || folder.write(&name, &message.formatted(), page.as_bytes())).await?;
            }
        }
        Ok(Sent { message_id: Some(message_id) })
    }

    /// The e-mail of a delivery as its addressee gets it, and its chart.
    ///
    /// # Errors
    /// [`SendError`] if the settings no longer define the inbox.
    pub(in crate::notify) async fn compose(
        &self,
        inbox: &Inbox,
        delivery: &Delivery,
        chart: Option<Chart>,
    ) -> Result<(Email, Option<Chart>), SendError> {
        let to = self.addressee(inbox, delivery)?;
        let (language, max_items, link) = (to.language, to.max_items, self.link(inbox, to, delivery));
        let chart = match &delivery.body {
            Body::Digest(digest) => self.drawn.of(digest, language).await,
            _ => chart,
        };
        let (destination, unsubscribe) = (format!("email:{}", inbox.recipient()), address(self.from()?));
        let reader = Reader {
            destination: &destination,
            language,
            max_items,
            unsubscribe: Some(&unsubscribe),
            unsubscribe_url: link.as_deref(),
            chart: chart.as_ref(),
        };
        // An own template that fails now was tried out, and must not cost the alert.
        let mail = email_with(&self.templates.current(), delivery, &reader).or_else(|error| {
            tracing::error!("an own e-mail template fails, so the built-in one is used: {error:#}");
            email(delivery, &reader)
        });
        let mail = mail.map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        Ok((mail, chart))
    }

    /// True if this is the token of a link that stops e-mails to an address, with the inbox in that link.
    pub(in crate::notify) fn is_unsubscribe_link(
        &self,
        inbox: &Inbox,
        address: &AddressId,
        token: &str,
    ) -> bool {
        self.links.as_ref().is_some_and(|links| links.is_ours(inbox, address, token))
    }

    /// The link that stops such e-mails; `None` if there is none. Operators are asked to change the settings.
    fn link(&self, inbox: &Inbox, to: &Addressee, delivery: &Delivery) -> Option<String> {
        self.links
            .as_ref()
            .filter(|_| delivery.is_for_readers())?
            .link(&Inbox::first(inbox.recipient()), &to.id)
    }

    fn addressee(&self, inbox: &Inbox, delivery: &Delivery) -> Result<&Addressee, SendError> {
        self.inboxes.get(inbox).ok_or_else(|| unknown(&delivery.destination))
    }

    fn from(&self) -> Result<&Mailbox, SendError> {
        self.from.as_ref().ok_or_else(|| SendError::later("[email] from is not a mail address"))
    }
}

/// All inboxes of the settings, which validated all addresses.
fn inboxes(settings: &config::Settings) -> BTreeMap<Inbox, Addressee> {
    let of_recipient = |recipient: &config::Recipient| {
        let (language, max_items) = (recipient.language, recipient.max_items);
        let is_urgent = matches!(recipient.mode, config::Mode::Instant);
        let addresses = recipient.addresses.iter().filter_map(move |address| {
            let mailbox = address.mailbox.parse().ok()?;
            let addressee = Addressee { mailbox, id: address.id(), language, max_items, is_urgent };
            Some((address.inbox.clone(), addressee))
        });
        addresses.collect::<Vec<_>>()
    };
    settings.email.recipients.iter().flat_map(of_recipient).collect()
}

/// The charts of digests that were drawn last: many recipients may get the same.
#[derive(Default)]
struct Drawn(Mutex<VecDeque<(DigestChart, Chart)>>);

impl Drawn {
    /// The chart of a digest; `None` if it has nothing to show, or cannot be drawn, which is logged.
    async fn of(&self, digest: &Digest, language: Language) -> Option<Chart> {
        let chart = DigestChart::of(digest, language)?;
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, drawn)) = kept().iter().find(|(own, _)| *own == chart) {
            return Some(drawn.clone());
        }
        let drawn = draw(chart.clone()).await?;
        let mut kept = kept();
        if kept.len() >= MOST_DRAWN {
            kept.pop_front();
        }
        kept.push_back((chart, drawn.clone()));
        Some(drawn)
    }
}

async fn draw(chart: DigestChart) -> Option<Chart> {
    let alt_text = chart.alt_text();
    let drawn = tokio::task::spawn_blocking(move || chart.png().map_err(|error| error.to_string())).await;
    match drawn.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(png) => Some(Chart { png: png.bytes, alt_text }),
        Err(error) => {
            tracing::warn!("the chart of a digest cannot be drawn: {error}");
            None
        }
    }
}
