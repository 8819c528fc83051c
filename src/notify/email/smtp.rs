//! Hands mails to the mail server, over a few connections that are kept for the next mails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use lettre::Message;
use rustls::crypto::ring;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connection::{Connection, Peer};
use super::conversation::{Mail, end, give};
use super::failure::failure;
use super::fault::{CLOSING, Fault};
use super::server::{Server, Tls};
use super::verdict::Stage;
use crate::config;
use crate::notify::error::SendError;
use crate::notify::secret_parts::piece;
use crate::notify::secrets::Secrets;
use crate::notify::setup_error::SetupError;
use crate::text::redact::Redactor;
use crate::trust::Roots;

/// The most connections to the server at once; many providers allow no more than ten.
const CONNECTIONS: usize = 4;
/// The most mails over one connection; many servers end it after some hundreds.
const MOST_MAILS: usize = 100;
/// The most refused mails over one connection; servers slow down clients that cause many errors.
const MOST_REFUSALS: usize = 5;
/// The longest a conversation about one mail may take until its end is sent.
const LONGEST: Duration = Duration::from_secs(60);
/// How long the server may take to store the e-mail (RFC 5321, section 4.5.3.2.6); giving up earlier may send
/// it twice.
const LONGEST_END: Duration = Duration::from_secs(600);

const UNENCRYPTED: &str = "it would send user and password unencrypted, for others on the way to read: use smtps://, or smtp://…?tls=required; \
                           if that is meant, set [email] allow_plain_password = true";

/// The mail server, and the connections to it.
pub(super) struct Smtp {
    peer: Peer,
    redactor: Redactor,
    /// Held by each connection in use, and by each that is closed.
    connections: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that waits for its next mail.
struct Idle {
    connection: Connection,
    /// True if it was idle when idle connections were last closed.
    is_old: bool,
}

impl Smtp {
    /// The server at an address.
    ///
    /// # Errors
    /// [`SetupError::Smtp`] if the address cannot be used.
    pub(super) fn new(
        address: &SecretString,
        settings: &config::Email,
        secrets: &Secrets,
    ) -> Result<Self, SetupError> {
        let server = Server::parse(address)?;
        if server.shows_password() && server.tls == Tls::Off && !settings.allow_plain_password {
            return Err(SetupError::Smtp(UNENCRYPTED.to_owned()));
        }
        let hello = server.ehlo_name(settings.ehlo_name.as_deref());
        let tls = encryption(&secrets.smtp_roots)?;
        // The server's text may contain the user name, however short.
        let redactor = secrets.redactor(server.login.as_ref().map(|login| piece(&login.user)));
        let peer = Peer { server, hello, tls };
        Ok(Self { peer, redactor, connections: Semaphore::new(CONNECTIONS), idle: Mutex::default() })
    }

    /// Hands a message to the server, as soon as there is a connection for it.
    ///
    /// # Errors
    /// [`SendError`]
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let formatted = message.formatted();
        let mail = Mail::new(message.envelope(), &formatted);
        let mut stage = Stage::Connect;
        let sent = self.hand_over(&mail, &mut stage).await;
        sent.map_err(|fault| failure(&fault, stage, &self.redactor))
    }

    /// Closes connections that were idle at the last call, too.
    pub(super) async fn close_idle(&self) {
        let mut old = Vec::new();
        {
            let mut idle = self.idle();
            for own in std::mem::take(&mut *idle) {
                match own.is_old {
                    true => old.push(own.connection),
                    false => idle.push(Idle { is_old: true, ..own }),
                }
            }
        }
        self.close(old).await;
    }

    /// Closes all idle connections.
    pub(super) async fn hang_up(&self) {
        let idle = std::mem::take(&mut *self.idle());
        self.close(idle.into_iter().map(|own| own.connection).collect()).await;
    }

    async fn close(&self, connections: Vec<Connection>) {
        join_all(connections.into_iter().map(|mut connection| async move {
            let _place = self.connections.acquire().await.ok();
            connection.quit().await;
        }))
        .await;
    }

    async fn hand_over(&self, mail: &Mail<'_>, stage: &mut Stage) -> Result<(), Fault> {
        // It is never closed.
        let _place = self.connections.acquire().await.ok();
        let given = timeout(LONGEST, self.give(mail, stage)).await.unwrap_or(Err(Fault::Late));
        if let Err(Fault::Late) = given {
            // If this one went dead without a word, so may the others have.
            self.idle().clear();
        }
        let (mut connection, given) = given?;
        let sent = match given {
            Ok(()) => timeout(LONGEST_END, end(&mut connection, stage)).await.unwrap_or(Err(Fault::Late)),
            error => error,
        };
        self.keep(connection, &sent).await;
        sent
    }

    /// Gives a mail to the server, except for its end: over an idle connection, or over a new one if there is
    /// none or it turns out to be of no use. Returns that connection, and the result if the server answered.
    async fn give(
        &self,
        mail: &Mail<'_>,
        stage: &mut Stage,
    ) -> Result<(Connection, Result<(), Fault>), Fault> {
        if let Some(mut connection) = self.take_idle() {
            let given = give(&mut connection, mail, stage).await;
            if !given.as_ref().is_err_and(|fault| fault.is_of_connection(*stage)) {
                return Ok((connection, given));
            }
            tracing::debug!("a connection to the mail server is of no more use, so a new one is opened");
        }
        let mut connection = Connection::open(&self.peer, stage).await?;
        let given = give(&mut connection, mail, stage).await;
        Ok((connection, given))
    }

    /// The idle connection that was used last and has not ended since. The server may have said that it ends
    /// it.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(Idle { mut connection, .. }) = idle.pop() {
            if !connection.has_ended() && !connection.has_received() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next mail, if it is still of use after this result.
    async fn keep(&self, mut connection: Connection, sent: &Result<(), Fault>) {
        let is_of_use = match sent {
            Ok(()) | Err(Fault::NoUtf8 | Fault::TooBig { .. }) => true,
            Err(Fault::Refused(code, _)) => *code != CLOSING && connection.reset().await,
            Err(_) => false,
        };
        match is_of_use {
            true if connection.mails < MOST_MAILS && connection.refusals < MOST_REFUSALS => {
                self.idle().push(Idle { connection, is_old: false });
            }
            true => connection.quit().await,
            false => {}
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TLS configuration that trusts the built-in authorities and `roots`.
fn encryption(roots: &Roots) -> Result<Arc<rustls::ClientConfig>, SetupError> {
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Smtp(format!("TLS cannot be set up: {error}")))?;
    Ok(Arc::new(config.with_root_certificates(roots.with_built_in()).with_no_client_auth()))
}
