//! The process is killed at random moments while filings come and Discord and the mail server fail at random. Afterwards each
//! destination has what `docs/DELIVERY.md` says, and the store says the same.
//!
//! `SELLBELL_KILLS=2000` with `--ignored` kills so often instead.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, SubsecRound, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::alert::Key;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::delivery::{Outcome, parts_of_id};
use sellbell::destination::Destination;
use sellbell::notify::Secrets;
use sellbell::outbox;
use sellbell::render::terminal::Colour;
use sellbell::replay::{Archive, Faults, Made, ReplayedEdgar, Stage};
use sellbell::rules;
use sellbell::runtime::{self, Setup};
use sellbell::store::DeliveryStanding;
use sellbell::trust::Roots;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::fakes::discord::{FakeDiscord, Fault};
use crate::fakes::threads::FORUM;
use crate::plays::{Dice, accession, made};
use crate::subscriptions::MANAGE_GUILD;
use crate::together::{cards, listed};
use crate::world::{World, at, reopened};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\n\
    notify = [\"discord:alerts\", \"discord:hook\", \"email:desk\", \"jsonl:alerts.jsonl\"]\n";
/// How often the processes of one test are killed in all: mostly, and at length.
const KILLS: (u64, u64) = (36, 320);
/// So many worlds are played side by side.
const WORLDS: u64 = 6;
/// So many companies are reported about.
const ISSUERS: u64 = 2;
/// The target of the button that mutes the owner of all filings.
const OWNER: &str = "owner:7";
/// A life lasts so many milliseconds, mostly: of the process on a fast clock, and at length of the program itself, whose
/// seconds are real ones.
const LIVES: [Range<u64>; 2] = [100..900, 500..3_500];
/// The longest wait for a message.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// One in so many lives ends when a message is in the channel and its answer has not come. The process is then down until
/// Discord has forgotten the message's nonce.
const CUT_SHORT: u64 = 6;
/// The bot's channel.
const CHANNEL: u64 = 555;

/// How the alerts of a world come to the bot's channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Each in a message.
    Messages,
    /// Most in messages that grow.
    Overflow,
    /// In threads of the channel, one for each company. The program itself has a forum, where each alert has its post.
    Threads,
}

impl Way {
    /// Two worlds have each: the program itself, and a process on a fast clock.
    fn of(seed: u64) -> Self {
        match seed / 2 {
            0 => Self::Messages,
            1 => Self::Overflow,
            _ => Self::Threads,
        }
    }
}

/// True for what arrives in the bot's channel, by its target.
fn is_bots(target: &str) -> bool {
    target.starts_with("channel:") || target.starts_with("forum:")
}

/// The program's own loop in a process of its own, on a clock that goes faster than the world's: minutes pass between a
/// crash and the next start, so that Discord no longer knows a nonce.
#[test]
#[ignore = "the process that the kill test starts"]
fn bot() {
    let Ok(clock) = std::env::var("SELLBELL_PLAYED") else { return };
    tracing_subscriber::fmt().with_ansi(false).init();
    let (origin, began, speed) = played(&clock);
    let clock = Clock::played(now_of(origin, began, speed), speed);
    let text = fs::read_to_string("settings.toml").unwrap();
    let from = ("SELLBELL_EMAIL__FROM".to_owned(), std::env::var("SELLBELL_EMAIL__FROM").unwrap());
    let settings = Settings::read("settings.toml", &text, &[from]).unwrap();
    let known = |destination: &Destination| settings.knows(destination);
    let rules = rules::load_path(Path::new("rules"), &known, &settings.destinations()).unwrap();
    let secret = |name: &str| Some(std::env::var(name).unwrap().into());
    let mut secrets = Secrets {
        discord_token: secret("DISCORD_TOKEN"),
        smtp_url: secret("SMTP_URL"),
        ..Secrets::default()
    };
    secrets.discord_webhooks.extend(secret("DISCORD_WEBHOOK_HOOK").map(|address| ("hook".into(), address)));
    let output = Arc::new(Mutex::new(io::sink()));
    let dir = settings.store_dir.clone();
    let assembly = runtime::assemble(Setup {
        settings,
        rules,
        secrets: &secrets,
        used: &|_| true,
        roots: &Roots::default(),
        clock,
        output,
        colour: Colour::Plain,
    })
    .unwrap();
    let since = std::env::var("SELLBELL_SINCE").ok().map(|since| at(&since));
    let app = Arc::new(assembly.on(reopened(&dir), since));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match std::env::var("SELLBELL_ONCE") {
            Ok(_) => {
                let report = runtime::run_once(&app, false).await.unwrap();
                assert_eq!((report.queued, report.pending, report.poll.trouble), (0, 0, None));
            }
            Err(_) => {
                let (_stop, stopped) = watch::channel(false);
                tokio::spawn(sellbell::bot::run(Arc::clone(&app), stopped));
                runtime::run(app, None, std::future::pending()).await.unwrap();
            }
        }
    });
}

/// Where a played clock began, when that was, and how fast it goes.
fn played(text: &str) -> (DateTime<Utc>, DateTime<Utc>, f64) {
    let parts: Vec<&str> = text.split(' ').collect();
    (at(parts[0]), at(parts[1]), parts[2].parse().unwrap())
}

fn now_of(origin: DateTime<Utc>, began: DateTime<Utc>, speed: f64) -> DateTime<Utc> {
    origin + TimeDelta::microseconds(((Utc::now() - began).as_seconds_f64() * speed * 1e6) as i64)
}

/// A filing whose trade is so many days earlier: a chart needs several days.
fn on_another_day(made: Made, days: u64) -> Made {
    let submission = Arc::clone(&made.submission);
    let earlier = move || {
        let text = String::from_utf8(submission()).unwrap();
        let (before, rest) = text.split_once("<transactionDate><value>").unwrap();
        let (day, after) = rest.split_once('<').unwrap();
        let day = day.parse::<NaiveDate>().unwrap() - Days::new(days % 300);
        format!("{before}<transactionDate><value>{day}<{after}").into_bytes()
    };
    Made { submission: Arc::new(earlier), ..made }
}

/// A copy of an alert that arrived.
struct Copy {
    /// Which process sent it.
    life: u64,
    /// Whether that was told so.
    answered: bool,
    /// The message's id on Discord, the mail's Message-ID.
    id: String,
}

/// What arrived at one destination, in its order, with the delivery's key.
type Arrived = Vec<(String, Copy)>;

/// What came of one world.
struct Played {
    /// How many alerts arrived more than once: by webhook, by mail.
    repeated: [usize; 2],
    /// How many messages Discord dropped by their nonce.
    deduplicated: usize,
    /// How many were found by reading back.
    found: usize,
    mutes: usize,
    /// How many alerts came to the channel while processes were killed.
    early: usize,
}

struct Killed {
    seed: u64,
    world: World,
    edgar: ReplayedEdgar,
    clock: (DateTime<Utc>, DateTime<Utc>, f64),
    /// When all filings are accepted, by that clock.
    end: DateTime<Utc>,
    /// How long Discord remembers a nonce, likewise.
    nonces: TimeDelta,
    /// The program itself; otherwise [`bot`].
    real: bool,
    at_length: bool,
    life: u64,
    channel: Arrived,
    hook: Arrived,
    desk: Arrived,
    /// How many charts arrived.
    charts: usize,
    /// True while no message in the channel gets an answer.
    is_mute: Arc<AtomicBool>,
}

impl Killed {
    async fn new(seed: u64, at_length: bool, filings: u64, seconds: u64) -> Self {
        let mut dice = Dice::new(seed);
        let real = seed.is_multiple_of(2);
        let (began, speed) = (Utc::now(), if real { 1.0 } else { 120.0 });
        let origin = if real { began } else { at("2023-03-08T11:00:00-05:00") };
        let mut archive = Archive::default();
        let span = TimeDelta::milliseconds((seconds as f64 * speed * 1e3) as i64);
        // None before the first start is over.
        let lead = TimeDelta::milliseconds((4e3 * speed) as i64);
        for number in 0..filings {
            let share = dice.below(1_000_000) as i32;
            let accepted_at = origin + lead + span / 1_000_000 * share;
            // The same issuers again and again: their alerts have charts.
            let issuer = 1_000 + number % ISSUERS;
            archive.add_made(on_another_day(
                made(accession(number), "4", issuer, accepted_at.trunc_subsecs(0)),
                number,
            ));
        }
        let clock = Clock::played(now_of(origin, began, speed), speed);
        let edgar = ReplayedEdgar::play(Stage { archive, clock, faults: Faults::none() }).await.unwrap();
        let world = World::new().await;
        let poll = if real { "* * * * * *" } else { "*/40 * * * * *" };
        let settings = world.settings().replace(world.edgar.base_url(), &edgar.base_url());
        let mut settings = format!("{settings}[schedule]\npoll = \"{poll}\"\ntime_zone = \"UTC\"\n");
        match (Way::of(seed), real) {
            (Way::Messages, _) => {}
            (Way::Overflow, _) => {
                settings = settings.replace("[discord]\n", "[discord]\nchannel_budget = 1\n");
            }
            (Way::Threads, true) => world.discord.set_kind(CHANNEL, FORUM),
            (Way::Threads, false) => {
                world.discord.set_kind(CHANNEL, 0);
                let own = "channel_id = \"555\"\n";
                assert!(settings.contains(own));
                settings = settings.replace(own, &format!("{own}threads = \"ticker\"\n"));
            }
        }
        fs::write(world.path("settings.toml"), settings).unwrap();
        fs::create_dir(world.path("rules")).unwrap();
        fs::write(world.path("rules/any.toml"), RULES).unwrap();
        // Discord says "a few minutes".
        let nonces = TimeDelta::seconds(i64::try_from(240 + dice.below(60)).unwrap());
        world.discord.set_clock(nonces, move || now_of(origin, began, speed));
        let (channel, hook, desk) = Default::default();
        let (clock, end) = ((origin, began, speed), origin + lead + span);
        let (life, charts, is_mute) = Default::default();
        Self {
            seed,
            world,
            edgar,
            clock,
            end,
            nonces,
            real,
            at_length,
            life,
            channel,
            hook,
            desk,
            charts,
            is_mute,
        }
    }

    fn spawn(&self, once: bool) -> Child {
        let log = OpenOptions::new().create(true).append(true).open(self.world.path("log")).unwrap();
        let (origin, began, speed) = self.clock;
        let mut command = if self.real {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
            command.args(["run", "--config", "settings.toml"]).args(once.then_some("--once"));
            if self.life == 0 {
                command.args(["--since", &origin.to_rfc3339()]);
            }
            command.env_clear();
            command
        } else {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["kills::bot", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
            let clock = format!("{} {} {speed}", origin.to_rfc3339(), began.to_rfc3339());
            command.env_clear().env("SELLBELL_PLAYED", clock);
            if self.life == 0 {
                command.env("SELLBELL_SINCE", origin.to_rfc3339());
            }
            if once {
                command.env("SELLBELL_ONCE", "1");
            }
            command
        };
        command
            .current_dir(self.world.dir.path())
            .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
            .env("DISCORD_WEBHOOK_HOOK", format!("{}?life={}", self.world.discord.webhook_url(5), self.life))
            .env("SELLBELL_EMAIL__FROM", format!("life-{}@example.org", self.life))
            .env("SMTP_URL", self.world.smtp.url())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// The first start, from which on all is to be told; from then on Discord and the mail server fail.
    async fn begin(&mut self) {
        let mut child = self.spawn(true);
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
        assert!(status.success(), "seed {}: {}", self.seed, self.log());
        self.bury().await;
        let mut fate = Dice::new(self.seed + 1_000);
        let is_mute = Arc::clone(&self.is_mute);
        self.world.discord.set_faults(move |target| {
            if is_bots(target) && is_mute.load(Ordering::Relaxed) {
                return Some(Fault::CreatedThenSilent);
            }
            Some(match fate.below(40) {
                0..3 => {
                    Fault::Refused(429, json!({ "message": "slow", "retry_after": 0.2, "global": false }))
                }
                3 => Fault::Refused(500, json!("down")),
                4 => Fault::Reset,
                5..7 => Fault::CreatedThen(502, json!("bad gateway")),
                7..9 => Fault::CreatedThenReset,
                9 => Fault::CreatedThenSilent,
                _ => return None,
            })
        });
        let mut fate = Dice::new(self.seed + 2_000);
        self.world.smtp.set_faults(move |stage| {
            let reply = match stage {
                "connect" => "421 4.3.2 busy",
                "data" => "452 4.3.1 full",
                "accepted-then-reset" | "accepted-then-silent" => "",
                _ => "451 4.3.0 try later",
            };
            (fate.below(25) == 0).then(|| reply.to_owned())
        });
    }

    /// Starts a process and kills it.
    async fn live_and_die(&mut self, dice: &mut Dice) {
        self.world.discord.forget_sessions();
        let mut child = self.spawn(false);
        // Somebody presses a button while it lives.
        if dice.below(2) == 0 {
            let action = if dice.below(2) == 0 { "mute" } else { "undo" };
            self.press(&format!("s1:{action}:{OWNER}")).await;
        }
        let range = &LIVES[usize::from(self.real && self.at_length)];
        let life = Duration::from_millis(range.start + dice.below(range.end - range.start));
        let is_cut_short = self.at_length && !self.real && self.life % CUT_SHORT == CUT_SHORT / 2;
        self.is_mute.store(is_cut_short, Ordering::Relaxed);
        if is_cut_short {
            let _ = timeout(LONGEST_WAIT, self.world.discord.has_message_where(is_bots)).await;
        } else if dice.below(3) == 0 {
            // In the middle of a delivery.
            let _ = timeout(life * 2, self.world.discord.has_message()).await;
            sleep(Duration::from_micros(dice.below(5_000))).await;
        } else {
            sleep(life).await;
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.code().is_none(), "seed {}: it ended by itself: {}", self.seed, self.log());
        self.bury().await;
        self.is_mute.store(false, Ordering::Relaxed);
        // Sometimes it is down until Discord has forgotten what arrived unrecorded.
        let unrecorded =
            self.channel.last().is_some_and(|(_, copy)| copy.life + 1 == self.life && !copy.answered);
        if !self.real && unrecorded && (is_cut_short || dice.below(2) == 0) {
            sleep(Clock::played(self.clock.0, self.clock.2).real(self.nonces)).await;
        }
    }

    /// Presses a button of the newest message in the channel, once there is a session.
    async fn press(&self, custom_id: &str) {
        let Some((_, copy)) = self.channel.last() else { return };
        let message = self.world.discord.posted(copy.id.parse().unwrap());
        let channel = message["channel_id"].as_str().unwrap().parse().unwrap();
        let pressing = self.world.discord.press_and_leave(channel, MANAGE_GUILD, &message, custom_id);
        let _ = timeout(Duration::from_secs(2), pressing).await;
    }

    /// Ends the mute, if there is one.
    async fn unmute(&self) {
        let (origin, began, speed) = self.clock;
        let store = reopened(&self.world.path("store"));
        let what = format!("in:discord:alerts {OWNER}").parse().unwrap();
        outbox::unmute(&store, &what, now_of(origin, began, speed)).await.unwrap();
        store.flush().await.unwrap();
    }

    /// Takes what arrived. What a process had sent may be read after its end: it says itself whose it is.
    async fn bury(&mut self) {
        let edits = self.world.discord.take_edits();
        for message in self.world.discord.take_messages().into_iter().chain(edits) {
            let id = message.id.to_string();
            let life = message.query.split('&').find_map(|pair| pair.strip_prefix("life="));
            let life = life.map_or(self.life, |life| life.parse().unwrap());
            let arrived = match message.target.as_str() {
                "webhook:5" => &mut self.hook,
                own if is_bots(own) => &mut self.channel,
                other => panic!("{other}"),
            };
            let has_table = message.files.iter().any(|(name, _)| name == "alerts.csv");
            self.charts += message.files.len() - usize::from(has_table);
            let keys = if has_table { listed(&message) } else { cards(&message) };
            // What a message was edited to has all that it had.
            let had = arrived.iter().filter(|(_, copy)| copy.id == id).map(|(key, _)| key);
            assert!(had.clone().all(|key| keys.contains(key)), "seed {}: {id} lost some", self.seed);
            let new: Vec<String> =
                keys.iter().filter(|key| !had.clone().any(|had| had == *key)).cloned().collect();
            let copy = |key| (key, Copy { life, answered: message.answered, id: id.clone() });
            arrived.extend(new.into_iter().map(copy));
        }
        for mail in self.world.smtp.take_mails() {
            let id = MessageParser::default().parse(&mail.raw).unwrap().message_id().unwrap().to_owned();
            let key = id.split_once('@').unwrap().0.to_owned();
            let life = mail.from.strip_prefix("life-").unwrap().split_once('@').unwrap().0.parse().unwrap();
            self.desk.push((key, Copy { life, answered: mail.answered, id }));
        }
        self.life += 1;
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.world.path("log")).unwrap();
        log.lines().rev().take(30).collect::<Vec<_>>().join("\n")
    }

    /// Without faults, until nothing is left to do.
    async fn recover(&mut self, filings: u64) {
        let (origin, began, speed) = self.clock;
        let left = self.end - now_of(origin, began, speed);
        sleep(Clock::played(origin, speed).real(left)).await;
        self.world.discord.set_faults(|_| None);
        self.world.smtp.set_faults(|_| None);
        self.unmute().await;
        for _ in 0..40 {
            let mut child = self.spawn(true);
            let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
            self.bury().await;
            let seen: BTreeSet<&str> = self.desk.iter().map(|(key, _)| key.as_str()).collect();
            if status.success() && seen.len() as u64 == filings {
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
        let [channel, hook, desk] = [&self.channel, &self.hook, &self.desk].map(Vec::len);
        panic!("seed {}: of {filings}, {channel}, {hook} and {desk} arrived: {}", self.seed, self.log());
    }

    /// Holds what arrived against the guarantees and against the store; how many alerts arrived more than once by webhook
    /// and by mail.
    async fn check(&self, filings: u64) -> [usize; 2] {
        let seed = self.seed;
        let lines = fs::read_to_string(self.world.path("alerts.jsonl")).unwrap();
        let told: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let keys: BTreeSet<&str> = told.iter().map(|alert| alert["key"].as_str().unwrap()).collect();
        assert_eq!((told.len() as u64, keys.len() as u64), (filings, filings), "seed {seed}: the file");

        let copies = |arrived: &Arrived| {
            let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
            for (key, _) in arrived {
                *by_key.entry(key.clone()).or_default() += 1;
            }
            by_key
        };
        let channel = copies(&self.channel);
        assert_eq!(channel.len() as u64, filings, "seed {seed}: the channel lacks some");
        let twice: Vec<_> = channel.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "seed {seed}: told twice in the channel: {twice:?}; {}", self.log());
        let (hook, desk) = (copies(&self.hook), copies(&self.desk));
        assert_eq!((hook.len() as u64, desk.len() as u64), (filings, filings), "seed {seed}: some are lost");
        for arrived in [&self.hook, &self.desk] {
            self.assert_repeats_are_due(arrived);
        }
        let ids: BTreeSet<&str> = self.desk.iter().map(|(_, copy)| copy.id.as_str()).collect();
        assert_eq!(ids.len() as u64, filings, "seed {seed}: the same mail has the same Message-ID");

        let store = reopened(&self.world.path("store"));
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.queued, counts.dead), (0, 0), "seed {seed}");
        assert_eq!(counts.delivered as u64, 4 * filings, "seed {seed}");
        for (key, copy) in self.channel.iter().chain(&self.hook) {
            let key: Key = serde_json::from_value(json!(key)).unwrap();
            // Of a summary that grew, each step is one that was delivered.
            let standing = store.message_standing(&key).await.unwrap();
            let Some(DeliveryStanding::Left(Outcome::Delivered { message_id, .. })) = standing else {
                panic!("seed {seed}: {key} arrived and is not delivered");
            };
            let own = message_id.as_deref().map(parts_of_id).is_some_and(|(_, id)| id == copy.id);
            assert!(own || hook.get(key.as_str()).is_some_and(|count| *count > 1), "seed {seed}: {key}");
        }
        let more = |by_key: BTreeMap<String, usize>| by_key.values().filter(|count| **count > 1).count();
        [more(hook), more(desk)]
    }

    /// A copy is repeated only where no answer came, or the process ended before it could record it: then nothing came there
    /// between the copy and that end.
    fn assert_repeats_are_due(&self, arrived: &Arrived) {
        for (place, (key, copy)) in arrived.iter().enumerate() {
            let is_repeated = arrived[place + 1..].iter().any(|(other, _)| other == key);
            let after = |next: &Copy| next.life == copy.life && next.id != copy.id;
            let is_last = !arrived[place + 1..].iter().any(|(_, next)| after(next));
            assert!(
                !is_repeated || !copy.answered || is_last,
                "seed {}: {key} was answered in life {} and sent again: {}",
                self.seed,
                copy.life,
                self.log()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_sends_each_alert_as_it_guarantees() {
    killed(KILLS.0).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "320 kills"]
async fn killed_at_length() {
    killed(std::env::var("SELLBELL_KILLS").map_or(KILLS.1, |kills| kills.parse().unwrap())).await;
}

async fn killed(kills: u64) {
    let (each, at_length) = (kills / WORLDS, kills >= KILLS.1);
    let filings = each;
    let worlds = (0..WORLDS).map(|seed| {
        tokio::spawn(async move {
            // A life lasts half a second or two seconds, and most of it is spent with something to send.
            let is_slow = at_length && seed.is_multiple_of(2);
            let seconds = if is_slow { each * 2 } else { each * 6 / 10 };
            let mut killed = Killed::new(seed, at_length, filings, seconds).await;
            killed.begin().await;
            let mut dice = Dice::new(seed);
            while killed.life <= each {
                killed.live_and_die(&mut dice).await;
            }
            let early = killed.channel.len();
            killed.recover(filings).await;
            let repeated = killed.check(filings).await;
            let is_overflow = Way::of(seed) == Way::Overflow;
            assert!(is_overflow || killed.charts > 0, "seed {seed}: no chart arrived");
            let Killed { world, edgar, .. } = killed;
            let log = fs::read_to_string(world.path("log")).unwrap();
            let mutes = log.matches("is muted until").count();
            assert!(!log.contains("lacks its latest writes"), "a kill loses nothing that was flushed: {log}");
            let found = log.matches("an earlier attempt had arrived").count();
            assert!(
                !is_overflow || log.contains("joined into one message"),
                "seed {seed}: no overflow message"
            );
            if (Way::of(seed), seed % 2) == (Way::Threads, 1) {
                // What a mute held back comes in the channel itself.
                let threads = world.discord.threads_of(CHANNEL);
                let names: BTreeSet<&String> = threads.iter().map(|(_, name)| name).collect();
                assert_eq!(names.len(), threads.len(), "seed {seed}: a thread was opened twice: {threads:?}");
            }
            let deduplicated = world.discord.deduplicated();
            world.finish().await;
            assert!(edgar.log().unexpected.is_empty());
            Played { repeated, deduplicated, found, mutes, early }
        })
    });
    let mut muted = 0;
    for (seed, world) in worlds.collect::<Vec<_>>().into_iter().enumerate() {
        let Played { repeated: [hook, desk], deduplicated, found, mutes, early } = world.await.unwrap();
        muted += mutes;
        println!(
            "seed {seed}: {each} kills, {filings} alerts, {early} of them before the last start: the channel has each once \
             ({deduplicated} dropped by their nonce, {found} found by reading back); by webhook {hook} arrived more than \
             once, by mail {desk}; {mutes} mutes by button"
        );
        assert!(early > 0 || !at_length, "seed {seed}: no life was long enough to send anything");
        assert!(found > 0 || seed % 2 == 0 || !at_length, "seed {seed}: nothing was found by reading back");
    }
    assert!(muted > 0 || !at_length, "nobody muted anything");
}
