//! The gateway, by which slash commands arrive: what is said while it is down, and how it comes back.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::bot;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::destination::Destination;
use sellbell::notify::Secrets;
use sellbell::outbox::Lane;
use sellbell::problem::Source;
use sellbell::render::terminal::Colour;
use sellbell::rules;
use sellbell::runtime::{self, App, Setup};
use sellbell::service::{self, Status};
use sellbell::trust::Roots;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::fakes::discord::FakeDiscord;
use crate::fakes::gateway::{Farewell, Mood};
use crate::world::{World, at, deliver_to, reopened};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\n";
const START: &str = "2021-08-24T17:12:31-04:00";
/// Ten minutes pass in a second.
const SPEED: f64 = 600.0;
const MANAGE_GUILD: &str = "32";

pub(crate) struct Running {
    pub(crate) app: Arc<App>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// A bot by a clock that is faster than the world's.
    pub(crate) fn start(world: &World) -> Self {
        Self::of(Self::app(world, Clock::played(at(START), SPEED)))
    }

    /// What a bot runs on, by this clock.
    pub(crate) fn app(world: &World, clock: Clock) -> Arc<App> {
        let text = world.settings() + "[operators]\nnotify = [\"email:desk\"]\n";
        let settings = Settings::read("settings", &text, &[]).unwrap();
        let source = Source { file: "rules", text: RULES };
        let rules = rules::load_slice([source], &|d| settings.knows(d), &settings.destinations()).unwrap();
        let mut secrets = Secrets {
            discord_token: Some(FakeDiscord::TOKEN.into()),
            smtp_url: Some(world.smtp.url().into()),
            ..Secrets::default()
        };
        secrets.discord_webhooks.insert("hook".into(), world.discord.webhook_url(5).into());
        let output = Arc::new(std::sync::Mutex::new(Vec::new()));
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
        Arc::new(assembly.on(reopened(&dir), None))
    }

    /// The bot of an app.
    pub(crate) fn of(app: Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(bot::run(Arc::clone(&app), stopped));
        Self { app, stop, task }
    }

    async fn status(&self) -> Status {
        service::status(&self.app, self.app.clock().now()).await.unwrap()
    }

    /// Waits until the status is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Status {
        let looking = async {
            loop {
                let status = self.status().await;
                if is_so(&status) {
                    return status;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        match timeout(Duration::from_secs(20), looking).await {
            Ok(found) => found,
            Err(_) => panic!("{what}: {:?}", self.status().await.running.unwrap().gateway),
        }
    }

    /// Notices that the operators got since the last call.
    pub(crate) async fn notices(&self, world: &World) -> Vec<String> {
        let desk: Destination = "email:desk".parse().unwrap();
        let now = self.app.clock().now();
        let (count, ..) = deliver_to(&self.app, &desk, &mut Lane::default(), now).await;
        let mut said = Vec::new();
        for _ in 0..count {
            let mail = world.smtp.next_mail().await;
            let mail = MessageParser::default().parse(&mail.raw).unwrap();
            let text = mail.body_text(0).unwrap().replace("\r\n", " ").replace('\n', " ");
            said.push(format!("{}: {text}", mail.subject().unwrap()));
        }
        said
    }

    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

pub(crate) fn gateway(status: &Status) -> sellbell::operators::GatewayStatus {
    status.running.clone().unwrap().gateway.unwrap()
}

pub(crate) fn is_connected(status: &Status) -> bool {
    status.running.as_ref().unwrap().gateway.as_ref().is_some_and(|gateway| gateway.connected)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_down_shows_and_is_reported_once_and_so_is_its_return() {
    for mood in [Mood::Answers(503), Mood::Invalidates, Mood::Closes(4000)] {
        let world = World::new().await;
        world.discord.set_gateway(mood);
        let bot = Running::start(&world);
        let status = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        assert!(!gateway(&status).connected && gateway(&status).failures > 2, "{mood:?}: {status:?}");
        assert!(gateway(&status).reason.is_some());
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["running"]["gateway"]["connected"], false);
        assert!(json["troubles"][0].as_str().unwrap().contains("gateway"), "{json}");
        assert!(
            status.troubles[0].starts_with("Discord's gateway is not connected"),
            "{:?}",
            status.troubles
        );
        let since = gateway(&status).since;
        assert!((bot.app.clock().now() - since).num_seconds() >= 120);
        let said = bot.notices(&world).await;
        assert!(
            said.len() == 1 && said[0].contains("Slash commands have not worked since"),
            "{mood:?}: {said:?}"
        );
        world.discord.knocked(world.discord.knocks() + 3).await;
        assert_eq!(bot.notices(&world).await, Vec::<String>::new(), "once");

        world.discord.set_gateway(Mood::Open);
        let status = bot.until("it is connected", is_connected).await;
        assert_eq!(gateway(&status).failures, 0);
        bot.until("that is written down", |status| status.troubles.is_empty()).await;
        world.discord.commands().await;
        bot.until("the commands are registered", |status| gateway(status).registered).await;
        let said = bot.notices(&world).await;
        assert!(said.len() == 1 && said[0].contains("is connected again"), "{mood:?}: {said:?}");
        let answer = world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
        assert!(answer["data"]["content"].as_str().unwrap().contains("has no subscriptions"), "{answer}");
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_off_is_gone_on_with_and_nobody_is_notified() {
    let world = World::new().await;
    let bot = Running::start(&world);
    world.discord.identified().await;
    world.discord.commands().await;
    for times in 2..4 {
        bot.until("it is connected", is_connected).await;
        world.discord.hang_up();
        world.discord.knocked(times).await;
    }
    bot.until("it is connected", is_connected).await;
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
    assert_eq!(answer["type"], 4);
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_no_longer_answers_is_replaced() {
    let world = World::new().await;
    world.discord.set_gateway(Mood::Deaf);
    let bot = Running::start(&world);
    world.discord.identified().await;
    world.discord.commands().await;
    bot.until("it is connected", is_connected).await;
    bot.until("it fails", |status| gateway_failures(status) > 0).await;
    world.discord.set_gateway(Mood::Open);
    world.discord.knocked(2).await;
    bot.until("it is connected", is_connected).await;
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_person_can_mend_is_said_at_once_and_tried_seldom() {
    for (code, words) in [
        (4004, "copy the bot's token again"),
        (4014, "the application is in order"),
        (4013, "does not allow the intents"),
        (4011, "too many servers"),
    ] {
        let world = World::new().await;
        world.discord.set_gateway(Mood::Closes(code));
        let bot = Running::start(&world);
        bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        let said = bot.notices(&world).await;
        assert!(
            said.len() == 1 && said[0].contains(words) && said[0].contains(&code.to_string()),
            "{said:?}"
        );
        assert!(!said[0].contains(FakeDiscord::TOKEN));
        assert!(bot.status().await.troubles[0].starts_with("Discord's gateway refuses the bot"));
        // A quarter of an hour: not tried again.
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(world.discord.knocks(), 1, "{code}");
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_after_an_outage_is_reported_too() {
    let world = World::new().await;
    world.discord.set_gateway(Mood::Answers(502));
    let bot = Running::start(&world);
    bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    assert_eq!(bot.notices(&world).await.len(), 1);
    world.discord.set_gateway(Mood::Closes(4004));
    bot.until("it is reported", |status| status.troubles[0].contains("refuses the bot")).await;
    let said = bot.notices(&world).await;
    assert!(said.len() == 1 && said[0].contains("copy the bot's token again"), "{said:?}");
    bot.stop().await;
    // A start with the same token says nothing new.
    let bot = Running::start(&world);
    bot.until("it failed", |status| gateway_failures(status) > 0).await;
    assert_eq!(bot.notices(&world).await, Vec::<String>::new());
    bot.stop().await;
    world.finish().await;
}

fn gateway_failures(status: &Status) -> u64 {
    status.running.as_ref().unwrap().gateway.as_ref().map_or(0, |gateway| gateway.failures)
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_end_right_after_they_begin_are_reported_and_tried_seldom() {
    let world = World::new().await;
    world.discord.set_gateway(Mood::EndsAtOnce);
    let bot = Running::start(&world);
    bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    world.discord.commands().await;
    let said = bot.notices(&world).await;
    assert!(said.len() == 1 && said[0].contains("another program uses the same token"), "{said:?}");
    assert!(world.discord.knocks() <= 6, "{}", world.discord.knocks());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_begun_where_discord_would_reset_the_token() {
    let world = World::new().await;
    world.discord.set_sessions_left(3);
    let bot = Running::start(&world);
    bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    let said = bot.notices(&world).await;
    assert!(said.len() == 1 && said[0].contains("3 more sessions today"), "{said:?}");
    assert_eq!(world.discord.knocks(), 0);
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_could_not_be_registered_are_tried_until_it_works() {
    for (status, body, words) in [
        (503, json!("down"), "Discord answers 503"),
        (403, json!({ "message": "Missing Access", "code": 50001 }), "applications.commands"),
    ] {
        let world = World::new().await;
        world.discord.fail_next("commands", status, body, 6);
        let bot = Running::start(&world);
        let shown = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        let gateway = gateway(&shown);
        assert!(!gateway.registered && gateway.unregistered.is_some(), "{gateway:?}");
        let said = bot.notices(&world).await;
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        world.discord.commands().await;
        bot.until("it is over", |status| status.troubles.is_empty()).await;
        let said = bot.notices(&world).await;
        assert!(said.len() == 1 && said[0].contains("are registered again"), "{said:?}");
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_another_program_answered_shows_that_there_is_one() {
    let world = World::new().await;
    let bot = Running::start(&world);
    world.discord.identified().await;
    world.discord.commands().await;
    let answered = json!({ "message": "Interaction has already been acknowledged.", "code": 40060 });
    world.discord.fail_next("callback", 400, answered, 2);
    for _ in 0..2 {
        world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
    }
    bot.until("it is reported", |status| !status.troubles.is_empty()).await;
    let said = bot.notices(&world).await;
    assert!(said.len() == 1 && said[0].contains("Another sellbell uses the same bot"), "{said:?}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_gone_on_with_after_failures_of_the_network_and_nobody_suspects_another_program() {
    let world = World::new().await;
    let bot = Running::start(&world);
    world.discord.commands().await;
    for times in 1..8 {
        bot.until("it is connected", is_connected).await;
        // The connection breaks off, and does not come back at once.
        let knocks = world.discord.knocks();
        world.discord.set_gateway(if times % 2 == 0 { Mood::Answers(503) } else { Mood::Closes(4000) });
        world.discord.hang_up();
        world.discord.knocked(knocks + 2).await;
        world.discord.set_gateway(Mood::Open);
        world.discord.knocked(knocks + 3).await;
    }
    bot.until("it is connected", is_connected).await;
    assert_eq!(world.discord.asked_for().0, 1, "the one session is gone on with");
    assert_nobody_suspects(&bot.notices(&world).await);
    bot.stop().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_gone_on_with_is_begun_anew_after_three_attempts() {
    for mood in [Mood::Answers(503), Mood::Closes(4000), Mood::Closes(1001), Mood::Asks] {
        let world = World::new().await;
        let bot = Running::start(&world);
        world.discord.commands().await;
        bot.until("it is connected", is_connected).await;
        world.discord.set_gateway(mood);
        world.discord.hang_up();
        world.discord.knocked(4).await;
        world.discord.set_gateway(Mood::Open);
        world.discord.knocked(5).await;
        bot.until("it is connected", is_connected).await;
        let resumes = if mood == Mood::Answers(503) { 0 } else { 3 };
        assert_eq!(world.discord.asked_for(), (2, resumes), "{mood:?}");
        assert_nobody_suspects(&bot.notices(&world).await);
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_discord_says_is_over_is_begun_anew_at_once_and_another_is_not() {
    let world = World::new().await;
    let bot = Running::start(&world);
    world.discord.commands().await;
    for (farewell, begun) in [
        (Farewell::Invalidates(false), 2),
        (Farewell::Closes(4000), 2),
        (Farewell::Closes(4009), 3),
        (Farewell::Closes(1001), 3),
        (Farewell::Closes(4007), 4),
        (Farewell::Invalidates(true), 4),
        (Farewell::Asks, 4),
    ] {
        bot.until("it is connected", is_connected).await;
        let knocks = world.discord.knocks();
        world.discord.end_session(farewell);
        world.discord.knocked(knocks + 1).await;
        bot.until("it is connected", |status| is_connected(status) && asked(&world) == knocks + 1).await;
        assert_eq!(world.discord.asked_for().0, begun, "{farewell:?}");
    }
    assert_nobody_suspects(&bot.notices(&world).await);
    bot.stop().await;
    world.finish().await;
}

/// On a slow machine the gateway may seem to be down for a while.
fn assert_nobody_suspects(said: &[String]) {
    assert!(!said.iter().any(|notice| notice.contains("another program")), "{said:?}");
}

/// How many sessions were asked for, new and old.
fn asked(world: &World) -> usize {
    let (begun, resumed) = world.discord.asked_for();
    begun + resumed
}

#[tokio::test(flavor = "multi_thread")]
async fn reconnects_that_discord_asks_for_again_and_again_are_seldom() {
    for mood in [Mood::Asks, Mood::OpensAndAsks] {
        let world = World::new().await;
        world.discord.set_gateway(mood);
        let bot = Running::start(&world);
        let began = bot.app.clock().now();
        world.discord.knocked(9).await;
        // With a second between two it is over in eight.
        let took = bot.app.clock().now() - began;
        assert!(took > TimeDelta::seconds(120), "{mood:?}: {took}");
        let status = bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        assert!(gateway(&status).reason.unwrap().contains("asks for a new connection"), "{mood:?}");
        let said = bot.notices(&world).await;
        assert!(
            said.len() == 1 && said[0].starts_with("sellbell: Discord's gateway is not connected"),
            "{said:?}"
        );
        if mood == Mood::OpensAndAsks {
            world.discord.commands().await;
            assert_eq!(world.discord.asked_for().0, 1, "the one session is gone on with");
        }
        world.discord.set_gateway(Mood::Open);
        bot.until("it is over", |status| is_connected(status) && status.troubles.is_empty()).await;
        if mood == Mood::Asks {
            world.discord.commands().await;
        }
        bot.notices(&world).await;
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_that_discord_ends_again_and_again_are_a_sign_of_another_program() {
    for farewell in [Farewell::Invalidates(false), Farewell::Closes(4009)] {
        let world = World::new().await;
        let bot = Running::start(&world);
        world.discord.commands().await;
        for begun in 1..=5 {
            let is_open = |status: &Status| is_connected(status) && world.discord.asked_for().0 == begun;
            bot.until("a session is open", is_open).await;
            world.discord.end_session(farewell);
        }
        bot.until("it is reported", |status| !status.troubles.is_empty()).await;
        let said = bot.notices(&world).await;
        assert!(said.len() == 1 && said[0].contains("another program uses the same token"), "{said:?}");
        assert_eq!(world.discord.asked_for(), (5, 0));
        bot.stop().await;
        world.finish().await;
    }
}
