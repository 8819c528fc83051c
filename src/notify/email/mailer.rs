//! Renders a mail to one recipient and hands it to a transport.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;

use super::folder::Folder;
use super::message::{address, file_name, message, page};
use super::own_templates::{OwnTemplates, TemplatesReload};
use super::pace::Pace;
use super::smtp::Smtp;
use crate::config::{self, ReadableBy};
use crate::delivery::{Body, Delivery};
use crate::digest::Digest;
use crate::notify::error::{SendError, Sent, unknown};
use crate::notify::output::blocking;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::render::chart::DigestChart;
use crate::render::email::{Chart, Reader, email, email_with};
use crate::text::Language;

/// All recipients, and the transport that reaches them.
pub(in crate::notify) struct Mailer {
    from: Option<Mailbox>,
    recipients: BTreeMap<String, Mailbox>,
    templates: OwnTemplates,
    transport: Transport,
    pace: Pace,
}

enum Transport {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

impl Mailer {
    pub(in crate::notify) fn new(
        settings: &config::Email,
        readable_by: ReadableBy,
        secrets: &Secrets,
    ) -> Result<Self, SetupError> {
        let transport = match &secrets.smtp_url {
            None => Transport::Folder(Folder::new(settings.out_dir.clone(), readable_by)),
            Some(url) => Transport::Smtp(Box::new(Smtp::new(url, settings, secrets)?)),
        };
        // The settings validated these addresses.
        let mailbox = |address: &str| address.parse::<Mailbox>().ok();
        let recipients = settings
            .recipients
            .iter()
            .filter_map(|recipient| Some((recipient.name.clone(), mailbox(&recipient.address)?)))
            .collect();
        let templates = OwnTemplates::load(&settings.templates).map_err(SetupError::Templates)?;
        Ok(Self {
            from: mailbox(&settings.from),
            recipients,
            templates,
            transport,
            pace: Pace::new(settings.per_minute),
        })
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
    pub(in crate::notify) fn line_up(
        &self,
        recipient: &str,
        now: DateTime<Utc>,
    ) -> Result<(), DateTime<Utc>> {
        self.pace.line_up(recipient, now)
    }

    /// Takes a turn to send a mail to a recipient.
    ///
    /// # Errors
    /// When to ask again.
    pub(in crate::notify) fn turn(&self, recipient: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.pace.turn(recipient, now)
    }

    /// Takes a recipient that has no mail to get from the line.
    pub(in crate::notify) fn leave_line(&self, recipient: &str) {
        self.pace.leave(recipient);
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
        recipient: &str,
        delivery: &Delivery,
        answered: Option<&str>,
        chart: Option<Chart>,
    ) -> Result<Sent, SendError> {
        let to = self.recipients.get(recipient).ok_or_else(|| unknown(&delivery.destination))?;
        let from =
            self.from.as_ref().ok_or_else(|| SendError::later("[email] from is not a mail address"))?;
        let language = Language::English;
        let chart = match &delivery.body {
            Body::Digest(digest) => chart_of(digest, language).await,
            _ => chart,
        };
        let destination = delivery.destination.to_string();
        let unsubscribe = address(from);
        let reader = Reader {
            destination: &destination,
            language,
            max_items: 40,
            unsubscribe: Some(&unsubscribe),
            chart: chart.as_ref(),
        };
        // An own template that fails now was tried out, and must not cost the alert.
        let mail = email_with(&self.templates.current(), delivery, &reader).or_else(|error| {
            tracing::error!("an own e-mail template fails, so the built-in one is used: {error:#}");
            email(delivery, &reader)
        });
        let mail = mail.map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        let message_id = format!("<{}@{}>", delivery.key, from.email.domain());
        let message = message((from, to), (&message_id, answered), delivery, &mail, chart.as_ref())
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
}

/// The chart of a digest; `None` if it has nothing to show, or cannot be drawn, which is logged.
async fn chart_of(digest: &Digest, language: Language) -> Option<Chart> {
    let chart = DigestChart::of(digest, language)?;
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
