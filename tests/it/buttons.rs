//! Buttons under alerts: on old messages, after a restart, by those who may press them.

use std::sync::Arc;
use std::time::Duration;

use sellbell::runtime::App;
use serde_json::{Value, json};

use crate::fakes::discord::SentMessage;
use crate::related::{Filed, filed, publish};
use crate::subscriptions::{Bot, MANAGE_GUILD, connect};
use crate::world::{World, at, deliver_all};

const RULES: &str =
    "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nmin_value = 500\nnotify = [\"discord:alerts\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOW: &str = "2025-12-11T17:00:00-05:00";
const LATER: &str = "2025-12-12T17:00:00-05:00";
const NOBODY: &str = "0";
const TICKERS: &str = r#"{"0":{"cik_str":70,"ticker":"ACME","title":"Acme Corp"}}"#;
/// The channel of `discord:alerts`.
const ALERTS: u64 = 555;

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap_or_default()
}

fn buttons(message: &Value) -> Vec<&Value> {
    let rows = message["components"].as_array().unwrap();
    rows.iter().flat_map(|row| row["components"].as_array().unwrap()).collect()
}

fn labels(message: &Value) -> Vec<&str> {
    buttons(message).iter().map(|button| button["label"].as_str().unwrap_or_default()).collect()
}

/// The `custom_id` of a button.
fn id(message: &Value, label: &str) -> String {
    let found = buttons(message).into_iter().find(|button| button["label"] == label);
    found.unwrap_or_else(|| panic!("no {label}: {message}"))["custom_id"].as_str().unwrap().to_owned()
}

async fn started(world: &World) -> (Arc<App>, Bot) {
    world.edgar.list_tickers(TICKERS);
    let app = Arc::new(world.app(RULES, Some(SINCE)));
    let bot = connect(world, &app).await;
    (app, bot)
}

/// The messages that these filings cause in the channel.
async fn alerted(world: &World, app: &App, filings: &[&Filed], now: &str) -> Vec<SentMessage> {
    publish(world, app, filings, now).await;
    deliver_all(app, at(now)).await;
    world.discord.take_messages()
}

#[tokio::test]
async fn an_alert_has_buttons_that_work_after_a_restart() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let filing = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let sent = alerted(&world, &app, &[&filing], NOW).await;
    let id_of = sent[0].id;
    let message = world.discord.posted(id_of);
    assert_eq!(labels(&message), ["Filing", "Why?", "History", "Mute ACME 7d", "Mute insider 30d"]);
    let link = buttons(&message)[0]["url"].as_str().unwrap();
    assert!(link.starts_with("https://www.sec.gov/Archives/edgar/data/70/") && !link.contains('#'), "{link}");
    bot.stop().await;
    world.close(app);

    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    let why = world.discord.press(ALERTS, NOBODY, &message, &id(&message, "Why?"), &[]).await;
    let text = said(&why);
    assert!(text.starts_with("**ACME** Acme Corp · Form 4 · accepted <t:"), "{text}");
    assert!(text.contains("\u{2705} **all-sales**: alert:") && text.contains("`min_value`"), "{text}");
    let history = world.discord.press(ALERTS, NOBODY, &message, &id(&message, "History"), &[]).await;
    assert!(
        said(&history).starts_with("This insider in **ACME**:\n- Dec 10, 2025: DOE JANE sold"),
        "{history}"
    );
    for answer in [&why, &history] {
        assert_eq!(answer["data"]["flags"], 68, "only for who asks, without previews");
    }
    // It was fetched once more; a second look costs nothing.
    assert_eq!(world.edgar.take_fetched().len(), 1);
    world.discord.press(ALERTS, NOBODY, &message, &id(&message, "Why?"), &[]).await;
    bot.stop().await;
    world.finish().await;
}

/// An option exercised, with a row in either table, and shares withheld for it.
const EXERCISED: &str = concat!(
    "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
     <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding><transactionCode>M</transactionCode>\
     </transactionCoding><transactionAmounts><transactionShares><value>80</value></transactionShares>\
     <transactionPricePerShare><value>1</value></transactionPricePerShare><transactionAcquiredDisposedCode><value>A</value>\
     </transactionAcquiredDisposedCode></transactionAmounts></nonDerivativeTransaction>",
    "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
     <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding><transactionCode>F</transactionCode>\
     </transactionCoding><transactionAmounts><transactionShares><value>3</value></transactionShares>\
     <transactionPricePerShare><value>10</value></transactionPricePerShare><transactionAcquiredDisposedCode><value>D</value>\
     </transactionAcquiredDisposedCode></transactionAmounts></nonDerivativeTransaction>",
    "</nonDerivativeTable><derivativeTable><derivativeTransaction><securityTitle><value>Option</value></securityTitle>\
     <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding><transactionCode>M</transactionCode>\
     </transactionCoding><transactionAmounts><transactionShares><value>80</value></transactionShares>\
     <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
     </derivativeTransaction></derivativeTable><nonDerivativeTable>"
);

#[tokio::test]
async fn history_tells_an_exercise_once_and_sales_first() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let filing = Filed { rows: EXERCISED, ..filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00") };
    let sent = alerted(&world, &app, &[&filing], NOW).await;
    let message = world.discord.posted(sent[0].id);
    let history = world.discord.press(ALERTS, NOBODY, &message, &id(&message, "History"), &[]).await;
    let deeds = "DOE JANE sold **$1.00K**, exercised **80 shares**, **$30.00** withheld for tax ([filing]";
    assert!(said(&history).contains(deeds), "{history}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_mute_by_button_is_shown_in_the_message_and_can_be_undone() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let first = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let sent = alerted(&world, &app, &[&first], NOW).await;
    let message = world.discord.posted(sent[0].id);
    let mute = id(&message, "Mute ACME 7d");
    let refused = world.discord.press(ALERTS, NOBODY, &message, &mute, &[]).await;
    assert_eq!(said(&refused), "You need the permission Manage Server for this.");
    assert!(app.store.mutes().await.unwrap().is_empty());

    let muted = world.discord.press(ALERTS, MANAGE_GUILD, &message, &mute, &[]).await;
    assert_eq!(muted["type"], 7, "the message itself says so");
    let changed = world.discord.posted(sent[0].id);
    let lines: Vec<&str> = changed["content"].as_str().unwrap().lines().collect();
    assert_eq!(lines[0], message["content"].as_str().unwrap());
    assert!(
        lines[1].starts_with("-# \u{1f507} **ACME** is muted here until <t:")
            && lines[1].ends_with("by <@55>")
    );
    assert_eq!(changed["embeds"], message["embeds"]);
    assert_eq!(labels(&changed).last(), Some(&"Undo: ACME"));

    // Only this channel is quiet.
    let second = Filed {
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-12T16:30:00-05:00")
    };
    assert!(alerted(&world, &app, &[&second], LATER).await.is_empty());
    let mutes = app.store.mutes().await.unwrap();
    assert_eq!(mutes[0].what.to_string(), "in:discord:alerts ticker:ACME");
    // Pressed again, it does not say it twice.
    world.discord.press(ALERTS, MANAGE_GUILD, &changed, &mute, &[]).await;
    let again = world.discord.posted(sent[0].id);
    assert_eq!((again["content"].as_str().unwrap().lines().count(), labels(&again).len()), (2, 6));

    let undo = id(&changed, "Undo: ACME");
    let refused = world.discord.press(ALERTS, NOBODY, &changed, &undo, &[]).await;
    assert_eq!(said(&refused), "You need the permission Manage Server for this.");
    world.discord.press(ALERTS, MANAGE_GUILD, &changed, &undo, &[]).await;
    let undone = world.discord.posted(sent[0].id);
    assert_eq!((&undone["content"], labels(&undone)), (&message["content"], labels(&message)));
    deliver_all(&app, at(LATER)).await;
    let held_back = world.discord.next_message().await;
    assert!(held_back.body["embeds"][0]["description"].as_str().unwrap().contains("Ticker ACME was muted"));
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn of_several_alerts_in_one_message_a_select_chooses_one() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let first = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let second = Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("300", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-11T16:40:00-05:00")
    };
    let sent = alerted(&world, &app, &[&first, &second], NOW).await;
    assert_eq!(sent.len(), 1);
    let message = world.discord.posted(sent[0].id);
    let select = buttons(&message)[0];
    let options = select["options"].as_array().unwrap();
    let texts = |key: &str| options.iter().map(|one| one[key].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(texts("label"), ["ACME · director sold $1.00K", "ACME · director sold $3.00K"]);
    assert_eq!(texts("description"), ["all-sales"; 2]);
    let chosen = options[1]["value"].as_str().unwrap();
    let select = select["custom_id"].as_str().unwrap();
    let offered = world.discord.press(ALERTS, NOBODY, &message, select, &[chosen]).await;
    let offered = &offered["data"];
    assert_eq!(offered["flags"], 68);
    assert_eq!(labels(offered), ["Filing", "Why?", "History", "Mute ACME 7d", "Mute insider 30d"]);
    // The message with its buttons is not the channel's, so a mute is announced there.
    let mute = id(offered, "Mute insider 30d");
    let muted = world.discord.press(ALERTS, MANAGE_GUILD, offered, &mute, &[]).await;
    assert_eq!((&muted["type"], &muted["data"]["flags"]), (&json!(4), &json!(4)));
    assert!(said(&muted).contains("**ROE RICHARD** is muted here until"), "{muted}");
    assert_eq!(labels(&muted["data"]), ["Undo: ROE RICHARD"]);
    let announced = json!({ "content": said(&muted), "components": muted["data"]["components"] });
    let undo = id(&announced, "Undo: ROE RICHARD");
    let undone = world.discord.press(ALERTS, MANAGE_GUILD, &announced, &undo, &[]).await;
    assert!(said(&undone).contains("**ROE RICHARD** is no longer muted here, by <@55>"), "{undone}");
    assert!(app.store.mutes().await.unwrap().is_empty());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_changes_the_buttons_and_leaves_the_note_of_a_mute() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let first = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let sent = alerted(&world, &app, &[&first], NOW).await;
    let message = world.discord.posted(sent[0].id);
    let mute = id(&message, "Mute insider 30d");
    world.discord.press(ALERTS, MANAGE_GUILD, &message, &mute, &[]).await;
    let muted = world.discord.posted(sent[0].id);
    let undo = id(&muted, "Undo: DOE JANE");
    world.discord.press(ALERTS, MANAGE_GUILD, &muted, &undo, &[]).await;
    let ticker = id(&message, "Mute ACME 7d");
    world.discord.press(ALERTS, MANAGE_GUILD, &message, &ticker, &[]).await;
    app.outbox.mutes.unmute(&"in:discord:alerts ticker:ACME".parse().unwrap(), at(NOW)).await.unwrap();
    let amended = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("150", "10", "850", "D")],
        ..filed("0000000070-25-000002", "2025-12-12T16:30:00-05:00")
    };
    alerted(&world, &app, &[&amended], LATER).await;
    let changed = world.discord.posted(sent[0].id);
    assert!(changed["content"].as_str().unwrap().lines().next().unwrap().contains("$1.50K"), "{changed}");
    assert!(changed["content"].as_str().unwrap().lines().nth(1).unwrap().contains("**ACME** is muted here"));
    assert!(id(&changed, "Why?").contains("0000000070-25-000002"), "{changed}");
    assert_eq!(labels(&changed).last(), Some(&"Undo: ACME"));
    bot.stop().await;
    world.discord.take_edits();
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn a_button_of_another_version_or_a_rule_that_is_gone_is_answered_in_words() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let filing = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let sent = alerted(&world, &app, &[&filing], NOW).await;
    let message = world.discord.posted(sent[0].id);
    for unknown in
        ["s9:why:x", "", "s1:why:\u{202e}", "s1:mute:destination:terminal", "s1:mute:rule:all-sales"]
    {
        let answer = world.discord.press(ALERTS, MANAGE_GUILD, &message, unknown, &[]).await;
        assert!(said(&answer).starts_with("This button is from another version"), "{unknown}: {answer}");
    }
    let gone = id(&message, "Why?");
    bot.stop().await;
    world.close(app);
    let other = RULES.replace("all-sales", "other-sales");
    let app = Arc::new(world.app(&other, None));
    let bot = connect(&world, &app).await;
    let answer = world.discord.press(ALERTS, NOBODY, &message, &gone, &[]).await;
    assert_eq!(said(&answer), "The rule of this alert no longer exists, so it cannot be explained.");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn what_takes_long_is_announced_and_followed_up() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let filing = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let sent = alerted(&world, &app, &[&filing], NOW).await;
    let message = world.discord.posted(sent[0].id);
    world.edgar.slow_down("/Archives/edgar/data/70/0000000070-25-000001.txt", Duration::from_secs(2));
    let why = world.discord.press(ALERTS, NOBODY, &message, &id(&message, "Why?"), &[]).await;
    assert_eq!(why["type"], 5, "that there will be an answer");
    assert!(said(&why).contains("**all-sales**: alert:"), "{why}");
    bot.stop().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn null_is_nothing_and_an_interaction_without_a_user_ends_nothing() {
    let world = World::new().await;
    let (_app, bot) = started(&world).await;
    let broken = [
        json!({ "id": "1", "application_id": "1", "type": 2, "token": "a", "data": null, "channel_id": "5" }),
        json!({ "id": "1", "application_id": "1", "type": 2, "token": "a" }),
        json!({ "id": {}, "type": "x" }),
        json!(null),
    ];
    for interaction in broken {
        world.discord.dispatch("INTERACTION_CREATE", interaction).await;
    }
    let answer = world.discord.slash(777, NOBODY, "help", Value::Null).await;
    assert!(said(&answer).starts_with("I report insider trades"), "{answer}");
    bot.stop().await;
    world.finish().await;
}
