//! Subscribing in a Discord channel, through a gateway, and what then rings there.

use std::sync::{Arc, Mutex};

use sellbell::bot;
use sellbell::runtime::App;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::world::{World, at, deliver_all, qualys, reopened, small_sale};

const RULES: &str = "[[rule]]\nname = \"qualys-sales\"\ndescription = \"Insiders of Qualys sell\"\n\
    tickers = [\"QLYS\"]\n[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\n";
pub(crate) const MANAGE_GUILD: &str = "32";

pub(crate) struct Bot {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

pub(crate) async fn connect(world: &World, app: &Arc<App>) -> Bot {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(bot::run(Arc::clone(app), stopped));
    let identify = world.discord.identified().await;
    assert_eq!(identify["intents"], 1, "servers and channels: not privileged");
    let commands = world.discord.commands().await;
    let shown: Vec<(&str, &Value)> =
        commands.iter().map(|c| (c["name"].as_str().unwrap(), &c["default_member_permissions"])).collect();
    let (manage, everybody) = (json!(MANAGE_GUILD), json!(null));
    assert_eq!(
        shown,
        [
            ("subscribe", &manage),
            ("unsubscribe", &manage),
            ("watch", &manage),
            ("unwatch", &manage),
            ("subscriptions", &manage),
            ("mute", &manage),
            ("unmute", &manage),
            ("test", &manage),
            ("latest", &everybody),
            ("insider", &everybody),
            ("top", &everybody),
            ("explain", &everybody),
            ("status", &everybody),
            ("privacy", &everybody),
            ("help", &everybody),
        ]
    );
    Bot { stop, task }
}

impl Bot {
    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

pub(crate) fn rule(name: &str) -> Value {
    json!([{ "name": "rule", "type": 3, "value": name }])
}

#[tokio::test]
async fn a_subscribed_channel_rings_also_after_a_restart_until_it_unsubscribes() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, Some("2021-08-24T00:00:00-04:00")));
    let bot = connect(&world, &app).await;
    let said = |answer: &Value| answer["data"]["content"].as_str().unwrap_or_default().to_owned();

    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("qualys-sales")).await;
    assert!(said(&answer).contains("now gets alerts for `qualys-sales`"), "{answer}");
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("qualys-sales")).await;
    assert!(said(&answer).contains("already"), "{answer}");
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("no-such-rule")).await;
    assert!(said(&answer).contains("There is no such rule"), "{answer}");
    bot.stop().await;
    world.close(app);

    let app = Arc::new(world.app(RULES, Some("2021-08-24T00:00:00-04:00")));
    let bot = connect(&world, &app).await;
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
    assert!(said(&answer).contains("- `qualys-sales` Insiders of Qualys sell"), "{answer}");
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:20-04:00"));
    let now = at("2021-08-24T17:12:31-04:00");
    app.intake.poll_once(now).await.unwrap();
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    let message = world.discord.next_message().await;
    assert_eq!(message.target, "channel:777");
    assert_eq!(message.body["embeds"][0]["title"], "Philippe Courtot Family Trust sold");

    let answer = world.discord.slash(777, MANAGE_GUILD, "unsubscribe", rule("qualys-sales")).await;
    assert!(said(&answer).contains("no longer gets alerts"), "{answer}");
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
    assert!(said(&answer).contains("has no subscriptions"), "{answer}");
    bot.stop().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn only_who_may_manage_the_server_changes_anything() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    let send_messages_only = "2048";
    let answer = world.discord.slash(777, send_messages_only, "subscribe", rule("all-sales")).await;
    assert!(answer["data"]["content"].as_str().unwrap().contains("permission Manage Server"), "{answer}");
    assert_eq!(answer["data"]["flags"], 68, "seen by the one who asked only");
    assert!(app.store.subscriptions(777).await.unwrap().is_empty());
    let administrator = "8";
    world.discord.slash(777, administrator, "subscribe", rule("all-sales")).await;
    assert_eq!(app.store.subscriptions(777).await.unwrap(), ["all-sales"]);
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn the_rules_in_force_are_offered_while_one_types() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    let typed = |text: &str| json!([{ "name": "rule", "type": 3, "value": text, "focused": true }]);
    let names = |answer: &Value| -> Vec<String> {
        let choices = answer["data"]["choices"].as_array().unwrap();
        choices.iter().map(|choice| choice["value"].as_str().unwrap().to_owned()).collect()
    };
    let all = world.discord.autocomplete(777, "subscribe", typed("")).await;
    assert_eq!(names(&all), ["qualys-sales", "all-sales"]);
    assert_eq!(all["data"]["choices"][0]["name"], "qualys-sales: Insiders of Qualys sell");
    let some = world.discord.autocomplete(777, "subscribe", typed("QUAL")).await;
    assert_eq!(names(&some), ["qualys-sales"]);
    let none = world.discord.autocomplete(777, "unsubscribe", typed("")).await;
    assert!(names(&none).is_empty());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_the_settings_name_and_no_rule_does_rings_when_it_subscribes() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\n";
    let app = world.app_using(
        &world.settings(),
        rules,
        Some("2021-08-24T00:00:00-04:00"),
        &|_| false,
        Arc::new(Mutex::new(Vec::new())),
    );
    let now = at("2021-08-24T17:12:31-04:00");
    app.store.subscribe(555, "a", 1, now).await.unwrap();
    world.edgar.publish(&qualys());
    app.intake.poll_once(now).await.unwrap();
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    assert_eq!(world.discord.next_message().await.target, "channel:555");
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_a_rule_names_and_that_subscribes_rings_once() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\nnotify = [\"discord:alerts\"]\n";
    let app = world.app(rules, Some("2021-08-24T00:00:00-04:00"));
    let now = at("2021-08-24T17:12:31-04:00");
    app.store.subscribe(555, "a", 1, now).await.unwrap();
    world.edgar.publish(&qualys());
    app.intake.poll_once(now).await.unwrap();
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    world.discord.next_message().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_gateway_that_ended_in_any_way_holds_no_store() {
    for aborted in [false, true] {
        let world = World::new().await;
        let app = Arc::new(world.app(RULES, None));
        let Bot { stop, task } = connect(&world, &app).await;
        if aborted {
            // Its shards go on by themselves.
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        } else {
            stop.send(true).unwrap();
            task.await.unwrap();
        }
        assert!(Arc::into_inner(app).is_some(), "aborted: {aborted}: somebody still has it");
        let _ = reopened(&world.path("store"));
        world.finish().await;
    }
}
