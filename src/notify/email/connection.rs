//! A connection to a mail server, from its greeting to its farewell, stage by stage, so that a failure shows
//! where it happened. Everything read from the server is bounded.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::Response;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use super::reply;
use super::server::{Server, Tls};
use super::verdict::Stage;

/// The longest line, and the most data from the server for one mail; only a malicious server sends more.
const MOST_LINE: usize = 64 * 1024;
const MOST_SAID: usize = 1024 * 1024;
/// How long to wait for one of the server's addresses before trying the next.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);
/// How long to wait for the farewell and for a mail to be forgotten; nothing depends on them, because the mail
/// is accepted or refused by then.
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);
/// The most steps of a login.
const MOST_CHALLENGES: usize = 4;

/// The mail server, and how to present ourselves to it.
pub(super) struct Peer {
    pub(super) server: Server,
    pub(super) hello: ClientId,
    pub(super) tls: Arc<rustls::ClientConfig>,
}

/// The extensions that a server offers.
#[derive(Debug, Default)]
pub(super) struct Offers {
    info: ServerInfo,
    /// The most bytes of a mail, 0 for any number; `None` if the server does not want to know the size.
    pub(super) size: Option<u64>,
}

impl Offers {
    pub(super) fn has(&self, extension: Extension) -> bool {
        self.info.supports_feature(extension)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection over which mails can be handed over, one after the other.
pub(super) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// How many bytes the server has sent for this mail.
    said: usize,
    /// The extensions that the server offers.
    pub(super) offers: Offers,
    /// How many mails were given to it.
    pub(super) mails: usize,
    /// How many of them were refused.
    pub(super) refusals: usize,
}

impl Connection {
    /// Connects, and goes on to where the server takes a mail.
    ///
    /// # Errors
    /// [`Fault`], at the current stage.
    pub(super) async fn open(peer: &Peer, stage: &mut Stage) -> Result<Self, Fault> {
        *stage = Stage::Connect;
        let plain: Box<dyn Stream> = Box::new(connect(&peer.server).await?);
        let stream = match peer.server.tls {
            Tls::Wrapped => encrypted(peer, plain).await?,
            Tls::Off | Tls::Offered | Tls::Required => plain,
        };
        *stage = Stage::Greeting;
        let stream = BufReader::new(stream);
        let mut connection = Self { stream, said: 0, offers: Offers::default(), mails: 0, refusals: 0 };
        connection.answer().await?;
        let introduced = connection.introduce(peer, stage).await;
        if let Err(Fault::Refused(..) | Fault::NoStartTls | Fault::NoLogin) = introduced {
            connection.quit().await;
        }
        introduced.map(|()| connection)
    }

    /// Greets, starts encryption and logs in.
    async fn introduce(&mut self, peer: &Peer, stage: &mut Stage) -> Result<(), Fault> {
        *stage = Stage::Hello;
        self.hello(&peer.hello).await?;
        let offered = self.offers.has(Extension::StartTls);
        let tls = peer.server.tls;
        if tls == Tls::Required || (tls == Tls::Offered && offered) {
            *stage = Stage::StartTls;
            if !offered {
                return Err(Fault::NoStartTls);
            }
            self.command(&Starttls).await?;
            self.encrypt(peer).await?;
            *stage = Stage::Hello;
            self.hello(&peer.hello).await?;
        }
        if peer.server.login.is_some() {
            *stage = Stage::Login;
            self.login(&peer.server).await?;
        }
        Ok(())
    }

    async fn hello(&mut self, name: &ClientId) -> Result<(), Fault> {
        let answer = self.command(&Ehlo::new(name.clone())).await?;
        // lettre requires text in each line, and exact case; RFC 5321, section 2.4, requires neither.
        let lines: Vec<String> = answer.message().map(reply::offer).filter(|line| !line.is_empty()).collect();
        let size = lines.iter().skip(1).find_map(|line| reply::size(line));
        let info = ServerInfo::from_response(&Response::new(answer.code(), lines));
        self.offers = Offers { info: info.map_err(|_| Fault::NotSmtp)?, size };
        Ok(())
    }

    async fn login(&mut self, server: &Server) -> Result<(), Fault> {
        let Some(login) = &server.login else { return Ok(()) };
        let way = self.offers.info.get_auth_mechanism(DEFAULT_MECHANISMS).ok_or(Fault::NoLogin)?;
        let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
        let begin = Auth::new(way, credentials.clone(), None).map_err(|_| Fault::NoLogin)?;
        let mut answer = self.command(&begin).await?;
        for _ in 0..MOST_CHALLENGES {
            if !answer.has_code(334) {
                return Ok(());
            }
            let next = Auth::new_from_response(way, credentials.clone(), &answer);
            answer = self.command(&next.map_err(|_| Fault::NotSmtp)?).await?;
        }
        Err(Fault::NotSmtp)
    }

    /// Starts encryption. Anything received before it could come from anybody.
    async fn encrypt(&mut self, peer: &Peer) -> Result<(), Fault> {
        if self.has_received() {
            return Err(Fault::NotSmtp);
        }
        let nothing: Box<dyn Stream> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufReader::new(nothing)).into_inner();
        self.stream = BufReader::new(encrypted(peer, plain).await?);
        Ok(())
    }

    /// True if data came that was not read yet.
    pub(super) fn has_received(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    /// True if the server has hung up, as far as is known here.
    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.stream.fill_buf().now_or_never(), Some(Ok([]) | Err(_)))
    }

    /// Begins a mail over an open connection.
    pub(super) fn begin(&mut self) {
        self.said = 0;
        self.mails += 1;
    }

    /// Makes the server forget a refused mail; `false` if the connection is of no more use.
    pub(super) async fn reset(&mut self) -> bool {
        self.refusals += 1;
        matches!(timeout(LONGEST_FAREWELL, self.command(&Rset)).await, Ok(Ok(_)))
    }

    /// Says goodbye.
    pub(super) async fn quit(&mut self) {
        // Otherwise the server hangs up by itself.
        let _ = timeout(LONGEST_FAREWELL, self.command(&Quit)).await;
    }

    /// Sends a command, and reads an answer that lets the conversation continue.
    pub(super) async fn command(&mut self, command: &impl Display) -> Result<Response, Fault> {
        self.write(command.to_string().as_bytes()).await?;
        self.answer().await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let stream = self.stream.get_mut();
        let written = match stream.write_all(bytes).await {
            Ok(()) => stream.flush().await,
            error => error,
        };
        if written.is_ok() {
            return Ok(());
        }
        // The server may have given a reason before it hung up.
        match timeout(LONGEST_FAREWELL, self.answer()).await {
            Ok(Err(refused @ Fault::Refused(..))) => Err(refused),
            _ => Err(Fault::Broken),
        }
    }

    /// Reads an answer that lets the conversation continue.
    pub(super) async fn answer(&mut self) -> Result<Response, Fault> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let (digits, rest) = line.split_at_checked(3).ok_or(Fault::NotSmtp)?;
            let code = reply::code(digits).ok_or(Fault::NotSmtp)?;
            let (goes_on, words) = match rest.split_at_checked(1) {
                Some(("-", words)) => (true, words),
                Some((" ", words)) => (false, words),
                None => (false, ""),
                Some(_) => return Err(Fault::NotSmtp),
            };
            lines.push(words.to_owned());
            if goes_on {
                continue;
            }
            return match code.is_positive() {
                true => Ok(Response::new(code, lines)),
                false => Err(Fault::Refused(code.into(), reply::joined(&lines))),
            };
        }
    }

    /// Reads a line, without its end.
    async fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        loop {
            let read = self.stream.fill_buf().await.map_err(|_| Fault::Broken)?;
            if read.is_empty() {
                return Err(Fault::Broken);
            }
            let end = read.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(read.len(), |end| end + 1);
            line.extend_from_slice(&read[..taken]);
            self.stream.consume(taken);
            self.said += taken;
            if line.len() > MOST_LINE || self.said > MOST_SAID {
                return Err(Fault::TooMuch);
            }
            if end.is_some() {
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
        }
    }
}

/// Connects to the first of the server's addresses that accepts a connection.
async fn connect(server: &Server) -> Result<TcpStream, Fault> {
    let addresses = lookup_host((server.host.as_str(), server.port)).await.map_err(|_| Fault::NoName)?;
    let mut last = None;
    for address in addresses {
        match timeout(LONGEST_CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Each command waits for its answer, so do not delay packets.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(last.map_or(Fault::NoName, Fault::NoConnection))
}

async fn encrypted(peer: &Peer, plain: Box<dyn Stream>) -> Result<Box<dyn Stream>, Fault> {
    let name = ServerName::try_from(peer.server.host.clone()).map_err(|_| Fault::NoName)?;
    let stream = TlsConnector::from(Arc::clone(&peer.tls)).connect(name, plain).await.map_err(Fault::Tls)?;
    Ok(Box::new(stream))
}
