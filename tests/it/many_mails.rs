//! Very many mails: hundreds at once, and a digest for each of ten thousand recipients.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use sellbell::clock::Clock;
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::notice::Notice;
use sellbell::runtime;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep};

use crate::fakes::discord::FakeDiscord;
use crate::memory::peak_of;
use crate::verbs::Running;
use crate::world::{World, at, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
/// When digests are due.
const SLOT: &str = "2021-08-24T17:30:00-04:00";
const MANY: usize = 4_000;
/// Bytes that the bot may take at most for them, also as a debug build. With all of them loaded it would be twice that.
const MOST: u64 = 200 * 1024 * 1024;

fn recipients(count: usize, mode: &str) -> String {
    let one = |n| format!("[[email.recipient]]\nname = \"r{n}\"\naddress = \"r{n}@example.org\"\n{mode}");
    (0..count).map(one).collect()
}

fn notice(destination: Destination, title: &str) -> Delivery {
    Delivery::new(destination, Body::Notice(Box::new(Notice::written(at(NOW), title, "A text"))), at(NOW))
}

fn rule(destinations: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = destinations.map(|destination| format!("\"{destination}\"")).collect();
    format!("[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [{}]\n", quoted.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "many"]
async fn five_hundred_mails_at_once_go_over_four_connections_at_length() {
    let mut world = World::new().await;
    world.clock = Clock::played(at(NOW), 1.0);
    let settings = world.settings() + &recipients(100, "");
    let app = Arc::new(world.app_with(&settings, &rule(["terminal".to_owned()].into_iter()), None));
    for number in 0..500 {
        let to = format!("email:r{}", number % 100).parse().unwrap();
        app.store.enqueue(&notice(to, &format!("Notice {number}"))).await.unwrap();
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let began = Instant::now();
    let running = tokio::spawn(runtime::run(Arc::clone(&app), None, async move { drop(stopped.await) }));
    for _ in 0..500 {
        world.smtp.next_mail().await;
    }
    let took = began.elapsed().as_secs_f64();
    eprintln!("500 mails at once: {} connections, {took:.1} s", world.smtp.connections());
    assert!((1..=8).contains(&world.smtp.connections()), "100 mails over each");
    assert!(world.smtp.open().1 <= 4);
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    world.smtp.until_open(0).await;
    world.edgar.take_fetched();
    world.finish().await;
}

/// The bot in a process of its own, by the clock of the test; it ends with this.
struct Bot(Running);

impl Bot {
    #[expect(clippy::disallowed_methods, reason = "its clock begins now")]
    fn start(world: &World, settings: &str, begin: &str) -> Self {
        fs::write(world.path("settings.toml"), settings).unwrap();
        fs::create_dir_all(world.path("rules")).unwrap();
        fs::write(world.path("rules/any.toml"), rule(["terminal".to_owned()].into_iter())).unwrap();
        let log = fs::File::create(world.path("log")).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kills::bot", "--ignored", "--nocapture"])
            .current_dir(world.dir.path())
            .env_clear()
            .env("SELLBELL_PLAYED", format!("{begin} {} 1", Utc::now().to_rfc3339()))
            .env("SELLBELL_EMAIL__FROM", "sellbell <bell@example.org>")
            .env("DISCORD_TOKEN", FakeDiscord::TOKEN)
            .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
            .env("SMTP_URL", world.smtp.url())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn();
        Self(Running(child.unwrap()))
    }
}

/// Prints how long something took.
async fn timed<T>(what: &str, doing: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = doing.await;
    eprintln!("{MANY} recipients: {what} in {:.1} s", began.elapsed().as_secs_f64());
    done
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "many"]
async fn thousands_of_digests_take_little_memory_and_hold_up_no_alert_at_length() {
    let world = World::new().await;
    let mode = "mode = \"digest\"\nschedule = \"30 17 * * *\"\ntime_zone = \"America/New_York\"\n";
    let settings = world.settings() + &recipients(MANY, mode);
    let rules = rule((0..MANY).map(|n| format!("email:r{n}")));
    let app = world.app_with(&settings, &rules, Some("2021-08-24T00:00:00-04:00"));
    let before = at(NOW) - TimeDelta::minutes(1);
    timed("the first look at all", app.outbox.digests.digest_once(before)).await.unwrap();
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:52:09-04:00"));
    timed("two filings are planned", app.intake.poll_once(at(NOW))).await.unwrap();
    world.edgar.take_fetched();
    let made = timed("digests are made", app.outbox.digests.digest_once(at(SLOT))).await.unwrap();
    assert_eq!(made, MANY);
    let first = app.store.queued(&"email:r0".parse().unwrap(), 1).await.unwrap();
    let bytes = serde_json::to_vec(&first[0]).unwrap().len();
    timed("all who wait are listed", app.store.waiting_destinations()).await.unwrap();
    app.store.enqueue(&notice("discord:alerts".parse().unwrap(), "To Discord")).await.unwrap();
    app.store.enqueue(&notice("email:desk".parse().unwrap(), "By e-mail at once")).await.unwrap();
    world.close(app);

    let began = Instant::now();
    let bot = Bot::start(&world, &settings, SLOT);
    // As a debug build on a busy machine, it starts slowly.
    let (mut arrived, mut on_discord, mut at_once) = (0, None, None);
    while on_discord.is_none() || at_once.is_none() {
        sleep(Duration::from_millis(20)).await;
        assert!(began.elapsed() < Duration::from_secs(120), "the alerts did not come: {arrived} mails did");
        let mails = world.smtp.take_mails();
        let (is_there, now) = (mails.iter().any(|mail| mail.to == ["desk@example.org"]), began.elapsed());
        arrived += mails.len();
        at_once = at_once.or(is_there.then_some((now, arrived)));
        on_discord = on_discord.or((world.discord.unread() > 0).then_some((now, arrived)));
    }
    world.discord.take_messages();
    for (way, came) in [("on Discord", on_discord), ("by e-mail", at_once)] {
        let (after, arrived) = came.unwrap();
        let after = after.as_secs_f64();
        eprintln!("{MANY} recipients: the alert {way} came after {after:.1} s and {arrived} mails");
        assert!(arrived < MANY / 10, "{way}, it waited for {arrived} mails");
    }
    while arrived < MANY + 1 {
        world.smtp.next_mail().await;
        arrived += 1 + world.smtp.take_mails().len();
    }
    let peak = peak_of(&bot.0.0);
    eprintln!(
        "{MANY} recipients: digests of {bytes} bytes arrived in {:.1} s over {} connections; the bot took {} MB",
        began.elapsed().as_secs_f64(),
        world.smtp.connections(),
        peak / 1024 / 1024
    );
    assert!(peak < MOST, "{peak} bytes");
    assert!(world.smtp.open().1 <= 4);
    drop(bot);
    world.edgar.take_fetched();
    world.finish().await;
}
