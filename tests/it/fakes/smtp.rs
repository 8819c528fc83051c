//! A mail server on loopback that accepts all, except what the test tells it to refuse.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{Ledger, PATIENCE, check_finished, closing, edit, settle, take};
use crate::search::found;

pub struct FakeSmtp {
    world: Arc<World>,
    server: Option<JoinHandle<()>>,
    finished: bool,
}

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// The envelope's sender; empty for the null sender.
    pub from: String,
    /// What follows the sender: parameters of extensions.
    pub parameters: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The content with its headers, every line ended by CRLF.
    pub raw: Vec<u8>,
    /// Whether the program was told that it is taken.
    pub answered: bool,
}

/// Decides of each stage of a mail's way: what is answered instead.
type Chance = Box<dyn FnMut(&str) -> Option<String> + Send>;

/// How a server encrypts.
#[derive(Clone, Default)]
pub enum Encryption {
    #[default]
    None,
    /// After STARTTLS.
    Later(Arc<ServerConfig>),
    /// From the start.
    AtOnce(Arc<ServerConfig>),
}

/// What a server offers at its greeting, and how it encrypts.
#[derive(Clone)]
pub struct Manners {
    pub offers: Vec<&'static str>,
    pub encryption: Encryption,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            offers: vec!["PIPELINING", "8BITMIME", "SIZE 26214400", "AUTH PLAIN LOGIN"],
            encryption: Encryption::None,
        }
    }
}

impl FakeSmtp {
    pub async fn start() -> FakeSmtp {
        Self::start_as(Manners::default()).await
    }

    pub async fn start_as(manners: Manners) -> FakeSmtp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(World { address, manners, state: watch::Sender::new(State::default()) });
        let server = tokio::spawn(serve(listener, Arc::clone(&world)));
        FakeSmtp { world, server: Some(server), finished: false }
    }

    /// `smtp://127.0.0.1:PORT`; any user and password are right.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.world.address)
    }

    /// The port, for addresses of other kinds.
    pub fn port(&self) -> u16 {
        self.world.address.port()
    }

    /// How many connections clients made up to now.
    pub fn connections(&self) -> usize {
        self.world.state.borrow().connections
    }

    /// How many connections are open now, and the most that were open at once.
    pub fn open(&self) -> (usize, usize) {
        let state = self.world.state.borrow();
        (state.open, state.most_open)
    }

    /// Waits until this many connections are open.
    pub async fn until_open(&self, open: usize) {
        let mut changes = self.world.state.subscribe();
        let wait = timeout(PATIENCE, changes.wait_for(|state| state.open == open));
        assert!(wait.await.is_ok(), "{:?} connections are open, not {open}", self.open());
    }

    /// Ends all connections that wait for a command; with these words, if there are any.
    pub fn cut(&self, words: &str) {
        self.world.edit(|state| (state.cuts, state.last_words) = (state.cuts + 1, words.to_owned()));
    }

    /// While it is down, it hangs up on whoever comes and whoever is there.
    pub fn set_down(&self, is_down: bool) {
        self.world.edit(|state| state.is_down = is_down);
        self.cut("");
    }

    /// The names that clients greeted with since the last call.
    pub fn take_greetings(&self) -> Vec<String> {
        self.world.edit(|state| std::mem::take(&mut state.greetings))
    }

    /// Takes the oldest mail that was not read yet; waits for it if need be.
    pub async fn next_mail(&self) -> ReceivedMail {
        take(&self.world.state, "a mail", |state| state.unread.pop_front()).await
    }

    pub fn unread(&self) -> usize {
        self.world.state.borrow().unread.len()
    }

    /// Waits until there is a mail that was not read yet.
    pub async fn until_unread(&self) {
        let mut changes = self.world.state.subscribe();
        let wait = timeout(PATIENCE, changes.wait_for(|state| !state.unread.is_empty()));
        assert!(wait.await.is_ok(), "no mail came");
    }

    /// Takes all mails that were not read yet, oldest first.
    pub fn take_mails(&self) -> Vec<ReceivedMail> {
        self.world.edit(|state| state.unread.drain(..).collect())
    }

    /// From now on this decides of each stage that no planned failure meets, as [`Self::fail_next`] would.
    pub fn set_faults(&self, chance: impl FnMut(&str) -> Option<String> + Send + 'static) {
        self.world.edit(|state| state.chance = Mutex::new(Some(Box::new(chance))));
    }

    /// Answers this recipient with `reply` ("550 5.1.1 no such user"), always.
    pub fn refuse(&self, recipient: &str, reply: &str) {
        let (recipient, reply) = (recipient.to_owned(), reply.to_owned());
        self.world.edit(|state| state.refused.insert(recipient, reply));
    }

    /// Takes mail for a recipient again that was refused.
    pub fn allow(&self, recipient: &str) {
        self.world.edit(|state| state.refused.remove(recipient));
    }

    /// Answers the next `times` commands of this stage with `reply`: "connect" (the greeting, after which the
    /// server hangs up), "hello", "starttls", "auth", "mail", "rcpt", "data" or "end" (after the content). At "accepted-then-reset" it takes the mail, then hangs up
    /// without a word; at "accepted-then-silent" it never says one. At "cut-in-data" it hangs up in the middle of the content.
    pub fn fail_next(&self, stage: &str, reply: &str, times: usize) {
        let stage = STAGES.into_iter().find(|known| *known == stage).expect("a stage of SMTP");
        self.world.edit(|state| state.failures.push(Failure { stage, reply: reply.to_owned(), times }));
    }

    /// Forgets the failures that are planned.
    pub fn mend(&self) {
        self.world.edit(|state| state.failures.clear());
    }

    /// Shuts the server down and fails for every unexpected command and every unread mail.
    pub async fn finish(mut self) {
        self.finished = true;
        self.world.edit(|state| state.closing = true);
        if let Some(server) = self.server.take() {
            server.await.unwrap();
        }
        settle("FakeSmtp:", &self.world.state);
    }
}

impl Drop for FakeSmtp {
    fn drop(&mut self) {
        check_finished("FakeSmtp", self.finished, &self.world.state);
    }
}

const CONNECT: &str = "connect";
const HELLO: &str = "hello";
const STARTTLS: &str = "starttls";
const AUTH: &str = "auth";
const END: &str = "end";
const MAIL: &str = "mail";
const RCPT: &str = "rcpt";
const DATA: &str = "data";
const ACCEPTED_THEN_RESET: &str = "accepted-then-reset";
const ACCEPTED_THEN_SILENT: &str = "accepted-then-silent";
const CUT_IN_DATA: &str = "cut-in-data";
const STAGES: [&str; 11] = [
    CONNECT,
    HELLO,
    STARTTLS,
    AUTH,
    MAIL,
    RCPT,
    DATA,
    CUT_IN_DATA,
    END,
    ACCEPTED_THEN_RESET,
    ACCEPTED_THEN_SILENT,
];

const BAD_SEQUENCE: &str = "503 5.5.1 bad sequence of commands";

struct World {
    address: SocketAddr,
    manners: Manners,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    closing: bool,
    unexpected: Vec<String>,
    unread: VecDeque<ReceivedMail>,
    greetings: Vec<String>,
    /// How many connections were made, are open, and were open at most.
    connections: usize,
    open: usize,
    most_open: usize,
    /// How often all connections were ended, and with which words last.
    cuts: usize,
    last_words: String,
    is_down: bool,
    refused: HashMap<String, String>,
    failures: Vec<Failure>,
    chance: Mutex<Option<Chance>>,
}

struct Failure {
    stage: &'static str,
    reply: String,
    times: usize,
}

impl World {
    fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        edit(&self.state, change)
    }

    fn take_failure(&self, stage: &str) -> Option<String> {
        self.edit(|state| {
            let mut planned = state.failures.iter_mut();
            if let Some(planned) = planned.find(|planned| planned.stage == stage && planned.times > 0) {
                planned.times -= 1;
                return Some(planned.reply.clone());
            }
            state.chance.get_mut().unwrap().as_mut()?(stage)
        })
    }
}

impl Ledger for State {
    fn is_closing(&self) -> bool {
        self.closing
    }

    fn unexpected(&self) -> &[String] {
        &self.unexpected
    }

    fn unread(&self) -> Vec<String> {
        self.unread.iter().map(|mail| format!("from {} to {}", mail.from, mail.to.join(", "))).collect()
    }
}

async fn serve(listener: TcpListener, world: Arc<World>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = closing(&world.state) => return,
        };
        let world = Arc::clone(&world);
        if world.state.borrow().is_down {
            continue;
        }
        world.edit(|state| {
            (state.connections, state.open) = (state.connections + 1, state.open + 1);
            state.most_open = state.most_open.max(state.open);
        });
        tokio::spawn(async move {
            let left = AtomicBool::new(false);
            let talk = async {
                let stream: Box<dyn Stream> = match &world.manners.encryption {
                    Encryption::AtOnce(config) => {
                        Box::new(TlsAcceptor::from(Arc::clone(config)).accept(stream).await?)
                    }
                    Encryption::None | Encryption::Later(_) => Box::new(stream),
                };
                let stream = BufReader::new(stream);
                let session = Session {
                    world: &world,
                    left: &left,
                    stream,
                    greeted: false,
                    encrypted: false,
                    mail: None,
                };
                session.run().await
            };
            tokio::select! {
                // A connection that breaks is the client's affair.
                _ = talk => {}
                () = closing(&world.state) => {}
            }
            if !left.load(Ordering::Relaxed) {
                world.edit(|state| state.open -= 1);
            }
        });
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Session<'a> {
    world: &'a World,
    /// Whether the client took its leave: from then on, the connection does not count as open.
    left: &'a AtomicBool,
    stream: BufReader<Box<dyn Stream>>,
    greeted: bool,
    /// Whether STARTTLS was used.
    encrypted: bool,
    /// The mail that is being handed over.
    mail: Option<ReceivedMail>,
}

/// Whether the conversation goes on.
enum Then {
    Listen,
    HangUp,
}

impl Session<'_> {
    async fn run(mut self) -> io::Result<()> {
        if let Some(reply) = self.world.take_failure(CONNECT) {
            return self.reply(&reply).await;
        }
        self.reply("220 fake ESMTP").await?;
        let mut changes = self.world.state.subscribe();
        let cuts = changes.borrow().cuts;
        loop {
            let cut = async {
                // The world lives as long as its sessions.
                let _ = changes.wait_for(|state| state.cuts > cuts).await;
            };
            let line = tokio::select! {
                line = self.read_line() => Some(line?),
                () = cut => None,
            };
            let Some(line) = line else {
                let words = self.world.state.borrow().last_words.clone();
                return if words.is_empty() { Ok(()) } else { self.reply(&words).await };
            };
            let Some(line) = line else { return Ok(()) };
            if let Then::HangUp = self.obey(&String::from_utf8_lossy(&line)).await? {
                return Ok(());
            }
        }
    }

    async fn obey(&mut self, line: &str) -> io::Result<Then> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let mut lines = vec!["fake"];
                lines.extend(&self.world.manners.offers);
                if matches!(self.world.manners.encryption, Encryption::Later(_)) && !self.encrypted {
                    lines.push("STARTTLS");
                }
                let last = lines.pop().unwrap();
                let lines: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
                self.greet(argument, &format!("{lines}250 {last}")).await?;
            }
            "HELO" => self.greet(argument, "250 fake").await?,
            "STARTTLS" if self.greeted && !self.encrypted => return self.encrypt().await,
            "AUTH" if self.greeted => self.authenticate(argument).await?,
            "MAIL" if self.greeted && self.mail.is_none() => self.start_mail(argument).await?,
            "RCPT" if self.mail.is_some() => self.add_recipient(argument).await?,
            "DATA" if self.mail.as_ref().is_some_and(|mail| !mail.to.is_empty()) => {
                return self.take_mail().await;
            }
            "RSET" => {
                self.mail = None;
                self.reply("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.reply("250 2.0.0 nothing done").await?,
            "QUIT" => {
                self.left.store(true, Ordering::Relaxed);
                self.world.edit(|state| state.open -= 1);
                self.reply("221 2.0.0 bye").await?;
                return Ok(Then::HangUp);
            }
            "AUTH" | "MAIL" | "RCPT" | "DATA" => self.object(BAD_SEQUENCE, line).await?,
            _ => self.object("502 5.5.1 not implemented", line).await?,
        }
        Ok(Then::Listen)
    }

    async fn encrypt(&mut self) -> io::Result<Then> {
        let Encryption::Later(config) = &self.world.manners.encryption else {
            self.object("502 5.5.1 no STARTTLS here", "STARTTLS").await?;
            return Ok(Then::Listen);
        };
        if let Some(reply) = self.world.take_failure(STARTTLS) {
            self.reply(&reply).await?;
            return Ok(Then::Listen);
        }
        self.reply("220 2.0.0 go on").await?;
        let nothing: Box<dyn Stream> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufReader::new(nothing)).into_inner();
        let stream = TlsAcceptor::from(Arc::clone(config)).accept(plain).await?;
        self.stream = BufReader::new(Box::new(stream));
        (self.greeted, self.encrypted) = (false, true);
        Ok(Then::Listen)
    }

    async fn greet(&mut self, name: &str, reply: &str) -> io::Result<()> {
        self.world.edit(|state| state.greetings.push(name.to_owned()));
        if let Some(reply) = self.world.take_failure(HELLO) {
            return self.reply(&reply).await;
        }
        self.greeted = true;
        self.mail = None;
        self.reply(reply).await
    }

    /// Lets everyone in who keeps to the form of PLAIN and LOGIN.
    async fn authenticate(&mut self, argument: &str) -> io::Result<()> {
        let prompts: &[&str] = match argument.to_ascii_uppercase().split_once(' ') {
            Some(("PLAIN", _)) => &[],
            Some(("LOGIN", _)) => &["334 UGFzc3dvcmQ6"],
            None if argument.eq_ignore_ascii_case("PLAIN") => &["334 "],
            None if argument.eq_ignore_ascii_case("LOGIN") => &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"],
            _ => return self.object("504 5.5.4 unknown mechanism", &format!("AUTH {argument}")).await,
        };
        for prompt in prompts {
            self.reply(prompt).await?;
            self.read_line().await?;
        }
        if let Some(reply) = self.world.take_failure(AUTH) {
            return self.reply(&reply).await;
        }
        self.reply("235 2.7.0 welcome").await
    }

    async fn start_mail(&mut self, argument: &str) -> io::Result<()> {
        let Some(from) = address(argument, "FROM:") else {
            return self.object("501 5.5.4 MAIL FROM:<address>", &format!("MAIL {argument}")).await;
        };
        if let Some(reply) = self.world.take_failure(MAIL) {
            return self.reply(&reply).await;
        }
        let parameters = argument.split_once('>').map_or("", |(_, rest)| rest.trim()).to_owned();
        let asked = self.world.manners.offers.contains(&"SMTPUTF8") && parameters.contains("SMTPUTF8");
        if !from.is_ascii() && !asked {
            return self.object("553 5.6.7 no SMTPUTF8", &format!("MAIL {argument}")).await;
        }
        self.mail = Some(ReceivedMail { from, parameters, to: Vec::new(), raw: Vec::new(), answered: true });
        self.reply("250 2.1.0 sender ok").await
    }

    async fn add_recipient(&mut self, argument: &str) -> io::Result<()> {
        let Some(to) = address(argument, "TO:").filter(|to| !to.is_empty()) else {
            return self.object("501 5.5.4 RCPT TO:<address>", &format!("RCPT {argument}")).await;
        };
        let refused = self.world.state.borrow().refused.get(&to).cloned();
        if let Some(reply) = refused.or_else(|| self.world.take_failure(RCPT)) {
            return self.reply(&reply).await;
        }
        self.mail.as_mut().unwrap().to.push(to);
        self.reply("250 2.1.5 recipient ok").await
    }

    async fn take_mail(&mut self) -> io::Result<Then> {
        if let Some(reply) = self.world.take_failure(DATA) {
            self.reply(&reply).await?;
            return Ok(Then::Listen);
        }
        let is_cut = self.world.take_failure(CUT_IN_DATA).is_some();
        self.reply("354 go on, and end with a dot").await?;
        let mut mail = self.mail.take().unwrap();
        if is_cut {
            self.read_line().await?;
            return Ok(Then::HangUp);
        }
        loop {
            let Some(line) = self.read_line().await? else { return Ok(Then::HangUp) };
            if line == b"." {
                break;
            }
            mail.raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            mail.raw.extend_from_slice(b"\r\n");
        }
        if let Some(around) = found(&mail.raw) {
            self.world.edit(|state| state.unexpected.push(format!("a secret is in a mail: {around}")));
        }
        if let Some(reply) = self.world.take_failure(END) {
            self.reply(&reply).await?;
            return Ok(Then::Listen);
        }
        let resets = self.world.take_failure(ACCEPTED_THEN_RESET).is_some();
        let is_silent = !resets && self.world.take_failure(ACCEPTED_THEN_SILENT).is_some();
        mail.answered = !resets && !is_silent;
        self.world.edit(|state| state.unread.push_back(mail));
        if resets {
            return Ok(Then::HangUp);
        }
        if is_silent {
            return std::future::pending().await;
        }
        self.reply("250 2.0.0 taken").await?;
        Ok(Then::Listen)
    }

    /// The next line without its CRLF; none at the end.
    async fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(Some(line.to_vec())),
            None => {
                let text = String::from_utf8_lossy(&line).into_owned();
                self.world.edit(|state| state.unexpected.push(format!("a line without CRLF: {text:?}")));
                Ok(Some(line.trim_ascii_end().to_vec()))
            }
        }
    }

    async fn object(&mut self, reply: &str, line: &str) -> io::Result<()> {
        self.world.edit(|state| state.unexpected.push(format!("{line}: answered {reply}")));
        self.reply(reply).await
    }

    /// Answers, and hangs up where the answer says so.
    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        match text.starts_with("421") {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }
}

/// The address of `FROM:<someone@example.com> SIZE=1`.
fn address(argument: &str, keyword: &str) -> Option<String> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    let rest = rest.trim_start().strip_prefix('<').filter(|_| head.eq_ignore_ascii_case(keyword))?;
    Some(rest.split_once('>')?.0.to_owned())
}
