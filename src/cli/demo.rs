//! `sellbell demo`: runs the whole pipeline on bundled filings, without network or set-up.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::environment;
use super::output::print;
use crate::clock::Clock;
use crate::config::Settings;
use crate::destination::Destination;
use crate::notify::Secrets;
use crate::problem::Source;
use crate::replay::{Archive, ReplayedEdgar, WebhookSink};
use crate::rules;
use crate::runtime::{self, OnceReport, Setup};
use crate::store::Store;
use crate::text::path_text;
use crate::trust::Roots;

const RULES: &str = include_str!("../replay/bundled/rules.toml");
/// A time before the first bundled filing.
const SINCE: &str = "2021-08-24T00:00:00-04:00";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for the store and the messages
    #[arg(long, value_name = "DIR", default_value = "sellbell-demo")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play(&args.dir))
}

async fn play(dir: &Path) -> anyhow::Result<ExitCode> {
    let archive = Archive::bundled()?;
    let count = archive.len();
    let edgar = ReplayedEdgar::start(archive).await.context("cannot serve the bundled EDGAR on loopback")?;
    let discord_dir = dir.join("discord");
    fs::create_dir_all(&discord_dir)
        .with_context(|| format!("cannot make the folder {}", path_text(&discord_dir)))?;
    let discord = WebhookSink::start(&discord_dir).await.context("cannot serve a webhook on loopback")?;

    let toml = settings_text(&edgar.base_url(), dir);
    let settings = Settings::read("demo settings", &toml, &[])?;
    let known = |destination: &Destination| settings.knows(destination);
    let source = Source { file: "demo rules", text: RULES };
    let rules = rules::load_slice([source], &known, &settings.destinations())?;
    let mut secrets = Secrets::default();
    secrets.discord_webhooks.insert("alerts".into(), discord.address().into());
    let output = Arc::new(Mutex::new(io::stdout()));
    let (store_dir, count_of_rules) = (settings.store_dir.clone(), rules.len());
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &secrets,
        used: &|_| true,
        roots: &Roots::default(),
        clock: Clock::wall(),
        output,
        colour: environment::colour(),
    })?;
    let store = Store::open(&store_dir)?;
    let since: DateTime<Utc> = DateTime::parse_from_rfc3339(SINCE)?.to_utc();
    print(
        &mut io::stdout(),
        &format!(
            "sellbell demo: {count} bundled filings on a local EDGAR at {}, {} rules.\n\n",
            edgar.base_url(),
            count_of_rules
        ),
    );

    let app = Arc::new(assembly.on(store, Some(since)));
    let report = runtime::run_once(&app, false).await?;
    print(&mut io::stdout(), &summary(&report, dir)?);
    let well = report.poll.trouble.is_none() && report.queued + report.dead + report.pending == 0;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings_text(base_url: &str, dir: &Path) -> String {
    let path = |name: &str| toml::Value::String(dir.join(name).display().to_string());
    format!(
        "[edgar]\nbase_url = \"{base_url}\"\n[store]\ndir = {}\n\
         [[discord.channel]]\nname = \"alerts\"\nwebhook = true\n\
         [email]\nfrom = \"sellbell <sellbell@localhost>\"\nout_dir = {}\n\
         [[email.recipient]]\nname = \"desk\"\naddress = \"desk@localhost\"\n",
        path("store"),
        path("mail")
    )
}

fn summary(report: &OnceReport, dir: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if let Some(trouble) = &report.poll.trouble {
        writeln!(text, "The bundled EDGAR: {trouble}")?;
    }
    if report.poll.new == 0 && report.delivered == 0 {
        writeln!(text, "Nothing is new: every bundled filing is known, and no alert is repeated.")?;
        writeln!(text, "Delete the folder {} to start over.", path_text(dir))?;
        return Ok(text);
    }
    writeln!(
        text,
        "{} filings were new, {} matched rules, {} alerts were delivered.",
        report.poll.new, report.poll.alerted, report.delivered
    )?;
    for (what, folder, ending) in [
        ("Mail", "mail", "eml"),
        ("E-mail as a page, to open in a browser", "mail", "html"),
        ("Discord message", "discord", "json"),
    ] {
        for file in files(&dir.join(folder), ending)? {
            writeln!(text, "  {what}: {}", path_text(&file))?;
        }
    }
    writeln!(text, "Run it again: no alert is repeated. Then see README.md, \"Run it\".")?;
    Ok(text)
}

fn files(folder: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
