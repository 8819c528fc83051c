//! The whole bot against a played EDGAR, on a clock that stands still while both work: hours pass in seconds.

mod bursts;
mod crawl;
mod days;
mod faulty;
mod storm;
mod waiting;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::filing::{Accession, Cik};
use sellbell::notify::Secrets;
use sellbell::problem::Source;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, Faults, Made, ReplayedEdgar, Stage};
use sellbell::rules;
use sellbell::runtime::{self, App, Setup};
use sellbell::service::Quantiles;
use sellbell::store::{Standing, Store};
use sellbell::trust::Roots;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::{at, reopened, submission};

pub const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";

/// The n-th accession of a play.
pub fn accession(number: u64) -> Accession {
    format!("{:010}-23-{:06}", 9_900_000 + number / 1_000_000, number % 1_000_000).parse().unwrap()
}

pub fn cik(number: u64) -> Cik {
    Cik::new(number).unwrap()
}

/// A small sale at a moment.
pub fn made(accession: Accession, form: &'static str, issuer: u64, accepted_at: DateTime<Utc>) -> Made {
    Made {
        accession,
        form: form.parse().unwrap(),
        accepted_at,
        issuer: (cik(issuer), format!("Issuer {issuer}")),
        owners: vec![(cik(7), "DOE JANE".into())],
        submission: Arc::new(move || submission(&accession.to_string(), form, issuer, 7, accepted_at)),
    }
}

/// A stream of numbers that a seed decides.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9abc_def0)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// An EDGAR that plays, and bots that come and go in one folder.
pub struct Play {
    pub clock: Clock,
    pub edgar: ReplayedEdgar,
    pub filings: Vec<(Accession, DateTime<Utc>, Cik)>,
    dir: TempDir,
    rules: String,
    poll: &'static str,
    more: String,
    output: Arc<Mutex<Vec<u8>>>,
    bot: Option<Bot>,
}

struct Bot {
    app: Arc<App>,
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Play {
    /// The archive, from `start` on.
    pub async fn new(archive: Archive, start: DateTime<Utc>, faults: Faults, rules: &str) -> Self {
        let clock = Clock::played(start, 1.0);
        let filings = archive.filings_4().collect();
        let edgar = ReplayedEdgar::play(Stage { archive, clock, faults }).await.unwrap();
        Self {
            clock,
            edgar,
            filings,
            dir: tempfile::tempdir().unwrap(),
            rules: rules.to_owned(),
            poll: "* * 6-21 * * Mon-Fri",
            more: String::new(),
            output: Arc::default(),
            bot: None,
        }
    }

    /// Polls by another schedule.
    pub fn polling(mut self, poll: &'static str) -> Self {
        self.poll = poll;
        self
    }

    /// With more settings of `[edgar]`.
    pub fn with(mut self, settings: &str) -> Self {
        self.more = settings.to_owned();
        self
    }

    /// An app in this folder, one at a time.
    pub fn app(&self, since: Option<DateTime<Utc>>) -> App {
        let text = format!(
            "[edgar]\n{}base_url = \"{}\"\ncontact = \"Test test@example.org\"\n[schedule]\npoll = \"{}\"\n\
             [http]\nlisten = \"\"\n[store]\ndir = \"{}\"\n",
            self.more,
            self.edgar.base_url(),
            self.poll,
            self.store_dir().display(),
        );
        let settings = Settings::read("settings", &text, &[]).unwrap();
        let source = Source { file: "rules", text: &self.rules };
        let rules = rules::load_slice([source], &|d| settings.knows(d), &settings.destinations()).unwrap();
        let output = Arc::clone(&self.output) as _;
        let assembly = runtime::assemble(Setup {
            settings,
            rules,
            secrets: &Secrets::default(),
            used: &|_| true,
            roots: &Roots::default(),
            clock: self.clock,
            output,
            colour: Colour::Plain,
        })
        .unwrap();
        assembly.on(self.store(), since)
    }

    pub fn store_dir(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// The store, while no bot has it.
    pub fn store(&self) -> Store {
        reopened(&self.store_dir())
    }

    /// Starts the bot's own loop.
    pub fn start(&mut self, since: Option<DateTime<Utc>>) -> Arc<App> {
        assert!(self.bot.is_none());
        let app = Arc::new(self.app(since));
        let (stop, stopped) = oneshot::channel();
        let running = Arc::clone(&app);
        let task = tokio::spawn(async move {
            let stop = async {
                // The sender is gone with the play.
                let _ = stopped.await;
            };
            runtime::run(running, None, stop).await.unwrap();
        });
        self.bot = Some(Bot { app: Arc::clone(&app), task, stop });
        app
    }

    /// The bot that runs, or a new one.
    pub fn start_or_running(&mut self) -> Arc<App> {
        match &self.bot {
            Some(bot) => Arc::clone(&bot.app),
            None => self.start(None),
        }
    }

    /// Breaks the bot off wherever it is.
    pub async fn kill(&mut self) {
        let Bot { app, task, .. } = self.bot.take().unwrap();
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        // What it had started ends with it.
        while Arc::strong_count(&app) > 1 {
            tokio::task::yield_now().await;
        }
    }

    /// Stops the bot as a signal does.
    pub async fn stop(&mut self) {
        let Bot { task, stop, .. } = self.bot.take().unwrap();
        stop.send(()).unwrap();
        task.await.unwrap();
    }

    /// Lets time pass until a moment.
    pub async fn until(&self, moment: DateTime<Utc>) {
        let left = moment - self.clock.now();
        tokio::time::sleep(left.to_std().unwrap_or_default()).await;
    }

    /// What was printed.
    pub fn output(&self) -> String {
        String::from_utf8(self.output.lock().unwrap().clone()).unwrap()
    }

    /// The filings in the order of their alerts.
    pub fn alerted(&self) -> Vec<Accession> {
        let lines = self.output();
        let alerts = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        alerts.map(|alert| alert["accession"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// How often each filing was told.
    pub fn told(&self) -> BTreeMap<Accession, usize> {
        let mut told = BTreeMap::new();
        for line in self.output().lines().filter(|line| line.starts_with('{')) {
            let alert: serde_json::Value = serde_json::from_str(line).unwrap();
            *told.entry(alert["accession"].as_str().unwrap().parse().unwrap()).or_default() += 1;
        }
        told
    }

    /// How long it took from the feed's showing each filing to its alert.
    pub fn latency(&self) -> Quantiles {
        let lines = self.output();
        let alerts = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let times = alerts.map(|alert| {
            let accession = alert["accession"].as_str().unwrap().parse().unwrap();
            at(alert["sent_at"].as_str().unwrap()) - self.edgar.shown_at(accession).unwrap()
        });
        Quantiles::of(times.collect()).unwrap()
    }

    /// Fails unless each filing since `since` was told exactly once, and nothing else was.
    #[track_caller]
    pub fn assert_each_told_once(&self, since: DateTime<Utc>, seed: u64) {
        let told = self.told();
        let expected: Vec<_> = self.filings.iter().filter(|filing| filing.1 >= since).collect();
        let missed: Vec<_> = expected.iter().filter(|filing| !told.contains_key(&filing.0)).collect();
        assert!(missed.is_empty(), "seed {seed}: {} missed, such as {:?}", missed.len(), missed[0]);
        let twice: Vec<_> = told.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "seed {seed}: {} told twice", twice.len());
        assert_eq!(told.len(), expected.len(), "seed {seed}");
    }

    /// Fails unless EDGAR was asked with manners.
    #[track_caller]
    pub fn assert_polite(&self, seed: u64) {
        let log = self.edgar.log();
        assert!(log.most_in_a_second <= 10, "seed {seed}: {} requests in a second", log.most_in_a_second);
        assert_eq!((log.during_block, log.against_retry_after), (0, 0), "seed {seed}: {log:?}");
        assert!(log.unexpected.is_empty(), "seed {seed}: {:?}", log.unexpected);
    }
}

/// Whether every filing since `since` is done in a store.
pub async fn assert_all_done(store: &Store, play: &Play, since: DateTime<Utc>, seed: u64) {
    for (accession, accepted_at, _) in play.filings.iter().filter(|filing| filing.1 >= since) {
        let standing = store.standing(*accession).await.unwrap();
        assert_eq!(standing, Standing::Done, "seed {seed}: {accession} of {accepted_at}");
    }
}

/// `count` sales between two moments, at times that a seed decides.
pub fn scattered(seed: u64, count: u64, from: &str, to: &str) -> Archive {
    let (from, to) = (at(from), at(to));
    let mut dice = Dice::new(seed);
    let span = u64::try_from((to - from).num_seconds()).unwrap();
    let mut archive = Archive::default();
    for number in 0..count {
        let seconds = TimeDelta::seconds(i64::try_from(dice.below(span)).unwrap());
        archive.add_made(made(accession(number), "4", 1_000 + number % 97, from + seconds));
    }
    archive.mix_other_forms(seed);
    archive
}
