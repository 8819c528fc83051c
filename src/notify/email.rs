//! Mail: by SMTP where `SMTP_URL` is set, else as files in a folder, so that a newcomer sees it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use super::{SendError, Sent, SetupError};
use crate::config;
use crate::delivery::{Body, Delivery};
use crate::render::email::{Email, email};

const TIMEOUT: Duration = Duration::from_secs(60);

/// All recipients and the way to them.
pub(super) struct Mailer {
    from: Option<Mailbox>,
    recipients: BTreeMap<String, Mailbox>,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
}

impl Mailer {
    pub(super) fn new(settings: &config::Email, smtp_url: Option<&SecretString>) -> Result<Self, SetupError> {
        let way = match smtp_url {
            None => Way::Folder(settings.out_dir.clone()),
            Some(url) => {
                // lettre's error may repeat the address, which holds the password: only its kind is told.
                let unusable = |_| {
                    SetupError::Smtp("expected smtps://user:password@host, or smtp://…?tls=required".into())
                };
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret().trim());
                Way::Smtp(Box::new(transport.map_err(unusable)?.timeout(Some(TIMEOUT)).build()))
            }
        };
        // The settings validated these addresses.
        let mailbox = |address: &str| address.parse::<Mailbox>().ok();
        let recipients = settings
            .recipients
            .iter()
            .filter_map(|recipient| Some((recipient.name.clone(), mailbox(&recipient.address)?)))
            .collect();
        Ok(Self { from: mailbox(&settings.from), recipients, way })
    }

    pub(super) async fn send(
        &self,
        recipient: &str,
        delivery: &Delivery,
        answered: Option<&str>,
    ) -> Result<Sent, SendError> {
        let to = self.recipients.get(recipient).ok_or_else(|| super::unknown(&delivery.destination))?;
        let from =
            self.from.as_ref().ok_or_else(|| SendError::later("[email] from is not a mail address"))?;
        let mail =
            email(delivery).map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        let message_id = format!("<{}@{}>", delivery.key, from.email.domain());
        let message = message(from, to, (&message_id, answered), delivery, &mail)
            .map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
        match &self.way {
            Way::Smtp(transport) => {
                // lettre's own time-out covers the connecting only.
                let sending = tokio::time::timeout(TIMEOUT, transport.send(message));
                let sent =
                    sending.await.map_err(|_| SendError::later("the mail server did not answer in time"))?;
                sent.map_err(|error| smtp_error(&error))?;
            }
            Way::Folder(folder) => {
                let (folder, name) = (folder.clone(), file_name(delivery));
                super::blocking(move || {
                    let write = || -> io::Result<()> {
                        fs::create_dir_all(&folder)?;
                        write_whole(&folder.join(format!("{name}.eml")), &message.formatted())?;
                        write_whole(&folder.join(format!("{name}.html")), mail.html.as_bytes())
                    };
                    write().map_err(|error| format!("cannot write to {}: {error}", folder.display()))
                })
                .await?;
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
        .raw_header(header("List-Unsubscribe", format!("<mailto:{}?subject=unsubscribe>", from.email)))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
}

/// What an SMTP failure means. The server's words may repeat the address, so only its code is told.
fn smtp_error(error: &smtp::Error) -> SendError {
    // RFC 3463: 5.1 is the mailbox's; 5.7 is security or policy, which is the sender's or the server's.
    let says =
        |class: &str| std::error::Error::source(error).is_some_and(|reply| reply.to_string().contains(class));
    match error.status() {
        // What says "never": RFC 5321, section 4.2.3. Other permanent answers may mean the login, the sender or the whole
        // connection, and those can be set right.
        Some(code) if matches!(code.to_string().as_str(), "550" | "551" | "553") && !says("5.7.") => {
            let message = format!("the mail server refuses it for good: {code}");
            if !says("5.1.") {
                // It may be this mail that it does not like.
                return SendError::never(message);
            }
            SendError::closed(message)
                .advise("the server knows no such mailbox: correct the recipient's address in the settings")
        }
        // RFC 4954, section 6.
        Some(code) if matches!(code.to_string().as_str(), "530" | "534" | "535" | "538") => {
            SendError::closed(format!("the mail server refuses the login: {code}")).advise(
                "see whether user and password in SMTP_URL are right; many providers want a password made for programs",
            )
        }
        Some(code) => SendError::refused(format!("the mail server does not take it: {code}")).advise(
            "see whether [email] from is an address that the server lets you send from; a 4xx often passes by itself",
        ),
        None if error.is_timeout() => SendError::later("the mail server did not answer in time"),
        None if error.is_tls() => SendError::refused("no secure connection to the mail server").advise(
            "smtps:// is for a port that begins with TLS (465), smtp://…?tls=required for one that changes to it (587); the \
             certificate must be of the host that SMTP_URL names",
        ),
        None if error.is_client() => SendError::refused(
            "the mail server does not offer the encryption or the login that SMTP_URL asks for",
        ),
        None => SendError::later("the mail server cannot be reached, or hung up")
            .advise("see whether host and port in SMTP_URL are right, and this machine may reach them"),
    }
}

/// `qlys-5261cbc83841c892a3b07110`: for people the ticker, and the key so that the same mail is the same file.
fn file_name(delivery: &Delivery) -> String {
    let subject = match &delivery.body {
        Body::Alert(alert) | Body::Addition(alert) => alert.ticker_or_name().to_ascii_lowercase(),
        Body::Digest(_) => "digest".to_owned(),
        Body::Notice(_) => "notice".to_owned(),
        Body::Summary(_) => "summary".to_owned(),
    };
    let safe: String = subject.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("{safe}-{}", delivery.key)
}

/// A reader of the folder sees a whole file or none.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes)?;
    fs::rename(part, path)
}
