//! Renders a mail to one recipient and hands it to a transport.

use std::collections::BTreeMap;
use std::sync::Arc;

use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::extension::ClientId;
use rustls::crypto::ring;

use super::conversation::hand_over;
use super::failure::failure;
use super::folder::Folder;
use super::message::{address, file_name, message, page};
use super::own_templates::{OwnTemplates, TemplatesReload};
use super::server::{Server, Tls};
use super::verdict::Stage;
use crate::config::{self, ReadableBy};
use crate::delivery::{Body, Delivery};
use crate::digest::Digest;
use crate::notify::error::{SendError, Sent, unknown};
use crate::notify::output::blocking;
use crate::notify::secret_parts::piece;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::render::chart::DigestChart;
use crate::render::email::{Chart, Reader, email_with};
use crate::text::Language;
use crate::text::redact::Redactor;
use crate::trust::Roots;

const UNENCRYPTED: &str = "it would send user and password unencrypted, for others on the way to read: use smtps://, or smtp://…?tls=required; \
                           if that is meant, set [email] allow_plain_password = true";

/// All recipients, and the transport that reaches them.
pub(in crate::notify) struct Mailer {
    from: Option<Mailbox>,
    recipients: BTreeMap<String, Mailbox>,
    templates: OwnTemplates,
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
        let recipients = settings
            .recipients
            .iter()
            .filter_map(|recipient| Some((recipient.name.clone(), mailbox(&recipient.address)?)))
            .collect();
        let templates = OwnTemplates::load(&settings.templates).map_err(SetupError::Templates)?;
        Ok(Self { from: mailbox(&settings.from), recipients, templates, transport })
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
        let mail = email_with(&self.templates.current(), delivery, &reader)
            .map_err(|error| SendError::never(format!("the mail cannot be made: {error}")))?;
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

/// The chart of a digest; `None` if it has nothing to show, or cannot be drawn, which is logged.
async fn chart_of(digest: &Digest, language: Language) -> Option<Chart> {
    let chart = DigestChart::of(digest, language)?;
    let alt_text = chart.alt_text();
    match tokio::task::spawn_blocking(move || chart.png()).await {
        Ok(Ok(png)) => Some(Chart { png: png.bytes, alt_text }),
        Ok(Err(error)) => {
            tracing::warn!("the chart of a digest cannot be drawn: {error}");
            None
        }
        Err(error) => {
            tracing::warn!("the chart of a digest cannot be drawn: {error}");
            None
        }
    }
}
