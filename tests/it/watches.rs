//! Watches, mutes and what people look up: by command, in channels, in direct messages and on other servers.

use std::sync::Arc;

use sellbell::runtime::{App, on_start};
use serde_json::{Value, json};

use crate::fakes::discord::FakeDiscord;
use crate::pictures::DAY_BEFORE;
use crate::related::{Filed, filed, publish};
use crate::subscriptions::{Bot, MANAGE_GUILD, connect};
use crate::world::{World, at, deliver_all};

const RULES: &str = "[[rule]]\nname = \"acm-sales\"\ntickers = [\"ACM\"]\nnotify = [\"jsonl\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOON: &str = "2025-12-11T12:00:00-05:00";
const NOW: &str = "2025-12-11T17:00:00-05:00";
const LATER: &str = "2025-12-12T17:00:00-05:00";
const NOBODY: &str = "0";
const TICKERS: &str = r#"{"0":{"cik_str":70,"ticker":"ACME","title":"Acme Corp"},
    "1":{"cik_str":71,"ticker":"ACM","title":"Acme Metals"}}"#;

fn said(answer: &Value) -> &str {
    answer["data"]["content"].as_str().unwrap_or_default()
}

fn options(pairs: &[(&str, Value)]) -> Value {
    let kind = |value: &Value| match value {
        Value::Number(_) => 4,
        Value::Bool(_) => 5,
        _ => 3,
    };
    pairs.iter().map(|(name, value)| json!({ "name": name, "type": kind(value), "value": value })).collect()
}

fn ticker(ticker: &str) -> Value {
    options(&[("ticker", json!(ticker))])
}

fn mute(kind: &str, target: &str, span: &str) -> Value {
    let own = options(&[(kind, json!(target)), ("for", json!(span)), ("why", json!("*earnings*"))]);
    json!([{ "name": kind, "type": 1, "options": own }])
}

async fn started(world: &World) -> (Arc<App>, Bot) {
    world.edgar.list_tickers(TICKERS);
    let app = Arc::new(world.app(RULES, Some(SINCE)));
    app.intake.poll_once(at(NOON)).await.unwrap();
    world.edgar.take_feed_requests();
    world.edgar.take_ticker_requests();
    let bot = connect(world, &app).await;
    (app, bot)
}

fn second_sale() -> Filed {
    Filed {
        sales: vec![("200", "10", "700", "D")],
        ..filed("0000000070-25-000002", "2025-12-12T16:30:00-05:00")
    }
}

#[tokio::test]
async fn a_channel_watches_a_company_until_it_stops_also_after_a_restart() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let watch = |more: &[(&str, Value)]| options(&[&[("ticker", json!("$acme"))], more].concat());
    let answer = world.discord.slash(777, MANAGE_GUILD, "watch", watch(&[])).await;
    assert_eq!(said(&answer), "\u{1f514} This channel now gets alerts about ACME: sales and purchases.");
    let answer = world.discord.slash(777, MANAGE_GUILD, "watch", watch(&[])).await;
    assert_eq!(said(&answer), "This is already watched here, in the same way.");
    let more = [("trades", json!("sales")), ("min-value", json!(1_500)), ("skip-plans", json!(true))];
    let more = [more.as_slice(), &[("role", json!("director")), ("mention", json!("99"))]].concat();
    let answer = world.discord.slash(777, MANAGE_GUILD, "watch", watch(&more)).await;
    assert_eq!(
        said(&answer),
        "\u{1f514} This channel now gets alerts about ACME: sales of $1.50K or more by a director, without \
         10b5-1 plans. Each mentions <@&99>. That replaces the earlier watch."
    );
    assert_eq!(app.store.subscriptions(777).await.unwrap().len(), 1);
    bot.stop().await;
    world.close(app);

    let app = Arc::new(world.app(RULES, None));
    on_start(&app, at(NOON)).await.unwrap();
    let bot = connect(&world, &app).await;
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.discord.unread(), 0, "a thousand dollars are too little");
    publish(&world, &app, &[&second_sale()], LATER).await;
    deliver_all(&app, at(LATER)).await;
    let message = world.discord.next_message().await;
    assert_eq!(message.target, "channel:777");
    assert!(message.body["content"].as_str().unwrap().starts_with("<@&99> **ACME** "), "{:?}", message.body);
    assert_eq!(message.body["allowed_mentions"], json!({ "parse": [], "roles": ["99"] }));
    let footer = message.body["embeds"][0]["footer"]["text"].as_str().unwrap();
    assert!(footer.starts_with("Form 4 · watch ACME · "), "{footer}");

    let offered = options(&[("ticker", json!("ac"))]);
    let mut typed = offered.clone();
    typed[0]["focused"] = json!(true);
    let offered = world.discord.autocomplete(777, "unwatch", typed).await;
    assert_eq!(offered["data"]["choices"][0]["value"], "ACME", "{offered}");
    let answer = world.discord.slash(777, MANAGE_GUILD, "unwatch", ticker("acme")).await;
    assert_eq!(said(&answer), "\u{1f515} This channel no longer gets alerts about ACME.");
    let answer = world.discord.slash(777, MANAGE_GUILD, "unwatch", ticker("acme")).await;
    assert!(said(&answer).starts_with("That company is not watched here."), "{answer}");
    assert_eq!(app.rules.current().len(), 1, "only the rule of the file is left");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_watched_is_said() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    for wrong in ["NONE", "@everyone", "", "A B"] {
        let answer = world.discord.slash(777, MANAGE_GUILD, "watch", ticker(wrong)).await;
        assert!(said(&answer).starts_with("EDGAR lists no company with the ticker **"), "{answer}");
    }
    world.discord.deny(777, 1 << 11);
    let answer = world.discord.slash(777, MANAGE_GUILD, "watch", ticker("ACME")).await;
    assert!(said(&answer).contains("I lack **Send Messages**"), "{answer}");
    assert!(app.store.subscriptions(777).await.unwrap().is_empty() && app.rules.current().len() == 1);
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_person_watches_by_direct_message_from_anywhere_and_is_forgotten() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    world.discord.set_personal(700);
    let answer = world.discord.slash(700, NOBODY, "watch", ticker("ACME")).await;
    assert_eq!(
        said(&answer),
        "\u{1f514} You now get alerts by direct message about ACME: sales and purchases."
    );
    assert_eq!(answer["data"]["flags"], 68, "others in the channel do not see it");
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.discord.next_message().await.target, format!("channel:{}", FakeDiscord::DIRECT));

    world.discord.set_direct(FakeDiscord::DIRECT);
    let list = world.discord.slash(FakeDiscord::DIRECT, NOBODY, "subscriptions", json!([])).await;
    assert_eq!(said(&list), "You get alerts for:\n- ACME: sales and purchases");
    let answer = world.discord.slash(FakeDiscord::DIRECT, NOBODY, "privacy", json!([])).await;
    assert!(said(&answer).contains("- 1 watch by direct message"), "{answer}");
    let delete = answer["data"]["components"][0]["components"][0]["custom_id"].as_str().unwrap();
    let done = world.discord.press(FakeDiscord::DIRECT, NOBODY, &answer["data"], delete, &[]).await;
    assert_eq!(said(&done), "Done. I store nothing about you.");
    let answer = world.discord.slash(FakeDiscord::DIRECT, NOBODY, "privacy", json!([])).await;
    assert!(said(&answer).ends_with("**I store nothing about you.**"), "{answer}");
    world.edgar.publish(&second_sale().published());
    app.intake.poll_once(at(LATER)).await.unwrap();
    deliver_all(&app, at(LATER)).await;
    assert_eq!(world.discord.unread(), 0);
    bot.stop().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_closed_inbox_is_said_and_a_limit_holds() {
    let world = World::new().await;
    world.edgar.list_tickers(TICKERS);
    let settings = format!("{}\n[discord]\nsubscriptions_per_person = 1\n", "");
    let settings = world.settings().replace("[discord]\n", settings.trim_start());
    let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
    app.intake.poll_once(at(NOON)).await.unwrap();
    let bot = connect(&world, &app).await;
    world.discord.set_personal(700);
    let closed = json!({ "code": 50007, "message": "Cannot send messages to this user" });
    world.discord.fail_next("direct", 403, closed, 1);
    let answer = world.discord.slash(700, NOBODY, "watch", ticker("ACME")).await;
    assert!(said(&answer).starts_with("I cannot send you direct messages now."), "{answer}");
    let answer = world.discord.slash(700, NOBODY, "watch", ticker("ACME")).await;
    assert!(said(&answer).contains("You now get alerts"), "{answer}");
    let answer = world.discord.slash(700, NOBODY, "watch", ticker("ACM")).await;
    assert_eq!(said(&answer), "You have reached your limit of watches (1). `/unwatch` removes one.");
    bot.stop().await;
    world.edgar.take_ticker_requests();
    world.finish().await;
}

#[tokio::test]
async fn subscriptions_are_ended_by_their_buttons() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    app.store.subscribe(777, "acm-sales", 1, at(NOON)).await.unwrap();
    world.discord.slash(777, MANAGE_GUILD, "watch", ticker("ACME")).await;
    let list = world.discord.slash(777, MANAGE_GUILD, "subscriptions", json!([])).await;
    assert_eq!(said(&list), "This channel gets alerts for:\n- `acm-sales`\n- ACME: sales and purchases");
    let button = |number: usize| list["data"]["components"][0]["components"][number].clone();
    assert_eq!((&button(0)["label"], &button(1)["label"]), (&json!("Stop acm-sales"), &json!("Stop ACME")));
    let stop = button(1)["custom_id"].as_str().unwrap().to_owned();
    let refused = world.discord.press(777, NOBODY, &list["data"], &stop, &[]).await;
    assert_eq!(said(&refused), "You need the permission Manage Server for this.");
    let left = world.discord.press(777, MANAGE_GUILD, &list["data"], &stop, &[]).await;
    assert_eq!(said(&left), "\u{1f515} Stopped ACME.\nThis channel gets alerts for:\n- `acm-sales`");
    assert_eq!(app.rules.current().len(), 1);
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_mute_by_command_holds_alerts_back_in_its_channel_alone() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    for channel in [777, 778] {
        world.discord.slash(channel, MANAGE_GUILD, "watch", ticker("ACME")).await;
    }
    for (span, words) in
        [("soon", "**soon** is not a span of time."), ("900d", "A mute lasts at most 366 days")]
    {
        let answer = world.discord.slash(777, MANAGE_GUILD, "mute", mute("ticker", "ACME", span)).await;
        assert!(said(&answer).starts_with(words), "{answer}");
    }
    let answer = world.discord.slash(777, MANAGE_GUILD, "mute", mute("rule", "no-rule", "1d")).await;
    assert_eq!(
        said(&answer),
        "That rule sends no alerts here. Choose one from the list that appears while you type."
    );
    let answer = world.discord.slash(777, MANAGE_GUILD, "mute", mute("ticker", "$acme", "7d")).await;
    assert!(said(&answer).starts_with("\u{1f507} **ACME** is muted here until <t:"), "{answer}");
    assert!(said(&answer).ends_with("Why: \\*earnings\\*"), "{answer}");
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let targets: Vec<String> = world.discord.take_messages().into_iter().map(|sent| sent.target).collect();
    assert_eq!(targets, ["channel:778"]);

    let mut typed = options(&[("mute", json!(""))]);
    typed[0]["focused"] = json!(true);
    let offered = world.discord.autocomplete(777, "unmute", typed.clone()).await;
    assert_eq!(offered["data"]["choices"], json!([{ "name": "ACME", "value": "ticker:ACME" }]));
    let elsewhere = world.discord.autocomplete(778, "unmute", typed).await;
    assert_eq!(elsewhere["data"]["choices"], json!([]));
    let unmute = |what: &str| options(&[("mute", json!(what))]);
    let answer = world.discord.slash(778, MANAGE_GUILD, "unmute", unmute("ticker:ACME")).await;
    assert!(said(&answer).starts_with("That is not muted here."), "{answer}");
    let answer = world.discord.slash(777, MANAGE_GUILD, "unmute", unmute("acme")).await;
    assert_eq!(
        said(&answer),
        "\u{1f514} **ACME** is no longer muted here. One alert was held back; it comes now."
    );
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.discord.next_message().await.target, "channel:777");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn an_insider_is_found_by_any_word_of_the_name() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let typed = |text: &str| json!([{ "name": "name", "type": 3, "value": text, "focused": true }]);
    let name = |text: &str| options(&[("name", json!(text))]);
    let roe = Filed {
        owner: (8, "ROE JANE &lt;@1&gt;"),
        ..filed("0000000070-25-000002", "2025-12-11T16:40:00-05:00")
    };
    app.rules.watch(["watch:ACME:sales".parse().unwrap()]);
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00"), &roe], NOW).await;
    let names = |answer: &Value| -> Vec<String> {
        let choices = answer["data"]["choices"].as_array().unwrap();
        choices.iter().map(|choice| choice["name"].as_str().unwrap().to_owned()).collect()
    };
    for (text, found) in [
        ("doe", vec!["DOE JANE"]),
        ("jane", vec!["ROE JANE <@1>", "DOE JANE"]),
        ("ane", vec![]),
        ("", vec![]),
    ] {
        let offered = world.discord.autocomplete_as(777, NOBODY, "insider", typed(text)).await;
        assert_eq!(names(&offered), found, "{text}");
    }
    let answer = world.discord.slash(777, NOBODY, "insider", name("7")).await;
    assert!(
        said(&answer).starts_with("**DOE JANE**: latest trades\n- Dec 10, 2025: **ACME** sold **$1.00K**")
    );
    let answer = world.discord.slash(777, NOBODY, "insider", name("jane")).await;
    assert!(said(&answer).starts_with("Several insiders are called **jane**."), "{answer}");
    let answer = world.discord.slash(777, NOBODY, "insider", name("roe")).await;
    assert!(said(&answer).starts_with("**ROE JANE \\<@\u{200b}1\\>**: latest trades\n"), "{answer}");
    let answer = world.discord.slash(777, NOBODY, "insider", name("nobody*")).await;
    assert_eq!(said(&answer), "I know no insider called **nobody\\***.");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn an_insiders_trades_have_a_chart_unless_it_is_turned_off_or_not_taken() {
    for (charts, is_taken) in [(true, true), (true, false), (false, true)] {
        let world = World::new().await;
        let settings = world.settings().replace("[discord]\n", &format!("[discord]\ncharts = {charts}\n"));
        let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
        let bot = connect(&world, &app).await;
        app.rules.watch(["watch:ACME:sales".parse().unwrap()]);
        let filing = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
        publish(&world, &app, &[&Filed { rows: DAY_BEFORE, ..filing }], NOW).await;
        if !is_taken {
            let refusal = json!({ "message": "Request entity too large", "code": 40005 });
            world.discord.fail_next("callback", 413, refusal, 1);
        }
        let answer = world.discord.slash(777, NOBODY, "insider", options(&[("name", json!("7"))])).await;
        assert!(said(&answer).starts_with("**DOE JANE**: latest trades\n"), "{answer}");
        let files = &answer["data"]["attachments"];
        match charts && is_taken {
            true => {
                let words = files[0]["description"].as_str().unwrap();
                assert!(words.starts_with("Chart: DOE JANE since Dec 2025."), "{words}");
                assert!(words.contains("2 sales for"), "{words}");
            }
            false => assert!(files.is_null(), "{answer}"),
        }
        bot.stop().await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_company_without_a_ticker_is_listed_by_its_name() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
    let app = Arc::new(world.app(rules, Some(SINCE)));
    let bot = connect(&world, &app).await;
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOW).await;
    let answer = world.discord.slash(777, NOBODY, "insider", options(&[("name", json!("7"))])).await;
    assert!(said(&answer).contains("\n- Dec 10, 2025: **Acme Corp** sold **$1.00K**"), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn the_largest_trades_come_first_and_an_amended_one_counts_as_amended() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let (app, bot) = started(&world).await;
    app.rules.watch(["watch:ACME:sales".parse().unwrap()]);
    let top = |by: &str| options(&[("period", json!("month")), ("by", json!(by))]);
    let answer = world.discord.slash(777, NOBODY, "top", top("sales")).await;
    assert!(said(&answer).starts_with("I know no sales filed in the last 30 days."), "{answer}");
    let today = sellbell::filing::edgar_day(app.clock().now());
    let of_day = |accession, time: &str| Filed {
        accession,
        ..filed(accession, Box::leak(format!("{today}T{time}").into_boxed_str()))
    };
    let small = of_day("0000000070-25-000001", "00:30:00-05:00");
    let large = Filed {
        owner: (8, "ROE RICHARD"),
        sales: vec![("900", "10", "100", "D")],
        ..of_day("0000000070-25-000002", "00:31:00-05:00")
    };
    let now = format!("{today}T00:40:00-05:00");
    publish(&world, &app, &[&small, &large], &now).await;
    let answer = world.discord.slash(777, NOBODY, "top", top("sales")).await;
    let lines: Vec<&str> = said(&answer).lines().collect();
    assert_eq!(lines[0], "**Largest sales** filed in the last 30 days");
    assert!(
        lines[1].starts_with("1. ") && lines[1].contains("**ACME** ROE RICHARD sold **$9.00K**"),
        "{answer}"
    );
    assert!(
        lines[2].starts_with("2. ") && lines[2].contains("**ACME** DOE JANE sold **$1.00K**"),
        "{answer}"
    );
    assert_eq!(lines[3], "-# Only of companies that rules and watches name. My history begins Dec 1, 2025.");
    let answer = world.discord.slash(777, NOBODY, "top", top("purchases")).await;
    assert!(said(&answer).starts_with("I know no purchases"), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_filing_is_explained_for_the_rules_of_the_channel() {
    let world = World::new().await;
    let (app, bot) = started(&world).await;
    let filing = |text: &str| options(&[("filing", json!(text))]);
    let qualys = "0001107843-21-000101";
    let answer = world.discord.slash(777, NOBODY, "explain", filing(qualys)).await;
    assert!(said(&answer).starts_with("No rule and no watch sends alerts here"), "{answer}");
    app.store.subscribe(777, "acm-sales", 1, at(NOON)).await.unwrap();
    let answer = world.discord.slash(777, NOBODY, "explain", filing("not a filing")).await;
    assert!(said(&answer).starts_with("That is neither an accession number"), "{answer}");
    let own = filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00");
    world.edgar.publish(&own.published());
    let url = "https://www.sec.gov/Archives/edgar/data/70/000000007025000001/0000000070-25-000001-index.htm";
    let answer = world.discord.slash(777, NOBODY, "explain", filing(url)).await;
    assert!(said(&answer).contains("\u{274c} **acm-sales**: no alert, because of tickers"), "{answer}");
    assert_eq!(answer["data"]["flags"].as_u64().unwrap_or(64) & 64, 64);
    bot.stop().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_test_alert_comes_at_once_and_says_what_is_wrong() {
    let world = World::new().await;
    let (_app, bot) = started(&world).await;
    let answer = world.discord.slash(777, MANAGE_GUILD, "test", json!([])).await;
    assert!(said(&answer).starts_with("The test alert is here."), "{answer}");
    assert_eq!(world.discord.next_message().await.target, "channel:777");
    let denied = json!({ "code": 50013, "message": "Missing Permissions" });
    world.discord.fail_next("channel:777", 403, denied, 1);
    let answer = world.discord.slash(777, MANAGE_GUILD, "test", json!([])).await;
    assert!(said(&answer).starts_with("Discord did not accept the test alert: "), "{answer}");
    bot.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_closed_inbox_pauses_a_persons_alerts_and_bothers_no_operator() {
    let world = World::new().await;
    world.edgar.list_tickers(TICKERS);
    let operators = "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = Arc::new(world.app_with(&(world.settings() + operators), RULES, Some(SINCE)));
    app.intake.poll_once(at(NOON)).await.unwrap();
    let bot = connect(&world, &app).await;
    world.discord.set_personal(700);
    world.discord.slash(700, NOBODY, "watch", ticker("ACME")).await;
    let closed = json!({ "code": 50007, "message": "Cannot send messages to this user" });
    world.discord.fail_next(&format!("channel:{}", FakeDiscord::DIRECT), 403, closed, 1);
    publish(&world, &app, &[&filed("0000000070-25-000001", "2025-12-11T16:30:00-05:00")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.discord.unread(), 0);
    let waiting = app.store.waiting_destinations().await.unwrap();
    assert_eq!(waiting.len(), 1, "the alert, and no notice: {waiting:?}");
    assert_eq!(app.store.all_paused().await.unwrap().len(), 1);
    deliver_all(&app, at(LATER)).await;
    let targets: Vec<String> = world.discord.take_messages().into_iter().map(|sent| sent.target).collect();
    assert_eq!(targets, [format!("channel:{}", FakeDiscord::DIRECT)], "it comes once the inbox is open");
    bot.stop().await;
    world.edgar.take_ticker_requests();
    world.finish().await;
}
