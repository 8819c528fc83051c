//! What is muted is not told, and told of in one message when that ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::{DateTime, TimeDelta, Utc};
use mail_parser::MessageParser;
use sellbell::alert::Key;
use sellbell::mute::{Mute, MuteError, Muting};
use sellbell::runtime::App;
use sellbell::service;
use sellbell::store::DeliveryStanding;
use serde_json::{Value, json};

use crate::search::Searched as _;
use crate::together::{cards, listed};
use crate::verbs::{at_once, running, said, stop};
use crate::world::{World, at, deliver_all, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\n\
    notify = [\"discord:alerts\", \"discord:hook\", \"email:desk\", \"email:digest\"]\n";

fn until() -> DateTime<Utc> {
    at(NOW) + TimeDelta::hours(2)
}

async fn mute(app: &App, what: &str) {
    let what: Muting = what.parse().unwrap();
    let mute = Mute::new(what, at(NOW) - TimeDelta::minutes(1), until()).unwrap();
    app.outbox.mutes.mute(&mute.said(Some("ops"), Some("a block trade"))).await.unwrap().unwrap();
}

/// Two filings ring: the seed's, and a small sale of another company.
async fn ring(world: &World, app: &App) {
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 2);
    world.edgar.take_fetched();
}

#[tokio::test]
async fn what_is_muted_comes_in_one_message_for_each_destination() {
    for what in ["ticker:QLYS", "owner:1560739", "owner:philippe courtot family trust"] {
        let world = World::new().await;
        let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
        let what = what.replace("1560739", &owner_of_seed());
        mute(&app, &what).await;
        ring(&world, &app).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (3, 0, 0), "the other company's");
        for message in world.discord.take_messages() {
            assert!(message.body["embeds"][0]["author"]["name"].as_str().unwrap().starts_with("Issuer 71"));
        }
        world.smtp.take_mails();
        let status = service::status(&app, at(NOW)).await.unwrap();
        assert_eq!((status.mutes.len(), status.mutes[0].muted), (1, 4));
        assert_eq!(
            status.mutes[0].to_string(),
            format!(
                "{} until 2021-08-24 19:12 EDT, by ops: a block trade; 4 held back",
                what.replacen(':', " ", 1)
            )
        );

        // It holds through a restart, and ends by itself.
        world.close(app);
        let app = world.app(RULES, None);
        assert_eq!(app.outbox.mutes.end_due(until() - TimeDelta::seconds(1)).await.unwrap(), Some(until()));
        assert_eq!(app.store.counts().await.unwrap().queued, 0);
        assert_eq!(app.outbox.mutes.end_due(until()).await.unwrap(), None);
        assert_eq!(deliver_all(&app, until()).await, (4, 0, 0));
        for message in world.discord.take_messages() {
            let embed = &message.body["embeds"][0];
            assert_eq!(embed["title"], "1 alert that was muted");
            let words = embed["description"].as_str().unwrap();
            assert!(words.contains("was muted from <t:"), "{words}");
            let told: Key = serde_json::from_value(json!(listed(&message)[0])).unwrap();
            assert!(matches!(
                app.store.delivery_standing(&told).await.unwrap(),
                Some(DeliveryStanding::Joined(_))
            ));
        }
        for _ in 0..2 {
            let mail = world.smtp.next_mail().await;
            let mail = MessageParser::default().parse(&mail.raw).unwrap();
            assert!(mail.subject().unwrap().starts_with("sellbell: 1 alert was muted: "));
            assert!(mail.body_text(0).unwrap().contains("2021-08-24: [QLYS] Philippe Courtot Family Trust"));
        }
        assert_eq!(service::status(&app, until()).await.unwrap().mutes, Vec::new());
        world.finish().await;
    }
}

/// The CIK of the seed's first owner, as the filing has it.
fn owner_of_seed() -> String {
    let text = String::from_utf8(crate::world::QUALYS.to_vec()).unwrap();
    let cik = text.split_once("<rptOwnerCik>").unwrap().1.split_once('<').unwrap().0;
    cik.trim_start_matches('0').to_owned()
}

#[tokio::test]
async fn a_rule_or_a_destination_is_muted_alone_and_can_be_unmuted_early() {
    let world = World::new().await;
    let other =
        "[[rule]]\nname = \"other\"\ntickers = [\"QLYS\"]\nnotify = [\"discord:alerts\", \"email:desk\"]\n";
    let app = world.app(&(RULES.to_owned() + other), Some("2021-08-24T00:00:00-04:00"));
    mute(&app, "rule:other").await;
    mute(&app, "destination:discord:hook").await;
    ring(&world, &app).await;
    deliver_all(&app, at(NOW)).await;
    let told = world.discord.take_messages();
    assert_eq!(
        told.iter().map(|message| cards(message).len()).sum::<usize>(),
        2,
        "by the other rule, to alerts"
    );
    assert!(told.iter().all(|message| message.target == "channel:555"));
    assert_eq!(world.smtp.take_mails().len(), 2);
    let soon = at(NOW) + TimeDelta::minutes(5);
    assert_eq!(
        app.outbox.mutes.unmute(&"destination:discord:hook".parse().unwrap(), soon).await.unwrap(),
        Some(2)
    );
    assert_eq!(
        app.outbox.mutes.unmute(&"destination:discord:hook".parse().unwrap(), soon).await.unwrap(),
        None
    );
    assert_eq!(app.outbox.mutes.unmute(&"rule:other".parse().unwrap(), soon).await.unwrap(), Some(2));
    deliver_all(&app, soon).await;
    let told = world.discord.take_messages();
    let mut lengths: Vec<(String, usize)> =
        told.iter().map(|message| (message.target.clone(), listed(message).len())).collect();
    lengths.sort();
    assert_eq!(lengths, [("channel:555".to_owned(), 1), ("webhook:5".to_owned(), 2)]);
    assert_eq!(world.smtp.take_mails().len(), 1);
    // From now on all ring again.
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:18:00-04:00"));
    app.intake.poll_once(at("2021-08-24T17:18:10-04:00")).await.unwrap();
    world.edgar.take_fetched();
    deliver_all(&app, at("2021-08-24T17:18:10-04:00")).await;
    assert_eq!((world.discord.take_messages().len(), world.smtp.take_mails().len()), (2, 1));
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_known_is_not_muted() {
    let world = World::new().await;
    let app = world.app(RULES, None);
    let refused = async |what: &str| {
        let mute = Mute::new(what.parse().unwrap(), at(NOW), until()).unwrap();
        app.outbox.mutes.mute(&mute).await.unwrap().unwrap_err()
    };
    assert_eq!(refused("rule:anny").await, MuteError::NoRule("anny".into(), ": did you mean `any`?".into()));
    let error = refused("destination:discord:alert").await.to_string();
    assert!(error.contains("they define terminal, jsonl, discord:alerts"), "{error}");
    assert_eq!(app.store.mutes().await.unwrap(), Vec::new());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_is_told_what_to_mute_by_who_has_its_token() {
    let world = World::new().await;
    let bot = running(&world, "listen = \"127.0.0.1:0\"").await;
    let dir = world.dir.path();
    let token = world.path("store/token");
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let address = fs::read_to_string(world.path("store/address")).unwrap();
    let url = format!("http://{}/mutes", address.trim());
    let client = reqwest::Client::new();
    let body = json!({ "what": "ticker:QLYS", "until": "2999-01-01T00:00:00Z" });
    for wrong in [None, Some(""), Some("guess"), Some("token-5")] {
        let mut request = client.post(&url).json(&body);
        if let Some(wrong) = wrong {
            request = request.bearer_auth(wrong);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(answer.text().await.unwrap().contains("a change needs"));
    }
    assert_eq!(client.delete(format!("{url}?what=ticker:QLYS")).send().await.unwrap().status(), 401);
    let right = fs::read_to_string(&token).unwrap();
    for (body, word) in [
        (body.to_string(), "a mute lasts at most 366 days"),
        (json!({ "what": "pager:x", "until": "2999-01-01T00:00:00Z" }).to_string(), "cannot be muted"),
        ("{\"what\":".to_owned(), "EOF"),
        (
            json!({ "what": "rule:any", "until": "2999-01-01T00:00:00Z", "till": 1 }).to_string(),
            "unknown field `till`",
        ),
    ] {
        let answer = client.post(&url).bearer_auth(&right).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
    }
    let large = client.post(&url).bearer_auth(&right).body("x".repeat(20_000)).send().await.unwrap();
    assert_eq!(large.status(), 413);

    let args = &[
        "mute",
        "rule:any",
        "--for",
        "2h",
        "--why",
        "too much",
        "--by",
        "jane",
        "--config",
        "settings.toml",
    ];
    let muted = at_once(dir, args).await;
    assert!(
        muted.status.success() && said(&muted).starts_with("rule any is muted until "),
        "{}",
        said(&muted)
    );
    let mut sale = small_sale("0000000007-21-000001", 1_107_843, "2021-08-24T17:30:00-04:00");
    sale.body = String::from_utf8(sale.body).unwrap().replace(">NONE<", ">QLYS<").into_bytes();
    world.edgar.publish(&sale);
    let mut status = String::new();
    for _ in 0..300 {
        status = said(&at_once(dir, &["status", "--config", "settings.toml"]).await);
        if status.contains("1 held back") {
            break;
        }
    }
    assert!(status.contains("muted       rule any until "), "{status}");
    assert!(status.contains(", by jane: too much; 1 held"), "{status}");
    let unmuted = at_once(dir, &["unmute", "rule:any", "--config", "settings.toml"]).await;
    assert!(said(&unmuted).contains("1 alert was held back, and is sent now"), "{}", said(&unmuted));
    assert_eq!(listed(&world.discord.next_message().await).len(), 1);
    let again = at_once(dir, &["unmute", "rule:any", "--config", "settings.toml"]).await;
    assert!(!again.status.success() && said(&again).contains("rule:any is not muted"), "{}", said(&again));
    stop(bot).await;
    assert!(!token.exists(), "it goes with the bot");

    // Without a bot the store is changed itself.
    let muted = at_once(
        dir,
        &["mute", "destination:discord:hook", "--until", "2999-01-01", "--config", "settings.toml"],
    )
    .await;
    assert!(said(&muted).contains("a mute lasts at most 366 days"), "{}", said(&muted));
    let muted =
        at_once(dir, &["mute", "destination:discord:hook", "--for", "1d", "--config", "settings.toml"]).await;
    assert!(muted.status.success(), "{}", said(&muted));
    let unmuted = at_once(dir, &["unmute", "destination:discord:hook", "--config", "settings.toml"]).await;
    assert!(said(&unmuted).contains("Nothing was held back"), "{}", said(&unmuted));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn what_is_muted_twice_is_told_when_the_longer_mute_ends() {
    let world = World::new().await;
    let app = world.app(
        &RULES.replace(", \"discord:hook\", \"email:desk\", \"email:digest\"", ""),
        Some("2021-08-24T00:00:00-04:00"),
    );
    mute(&app, "destination:discord:alerts").await;
    let longer = Mute::new("ticker:QLYS".parse().unwrap(), at(NOW), until() + TimeDelta::hours(3)).unwrap();
    app.outbox.mutes.mute(&longer).await.unwrap().unwrap();
    ring(&world, &app).await;
    app.outbox.mutes.end_due(until()).await.unwrap();
    deliver_all(&app, until()).await;
    let first = world.discord.take_messages();
    assert_eq!(
        first.iter().map(|message| listed(message).len()).collect::<Vec<_>>(),
        [1],
        "the other company's"
    );
    // Meanwhile the channel is muted again: what the ticker's mute kept back waits for that.
    let again =
        Mute::new("destination:discord:alerts".parse().unwrap(), until(), until() + TimeDelta::hours(9))
            .unwrap();
    app.outbox.mutes.mute(&again).await.unwrap().unwrap();
    app.outbox.mutes.end_due(until() + TimeDelta::hours(3)).await.unwrap();
    assert_eq!(deliver_all(&app, until() + TimeDelta::hours(3)).await, (0, 0, 0));
    app.outbox.mutes.end_due(until() + TimeDelta::hours(9)).await.unwrap();
    deliver_all(&app, until() + TimeDelta::hours(9)).await;
    let last = world.discord.take_messages();
    assert_eq!(last.iter().map(|message| listed(message).len()).collect::<Vec<_>>(), [1]);
    assert_eq!(service::status(&app, until()).await.unwrap().mutes, Vec::new());
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_the_settings_name_is_muted_by_that_name() {
    let world = World::new().await;
    let app = world.app(RULES, None);
    let refused = async |what: &str| {
        let mute = Mute::new(what.parse().unwrap(), at(NOW), until()).unwrap();
        app.outbox.mutes.mute(&mute).await.unwrap()
    };
    let error = refused("destination:channel:555").await.unwrap_err().to_string();
    assert!(error.ends_with("they define it as discord:alerts"), "{error}");
    refused("destination:channel:556").await.unwrap();
    world.finish().await;
}

#[test]
fn a_token_file_that_others_can_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    let file = dir.path().join("token");
    fs::write(&file, "secret-of-mine").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sellbell"));
    let settings = "[edgar]\ncontact = \"Test test@example.org\"\n";
    fs::write(dir.path().join("settings.toml"), settings).unwrap();
    fs::write(
        dir.path().join("rules/any.toml"),
        "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n",
    )
    .unwrap();
    let output = command
        .args(["run", "--once", "--config", "settings.toml"])
        .current_dir(dir.path())
        .env_clear()
        .env("HTTP_TOKEN_FILE", &file)
        .output()
        .unwrap()
        .searched();
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains("others can read") && text.contains("chmod 600 it"), "{text}");
    assert!(!text.contains("secret-of-mine"), "{text}");
}
