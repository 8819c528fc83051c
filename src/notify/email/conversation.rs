//! One conversation with a mail server, stage by stage, so that a failure says where it happened. Everything that the server says is
//! bounded.

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

/// A line of a server is longer than this only to do harm; so is all that it says in one conversation.
const MOST_LINE: usize = 64 * 1024;
const MOST_SAID: usize = 1024 * 1024;
/// The conversation takes no longer until the mail's end is sent.
const LONGEST: Duration = Duration::from_secs(60);
/// How long the server may take to store the e-mail, by RFC 5321, section 4.5.3.2.6: one that is left before that may have it twice.
const LONGEST_END: Duration = Duration::from_secs(600);
/// One of a server's addresses that does not answer is left for the next.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);
/// The mail is taken or refused by then: nothing depends on the farewell.
const LONGEST_FAREWELL: Duration = Duration::from_secs(2);
/// No login has more steps.
const MOST_CHALLENGES: usize = 4;

/// The failure.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server's refusal: its code and its words.
    Refused(u16, String),
    /// The name of the server is not found.
    NoName,
    /// It cannot be reached.
    NoConnection(io::Error),
    /// The connection broke.
    Broken,
    /// No encryption came about.
    Tls(io::Error),
    /// Its answer is not SMTP.
    NotSmtp,
    /// It said more than it may.
    TooMuch,
    /// It offers no STARTTLS.
    NoStartTls,
    /// It offers none of our ways to log in.
    NoLogin,
    /// It takes no letters beyond ASCII in addresses.
    NoUtf8,
    /// It did not answer in time.
    Late,
}

/// Hands a message over. `stage` is where the conversation is, also if it fails or is broken off.
///
/// # Errors
/// [`Fault`], at the stage.
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
        // It hangs up by itself otherwise.
        let _ = timeout(LONGEST_FAREWELL, connection.command(&Quit)).await;
    }
    sent
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// How many bytes the server said.
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

    /// Gives the server the mail but for its end.
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
        // What came before the end of the mail is no answer to it.
        if !self.stream.buffer().is_empty() {
            return Err(Fault::NotSmtp);
        }
        Ok(())
    }

    /// Ends the mail: from here on the server may have it.
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
        // lettre wants a word in each line, and its case: RFC 5321, section 2.4, wants neither.
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

    /// Begins the encryption. What the server said before it could be anybody's.
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
        // It may have said why before it hung up.
        match timeout(LONGEST_FAREWELL, self.answer()).await {
            Ok(Err(refused @ Fault::Refused(..))) => Err(refused),
            _ => Err(Fault::Broken),
        }
    }

    /// An answer that lets the conversation go on.
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

    /// A line without its end.
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

/// The first of the server's addresses that takes a connection.
async fn connect(server: &Server) -> Result<TcpStream, Fault> {
    let addresses = lookup_host((server.host.as_str(), server.port)).await.map_err(|_| Fault::NoName)?;
    let mut last = None;
    for address in addresses {
        match timeout(LONGEST_CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Each command is answered before the next.
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

/// A message as it is sent: each line ends with CRLF, and one that begins with a dot has another.
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
