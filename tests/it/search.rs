//! The search that all tests pass: no secret that one of them sets is in what the program logs, keeps, prints or sends, however it is spelled.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Output;
use std::sync::{LazyLock, Mutex, Once, PoisonError};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::fakes::discord::FakeDiscord;

/// All that is secret in the tests: of the bot, of webhooks and endpoints, of mail servers, of the bot's own port.
const SECRETS: [&str; 8] = [
    FakeDiscord::TOKEN,
    "token-5",
    "secret-path",
    "s3cret",
    "passw0rd",
    "p4ss/w0rd&more",
    "http-token-of-the-tests",
    "bell.user@mail.example",
];

/// What the log of this process has of them, before the program's own log hides it.
static LOGGED: Mutex<String> = Mutex::new(String::new());

/// A secret as it may be written.
pub fn spellings(secret: &str) -> Vec<String> {
    let percent = |upper: bool| -> String {
        let byte = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(byte).collect()
    };
    vec![
        secret.to_owned(),
        secret.to_uppercase(),
        percent(true),
        percent(false),
        percent(true).replace('%', "%25"),
        secret.replace('/', "\\/").replace('&', "\\u0026"),
        secret.replace('&', "&amp;").replace('/', "&#x2F;"),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(format!("\0user\0{secret}")),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        secret.bytes().map(|byte| format!("&#{byte};")).collect(),
    ]
}

/// The first secret in a text, with what is around it.
pub fn found(text: &[u8]) -> Option<String> {
    static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::new(SECRETS.iter().flat_map(|secret| spellings(secret))).expect("few of them")
    });
    let found = SEARCH.find(text)?;
    let around = &text[found.start().saturating_sub(200)..(found.end() + 50).min(text.len())];
    Some(String::from_utf8_lossy(around).into_owned())
}

/// Fails where a secret is in this.
pub fn search(what: &str, text: impl AsRef<[u8]>) {
    if let Some(around) = found(text.as_ref()) {
        panic!("a secret is in {what}: {around}");
    }
}

/// What a program printed, after the search.
pub trait Searched {
    fn searched(self) -> Self;
}

impl Searched for Output {
    fn searched(self) -> Self {
        search("what it prints", &self.stdout);
        search("its log", &self.stderr);
        self
    }
}

/// Searches all that is in a folder, but for the files that tests write.
pub fn search_folder(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            search_folder(&path);
        } else if path.extension().is_none_or(|end| end != "toml" && end != "secret") {
            search(&name.to_string_lossy(), fs::read(&path).unwrap_or_default());
        }
    }
}

/// Has what this process logs from now on searched.
pub fn search_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let log = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Log);
        let own = Targets::new().with_target("sellbell", LevelFilter::DEBUG);
        tracing_subscriber::registry().with(own).with(log).init();
    });
}

/// Fails where a secret was logged.
pub fn search_logged() {
    let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(logged, "", "a secret is in the log");
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(around) = found(line) {
            let _ = writeln!(LOGGED.lock().unwrap_or_else(PoisonError::into_inner), "{around}");
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
