//! Each effect in turn fails: the n-th write, the n-th flush, the n-th message. What had begun is then left, and taken up by the
//! next start. Afterwards each destination has what `docs/DELIVERY.md` says, and the store says the same.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::alert::Key;
use sellbell::delivery::Outcome;
use sellbell::outbox::Lane;
use sellbell::runtime::App;
use sellbell::store::{DeliveryStanding, Effect, Store};
use serde_json::{Value, json};

use crate::fakes::discord::Fault;
use crate::together::cards;
use crate::world::{World, at, qualys, released, reopened, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const ALERTS: usize = 3;
/// So many seconds are between a failure and the next start: Discord still knows a nonce, or no longer.
const SOON: i64 = 20;
const FORGOTTEN: i64 = 400;

/// What fails, of a life's effects.
#[derive(Debug, Clone, Copy)]
struct Failing {
    effect: Effect,
    /// The first of them that does, from 0; all after it, too.
    from: usize,
    /// Whether what was not flushed is gone afterwards, as after a power cut.
    loses: bool,
}

/// Counts effects, and fails them.
#[derive(Default)]
struct Effects {
    writes: AtomicUsize,
    flushes: AtomicUsize,
    broken: AtomicBool,
    /// Whether a flush ended since the last copy.
    flushed: AtomicBool,
}

impl Effects {
    fn before(&self, effect: Effect, failing: Option<Failing>, dir: &Path, copy: &Path) -> io::Result<()> {
        if self.flushed.swap(effect == Effect::Flush, Ordering::SeqCst)
            && failing.is_some_and(|own| own.loses)
        {
            copy_folder(dir, copy);
        }
        let counter = if effect == Effect::Write { &self.writes } else { &self.flushes };
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let due = failing.is_some_and(|own| own.effect == effect && own.from == number);
        if due || self.broken.load(Ordering::SeqCst) {
            self.broken.store(true, Ordering::SeqCst);
            self.flushed.store(false, Ordering::SeqCst);
            return Err(io::Error::other("the disk fails"));
        }
        Ok(())
    }
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

struct Played {
    world: World,
    rules: String,
    effects: Arc<Effects>,
    copy: PathBuf,
}

impl Played {
    async fn new() -> Self {
        let world = World::new().await;
        world.discord.set_time(at(NOW));
        let file = world.path("alerts.jsonl");
        let rules = format!(
            "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\n\
             notify = [\"discord:alerts\", \"discord:hook\", \"email:desk\", \"jsonl:{}\"]\n",
            file.display()
        );
        world.edgar.publish(&qualys());
        world.edgar.publish(&small_sale("0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00"));
        world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:12:01-04:00"));
        let copy = world.path("copy");
        Self { world, rules, effects: Arc::default(), copy }
    }

    fn app(&self, failing: Option<Failing>, first: bool) -> Option<App> {
        let (effects, copy) = (Arc::clone(&self.effects), self.copy.clone());
        let mut failed = false;
        let open = |dir: &Path| {
            let own = dir.to_owned();
            let before = move |effect| effects.before(effect, failing, &own, &copy);
            released(dir);
            match Store::open_with(dir, before) {
                Ok(store) => store,
                Err(_) => {
                    failed = true;
                    reopened(dir)
                }
            }
        };
        let since = first.then_some(SINCE);
        let output = Arc::new(Mutex::new(io::sink()));
        let app = self.world.app_on(open, &self.world.settings(), &self.rules, since, &|_| true, output);
        (!failed).then_some(app)
    }

    /// Polls and delivers all, as far as it goes; whether nothing failed of the store.
    async fn live(&self, app: &App, seconds: i64) -> bool {
        let now = at(NOW) + TimeDelta::seconds(seconds);
        self.world.discord.set_time(now);
        if app.intake.poll_once(now).await.is_err() {
            return false;
        }
        let Ok(destinations) = app.store.waiting_destinations().await else { return false };
        for destination in destinations {
            let (mut lane, mut now) = (Lane::impatient(), now);
            loop {
                match app.outbox.deliver_once(&destination, &mut lane, now).await {
                    Err(_) => return false,
                    Ok(report) => match report.next {
                        Some(next) => now = now.max(next),
                        None => break,
                    },
                }
            }
        }
        true
    }

    /// Lives until all is told, the first time with what fails; then holds what arrived against the guarantees.
    async fn play(self, failing: Option<Failing>, pause: i64, name: &str) -> (usize, usize) {
        let mut seconds = 0;
        for life in 0..5 {
            // A first start that failed is made again.
            let store = self.world.path("store");
            let first = life == 0 || reopened(&store).frontier().await.unwrap().is_none();
            let app = self.app(failing.filter(|_| life == 0), first);
            let whole = match &app {
                Some(app) => self.live(app, seconds).await,
                None => false,
            };
            let queued = match &app {
                Some(app) => app.store.counts().await.ok().map(|counts| counts.queued),
                None => None,
            };
            self.world.close(app);
            if whole && queued == Some(0) {
                return self.check(name).await;
            }
            if failing.is_some_and(|own| own.loses) && life == 0 {
                // sled's threads may still write to what is about to be gone.
                drop(reopened(&self.world.path("store")));
                fs::remove_dir_all(self.world.path("store")).unwrap();
                if self.copy.exists() {
                    copy_folder(&self.copy, &self.world.path("store"));
                }
            }
            self.effects.broken.store(false, Ordering::SeqCst);
            seconds += pause;
            if pause == FORGOTTEN {
                self.world.discord.forget_nonces();
            }
        }
        panic!("{name}: it does not come to an end");
    }

    async fn check(self, name: &str) -> (usize, usize) {
        let mut channel: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut hook: BTreeMap<String, usize> = BTreeMap::new();
        for message in self.world.discord.take_messages() {
            for key in cards(&message) {
                match message.target.as_str() {
                    "channel:555" => channel.entry(key).or_default().push(message.id),
                    _ => *hook.entry(key).or_default() += 1,
                }
            }
        }
        assert_eq!(channel.len(), ALERTS, "{name}: the channel lacks some");
        assert!(channel.values().all(|ids| ids.len() == 1), "{name}: told twice in the channel: {channel:?}");
        assert_eq!(hook.len(), ALERTS, "{name}: the webhook lacks some");
        // One effect failed, so that at most one message of up to three is in doubt.
        assert!(hook.values().all(|times| *times <= 2), "{name}: {hook:?}");
        let mut mails: BTreeMap<String, usize> = BTreeMap::new();
        for mail in self.world.smtp.take_mails() {
            let id = MessageParser::default().parse(&mail.raw).unwrap().message_id().unwrap().to_owned();
            *mails.entry(id).or_default() += 1;
        }
        assert_eq!(mails.len(), ALERTS, "{name}: mails have one Message-ID each");
        assert!(mails.values().sum::<usize>() <= ALERTS + 1, "{name}: {mails:?}");
        let lines = fs::read_to_string(self.world.path("alerts.jsonl")).unwrap();
        let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told.len(), ALERTS, "{name}: the file");
        let store = reopened(&self.world.path("store"));
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.queued, counts.dead, counts.delivered), (0, 0, 4 * ALERTS), "{name}");
        for (key, ids) in &channel {
            let key: Key = serde_json::from_value(json!(key)).unwrap();
            let standing = store.delivery_standing(&key).await.unwrap();
            let Some(DeliveryStanding::Left(Outcome::Delivered { message_id, .. })) = standing else {
                panic!("{name}: {standing:?}");
            };
            assert_eq!(message_id, Some(ids[0].to_string()), "{name}");
        }
        drop(store);
        self.world.edgar.take_fetched();
        let made = (self.effects.writes.load(Ordering::SeqCst), self.effects.flushes.load(Ordering::SeqCst));
        self.world.finish().await;
        made
    }
}

/// Fails each effect of a kind in turn, or one in so many.
async fn in_turn(effect: Effect, loses: bool, one_in: usize) {
    let (writes, flushes) = Played::new().await.play(None, SOON, "whole").await;
    let count = if effect == Effect::Write { writes } else { flushes };
    assert!(count > 10, "{count}");
    // Which of them, differs by what they are followed by.
    for from in (0..count).skip(usize::from(loses) % one_in).step_by(one_in) {
        let failing = Failing { effect, from, loses };
        let pauses = if one_in > 1 && from % 2 == 0 { &[FORGOTTEN][..] } else { &[SOON, FORGOTTEN] };
        for &pause in pauses {
            Played::new().await.play(Some(failing), pause, &format!("{failing:?}, {pause} s")).await;
        }
    }
    println!(
        "{effect:?}, {}: one in {one_in} of {count} failed",
        if loses { "what was not flushed is gone" } else { "kept" }
    );
}

#[tokio::test]
async fn writes_fail_in_turn() {
    in_turn(Effect::Write, false, 5).await;
}

#[tokio::test]
async fn writes_are_the_last_before_the_power_is_cut() {
    in_turn(Effect::Write, true, 5).await;
}

#[tokio::test]
async fn flushes_fail_in_turn() {
    in_turn(Effect::Flush, false, 5).await;
    in_turn(Effect::Flush, true, 5).await;
}

#[tokio::test]
#[ignore = "each effect"]
async fn each_write_fails_in_turn_at_length() {
    in_turn(Effect::Write, false, 1).await;
    in_turn(Effect::Write, true, 1).await;
}

#[tokio::test]
#[ignore = "each effect"]
async fn each_flush_fails_in_turn_at_length() {
    in_turn(Effect::Flush, false, 1).await;
    in_turn(Effect::Flush, true, 1).await;
}

#[tokio::test]
async fn each_message_fails_in_turn_in_each_way() {
    let mut count = 0;
    for fault in [
        Fault::Refused(429, json!({ "message": "slow", "retry_after": 0.5, "global": false })),
        Fault::Refused(500, json!("down")),
        Fault::Reset,
        Fault::CreatedThen(502, json!("bad gateway")),
        Fault::CreatedThenReset,
    ] {
        for number in 0.. {
            let played = Played::new().await;
            let (asked, own) = (Arc::new(AtomicUsize::new(0)), fault.clone());
            let counted = Arc::clone(&asked);
            played
                .world
                .discord
                .set_faults(move |_| (counted.fetch_add(1, Ordering::SeqCst) == number).then(|| own.clone()));
            played.play(None, FORGOTTEN, &format!("message {number}")).await;
            if asked.load(Ordering::SeqCst) <= number {
                break;
            }
            count += 1;
        }
    }
    for stage in ["connect", "mail", "rcpt", "data", "accepted-then-reset"] {
        for number in 0..ALERTS {
            let played = Played::new().await;
            let mut met = 0;
            played.world.smtp.set_faults(move |at| {
                met += usize::from(at == stage);
                let reply = if stage == "accepted-then-reset" { "" } else { "451 4.3.0 try later" };
                (at == stage && met == number + 1).then(|| reply.to_owned())
            });
            played.play(None, SOON, &format!("mail {stage} {number}")).await;
            count += 1;
        }
    }
    println!("{count} messages failed, each in one way");
}
