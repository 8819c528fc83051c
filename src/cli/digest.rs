//! `sellbell digest`: shows what waits for a recipient's digest, or sends it before its slot is over.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, Utc};

use super::arguments::{Since, since};
use super::named::named;
use super::output::print;
use super::remote::{self, Reached};
use super::{environment, setup};
use crate::config::Settings;
use crate::delivery::{Batch, Body, Delivery};
use crate::destination::{Destination, Inbox};
use crate::digest::Digest;
use crate::http::{DigestRequest, PreviewRequest};
use crate::notify::{Notifier, Secrets};
use crate::outbox::Digests;
use crate::private;
use crate::rules::RuleSet;
use crate::service::{self, DigestPreview, Previewer, SentDigest};
use crate::store::{ALERTS_KEPT, Store};
use crate::text::{eastern, path_text};

const DIR: &str = "sellbell-preview";
/// How long to wait for a bot that has many alerts to put into a digest.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: DigestVerb,
}

#[derive(Debug, clap::Subcommand)]
enum DigestVerb {
    /// Write the digests that would be sent now to files; sends and changes nothing
    Preview(PreviewArgs),
    /// Send what waits for a recipient, before its slot is over
    Send(SendArgs),
}

#[derive(Debug, clap::Args)]
struct PreviewArgs {
    /// Whose: a name of the settings [default: all recipients with digests]
    #[arg(value_name = "RECIPIENT")]
    recipient: Option<String>,
    /// Take the alerts since then, whether they wait or were sent: a span like 7d, or a day; alerts are kept for 31 days
    #[arg(long, value_name = "SPAN", value_parser = since)]
    since: Option<Since>,
    /// Folder for the files NAME.html, NAME.txt and NAME.eml
    #[arg(long, value_name = "DIR", default_value = DIR)]
    dir: PathBuf,
    /// Open the HTML in the browser
    #[arg(long)]
    open: bool,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct SendArgs {
    /// Whose: a name of the settings, with all of its addresses, or NAME/ID for one of them
    #[arg(value_name = "RECIPIENT")]
    recipient: String,
    /// Do not wait for the end of the slot
    #[arg(long, required = true)]
    now: bool,
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.verb {
        DigestVerb::Preview(args) => preview(args),
        DigestVerb::Send(args) => send(args),
    }
}

fn send(args: &SendArgs) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    if !Store::is_in(&settings.store_dir) {
        service::digest_inboxes(&settings, Some(&args.recipient))?;
        let dir = path_text(&settings.store_dir);
        return Err(anyhow!("there is no store in {dir} yet: sellbell has not run"));
    }
    let runtime = remote::runtime()?;
    let (sent, is_running): (Vec<SentDigest>, bool) = runtime.block_on(async {
        let store = match remote::reach(&settings.store_dir).await? {
            Reached::Running(bot) => {
                let request = DigestRequest { recipient: args.recipient.clone() };
                let changed =
                    bot.change("/digests", |client, url| client.post(url).json(&request).timeout(PATIENCE));
                return anyhow::Ok((serde_json::from_slice(&changed.await?)?, true));
            }
            Reached::Stopped(store) => store,
        };
        settings.name_inboxes(&store.known_addresses().await?);
        let inboxes = service::digest_inboxes(&settings, Some(&args.recipient))?;
        let digests = Digests::new(Arc::new(settings.clone()), store.clone());
        let sent = service::send_digests(&digests, &inboxes, now()).await?;
        store.flush().await?;
        Ok((sent, false))
    })?;
    for SentDigest { destination, filings } in sent {
        let shown = runtime.block_on(named(None, &settings, &destination))?;
        let when = if is_running { "is sent now" } else { "is sent when sellbell runs" };
        let said = match filings {
            None => format!("Nothing waits for {shown}.\n"),
            Some(1) => format!("{shown}: a digest with 1 filing {when}.\n"),
            Some(filings) => format!("{shown}: a digest with {filings} filings {when}.\n"),
        };
        print(&mut io::stdout(), &said);
    }
    Ok(ExitCode::SUCCESS)
}

fn preview(args: &PreviewArgs) -> anyhow::Result<ExitCode> {
    let mut settings = setup::settings(args.config.as_deref())?;
    let since =
        args.since.map(|since| since.moment(now()).context("--since reaches too far back")).transpose()?;
    ensure!(since.is_none_or(|since| since <= now()), "--since is in the future: give the first day to show");
    let runtime = remote::runtime()?;
    let reached = match Store::is_in(&settings.store_dir) {
        true => Some(runtime.block_on(remote::reach(&settings.store_dir))?),
        false => None,
    };
    if let Some(Reached::Stopped(store)) = &reached {
        settings.name_inboxes(&runtime.block_on(store.known_addresses())?);
    }
    let settings = Arc::new(settings);
    let mut inboxes = service::digest_inboxes(&settings, args.recipient.as_deref())?;
    if args.recipient.is_some() {
        // The digests of a recipient's addresses are alike.
        inboxes.truncate(1);
    }
    let digests = runtime.block_on(digests(&settings, reached, &inboxes, since))?;
    fs::create_dir_all(&args.dir).with_context(|| format!("cannot create {}", path_text(&args.dir)))?;
    for (inbox, digest) in inboxes.iter().zip(digests) {
        let destination = Destination::Email(inbox.clone());
        let shown = runtime.block_on(named(None, &settings, &destination))?;
        let (delivery, said) = match digest {
            Some(digest) => {
                let said = match since {
                    None => format!("{shown}: {} would be sent now", filings(&digest)),
                    Some(since) => {
                        format!("{shown}: {} since {}{}", filings(&digest), eastern(since), kept(since))
                    }
                };
                (Delivery::new(destination, Body::Digest(Box::new(digest)), now()), said)
            }
            None => {
                let why = match since {
                    None => "nothing waits".to_owned(),
                    Some(since) => {
                        format!("the store has none of its alerts since {}{}", eastern(since), kept(since))
                    }
                };
                let said = format!("{shown}: {why}, so this is a sample with a filing from 2021");
                (service::sample(&settings, &destination, now())?, said)
            }
        };
        let page =
            runtime.block_on(write(&settings, delivery, &args.dir, &inbox.to_string().replace('/', "-")))?;
        print(&mut io::stdout(), &format!("{said}\n  {}\n", path_text(&page)));
        if args.open {
            open(&page);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how long alerts are kept, to those who ask for older ones.
fn kept(since: DateTime<Utc>) -> String {
    match now() - since > ALERTS_KEPT {
        true => format!(" (alerts are kept for {} days)", ALERTS_KEPT.num_days()),
        false => String::new(),
    }
}

fn filings(digest: &Digest) -> String {
    match digest.entries.len() {
        1 => "a digest with 1 filing".to_owned(),
        filings => format!("a digest with {filings} filings"),
    }
}

/// The digests that would be sent now, or those of the alerts since a time, from the running bot or from the
/// store, if there is one.
async fn digests(
    settings: &Arc<Settings>,
    reached: Option<Reached<Store>>,
    inboxes: &[Inbox],
    since: Option<DateTime<Utc>>,
) -> anyhow::Result<Vec<Option<Digest>>> {
    let mut shown = Vec::new();
    match reached {
        None => shown.extend(inboxes.iter().map(|_| None)),
        Some(Reached::Running(bot)) => {
            for inbox in inboxes {
                let request = PreviewRequest { recipient: inbox.to_string(), since };
                let answer = bot
                    .change("/digests", |client, url| client.get(url).query(&request).timeout(PATIENCE))
                    .await?;
                let preview: Option<DigestPreview> = serde_json::from_slice(&answer)?;
                shown.push(preview.and_then(|preview| preview.digest));
            }
        }
        Some(Reached::Stopped(store)) => {
            // Rules are read where they decide, so that a mistake in them does not stand in the way otherwise.
            let rules = match since {
                Some(_) => setup::rules(settings, &settings.rules_dir)?,
                None => Vec::new(),
            };
            let (digests, rules) = (Digests::new(Arc::clone(settings), store.clone()), RuleSet::new(rules));
            let previewer = Previewer { digests: &digests, settings, rules: &rules, store: &store };
            for inbox in inboxes {
                shown.push(previewer.preview(inbox, since, now()).await?.digest);
            }
        }
    }
    Ok(shown)
}

/// Writes the e-mail of a digest to files, as it would be sent, and returns the path of its page.
async fn write(settings: &Settings, delivery: Delivery, dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let passing = tempfile::Builder::new().prefix(".preview").tempdir_in(dir);
    let passing = passing.with_context(|| format!("cannot write to {}", path_text(dir)))?;
    let mut settings = settings.clone();
    passing.path().clone_into(&mut settings.email.out_dir);
    // Without the token, the bot would not run; a preview has no links then.
    let http_token = environment::http_token().ok().flatten();
    settings.public_url = settings.public_url.filter(|_| http_token.is_some());
    let secrets = Secrets { http_token, ..Secrets::default() };
    let output = Arc::new(Mutex::new(io::stdout()));
    // Without the address of a server, e-mails are written to that folder.
    let notifier = Notifier::new(&settings, &secrets, &|_| false, output, environment::colour())?;
    let text = notifier.email_text(&delivery).await?;
    notifier.send(&Batch::one(delivery), now()).await?;
    for entry in fs::read_dir(passing.path())? {
        let written = entry?.path();
        if let Some(kind) = written.extension().filter(|kind| *kind == "eml" || *kind == "html") {
            fs::rename(&written, dir.join(name).with_extension(kind))?;
        }
    }
    private::write_as(&dir.join(format!("{name}.txt")), text.as_bytes(), settings.readable_by.file_mode())?;
    Ok(dir.join(format!("{name}.html")))
}

/// Opens a page with the system's program for it, as far as there is one.
fn open(page: &Path) {
    let opener = if env::consts::OS == "macos" { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    // Some openers resolve paths against a folder of their own.
    let page = fs::canonicalize(page).unwrap_or_else(|_| page.to_owned());
    let command = command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        print(&mut io::stderr(), &format!("{opener} cannot open it: {error}\n"));
    }
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
