//! One conversation with a mail server, stage by stage, so that a failure shows where it happened. Everything
//! read from the server is bounded.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reply;
use super::server::{Server, Tls};
use super::verdict::Stage;

/// The longest line, and the most data in a conversation; only a malicious server sends more.
const MOST_LINE: usize = 64 * 1024;
const MOST_SAID: usize = 1024 * 1024;
/// The longest a conversation may take until the end of the mail is sent.
const LONGEST: Duration = Duration::from_secs(60);
/// How long the server may take to store the e-mail (RFC 5321, section 4.5.3.2.6); giving up earlier may send
/// it twice.
const LONGEST_END: Duration = Duration::from_secs(600);
/// How long to wait for one of the server's addresses before trying the next.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);
/// How long to wait for the farewell; nothing depends on it, because the mail is accepted or refused by then.
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);
/// The most steps of a login.
const MOST_CHALLENGES: usize = 4;

/// How a conversation failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server's refusal: its code and its text.
    Refused(u16, String),
    /// The server's name cannot be resolved.
    NoName,
    /// The server cannot be reached.
    NoConnection(io::Error),
    /// The connection broke.
    Broken,
    /// TLS could not be established.
    Tls(io::Error),
    /// Its answer is not SMTP.
    NotSmtp,
    /// It sent more than allowed.
    TooMuch,
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It offers none of the login methods we support.
    NoLogin,
    /// It does not accept non-ASCII addresses.
    NoUtf8,
    /// It did not answer in time.
    Late,
}

/// Hands a message to the server. `stage` tracks the conversation, even if it fails or is cancelled.
///
/// # Errors
/// [`Fault`], at the current stage.
pub(super) async fn hand_over(
    server: &Server,
    hello: &ClientId,
    tls: &Arc<rustls::ClientConfig>,
    (envelope, message): (&Envelope, &[u8]),
    stage: &mut Stage,
) -> Result<(), Fault> {
    let given = timeout(LONGEST, async {
        let mut connection = Connection::open(server, tls, stage).await?;
        let given = connection.give(server, hello, tls, (envelope, message), stage).await;
        Ok((connection, given))
    });
    let (mut connection, given) = given.await.unwrap_or(Err(Fault::Late))?;
    let sent = match given {
        Ok(()) => timeout(LONGEST_END, connection.end(stage)).await.unwrap_or(Err(Fault::Late)),
        error => error,
    };
    if matches!(sent, Ok(()) | Err(Fault::Refused(..))) {
        // Otherwise the server hangs up by itself.
        let _ = timeout(LONGEST_FAREWELL, connection.command(&Quit)).await;
    }
    sent
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// How many bytes the server has sent.
    said: usize,
}

impl Connection {
    async fn open(
        server: &Server,
        tls: &Arc<rustls::ClientConfig>,
        stage: &mut Stage,
    ) -> Result<Self, Fault> {
        *stage = Stage::Connect;
        let plain: Box<dyn Stream> = Box::new(connect(server).await?);
        let stream = match server.tls {
            Tls::Wrapped => encrypted(server, tls, plain).await?,
            Tls::Off | Tls::Offered | Tls::Required => plain,
        };
        *stage = Stage::Greeting;
        let mut connection = Self { stream: BufReader::new(stream), said: 0 };
        connection.answer().await?;
        Ok(connection)
    }

    /// Sends the mail, except for its end.
    async fn give(
        &mut self,
        server: &Server,
        hello: &ClientId,
        tls: &Arc<rustls::ClientConfig>,
        (envelope, message): (&Envelope, &[u8]),
        stage: &mut Stage,
    ) -> Result<(), Fault> {
        *stage = Stage::Hello;
        let mut offers = self.hello(hello).await?;
        let offered = offers.supports_feature(Extension::StartTls);
        if server.tls == Tls::Required || (server.tls == Tls::Offered && offered) {
            *stage = Stage::StartTls;
            if !offered {
                return Err(Fault::NoStartTls);
            }
            self.command(&Starttls).await?;
            self.encrypt(server, tls).await?;
            *stage = Stage::Hello;
            offers = self.hello(hello).await?;
        }
        if server.login.is_some() {
            *stage = Stage::Login;
            self.login(server, &offers).await?;
        }
        *stage = Stage::Sender;
        let mut parameters = Vec::new();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
            if !offers.supports_feature(Extension::SmtpUtfEight) {
                return Err(Fault::NoUtf8);
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !message.is_ascii() && offers.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.command(&Mail::new(envelope.from().cloned(), parameters)).await?;
        *stage = Stage::Recipient;
        for to in envelope.to() {
            self.command(&Rcpt::new(to.clone(), Vec::new())).await?;
        }
        *stage = Stage::Data;
        let go_on = self.command(&Data).await?;
        if !go_on.has_code(354) {
            return Err(Fault::NotSmtp);
        }
        self.write(&stuffed(message)).await?;
        // Anything received before the end of the mail is not an answer to it.
        if !self.stream.buffer().is_empty() {
            return Err(Fault::NotSmtp);
        }
        Ok(())
    }

    /// Ends the mail; from here on, the server may have accepted it.
    async fn end(&mut self, stage: &mut Stage) -> Result<(), Fault> {
        *stage = Stage::End;
        self.write(b".\r\n").await?;
        match self.answer().await?.code().severity {
            Severity::PositiveCompletion => Ok(()),
            _ => Err(Fault::NotSmtp),
        }
    }

    async fn hello(&mut self, name: &ClientId) -> Result<ServerInfo, Fault> {
        let answer = self.command(&Ehlo::new(name.clone())).await?;
        // lettre requires text in each line, and exact case; RFC 5321, section 2.4, requires neither.
        let lines = answer.message().map(reply::offer).filter(|line| !line.is_empty()).collect();
        ServerInfo::from_response(&Response::new(answer.code(), lines)).map_err(|_| Fault::NotSmtp)
    }

    async fn login(&mut self, server: &Server, offers: &ServerInfo) -> Result<(), Fault> {
        let Some(login) = &server.login else { return Ok(()) };
        let way = offers.get_auth_mechanism(DEFAULT_MECHANISMS).ok_or(Fault::NoLogin)?;
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
    async fn encrypt(&mut self, server: &Server, tls: &Arc<rustls::ClientConfig>) -> Result<(), Fault> {
        if !self.stream.buffer().is_empty() {
            return Err(Fault::NotSmtp);
        }
        let nothing: Box<dyn Stream> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufReader::new(nothing)).into_inner();
        self.stream = BufReader::new(encrypted(server, tls, plain).await?);
        Ok(())
    }

    async fn command(&mut self, command: &impl Display) -> Result<Response, Fault> {
        self.write(command.to_string().as_bytes()).await?;
        self.answer().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
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
    async fn answer(&mut self) -> Result<Response, Fault> {
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

async fn encrypted(
    server: &Server,
    tls: &Arc<rustls::ClientConfig>,
    plain: Box<dyn Stream>,
) -> Result<Box<dyn Stream>, Fault> {
    let name = ServerName::try_from(server.host.clone()).map_err(|_| Fault::NoName)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, plain).await.map_err(Fault::Tls)?;
    Ok(Box::new(stream))
}

/// A message in wire format: each line ends with CRLF, and a leading dot is doubled.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        stuffed.extend_from_slice(bare.strip_suffix(b"\r").unwrap_or(bare));
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_ends_where_it_ends() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\nc"), b"a\r\n..\r\n...b\r\nc\r\n");
        assert_eq!(stuffed(b"a\r\n\r\n"), b"a\r\n\r\n");
    }
}
