//! `sellbell run`: the bot.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::arguments::moment;
use super::signals::{End, Signals};
use super::{environment, remote, setup};
use crate::bot;
use crate::clock::Clock;
use crate::http;
use crate::intake;
use crate::notice::{About, Notice, StoreNews};
use crate::notify;
use crate::problem::Problems;
use crate::rules::{self, FolderState};
use crate::runtime::{self, App, OnceReport, RunError, Setup, Watch};
use crate::store::{Store, StoreError};

/// The first and the longest pause before a failed store is opened again; each pause is twice as long as the
/// one before.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long the parts may take to stop.
const LONGEST_END: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings file [default: config/sellbell.toml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Poll once now, deliver everything and exit
    #[arg(long)]
    once: bool,
    /// Treat this as the time of the last run, so that filings accepted since then are new: a day (midnight in New York) or an RFC 3339 time
    #[arg(long, value_name = "DATE", value_parser = moment)]
    since: Option<DateTime<Utc>>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    // One thread is enough, because the bot mostly waits. Work that can block for long has its own threads; a
    // commit waits for a flush in progress.
    let runtime = remote::runtime()?;
    // Listen before anything is written, so that a signal that would kill the process stops it cleanly.
    let signals = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    let token = environment::http_token()?;
    let (app, watch) = runtime.block_on(build(args, true))?;
    let done = runtime.block_on(async {
        if args.once {
            let app = Arc::new(app);
            return tokio::select! {
                done = once(&app) => done,
                _ = signals.first() => Err(anyhow!("stopped by a signal before everything was done")),
            };
        }
        let (stopping, stopped) = watch::channel(false);
        let signalled = tokio::spawn(async move {
            let end = signals.first().await;
            // The receivers may all be gone.
            let _ = stopping.send(true);
            end
        });
        let (mut app, mut watch) = (app, watch);
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let Some(error) = live(app, watch, token.clone(), stopped.clone()).await? else { break };
            // A store that fails again at once is not retried in a tight loop.
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            (app, watch) = back(args, error, &mut pause, stopped.clone()).await?;
        }
        tracing::info!("stopped");
        // The loop ends only after a signal.
        match signalled.await? {
            End::Asked => Ok(ExitCode::SUCCESS),
            End::Failed(name) => Err(anyhow!("ended by {name}")),
        }
    });
    // A write to a pipe that nobody reads would otherwise delay the exit forever.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

/// Runs until it is time to stop or the store fails. After a failure nothing more is sent, and the store's
/// error is returned.
async fn live(
    app: App,
    watch: Watch,
    token: Option<SecretString>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Option<StoreError>> {
    let app = Arc::new(app);
    let (ending, ended) = watch::channel(false);
    let over = ending.clone();
    let http = tokio::spawn(http::serve(Arc::clone(&app), token, ended.clone()));
    let gateway = tokio::spawn(bot::run(Arc::clone(&app), ended));
    let stop = async move {
        let mut stopped = stopped;
        // Its sender lives as long as the program.
        let _ = stopped.wait_for(|stopped| *stopped).await;
        // The gateway's task may have ended long ago.
        let _ = ending.send(true);
    };
    tracing::info!(rules = app.rules.current().len(), "polling on schedule: {}", app.settings.schedule.poll);
    let ended = runtime::run(app, Some(watch), stop).await;
    if ended.is_err() {
        let _ = over.send(true);
    }
    // They hold the store until they end.
    let (http, gateway) = tokio::join!(timeout(LONGEST_END, http), timeout(LONGEST_END, gateway));
    match ended {
        Ok(()) => {
            http.unwrap_or(Ok(())).context("the task that serves the status")?;
            gateway.unwrap_or(Ok(())).context("the gateway's task")?;
            Ok(None)
        }
        // Only a failure may be temporary: a store that cannot be read stays unreadable.
        Err(RunError::Store(error @ StoreError::Failed { .. })) => Ok(Some(error)),
        Err(error) => Err(error.into()),
    }
}

/// Opens the store again after a failure, such as a full disk, as soon as that is possible.
///
/// # Errors
/// The failure, if it is time to stop.
async fn back(
    args: &Args,
    failure: StoreError,
    pause: &mut Duration,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<(App, Watch)> {
    let since = now();
    let reason = failure.to_string();
    let mut error = anyhow::Error::from(failure);
    loop {
        tracing::error!(
            "{error:#}; nothing is sent until the store works; next attempt in {} s",
            pause.as_secs()
        );
        tokio::select! {
            () = sleep(*pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return Err(error),
        }
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        let opened = async {
            let (app, watch) = build(args, false).await?;
            let news = StoreNews::Failed { since, reason: reason.clone() };
            let notice = Notice::new(now(), About::Store(news));
            app.operators.notify(&notice, now()).await?;
            app.store.flush().await?;
            anyhow::Ok((app, watch))
        };
        match opened.await {
            Ok(opened) => return Ok(opened),
            // Rules that cannot be read now were in force before: somebody may be editing them.
            Err(again) => error = again,
        }
    }
}

async fn build(args: &Args, first: bool) -> anyhow::Result<(App, Watch)> {
    if args.since.is_some_and(|since| since > now()) {
        return Err(anyhow!("--since is in the future: give the time of the last run"));
    }
    let settings = setup::settings(args.config.as_deref())?;
    // Recorded before the rules are read, so that the watch notices an edit in between.
    let state = FolderState::of(&settings.rules_dir);
    let rules = setup::rules(&settings, &settings.rules_dir)?;
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let unknown = settings.unknown_rules(&names);
    if !unknown.is_empty() {
        return Err(Problems(unknown).into());
    }
    for warning in settings.renamed.iter().chain(&rules::lint(&rules)).filter(|_| first) {
        tracing::warn!("{warning}");
    }
    let watch = Watch::new(settings.rules_dir.clone(), state);
    let roots = environment::edgar_roots()?;
    let secrets = environment::secrets(&settings)?;
    for unused in notify::unused_variables(&settings, &environment::names()).iter().filter(|_| first) {
        tracing::warn!("{unused}: {}", unused.help);
    }
    let mut used = settings.operators.clone();
    used.extend(rules.iter().flat_map(|rule| intake::destinations_of(&settings, rule)));
    let is_silent = rules.iter().all(|rule| intake::destinations_of(&settings, rule).is_empty());
    let store_dir = settings.store_dir.clone();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &secrets,
        used: &|destination| used.contains(destination),
        roots: &roots,
        clock: Clock::wall(),
        output: Arc::new(Mutex::new(io::stdout())),
        colour: environment::colour(),
    })?;
    let warning = secrets.smtp_url.as_ref().map(notify::check_server).transpose()?.flatten();
    if let Some(warning) = warning.filter(|_| first) {
        tracing::warn!("SMTP_URL: {warning}");
    }
    if secrets.discord_token.is_none() && is_silent {
        return Err(anyhow!(
            "no rule names a destination in `notify`, no recipient lists rules, and without DISCORD_TOKEN no channel can subscribe: nobody would get an alert"
        ));
    }
    // Another command may have the store open for a moment. Later on, this is retried anyway.
    let store = if first { remote::open(&store_dir).await? } else { Store::open(&store_dir)? };
    // `--since` is recorded once, so it is passed again only if that failed.
    let floor = match args.since.filter(|_| !first) {
        Some(_) => store.frontier().await.ok().flatten().map(|known| known.floor),
        None => None,
    };
    let since = args.since.filter(|since| floor != Some(*since));
    Ok((assembly.knowing(&store).await?.on(store, since), watch))
}

async fn once(app: &Arc<App>) -> anyhow::Result<ExitCode> {
    let report = runtime::run_once(app, true).await?;
    let OnceReport { poll, delivered, dead, queued, pending } = &report;
    tracing::info!(
        new = poll.new,
        settled = poll.settled,
        alerted = poll.alerted,
        delivered,
        dead,
        queued,
        pending,
        "polled once"
    );
    if let Some(until) = poll.silent_until {
        return Err(anyhow!("EDGAR was not asked: its last answer forbids requests until {until}"));
    }
    if let Some(trouble) = &poll.trouble {
        return Err(anyhow!("EDGAR: {trouble}"));
    }
    if *queued + *dead + *pending > 0 {
        return Err(anyhow!(
            "not everything is done: deliveries still queued after a failure: {queued}, given up: {dead}; filings still to be fetched: {pending}"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "the command is given now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
