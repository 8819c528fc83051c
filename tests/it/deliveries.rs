//! From a filing to messages: each destination once, through a restart, and none held up by another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::alert::Key;
use sellbell::delivery::{Batch, InFlight, Outcome};
use sellbell::destination::Destination;
use sellbell::filing::Cik;
use sellbell::notify::Retry;
use sellbell::outbox::Lane;
use sellbell::runtime::App;
use sellbell::store::{DeliveryStanding, Standing, Store, StoreError};
use serde_json::{Value, json};

use crate::fakes::discord::FakeDiscord;
use crate::plays::Dice;
use crate::together::reference;
use crate::world::{World, at, deliver_all, deliver_to, opened, qualys, reopened, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";

fn rule(name: &str, min_value: u64, notify: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\ntickers = [\"QLYS\"]\nmin_value = {min_value}\nnotify = {notify}\n")
}

/// An app for which the seed filing rang, with nothing delivered yet.
async fn rung(world: &World, rules: &str) -> App {
    world.edgar.publish(&qualys());
    let app = world.app(rules, Some("2021-08-24T00:00:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    assert_eq!(world.edgar.take_fetched().len(), 1);
    app
}

#[tokio::test]
async fn a_filing_rings_once_everywhere_and_not_again_after_a_restart() {
    let world = World::new().await;
    let file = world.path("alerts.jsonl");
    let notify = format!(
        "[\"discord:alerts\", \"discord:hook\", \"email:desk\", \"jsonl:{}\", \"terminal\"]",
        file.display()
    );
    let rules = rule("big", 2_600_000, &notify) + &rule("bigger", 2_700_000, &notify);
    world.edgar.publish(&qualys());
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    let report = app.intake.poll_once(at(NOW)).await.unwrap();
    assert_eq!((report.new, report.alerted), (1, 1));
    assert_eq!(world.edgar.take_fetched().len(), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (5, 0, 0));

    for _ in 0..2 {
        let message = world.discord.next_message().await;
        let embed = &message.body["embeds"][0];
        assert_eq!(embed["title"], "Philippe Courtot Family Trust sold");
        assert!(embed["description"].as_str().unwrap().starts_with("**24,133** shares at **$110.28** ("));
        let headline = "**QLYS** 10% owner sold **$2.66M** · stake down 0.5%";
        assert_eq!(message.body["content"], headline, "a push notification shows it");
        assert_eq!(message.body["allowed_mentions"], json!({ "parse": [] }));
        match message.target.as_str() {
            "channel:555" => assert_eq!(message.body["enforce_nonce"], true),
            target => assert_eq!(target, "webhook:5"),
        }
        let reference = reference(embed);
        assert!(message.body["nonce"].as_str().is_none_or(|nonce| reference == nonce), "{reference}");
    }

    let mail = world.smtp.next_mail().await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("bell@example.org", ["desk@example.org".to_owned()].as_slice())
    );
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(parsed.subject(), Some("QLYS: Philippe Courtot Family Trust (10% owner) sold $2,661,359.10"));
    assert!(parsed.message_id().unwrap().ends_with("@example.org"));
    assert!(parsed.body_text(0).unwrap().contains(
        "24,133 shares at $110.28 on average for $2,661,359.10\r\nAug 20–23, 2021, 2 lots on 2 days"
    ));
    assert!(parsed.body_html(0).unwrap().contains("$2,551,984.11"));
    let header = |name: &str| parsed.header_raw(name).map(str::trim).unwrap_or_default().to_owned();
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert!(
        header("List-Id").contains("<sellbell.example.org>")
            && header("List-Unsubscribe").starts_with("<mailto:")
    );

    let written = fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        json!([lines[0]["rule"], lines[0]["value_usd"], lines[0]["shares"], lines[0]["lots"][1]["price"]]),
        json!(["big", "2661359.1015", "24133", "110.0352"])
    );
    assert!(
        world
            .take_output()
            .contains("sold 24,133 shares for $2,661,359.10, average $110.28 (2 lots on 2 days)")
    );

    world.close(app);
    let app = world.app(&rules, None);
    let report = app.intake.poll_once(at("2021-08-24T17:13:00-04:00")).await.unwrap();
    assert_eq!((report.new, report.alerted), (0, 0));
    assert_eq!(deliver_all(&app, at("2021-08-24T17:13:00-04:00")).await, (0, 0, 0));
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    world.finish().await;
}

#[tokio::test]
async fn what_was_committed_before_a_stop_is_sent_after_it() {
    let world = World::new().await;
    let rules = rule("big", 1, "[\"discord:alerts\", \"email:desk\"]");
    world.edgar.publish(&qualys());
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.close(app);
    let app = world.app(&rules, None);
    assert_eq!(deliver_all(&app, at("2021-08-24T18:00:00-04:00")).await, (2, 0, 0));
    assert_eq!(world.discord.next_message().await.target, "channel:555");
    world.smtp.next_mail().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_destination_that_is_down_is_tried_again_and_holds_up_no_other() {
    let world = World::new().await;
    let rules = rule("big", 1, "[\"discord:alerts\", \"discord:hook\", \"email:desk\"]");
    world.edgar.publish(&qualys());
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    world.discord.fail_next(
        "webhook:5",
        429,
        json!({ "message": "slow", "retry_after": 7.5, "global": false }),
        1,
    );
    world.discord.fail_next("channel:555", 500, json!({ "message": "oops", "code": 0 }), 1);
    world.smtp.fail_next("rcpt", "451 4.3.0 try later", 1);
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();

    let hook: Destination = "discord:hook".parse().unwrap();
    let mut lane = Lane::default();
    assert_eq!(deliver_to(&app, &hook, &mut lane, at(NOW)).await, (0, 1, 0));
    // The bot's channel and the mail fail once each too, and are independent of the webhook.
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 2, 0));
    // Not before Discord allows it.
    let early = at(NOW) + TimeDelta::milliseconds(7_400);
    assert_eq!(deliver_to(&app, &hook, &mut lane, early).await, (0, 0, 0));
    let later = at(NOW) + TimeDelta::seconds(30);
    assert_eq!(deliver_to(&app, &hook, &mut lane, later).await, (1, 0, 0));
    assert_eq!(deliver_all(&app, later).await, (2, 0, 0));
    for _ in 0..2 {
        world.discord.next_message().await;
    }
    world.smtp.next_mail().await;
    world.finish().await;
}

#[tokio::test]
async fn a_lost_answer_of_discord_does_not_ring_twice() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let app = world.app(&rule("big", 1, "[\"discord:alerts\"]"), Some("2021-08-24T00:00:00-04:00"));
    world.discord.create_and_fail_next("channel:555", 502, json!("bad gateway"), 1);
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 1, 0));
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::seconds(30)).await, (1, 0, 0));
    world.discord.next_message().await;
    assert_eq!((world.discord.unread(), world.discord.deduplicated()), (0, 1));
    world.finish().await;
}

/// A world in which Discord took an alert for channel 555 and no answer came.
async fn unanswered() -> (World, App) {
    // A busy channel: what is looked for stands behind more than one page.
    unanswered_after(250).await
}

/// The same behind so many messages of others.
async fn unanswered_after(others: usize) -> (World, App) {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    for number in 0..others {
        world.discord.post_by_other(555, &json!({ "content": number.to_string() }));
    }
    let app = rung(&world, &rule("big", 1, "[\"discord:alerts\"]")).await;
    world.discord.create_and_fail_next("channel:555", 502, json!("bad gateway"), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 1, 0));
    (world, app)
}

#[tokio::test]
async fn an_alert_that_arrived_unanswered_is_found_after_days_and_not_told_twice() {
    for (days, restart) in [(0, false), (0, true), (30, true)] {
        let (world, mut app) = unanswered().await;
        let taken = world.discord.next_message().await;
        world.discord.forget_nonces();
        let later = at(NOW) + TimeDelta::days(days) + TimeDelta::minutes(5);
        world.discord.set_time(later);
        if restart {
            world.close(app);
            app = world.app(&rule("big", 1, "[\"discord:alerts\"]"), None);
        }
        assert_eq!(deliver_all(&app, later).await, (1, 0, 0));
        assert_eq!((world.discord.unread(), world.discord.deduplicated()), (0, 0));
        let key: Key = serde_json::from_value(taken.body["nonce"].clone()).unwrap();
        let standing = app.store.delivery_standing(&key).await.unwrap();
        let left = Outcome::Delivered { at: at(NOW), message_id: Some(taken.id.to_string()) };
        assert_eq!(standing, Some(DeliveryStanding::Left(left)), "with its own id and time");
        world.finish().await;
    }
}

#[tokio::test]
async fn one_that_did_not_arrive_is_sent_however_late_and_whatever_others_post() {
    let world = World::new().await;
    world.discord.set_time(at(NOW));
    let app = rung(&world, &rule("big", 1, "[\"discord:alerts\"]")).await;
    let destination: Destination = "discord:alerts".parse().unwrap();
    let queued = app.store.queued(&destination, 1).await.unwrap().remove(0);
    world.discord.fail_next("channel:555", 502, json!("bad gateway"), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 1, 0));
    // Somebody else's message with the same reference is none of ours.
    let forged = json!({ "embeds": [{ "footer": { "text": format!("big · ref {}", queued.key) } }] });
    world.discord.post_by_other(555, &forged);
    let later = at(NOW) + TimeDelta::hours(2);
    assert_eq!(deliver_all(&app, later).await, (1, 0, 0));
    assert_eq!(world.discord.next_message().await.body["nonce"], queued.key.as_str());
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_while_the_channel_cannot_tell_what_arrived() {
    let (world, app) = unanswered().await;
    world.discord.next_message().await;
    world.discord.forget_nonces();
    let mut now = at(NOW) + TimeDelta::minutes(5);
    for (status, body) in [(500, json!("down")), (403, json!({ "message": "Missing Access", "code": 50001 }))]
    {
        world.discord.fail_next("reading:555", status, body, 1);
        assert_eq!(deliver_all(&app, now).await, (0, 1, 0));
        now += TimeDelta::minutes(2);
    }
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    assert_eq!(world.discord.unread(), 0, "it is found when the channel can be read again");
    world.finish().await;
}

#[tokio::test]
async fn where_the_history_cannot_be_read_an_alert_is_told_at_least_once() {
    let (world, app) = unanswered().await;
    let first = world.discord.next_message().await;
    world.discord.forget_nonces();
    world.discord.hide_history(555);
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::minutes(5)).await, (1, 0, 0));
    assert_eq!(world.discord.next_message().await.body["nonce"], first.body["nonce"]);
    world.finish().await;
}

#[tokio::test]
async fn where_more_came_than_is_read_back_an_alert_is_told_at_least_once() {
    for (others, again) in [(4_990, 0), (5_010, 1)] {
        let (world, app) = unanswered_after(others).await;
        world.discord.next_message().await;
        world.discord.forget_nonces();
        assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::minutes(5)).await, (1, 0, 0));
        assert_eq!(world.discord.take_messages().len(), again, "{others}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_send_that_was_refused_is_not_looked_for() {
    let world = World::new().await;
    let app = rung(&world, &rule("big", 1, "[\"discord:alerts\"]")).await;
    let destination: Destination = "discord:alerts".parse().unwrap();
    let key = app.store.queued(&destination, 1).await.unwrap().remove(0).key;
    world.discord.fail_next(
        "channel:555",
        403,
        json!({ "message": "Missing Permissions", "code": 50013 }),
        1,
    );
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 1, 0));
    assert_eq!(app.store.delivery_standing(&key).await.unwrap(), Some(DeliveryStanding::Queued));
    world.discord.fail_next("reading:555", 500, json!("nobody asks"), 1);
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::hours(1)).await, (1, 0, 0));
    world.discord.next_message().await;
    world.finish().await;
}

#[tokio::test]
async fn what_can_never_succeed_is_given_up_and_kept() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let rules = rule("big", 1, "[\"discord:hook\", \"email:desk\", \"terminal\"]");
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    let invalid = json!({ "message": "Invalid Form Body", "code": 50035 });
    world.discord.fail_next("webhook:5", 400, invalid, 1);
    world.smtp.fail_next("mail", "550 5.7.1 relay denied", 1);
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    // A refusal by policy can be set right; a message that Discord cannot read cannot.
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 1, 1));
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::seconds(90)).await, (1, 0, 0));
    world.smtp.next_mail().await;
    let counts = app.store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.delivered, counts.dead), (0, 2, 1));
    assert!(world.take_output().contains("[QLYS]"));
    world.finish().await;
}

#[tokio::test]
async fn what_can_be_set_right_is_kept_and_told_without_secrets() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let rules = rule("big", 1, "[\"discord:hook\", \"discord:alerts\", \"email:desk\"]");
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let mut now = at(NOW);
    for (status, body, retry, reply) in [
        (
            401,
            json!({ "message": "401: Unauthorized", "code": 0 }),
            Retry::Closed,
            "535 5.7.8 wrong password",
        ),
        (403, json!({ "message": "Missing Permissions", "code": 50013 }), Retry::Closed, "535 5.7.8 no"),
        (401, json!("<html>a proxy's own page</html>"), Retry::Later, "553 5.7.1 not your address"),
        (404, json!("<html>a proxy's own page</html>"), Retry::Later, "451 4.3.0 try later"),
        (301, json!("moved"), Retry::Later, "550 5.7.1 relay denied"),
    ] {
        world.discord.fail_next("webhook:5", status, body.clone(), 1);
        world.discord.fail_next("channel:555", status, body, 1);
        world.smtp.fail_next("mail", reply, 1);
        for destination in app.store.waiting_destinations().await.unwrap() {
            let queued = app.store.queued(&destination, 1).await.unwrap().remove(0);
            let error = app.notifier.send(&Batch::one(queued.clone()), at(NOW)).await.unwrap_err();
            // A mail server's 5xx is for people to mend, and its 4xx passes.
            let retry = match destination {
                Destination::Email(_) if reply.starts_with('5') => Retry::Closed,
                Destination::Email(_) => Retry::Later,
                _ => retry,
            };
            assert_eq!(error.retry, retry, "{destination}: {error}");
            for secret in ["token-5", FakeDiscord::TOKEN, "desk@example.org", "127.0.0.1"] {
                assert!(!error.to_string().contains(secret), "{error}");
            }
        }
        // Over a connection that was used before, a refused sender is tried once more.
        app.notifier.hang_up().await;
        now += TimeDelta::seconds(90);
    }
    assert_eq!(deliver_all(&app, now).await, (3, 0, 0));
    for _ in 0..2 {
        world.discord.next_message().await;
    }
    world.smtp.next_mail().await;
    world.finish().await;
}

#[tokio::test]
async fn a_destination_that_is_back_gets_its_alerts_within_a_minute() {
    let world = World::new().await;
    let app = rung(&world, &rule("big", 1, "[\"discord:hook\"]")).await;
    let hook: Destination = "discord:hook".parse().unwrap();
    let mut lane = Lane::default();
    world.discord.fail_next("webhook:5", 503, json!("down"), 40);
    let mut now = at(NOW);
    for _ in 0..40 {
        let report = app.outbox.deliver_once(&hook, &mut lane, now).await.unwrap();
        assert_eq!(report.failed, 1);
        let next = report.next.unwrap();
        assert!(next > now && next - now <= TimeDelta::seconds(60), "{}", next - now);
        now = next;
    }
    assert_eq!(deliver_to(&app, &hook, &mut lane, now).await, (1, 0, 0));
    world.discord.next_message().await;
    world.finish().await;
}

#[tokio::test]
async fn one_delivery_that_always_fails_holds_up_no_other_and_ends_after_days() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let rules = rule("a", 1, "[\"discord:hook\"]") + &rule("b", 1, "[\"discord:hook\"]");
    let app = world.app(&rules, Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    let hook: Destination = "discord:hook".parse().unwrap();
    let mut lane = Lane::default();
    // Both in one message, twice; then the first by itself.
    world.discord.fail_next("webhook:5", 500, json!("this one"), 3);
    let mut later = at(NOW);
    for failed in [2, 2, 1] {
        assert_eq!(deliver_to(&app, &hook, &mut lane, later).await, (0, failed, 0));
        later += TimeDelta::minutes(2);
    }
    let poisoned = app
        .store
        .queued(&hook, 9)
        .await
        .unwrap()
        .into_iter()
        .find(|delivery| delivery.attempts == 3)
        .unwrap();
    // The other goes first now.
    assert_eq!(deliver_to(&app, &hook, &mut lane, later).await, (2, 0, 0));
    let order: Vec<String> = [world.discord.next_message().await, world.discord.next_message().await]
        .iter()
        .map(|message| reference(&message.body["embeds"][0]).to_owned())
        .collect();
    assert_eq!(order[1], poisoned.key.as_str(), "{order:?}");

    world.edgar.publish(&crate::world::small_sale("0000000007-21-000001", 70, "2021-08-24T17:30:00-04:00"));
    world.close(app);
    let app = world.app("[[rule]]\nname = \"c\"\nciks = [70]\nnotify = [\"discord:hook\"]\n", None);
    app.intake.poll_once(at("2021-08-24T17:30:10-04:00")).await.unwrap();
    world.edgar.take_fetched();
    world.discord.fail_next("webhook:5", 500, json!("never"), 51);
    let mut now = at("2021-08-24T17:30:10-04:00");
    for attempt in 0..50 {
        assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (0, 1, 0), "{attempt}");
        // Age alone ends nothing: the bot may have been off.
        now += TimeDelta::days(if attempt == 0 { 9 } else { 1 });
    }
    assert_eq!(deliver_to(&app, &hook, &mut Lane::default(), now).await, (0, 0, 1));
    world.finish().await;
}

#[tokio::test]
async fn what_waits_by_a_clock_that_was_wrong_is_sent() {
    let world = World::new().await;
    let app = rung(&world, &rule("big", 1, "[\"discord:hook\"]")).await;
    let hook: Destination = "discord:hook".parse().unwrap();
    let mut lane = Lane::default();
    world.discord.fail_next("webhook:5", 500, json!("down"), 1);
    assert_eq!(deliver_to(&app, &hook, &mut lane, at("2021-08-27T17:12:31-04:00")).await, (0, 1, 0));
    assert_eq!(deliver_to(&app, &hook, &mut lane, at(NOW)).await, (1, 0, 0));
    world.discord.next_message().await;
    world.finish().await;
}

#[tokio::test]
async fn a_rule_change_never_tells_a_done_filing_again() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let app = world.app(&rule("one", 1, "[\"terminal\"]"), Some("2021-08-24T00:00:00-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    world.take_output();
    world.close(app);
    let app = world.app(&rule("two", 1, "[\"terminal\"]"), Some("2021-08-24T00:00:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().new, 0);
    assert_eq!(deliver_all(&app, at(NOW)).await, (0, 0, 0));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_line_that_stands_in_the_file_already_is_not_written_again() {
    let world = World::new().await;
    let file = world.path("alerts.jsonl");
    let rules = rule("big", 1, &format!("[\"jsonl:{}\"]", file.display()));
    let app = rung(&world, &rules).await;
    let destination: Destination = format!("jsonl:{}", file.display()).parse().unwrap();
    let queued = app.store.queued(&destination, 1).await.unwrap().remove(0);
    // The crash falls between writing and recording: the line is there, the delivery is still queued.
    app.notifier.send(&Batch::one(queued.clone()), at(NOW)).await.unwrap();
    let once = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{once}{{\"key\":\"cut sho")).unwrap();
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{once}{{\"key\":\"cut sho"));
    // A line that was cut short does not count, and spoils no other.
    fs::write(&file, &once[..once.len() / 2]).unwrap();
    app.notifier.send(&Batch::one(queued.clone()), at(NOW)).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{}\n{once}", &once[..once.len() / 2]));
    world.finish().await;
}

/// Standard output that, when it is written to, takes a copy of the store's files: what a crash at that moment leaves.
struct Crash {
    store: PathBuf,
    left: PathBuf,
}

impl Write for Crash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        copy(&self.store, &self.left)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target)? } else { fs::copy(&path, &target).map(drop)? }
    }
    Ok(())
}

/// What no transaction holds together is written in an order; a crash leaves the file without its end.
#[tokio::test]
async fn a_crash_leaves_no_frontier_without_its_filings_and_no_filing_done_without_its_history() {
    let world = World::new().await;
    let quiet = "[[rule]]\nname = \"buys\"\ncodes = [\"P\"]\nnotify = [\"terminal\"]\n";
    let app = world.app(quiet, Some("2021-08-24T00:00:00-04:00"));
    world.edgar.publish(&small_sale("0000000007-21-000000", 70, "2021-08-24T16:00:00-04:00"));
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:01:00-04:00")).await.unwrap().settled, 1);
    app.store.flush().await.unwrap();
    let before = fs::read(world.path("store/db")).unwrap();
    let new = ["0000000007-21-000001", "0000000007-21-000002", "0000000007-21-000003"];
    for (accession, issuer) in new.into_iter().zip(71..) {
        world.edgar.publish(&small_sale(accession, issuer, "2021-08-24T16:02:00-04:00"));
    }
    assert_eq!(app.intake.poll_once(at("2021-08-24T16:03:00-04:00")).await.unwrap().settled, 3);
    app.store.flush().await.unwrap();
    copy(&world.path("store"), &world.path("left")).unwrap();
    let whole = fs::read(world.path("left/db")).unwrap();
    let moved = app.store.frontier().await.unwrap().unwrap().seen_until;
    let first = before.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut seen = BTreeSet::new();
    for cut in (first..=end).step_by(40).chain([whole.len()]) {
        copy(&world.path("left"), &world.path("cut")).unwrap();
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        fs::write(world.path("cut/db"), bytes).unwrap();
        let store = reopened(&world.path("cut"));
        let frontier = store.frontier().await.unwrap().unwrap().seen_until;
        let mut standings = Vec::new();
        for accession in new {
            standings.push(store.standing(accession.parse().unwrap()).await.unwrap());
        }
        assert!(frontier < moved || !standings.contains(&Standing::New), "cut at {cut}: {standings:?}");
        for (standing, issuer) in standings.into_iter().zip(71..) {
            let history =
                store.history(Cik::new(issuer).unwrap(), at("2021-01-01T00:00:00-05:00")).await.unwrap().0;
            assert!(standing != Standing::Done || history.len() == 1, "cut at {cut}");
            seen.insert(format!("{standing:?}, {} in history, moved: {}", history.len(), frontier == moved));
        }
        drop(store);
        fs::remove_dir_all(world.path("cut")).unwrap();
    }
    // Nothing of it, what the poll found, and all of it.
    let expected = [
        "Done, 1 in history, moved: true",
        "New, 0 in history, moved: false",
        "Pending, 0 in history, moved: true",
    ];
    assert!(seen.iter().eq(expected.iter()), "{seen:?}");
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn what_the_disk_cut_or_changed_is_never_taken_for_all_that_was_there() {
    let world = World::new().await;
    let app = rung(&world, &rule("big", 1, "[\"terminal\", \"discord:alerts\"]")).await;
    deliver_to(&app, &Destination::Terminal, &mut Lane::default(), at(NOW)).await;
    app.store.flush().await.unwrap();
    world.take_output();
    copy(&world.path("store"), &world.path("left")).unwrap();
    let whole = fs::read(world.path("left/db")).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (mut dice, mut came) = (Dice::new(6), BTreeMap::new());
    for number in 0..400 {
        let mut bytes = whole.clone();
        let place = usize::try_from(dice.below(end as u64)).unwrap();
        if number % 2 == 0 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << dice.below(8);
        }
        let dir = world.path(&format!("bad-{number}"));
        copy(&world.path("left"), &dir).unwrap();
        fs::write(dir.join("db"), bytes).unwrap();
        let said = match opened(&dir) {
            Err(StoreError::Damaged(_) | StoreError::Failed { .. }) => "refused",
            Err(error) => panic!("{number}: {error}"),
            Ok(store) => {
                // Every page is read; one that is not what it should be is an error, too.
                match store.check().await {
                    Ok(_) | Err(StoreError::Damaged(_)) => {}
                    Err(error) => panic!("{number}: {error}"),
                }
                let counts = store.counts().await.unwrap();
                let whole = (counts.queued, counts.delivered) == (1, 1);
                assert!(whole || store.has_lost(), "{number}, {place} of {end}: {counts:?}");
                if store.has_lost() { "told of a loss" } else { "whole" }
            }
        };
        *came.entry((number % 2, said)).or_insert(0) += 1;
    }
    assert!(came.len() >= 3, "{came:?}");
    println!("{came:?}");
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_on_the_disk() {
    let world = World::new().await;
    let crash = Crash { store: world.path("store"), left: world.path("left") };
    world.edgar.publish(&qualys());
    let rules = rule("big", 1, "[\"terminal\"]");
    let since = Some("2021-08-24T00:00:00-04:00");
    let app = world.app_using(&world.settings(), &rules, since, &|_| true, Arc::new(Mutex::new(crash)));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    // At the moment of the send the filing was done and its delivery queued, on the disk.
    let left = Store::open(&world.path("left")).unwrap();
    assert_eq!(left.standing("0009900001-21-000001".parse().unwrap()).await.unwrap(), Standing::Done);
    assert_eq!(left.counts().await.unwrap().queued, 1);
    // And that a try began.
    let key = &left.queued(&Destination::Terminal, 1).await.unwrap()[0].key;
    let sends = InFlight { first: at(NOW), last: at(NOW), batch: None, thread: None, guess: false };
    assert_eq!(left.delivery_standing(key).await.unwrap(), Some(DeliveryStanding::InFlight(sends)));
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn each_medium_tells_when_it_was_accepted_seen_and_sent_and_a_retry_its_own_time() {
    let world = World::new().await;
    let file = world.path("alerts.jsonl");
    let notify = format!("[\"discord:hook\", \"email:desk\", \"jsonl:{}\", \"terminal\"]", file.display());
    let app = rung(&world, &rule("big", 2_600_000, &notify)).await;
    // Accepted at 17:12:09, seen at 17:12:31. The webhook takes the message, and its answer is lost.
    world.discord.create_and_fail_next("webhook:5", 500, json!("down"), 1);
    assert_eq!(deliver_all(&app, at("2021-08-24T17:12:33-04:00")).await, (3, 1, 0));
    let way = "in the feed after 22 s, sent 2 s later";
    let first = world.discord.next_message().await.body["embeds"][0].clone();
    assert_eq!(first["footer"]["text"], "Form 4 · rule “big”", "it was not late");
    assert_eq!(first["timestamp"], "2021-08-24T21:12:09Z");
    let mail = world.smtp.next_mail().await;
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    for body in [parsed.body_text(0), parsed.body_html(0)] {
        let text = body.unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("Tue, Aug 24, 2021, 17:12 EDT · {way}")), "{text}");
    }
    let printed = world.take_output();
    assert!(printed.contains(&format!("accepted 2021-08-24 17:12 EDT · {way} · https://")), "{printed}");
    let line: Value = serde_json::from_str(fs::read_to_string(&file).unwrap().trim()).unwrap();
    assert_eq!(line["accepted_at"], "2021-08-24T21:12:09Z");
    assert_eq!(
        (&line["seen_at"], &line["sent_at"]),
        (&json!("2021-08-24T21:12:31Z"), &json!("2021-08-24T21:12:33Z"))
    );

    assert_eq!(deliver_all(&app, at("2021-08-24T17:22:31-04:00")).await, (1, 0, 0));
    let second = world.discord.next_message().await.body["embeds"][0].clone();
    let footer = second["footer"]["text"].as_str().unwrap();
    assert!(footer.contains("in the feed after 22 s, sent 10 min later"), "{second}");
    assert_eq!(reference(&second), reference(&first), "the same delivery");
    world.finish().await;
}
