//! Amendments and filings that tell a trade again change the message that they concern, or answer it.

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::runtime::App;
use sellbell::service;
use serde_json::{Value, json};

use crate::fakes::discord::{Fault, SentMessage};
use crate::related::{FIRST, Filed, NOON, SECOND, SINCE, TEN_PERCENT, filed, publish};
use crate::together::{cards, reference};
use crate::world::{World, at, deliver_all};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:alerts\", \"discord:hook\", \"email:desk\"]\n";

/// Publishes filings and tells of them, as far as Discord and the mail server take it.
async fn tell(world: &World, app: &App, filings: &[&Filed], now: &str) -> (usize, usize, usize) {
    publish(world, app, filings, now).await;
    world.discord.set_time(at(now));
    deliver_all(app, at(now)).await
}

fn original() -> Filed {
    filed("0000000070-25-000001", FIRST)
}

/// Of another owner, with a trade of its own.
fn other() -> Filed {
    Filed {
        owner: (9, "ROE RICHARD"),
        sales: vec![("7", "10", "70", "D")],
        ..filed("0000000070-25-000009", FIRST)
    }
}

fn amendment() -> Filed {
    Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("150", "10", "850", "D")],
        ..filed("0000000070-25-000002", SECOND)
    }
}

/// The cards that a message has after its edits.
fn embeds(message: &SentMessage) -> Vec<Value> {
    message.body["embeds"].as_array().unwrap().clone()
}

/// Checks that each message has a reply that says what was corrected. A webhook's cannot refer to its message.
fn are_corrected(replies: &[SentMessage], messages: &[SentMessage], words: &str) {
    assert_eq!(replies.len(), messages.len());
    for reply in replies {
        let message = messages.iter().find(|message| message.target == reply.target).unwrap();
        let is_of_bot = reply.target.starts_with("channel:");
        let referred = reply.body["message_reference"]["message_id"].as_str();
        assert_eq!(referred, is_of_bot.then(|| message.id.to_string()).as_deref());
        let content = reply.body["content"].as_str().unwrap();
        assert!(content.contains(words), "{content}");
        assert_eq!(embeds(reply).len(), 1);
        assert_ne!(reference(&embeds(reply)[0]), reference(&embeds(message)[0]));
        assert_eq!(reply.body["allowed_mentions"], json!({ "parse": [] }));
    }
}

#[tokio::test]
async fn an_amendment_changes_its_card_and_a_mail_answers_the_one_before() {
    let world = World::new().await;
    let app = world.app(RULES, SINCE);
    assert_eq!(tell(&world, &app, &[&original(), &other()], "2025-12-11T17:00:00-05:00").await, (6, 0, 0));
    let told = world.discord.take_messages();
    assert_eq!(
        told.iter().map(|message| cards(message).len()).collect::<Vec<_>>(),
        [2, 2],
        "both in one message"
    );
    let mails = world.smtp.take_mails();
    let id = |raw: &[u8]| MessageParser::default().parse(raw).unwrap().message_id().unwrap().to_owned();
    let first = mails.iter().find(|mail| String::from_utf8_lossy(&mail.raw).contains("DOE JANE")).unwrap();

    assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (5, 0, 0), "two are replies");
    let edits = world.discord.take_edits();
    assert_eq!(edits.len(), 2);
    for edit in &edits {
        let before = told.iter().find(|message| message.id == edit.id).unwrap();
        let (old, new) = (embeds(before), embeds(edit));
        let place = old.iter().position(|card| card["title"].as_str().unwrap().contains("DOE JANE")).unwrap();
        let description = new[place]["description"].as_str().unwrap();
        assert!(description.contains("150") && description.contains("shares 100 → 150"), "{description}");
        assert_eq!(new[1 - place], old[1 - place], "the other stays");
        let headlines = |message: &SentMessage| -> Vec<String> {
            message.body["content"].as_str().unwrap().lines().map(str::to_owned).collect()
        };
        let (old, new) = (headlines(before), headlines(edit));
        assert!(old[place].contains("$1.00K") && new[place].contains("$1.50K"), "{old:?} {new:?}");
        assert_eq!(new[1 - place], old[1 - place], "the other stays");
        assert_eq!(edit.body["allowed_mentions"], json!({ "parse": [] }));
    }
    are_corrected(&world.discord.take_messages(), &told, "Corrected: $1.00K → $1.50K");
    let mail = world.smtp.next_mail().await;
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(parsed.in_reply_to().as_text(), Some(id(&first.raw).as_str()));
    assert!(parsed.body_text(0).unwrap().contains("This replaces the earlier alert."));

    // A second amendment changes the changed card.
    let second = Filed { sales: vec![("160", "10", "840", "D")], ..amendment() };
    let second = Filed { accession: "0000000070-25-000003", accepted: "2025-12-12T17:05:00-05:00", ..second };
    assert_eq!(tell(&world, &app, &[&second], "2025-12-12T17:06:00-05:00").await, (3, 0, 0));
    let edits = world.discord.take_edits();
    assert!(
        edits.len() == 2 && edits.iter().all(|edit| edit.body.to_string().contains("**160** shares")),
        "{edits:?}"
    );
    world.smtp.take_mails();
    world.discord.take_messages();
    world.finish().await;
}

#[tokio::test]
async fn an_edit_that_fails_in_any_way_is_made_once_more_and_nothing_is_told_twice() {
    for fault in [
        Fault::Refused(500, json!("down")),
        Fault::Reset,
        Fault::CreatedThen(502, json!("bad gateway")),
        Fault::CreatedThenReset,
    ] {
        let world = World::new().await;
        let app = world.app(&RULES.replace(", \"discord:hook\", \"email:desk\"", ""), SINCE);
        tell(&world, &app, &[&original()], "2025-12-11T17:00:00-05:00").await;
        let told = world.discord.next_message().await;
        let mut times = 0;
        world.discord.set_faults(move |target| {
            times += usize::from(target.starts_with("editing"));
            (target.starts_with("editing") && times == 1).then(|| fault.clone())
        });
        assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (0, 1, 0));
        world.close(app);
        let app = world.app(&RULES.replace(", \"discord:hook\", \"email:desk\"", ""), None);
        assert_eq!(deliver_all(&app, at(NOON) + TimeDelta::minutes(2)).await, (2, 0, 0));
        let told = [told];
        are_corrected(&world.discord.take_messages(), &told, "Corrected: $1.00K → $1.50K");
        let edits = world.discord.take_edits();
        assert!(edits.iter().all(|edit| edit.id == told[0].id && embeds(edit).len() == 1), "{edits:?}");
        assert!(!edits.is_empty());
        world.finish().await;
    }
}

#[tokio::test]
async fn where_the_message_is_gone_the_amendment_comes_by_itself() {
    let world = World::new().await;
    let app = world.app(RULES, SINCE);
    tell(&world, &app, &[&original()], "2025-12-11T17:00:00-05:00").await;
    for message in world.discord.take_messages() {
        world.discord.delete(message.id);
    }
    world.smtp.take_mails();
    assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (3, 0, 0));
    let messages = world.discord.take_messages();
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert!(message.body["embeds"][0]["description"].as_str().unwrap().contains("**150** shares"));
        let answers = &message.body["message_reference"];
        match message.target.as_str() {
            "channel:555" => assert_eq!(answers["fail_if_not_exists"], false),
            _ => assert_eq!(*answers, Value::Null, "a webhook cannot answer"),
        }
    }
    world.smtp.take_mails();
    world.finish().await;
}

#[tokio::test]
async fn a_filing_that_tells_the_trade_later_is_named_on_the_card() {
    let world = World::new().await;
    let app = world.app(RULES, SINCE);
    let fund = Filed {
        owner: (21, "FUND LP"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "D")],
        ..filed("0000000070-25-000001", FIRST)
    };
    let partner = Filed {
        owner: (22, "PARTNER LLC"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "By Fund LP")],
        ..filed("0000000070-25-000002", SECOND)
    };
    assert_eq!(tell(&world, &app, &[&fund], "2025-12-11T17:00:00-05:00").await, (3, 0, 0));
    let told = world.discord.take_messages();
    let mails = world.smtp.take_mails();
    assert_eq!(tell(&world, &app, &[&partner], NOON).await, (3, 0, 0));
    assert_eq!(world.discord.unread(), 0);
    let edits = world.discord.take_edits();
    assert_eq!(edits.len(), 2);
    for edit in &edits {
        let before = told.iter().find(|message| message.id == edit.id).unwrap();
        let card = &embeds(edit)[0];
        assert_eq!(reference(card), reference(&embeds(before)[0]));
        let (old, new) = (embeds(before)[0]["description"].clone(), card["description"].as_str().unwrap());
        let added = new.strip_prefix(old.as_str().unwrap()).unwrap();
        assert!(added.starts_with("\nAlso reported in ["), "{added}");
        assert!(added.ends_with(", by PARTNER LLC \\(10% owner\\)"), "{added}");
    }
    let note = world.smtp.next_mail().await;
    let note = MessageParser::default().parse(&note.raw).unwrap();
    let first = MessageParser::default().parse(&mails[0].raw).unwrap().message_id().unwrap().to_owned();
    assert_eq!(note.in_reply_to().as_text(), Some(first.as_str()));
    assert_eq!(note.subject(), Some("ACME: PARTNER LLC (10% owner) reports the same trade"));
    let text = note.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("also reported in 0000000070-25-000002, by PARTNER LLC"), "{text}");
    world.finish().await;
}

#[tokio::test]
async fn without_the_history_an_amendment_comes_by_itself_and_closes_nothing() {
    let world = World::new().await;
    let rules = RULES.replace(", \"discord:hook\", \"email:desk\"", "");
    let app = world.app(&rules, SINCE);
    tell(&world, &app, &[&original()], "2025-12-11T17:00:00-05:00").await;
    world.discord.next_message().await;
    let refused = json!({ "message": "Missing Access", "code": 50001 });
    world.discord.fail_next("reading:555", 403, refused, 1);
    // Discord answers nothing to a message that the bot cannot read.
    let unanswerable =
        json!({ "message": "Cannot reply without permission to read message history", "code": 160002 });
    world.discord.fail_next("channel:555", 400, unanswerable, 1);
    assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (1, 0, 0));
    let message = world.discord.next_message().await;
    assert!(message.body["embeds"][0]["description"].as_str().unwrap().contains("**150** shares"));
    assert_eq!(message.body["message_reference"], Value::Null);
    assert_eq!(service::status(&app, at(NOON)).await.unwrap().paused, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_waits_for_the_message_that_it_changes() {
    let world = World::new().await;
    let rules = RULES.replace(", \"discord:hook\", \"email:desk\"", "");
    let app = world.app(&rules, SINCE);
    world.discord.fail_next("channel:555", 500, json!("down"), 1);
    assert_eq!(tell(&world, &app, &[&original()], "2025-12-12T16:59:59-05:00").await, (0, 1, 0));
    // The original failed once, so that what is new would go first.
    assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (0, 0, 0));
    assert_eq!(deliver_all(&app, at(NOON) + TimeDelta::minutes(2)).await, (3, 0, 0));
    let message = world.discord.next_message().await;
    assert!(message.body["embeds"][0]["description"].as_str().unwrap().contains("**100** shares"));
    let told = [message.clone()];
    are_corrected(&world.discord.take_messages(), &told, "Corrected: $1.00K → $1.50K");
    let edits = world.discord.take_edits();
    assert!(edits.len() == 1 && edits[0].id == message.id);
    assert!(edits[0].body["embeds"][0]["description"].as_str().unwrap().contains("**150** shares"));
    world.finish().await;
}

#[tokio::test]
async fn amendments_dated_to_an_amendment_change_the_same_card_over_a_restart_too() {
    let world = World::new().await;
    let rules =
        "[[rule]]\nname = \"large\"\nmin_value = 1_000\nnotify = [\"discord:alerts\", \"discord:hook\"]\n";
    let app = world.app(rules, SINCE);
    assert_eq!(tell(&world, &app, &[&original()], "2025-12-11T17:00:00-05:00").await, (2, 0, 0));
    let told = world.discord.take_messages();
    assert_eq!(tell(&world, &app, &[&amendment()], NOON).await, (4, 0, 0));
    world.discord.take_edits();
    are_corrected(&world.discord.take_messages(), &told, "Corrected: $1.00K → $1.50K");
    world.close(app);
    let app = world.app(rules, None);
    // Each names the first amendment's day.
    for (accession, accepted, shares, now, expected, correction) in [
        (
            "0000000070-25-000003",
            "2025-12-12T17:05:00-05:00",
            "160",
            "2025-12-12T17:06:00-05:00",
            "**160** shares",
            None,
        ),
        (
            "0000000070-25-000004",
            "2025-12-12T17:15:00-05:00",
            "9",
            "2025-12-12T17:16:00-05:00",
            "(withdrawn)",
            Some("Withdrawn: an amended filing no longer matches the rule"),
        ),
    ] {
        let next = Filed {
            accession,
            accepted,
            original: Some("2025-12-12"),
            sales: vec![(shares, "10", "850", "D")],
            ..amendment()
        };
        let sent = if correction.is_some() { 4 } else { 2 };
        assert_eq!(tell(&world, &app, &[&next], now).await, (sent, 0, 0));
        match correction {
            Some(words) => are_corrected(&world.discord.take_messages(), &told, words),
            None => assert_eq!(world.discord.unread(), 0, "a small change has no reply"),
        }
        let edits = world.discord.take_edits();
        assert_eq!(edits.len(), 2);
        for edit in &edits {
            assert!(told.iter().any(|message| message.id == edit.id));
            assert!(edit.body.to_string().contains(expected), "{}", edit.body);
        }
    }
    world.finish().await;
}
