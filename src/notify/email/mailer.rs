//! Builds a mail to one recipient, with its headers and parts, and hands it to a transport.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::crypto::ring;

use super::conversation::hand_over;
use super::failure::failure;
use super::folder::Folder;
use super::server::{Server, Tls};
use super::verdict::Stage;
use crate::config::{self, ReadableBy};
use crate::delivery::{Body, Delivery};
use crate::destination::Inbox;
use crate::notify::error::{SendError, Sent, unknown};
use crate::notify::output::blocking;
use crate::notify::secret_parts::piece;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::render::email::{Email, email};
use crate::text::redact::Redactor;
use crate::trust::Roots;

const UNENCRYPTED: &str = "it would send user and password unencrypted, for others on the way to read: use smtps://, or smtp://…?tls=required; \
                           if that is meant, set [email] allow_plain_password = true";

/// All recipients, and the transport that reaches them.
pub(in crate::notify) struct Mailer {
    from: Option<Mailbox>,
    inboxes: BTreeMap<Inbox, Mailbox>,
    transport: Transport,
}

enum Transport {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

struct Smtp {
    server: Server,
    hello: ClientId,
    tls: Arc<rustls::ClientConfig>,
    redactor: Redactor,
}

impl Mailer {
    pub(in crate::notify) fn new(
        settings: &config::Email,
        readable_by: ReadableBy,
        secrets: &Secrets,
    ) -> Result<Self, SetupError> {
        let transport = match &secrets.smtp_url {
            None => Transport::Folder(Folder::new(settings.out_dir.clone(), readable_by)),
            Some(url) => {
                let server = Server::parse(url)?;
                if server.shows_password() && server.tls == Tls::Off && !settings.allow_plain_password {
                    return Err(SetupError::Smtp(UNENCRYPTED.to_owned()));
                }
                let hello = server.ehlo_name(settings.ehlo_name.as_deref());
                let tls = encryption(&secrets.smtp_roots)?;
                // The server's text may contain the user name, however short.
                let user = server.login.as_ref().map(|login| piece(&login.user));
                let redactor = secrets.redactor(user);
                Transport::Smtp(Box::new(Smtp { server, hello, tls, redactor }))
            }
        };
        // The settings validated these addresses.
        let mailbox = |address: &str| address.parse::<Mailbox>().ok();
        let addresses = settings.recipients.iter().flat_map(|recipient| &recipient.addresses);
        let inboxes = addresses
            .filter_map(|address| Some((address.inbox.clone(), mailbox(&address.mailbox)?)))
            .collect();
        Ok(Self { from: mailbox(&settings.from), inboxes, transport })
    }

    /// Sets the mode of mails already written to files to that of new ones.
    pub(in crate::notify) fn adjust_files(&self) {
        if let Transport::Folder(folder) = &self.transport {
            // Problems with the folder show when there is something to write.
            let _ = folder.adjust();
        }
    }

    pub(in crate::notify) async fn send(
        &self,
        inbox: &Inbox,
        delivery: &Delivery,
        answered: Option<&str>,
    ) -> Result<Sent, SendError> {
        let to = self.inboxes.get(inbox).ok_or_else(|| unknown(&delivery.destination))?;
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

impl Smtp {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mut stage = Stage::Connect;
        let formatted = message.formatted();
        let mail = (message.envelope(), formatted.as_slice());
        let sending = hand_over(&self.server, &self.hello, &self.tls, mail, &mut stage);
        sending.await.map_err(|fault| failure(&fault, stage, &self.redactor))
    }
}

/// A TLS configuration that trusts the built-in authorities and `roots`.
fn encryption(roots: &Roots) -> Result<Arc<rustls::ClientConfig>, SetupError> {
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Smtp(format!("TLS cannot be set up: {error}")))?;
    Ok(Arc::new(config.with_root_certificates(roots.with_built_in()).with_no_client_auth()))
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
