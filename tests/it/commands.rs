//! Slash commands: each with its answer, its refusals, and in a direct message.

use std::sync::Arc;

use sellbell::runtime::App;
use serde_json::{Value, json};

use crate::related::{Filed, filed, publish};
use crate::subscriptions::{Bot, MANAGE_GUILD, connect, rule};
use crate::world::{World, at};

const RULES: &str = "[[rule]]\nname = \"big\"\ndescription = \"Sales above a million\"\nmin_value = 1_000_000\n\
    [[rule]]\nname = \"biggest\"\nmin_value = 9_000_000\n[[rule]]\nname = \"all-big\"\ncodes = [\"S\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOON: &str = "2025-12-12T12:00:00-05:00";
const NOBODY: &str = "0";
const TICKERS: &str = r#"{"0":{"cik_str":70,"ticker":"ACME","title":"Acme Corp"},
    "1":{"cik_str":71,"ticker":"ACM","title":"Acme Metals"},"2":{"cik_str":72,"ticker":"BACM","title":"Bac"}}"#;

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap_or_default()
}

fn is_private(answer: &Value) -> bool {
    answer["data"]["flags"].as_u64().unwrap_or_default() & 64 == 64
}

fn option(name: &str, value: impl Into<Value>) -> Value {
    let value: Value = value.into();
    let kind = if value.is_number() { 4 } else { 3 };
    json!([{ "name": name, "type": kind, "value": value }])
}

fn names(answer: &Value) -> Vec<&str> {
    answer["data"]["choices"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect()
}

async fn started(world: &World) -> (Arc<App>, Bot) {
    world.edgar.list_tickers(TICKERS);
    let app = Arc::new(world.app(RULES, Some(SINCE)));
    let bot = connect(world, &app).await;
    (app, bot)
}

#[tokio::test]
async fn the_latest_trades_of_a_company_come_from_history() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let gift = "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
        <transactionDate><value>2025-12-11</value></transactionDate><transactionCoding><transactionCode>G</transactionCode>\
        </transactionCoding><transactionAmounts><transactionShares><value>7</value></transactionShares>\
        <transactionPricePerShare><value>0</value></transactionPricePerShare><transactionAcquiredDisposedCode><value>D</value>\
        </transactionAcquiredDisposedCode></transactionAmounts></nonDerivativeTransaction>";
    let first = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    let hostile = "@everyone [x](http://evil.example)";
    let second = Filed {
        owner: (8, hostile),
        rows: gift,
        ..filed("0000000070-25-000002", "2025-12-11T16:40:00-05:00")
    };
    publish(&world, &app, &[&first, &second], "2025-12-11T17:00:00-05:00").await;

    let answer = world.discord.slash(777, NOBODY, "latest", option("ticker", "$acme")).await;
    let lines: Vec<&str> = said(&answer).lines().collect();
    assert_eq!(lines[0], "**ACME**: latest insider trades");
    assert!(
        lines[1].starts_with("- Dec 11, 2025: ")
            && lines[1].contains("sold **$1.00K**, gave away **7 shares**")
    );
    assert!(!lines[1].contains("@everyone") && !lines[1].contains("](http"), "{answer}");
    assert_eq!(
        lines[2],
        "- Dec 10, 2025: DOE JANE sold **$1.00K** ([filing](<https://www.sec.gov/Archives/edgar/data/70/\
         000000007025000001/0000000070-25-000001-index.htm>))"
    );
    assert_eq!(lines[3], "-# My history is complete since Dec 1, 2025.");
    assert!(is_private(&answer) && lines.len() == 4, "{answer}");
    let one =
        json!([{ "name": "ticker", "type": 3, "value": "ACME" }, { "name": "count", "type": 4, "value": 1 }]);
    let answer = world.discord.slash(777, NOBODY, "latest", one).await;
    assert!(said(&answer).lines().count() == 3 && !said(&answer).contains("DOE JANE"), "{answer}");

    let answer = world.discord.slash(777, NOBODY, "latest", option("ticker", "ACM")).await;
    assert_eq!(
        said(&answer),
        "I know no insider trade of **ACM**. My history is complete since Dec 1, 2025."
    );
    let answer = world.discord.slash(777, NOBODY, "latest", option("ticker", "@everyone*")).await;
    assert!(said(&answer).starts_with("EDGAR lists no company with the ticker **@\u{200b}EVERYONE\\***."));
    bot.stop().await;
    world.close(app);

    // After a restart, and in a direct message.
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    world.discord.set_direct(900);
    let answer = world.discord.slash(900, NOBODY, "latest", option("ticker", "acme")).await;
    assert!(said(&answer).contains("DOE JANE sold **$1.00K**"), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn tickers_and_rules_are_offered_best_first() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let typed =
        |option: &str, text: &str| json!([{ "name": option, "type": 3, "value": text, "focused": true }]);
    let offered = world.discord.autocomplete_as(777, NOBODY, "latest", typed("ticker", "acm")).await;
    assert_eq!(names(&offered), [""; 0], "the list is not here yet");
    app.intake.poll_once(at(NOON)).await.unwrap();
    let offered = world.discord.autocomplete_as(777, NOBODY, "latest", typed("ticker", "acm")).await;
    assert_eq!(
        names(&offered),
        ["ACM", "ACME", "BACM"],
        "the same, then what begins so, then what contains it"
    );
    let offered = world.discord.autocomplete(777, "subscribe", typed("rule", "BIG")).await;
    assert_eq!(names(&offered), ["big", "biggest", "all-big"]);
    let offered = world.discord.autocomplete(777, "subscribe", typed("rule", "million")).await;
    assert_eq!(names(&offered), ["big"], "in the description");
    bot.stop().await;
    world.edgar.take_ticker_requests();
    world.finish().await;
}

#[tokio::test]
async fn the_list_of_tickers_may_not_be_here_yet() {
    let world = World::new().await;
    let app = Arc::new(world.app(RULES, None));
    let bot = connect(&world, &app).await;
    let answer = world.discord.slash(777, NOBODY, "latest", option("ticker", "ACME")).await;
    assert_eq!(said(&answer), "EDGAR's list of tickers is not here yet. Try again in a minute.");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn status_says_how_fresh_alerts_are_and_nothing_that_is_for_operators() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let answer = world.discord.slash(777, NOBODY, "status", json!([])).await;
    assert!(said(&answer).starts_with("EDGAR's filings have not been read yet.\nNo alerts in the last day."));
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOON).await;
    let answer = world.discord.slash(777, NOBODY, "status", json!([])).await;
    let read = at("2025-12-11T16:30:00-05:00").timestamp();
    assert!(said(&answer).starts_with(&format!("EDGAR's filings are read up to <t:{read}:R>.")), "{answer}");
    assert!(is_private(&answer) && !said(&answer).contains(world.dir.path().to_str().unwrap()), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn who_asks_while_many_are_answered_is_asked_to_try_again() {
    let world = World::new().await;
    let (_app, bot) = started(&world).await;
    // Discord does not take the answers of this channel.
    world.discord.hang("callback:778");
    for _ in 0..64 {
        world.discord.slash_and_leave(778, NOBODY, "help").await;
    }
    let answer = world.discord.slash(777, NOBODY, "help", json!([])).await;
    assert_eq!(said(&answer), "Many people are asking me something just now. Try again in a minute.");
    assert!(is_private(&answer));
    let typed = json!([{ "name": "name", "type": 3, "value": "doe", "focused": true }]);
    let offered = world.discord.autocomplete_as(777, NOBODY, "insider", typed).await;
    assert_eq!(offered["data"]["choices"], json!([]), "nothing is offered");
    world.discord.release("callback:778");
    let answered = async || {
        let answer = world.discord.slash(777, NOBODY, "help", json!([])).await;
        said(&answer).starts_with("I report insider trades")
    };
    crate::guilds::until("the bot has time again", answered).await;
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn help_lists_what_one_may_use_in_ones_language() {
    let world = World::new().await;
    let (_app, bot) = started(&world).await;
    let answer = world.discord.slash(777, MANAGE_GUILD, "help", json!([])).await;
    let commands: Vec<&str> =
        said(&answer).lines().skip(1).map(|line| line.split('`').nth(1).unwrap()).collect();
    let for_managers =
        ["/subscribe", "/unsubscribe", "/watch", "/unwatch", "/subscriptions", "/mute", "/unmute", "/test"];
    let for_all = ["/latest", "/insider", "/top", "/explain", "/status", "/privacy", "/help"];
    assert_eq!(commands, [for_managers.as_slice(), &for_all].concat());
    world.discord.set_locale("de");
    let answer = world.discord.slash(777, NOBODY, "help", json!([])).await;
    let lines: Vec<&str> = said(&answer).lines().collect();
    assert_eq!(lines.len(), 1 + for_all.len(), "only what one may use: {answer}");
    assert_eq!(lines[0], "Ich melde Insidergeschäfte aus Form 4 der SEC.");
    assert_eq!(lines[1], "- `/latest` Zeigt die letzten Insidergeschäfte eines Unternehmens");
    // In a direct message, people may do everything but subscribe to rules.
    world.discord.set_direct(777);
    let answer = world.discord.slash(777, NOBODY, "help", json!([])).await;
    assert_eq!(said(&answer).lines().count(), 1 + for_all.len() + for_managers.len() - 2, "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn lacking_permissions_are_named_before_the_first_alert_fails() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let (embed_links, send_messages) = (1 << 14, 1 << 11);
    world.discord.deny(777, embed_links | send_messages);
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("big")).await;
    assert!(said(&answer).contains("I lack **Send Messages**, **Embed Links**"), "{answer}");
    assert!(is_private(&answer) && app.store.subscriptions(777).await.unwrap().is_empty());
    world.discord.deny(777, 0);
    let answer = world.discord.slash(777, MANAGE_GUILD, "subscribe", rule("big")).await;
    assert!(said(&answer).contains("now gets alerts for `big`") && !is_private(&answer), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn what_changes_something_needs_a_server_and_the_permission_to_manage_it() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let ticker = || option("ticker", "ACME");
    for (command, options) in [
        ("subscribe", rule("big")),
        ("unsubscribe", rule("big")),
        ("subscriptions", json!([])),
        ("watch", ticker()),
        ("unwatch", ticker()),
        ("mute", json!([{ "name": "ticker", "type": 1, "options": [ticker()[0], option("for", "7d")[0]] }])),
        ("unmute", option("mute", "ticker:ACME")),
        ("test", json!([])),
    ] {
        let answer = world.discord.slash(777, NOBODY, command, options.clone()).await;
        assert_eq!(said(&answer), "You need the permission Manage Server for this.");
        assert!(is_private(&answer));
        if !["subscribe", "unsubscribe"].contains(&command) {
            continue;
        }
        world.discord.set_direct(900);
        let answer = world.discord.slash(900, MANAGE_GUILD, command, options).await;
        assert_eq!(said(&answer), "Use this command in a server's channel.");
    }
    let answer = world.discord.slash(777, MANAGE_GUILD, "no-more", json!([])).await;
    assert_eq!(said(&answer), "This command no longer exists.");
    assert!(app.store.subscriptions(777).await.unwrap().is_empty());
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn commands_are_registered_only_if_they_changed_and_move_to_a_test_server() {
    let world = World::new().await;
    let settings = world.settings();
    let of_test = settings.replacen("[discord]\n", "[discord]\ntest_server = \"8484\"\n", 1);
    let mut known = Vec::new();
    for (settings, more) in [
        (&settings, vec![(None, 15)]),
        (&settings, vec![]),
        // A server would show them twice.
        (&of_test, vec![(None, 0), (Some("8484".to_owned()), 15)]),
        (&of_test, vec![]),
        (&settings, vec![(Some("8484".to_owned()), 0), (None, 15)]),
    ] {
        let app = Arc::new(world.app_with(settings, RULES, None));
        let bot = connect(&world, &app).await;
        let status = async || sellbell::service::status(&app, at(NOON)).await.unwrap();
        while !status().await.running.unwrap().gateway.is_some_and(|gateway| gateway.registered) {
            tokio::task::yield_now().await;
        }
        known.extend(more);
        assert_eq!(world.discord.registrations(), known);
        bot.stop().await;
        world.close(app);
    }
    world.finish().await;
}
