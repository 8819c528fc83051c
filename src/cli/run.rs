//! `sellbell run`: the bot.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{environment, moment, setup};
use crate::app::{self, App, OnceReport, Watch};
use crate::bot;
use crate::clock::Clock;
use crate::destination::Destination;
use crate::http;
use crate::notify::Notifier;
use crate::rules::{self, FolderState};
use crate::source::Client;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Poll once, now, whatever the schedule, deliver all, exit
    #[arg(long)]
    once: bool,
    /// Take this moment for the last time it was up: what was accepted after it is new and rings. A day (New York) or RFC 3339
    #[arg(long, value_name = "DATE", value_parser = moment)]
    since: Option<DateTime<Utc>>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (app, watch) = build(args)?;
    let token = environment::http_token()?;
    let app = Arc::new(app);
    // One thread: it mostly waits. What can block for long has threads of its own; a commit waits for a flush under way.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        if args.once {
            return once(&app).await;
        }
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (stopping, stopped) = watch::channel(false);
        let http = tokio::spawn(http::serve(Arc::clone(&app), token, stopped.clone()));
        let gateway = tokio::spawn(bot::run(Arc::clone(&app), stopped));
        let stop = async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // The gateway's task may have ended long ago.
            let _ = stopping.send(true);
        };
        tracing::info!(rules = app.rules().len(), "polling on schedule: {}", app.settings.schedule.poll);
        let ended = app::run(app, Some(watch), stop).await;
        if ended.is_err() {
            gateway.abort();
            http.abort();
        } else {
            http.await.context("the task that tells the status")?;
            gateway.await.context("the gateway's task")?;
        }
        ended?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    });
    // A write to a pipe that nobody reads would hold up the end for ever.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

fn build(args: &Args) -> anyhow::Result<(App, Watch)> {
    if args.since.is_some_and(|since| since > now()) {
        return Err(anyhow!("--since is in the future: it says up to when everything is taken as known"));
    }
    let settings = setup::settings(args.config.as_deref())?;
    // Looked at before they are read: an edit in between is met by the watch.
    let state = FolderState::of(&settings.rules_dir);
    let rules = setup::rules(&settings, &settings.rules_dir)?;
    for warning in rules::lint(&rules) {
        tracing::warn!("{warning}");
    }
    let watch = Watch::new(settings.rules_dir.clone(), state);
    let client = Client::new(&settings.edgar, Clock::wall())?;
    let secrets = environment::secrets(&settings)?;
    let used = |destination: &Destination| {
        rules.iter().any(|rule| rule.notify.contains(destination)) || settings.operators.contains(destination)
    };
    let output = Arc::new(Mutex::new(io::stdout()));
    let notifier = Notifier::new(&settings, &secrets, &used, output, environment::colour())?;
    if notifier.bot().is_none() && rules.iter().all(|rule| rule.notify.is_empty()) {
        return Err(anyhow!(
            "no rule names a destination in `notify`, and without DISCORD_TOKEN no channel can subscribe: nobody would be told"
        ));
    }
    let store = Store::open(&settings.store_dir)?;
    Ok((App::new(settings, rules, store, client, notifier, args.since), watch))
}

async fn once(app: &Arc<App>) -> anyhow::Result<ExitCode> {
    let report = app::run_once(app, true).await?;
    let OnceReport { poll, delivered, dead, queued, pending } = &report;
    tracing::info!(
        new = poll.new,
        settled = poll.settled,
        rang = poll.rang,
        delivered,
        dead,
        queued,
        pending,
        "polled once"
    );
    if let Some(until) = poll.silent_until {
        return Err(anyhow!("EDGAR was not asked: after its last answer it is left alone until {until}"));
    }
    if let Some(trouble) = &poll.trouble {
        return Err(anyhow!("EDGAR: {trouble}"));
    }
    if *queued + *dead + *pending > 0 {
        return Err(anyhow!(
            "not all is done: deliveries that failed and stay queued: {queued}; given up: {dead}; filings still to be fetched: {pending}"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
