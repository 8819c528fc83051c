//! Builds a mail to one recipient, with its headers and parts, and hands it to a transport.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::folder::Folder;
use super::pace::Pace;
use super::smtp::Smtp;
use crate::config::{self, ReadableBy};
use crate::delivery::{Body, Delivery};
use crate::notify::error::{SendError, Sent, unknown};
use crate::notify::output::blocking;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::render::email::{Email, email};

/// All recipients, and the transport that reaches them.
pub(in crate::notify) struct Mailer {
    from: Option<Mailbox>,
    recipients: BTreeMap<String, Mailbox>,
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
        Ok(Self {
            from: mailbox(&settings.from),
            recipients,
            transport,
            pace: Pace::new(settings.per_minute),
        })
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
    ) -> Result<Sent, SendError> {
        let to = self.recipients.get(recipient).ok_or_else(|| unknown(&delivery.destination))?;
        let from =
            self.from.as_ref().ok_or_else(|| SendError::later("[email] from is not a mail address"))?;
        let mail =
            email(delivery).map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        let message_id = format!("<{}@{}>", delivery.key, from.email.domain());
        let message = message(from, to, (&message_id, answered), delivery, &mail)
            .map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        match &self.transport {
            Transport::Smtp(smtp) => smtp.send(&message).await?,
            Transport::Folder(folder) => {
                let (folder, name) = (folder.clone(), file_name(delivery));
                blocking(move || folder.write(&name, &message.formatted(), mail.html.as_bytes())).await?;
            }
        }
        Ok(Sent { message_id: Some(message_id) })
    }
}

fn message(
    from: &Mailbox,
    to: &Mailbox,
    (message_id, answered): (&str, Option<&str>),
    delivery: &Delivery,
    mail: &Email,
) -> Result<Message, lettre::error::Error> {
    let header =
        |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let domain = from.email.domain();
    // In a URL, non-ASCII letters are escaped.
    let user = match from.email.user() {
        user if user.is_ascii() => user.to_owned(),
        user => utf8_percent_encode(user, NON_ALPHANUMERIC).to_string(),
    };
    let mut message = Message::builder();
    if let Some(answered) = answered {
        message = message.in_reply_to(answered.to_owned()).references(answered.to_owned());
    }
    message
        .from(from.clone())
        .to(to.clone())
        .subject(mail.subject.clone())
        .message_id(Some(message_id.to_owned()))
        .date(SystemTime::from(delivery.queued_at))
        .raw_header(header("Auto-Submitted", "auto-generated".into()))
        .raw_header(header("List-Id", format!("sellbell alerts <sellbell.{domain}>")))
        .raw_header(header("List-Unsubscribe", format!("<mailto:{user}@{domain}?subject=unsubscribe>")))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
}

/// `qlys-5261cbc83841c892a3b07110`: the ticker for people, and the key so that the same mail always has the
/// same file.
fn file_name(delivery: &Delivery) -> String {
    let subject = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) | Body::Correction(alert) => {
            alert.ticker_or_name().to_ascii_lowercase()
        }
        Body::Digest(_) => "digest".to_owned(),
        Body::Notice(_) => "notice".to_owned(),
        Body::Summary(_) => "summary".to_owned(),
    };
    let safe: String = subject.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("{safe}-{}", delivery.key)
}
