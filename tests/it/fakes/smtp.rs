//! A mail server on loopback that accepts all, except what the test tells it to refuse.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Ledger, check_finished, closing, edit, settle, take};

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
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The content with its headers, every line ended by CRLF.
    pub raw: Vec<u8>,
    /// Whether the program was told that it is taken.
    pub answered: bool,
}

/// Decides of each stage of a mail's way: what is answered instead.
type Chance = Box<dyn FnMut(&str) -> Option<String> + Send>;

impl FakeSmtp {
    pub async fn start() -> FakeSmtp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(World { address, state: watch::Sender::new(State::default()) });
        let server = tokio::spawn(serve(listener, Arc::clone(&world)));
        FakeSmtp { world, server: Some(server), finished: false }
    }

    /// `smtp://127.0.0.1:PORT`; any user and password are right.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.world.address)
    }

    /// Takes the oldest mail that was not read yet; waits for it if need be.
    pub async fn next_mail(&self) -> ReceivedMail {
        take(&self.world.state, "a mail", |state| state.unread.pop_front()).await
    }

    pub fn unread(&self) -> usize {
        self.world.state.borrow().unread.len()
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

    /// Answers the next `times` commands of this stage with `reply`: "connect" (the greeting, after which the
    /// server hangs up), "mail", "rcpt" or "data". At "accepted-then-reset" it takes the mail, then hangs up
    /// without a word; at "accepted-then-silent" it never says one.
    pub fn fail_next(&self, stage: &str, reply: &str, times: usize) {
        let stage = STAGES.into_iter().find(|known| *known == stage).expect("a stage of SMTP");
        self.world.edit(|state| state.failures.push(Failure { stage, reply: reply.to_owned(), times }));
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
const MAIL: &str = "mail";
const RCPT: &str = "rcpt";
const DATA: &str = "data";
const ACCEPTED_THEN_RESET: &str = "accepted-then-reset";
const ACCEPTED_THEN_SILENT: &str = "accepted-then-silent";
const STAGES: [&str; 6] = [CONNECT, MAIL, RCPT, DATA, ACCEPTED_THEN_RESET, ACCEPTED_THEN_SILENT];

const GREETING: &str =
    "250-fake\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 26214400\r\n250 AUTH PLAIN LOGIN";
const BAD_SEQUENCE: &str = "503 5.5.1 bad sequence of commands";

struct World {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct State {
    closing: bool,
    unexpected: Vec<String>,
    unread: VecDeque<ReceivedMail>,
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
        tokio::spawn(async move {
            let session =
                Session { world: &world, stream: BufReader::new(stream), greeted: false, mail: None };
            tokio::select! {
                // A connection that breaks is the client's affair.
                _ = session.run() => {}
                () = closing(&world.state) => {}
            }
        });
    }
}

struct Session<'a> {
    world: &'a World,
    stream: BufReader<TcpStream>,
    greeted: bool,
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
        while let Some(line) = self.read_line().await? {
            if let Then::HangUp = self.obey(&String::from_utf8_lossy(&line)).await? {
                break;
            }
        }
        Ok(())
    }

    async fn obey(&mut self, line: &str) -> io::Result<Then> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(GREETING).await?,
            "HELO" => self.greet("250 fake").await?,
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
                self.reply("221 2.0.0 bye").await?;
                return Ok(Then::HangUp);
            }
            "AUTH" | "MAIL" | "RCPT" | "DATA" => self.object(BAD_SEQUENCE, line).await?,
            _ => self.object("502 5.5.1 not implemented", line).await?,
        }
        Ok(Then::Listen)
    }

    async fn greet(&mut self, reply: &str) -> io::Result<()> {
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
        self.reply("235 2.7.0 welcome").await
    }

    async fn start_mail(&mut self, argument: &str) -> io::Result<()> {
        let Some(from) = address(argument, "FROM:") else {
            return self.object("501 5.5.4 MAIL FROM:<address>", &format!("MAIL {argument}")).await;
        };
        if let Some(reply) = self.world.take_failure(MAIL) {
            return self.reply(&reply).await;
        }
        self.mail = Some(ReceivedMail { from, to: Vec::new(), raw: Vec::new(), answered: true });
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
        self.reply("354 go on, and end with a dot").await?;
        let mut mail = self.mail.take().unwrap();
        loop {
            let Some(line) = self.read_line().await? else { return Ok(Then::HangUp) };
            if line == b"." {
                break;
            }
            mail.raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            mail.raw.extend_from_slice(b"\r\n");
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

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// The address of `FROM:<someone@example.com> SIZE=1`.
fn address(argument: &str, keyword: &str) -> Option<String> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    let rest = rest.trim_start().strip_prefix('<').filter(|_| head.eq_ignore_ascii_case(keyword))?;
    Some(rest.split_once('>')?.0.to_owned())
}
