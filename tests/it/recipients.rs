//! E-mail recipients: their settings, several addresses, rules that a recipient lists, alerts at once and in a digest.

use std::fs;
use std::path::Path;
use std::process::Output;

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::config::{Mode, Settings, WhenEmpty};
use sellbell::delivery::Body;
use sellbell::destination::{AddressId, Destination, Inbox};
use sellbell::digest::Digest;
use sellbell::mute::Mute;
use sellbell::outbox::{Lane, Retry};
use sellbell::runtime::App;
use sellbell::service;
use sellbell::text::Language;

use crate::search::Searched as _;
use crate::verbs::said;
use crate::world::{World, at, deliver_all, deliver_to, qualys, small_sale};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:desk\"]\n\
    [[rule]]\nname = \"qualys\"\ntickers = [\"QLYS\"]\n";
const DESK: &str = "name = \"desk\"\naddress = \"Desk <desk@example.org>\"\n";
const THREE: &str =
    "name = \"desk\"\naddresses = [\"Desk <desk@example.org>\", \"Jane@example.org\", \"joe@example.org\"]\n";

/// The destination of a further address.
fn further(address: &str) -> Destination {
    Destination::Email(Inbox::further("desk", AddressId::of(address)))
}

fn read(text: &str) -> Settings {
    Settings::read("sellbell.toml", text, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// An app whose recipient `desk` has these keys.
fn app(world: &World, desk: &str, rules: &str) -> App {
    app_since(world, desk, rules, Some("2021-08-24T00:00:00-04:00"))
}

fn app_since(world: &World, desk: &str, rules: &str, since: Option<&str>) -> App {
    let settings = world.settings();
    assert!(settings.contains(DESK));
    world.app_with(&settings.replace(DESK, desk), rules, since)
}

/// The seed and a small sale are found.
pub async fn ring(world: &World, app: &App) {
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000001", 71, "2021-08-24T17:12:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 2);
    world.edgar.take_fetched();
}

/// The addresses of the mails that came, sorted.
pub fn receivers(world: &World) -> Vec<String> {
    let mut all: Vec<String> = world.smtp.take_mails().into_iter().flat_map(|mail| mail.to).collect();
    all.sort();
    all
}

async fn digest_of(app: &App, destination: &Destination) -> Digest {
    let queued = app.store.queued(destination, 9).await.unwrap();
    let digests = queued.into_iter().filter_map(|delivery| match delivery.body {
        Body::Digest(digest) => Some(*digest),
        _ => None,
    });
    let [digest]: [Digest; 1] = digests.collect::<Vec<_>>().try_into().unwrap();
    digest
}

#[test]
fn every_key_of_a_recipient_is_read() {
    let settings = read(
        "[[email.recipient]]\nname = \"a\"\naddresses = [\"Jane <jane@bücher.example>\", \"joe@example.org\"]\n\
         rules = [\"*\"]\nlanguage = \"de\"\nmode = \"digest\"\nat_once = [\"big\", \"qualys\"]\n\
         schedule = \"0 7 * * Mon\"\ntime_zone = \"Europe/Berlin\"\nempty = \"heartbeat\"\nmax_items = 400\n\
         [[email.recipient]]\nname = \"b\"\naddress = \"b@example.org\"\nrules = [\"big\"]\n",
    );
    let [a, b] = &settings.email.recipients[..] else { panic!("two recipients") };
    let mailboxes: Vec<&str> = a.addresses.iter().map(|address| address.mailbox.as_str()).collect();
    assert_eq!(mailboxes, ["Jane <jane@xn--bcher-kva.example>", "joe@example.org"]);
    assert!(
        a.rules.include("big")
            && a.rules.include("anything")
            && (a.max_items, a.language) == (400, Language::German)
    );
    let Mode::Digest(mode) = &a.mode else { panic!("a digest") };
    assert!(mode.at_once.include("big") && !mode.at_once.include("other"));
    assert_eq!((mode.when_empty, mode.schedule.zone().name()), (WhenEmpty::Heartbeat, "Europe/Berlin"));
    assert!(b.rules.include("big") && !b.rules.include("qualys") && matches!(b.mode, Mode::Instant));
    assert_eq!((b.max_items, b.language), (40, Language::English));
    let joe = Inbox::further("a", AddressId::of("JOE@example.org"));
    assert_eq!(settings.recipient(&joe).unwrap().name, "a");
    assert_eq!(settings.masked_address(&Destination::Email(joe)).unwrap(), "j•••@example.org");
    assert_eq!(settings.each_of(&"email:a".parse().unwrap()).len(), 2);
    assert_eq!(settings.destinations(), ["terminal", "jsonl", "email:a", "email:b"]);
}

#[test]
fn a_mistake_in_a_recipient_is_named_with_its_place() {
    let many: Vec<String> = (0..101).map(|number| format!("\"a{number}@example.org\"")).collect();
    for (keys, expected) in [
        (
            "address = \"a@b.c\"\naddresses = [\"d@b.c\"]",
            "4:13: this recipient has both `address` and `addresses`",
        ),
        ("address = [\"a@b.c\"]", "3:11: `address` is one address in quotes: for several, write `addresses`"),
        ("addresses = []", "3:13: `addresses` is empty"),
        ("addresses = \"a@b.c\"", "3:13: `addresses` is a text: expected a list of addresses"),
        ("addresses = [\"a@b.c\", 7]", "3:23: `addresses` is a whole number"),
        ("addresses = [\"a@b.c\", \"b\"]", "3:23: this is not an e-mail address"),
        (
            "addresses = [\"a@b.c\", \"Jane <A@B.c>\"]",
            "3:23: this recipient has the same address twice: remove one of them",
        ),
        (
            &format!("addresses = [{}]", many.join(", ")),
            "3:13: this recipient has 101 addresses: 100 at most",
        ),
        ("address = \"a@b.c\"\nrules = \"*\"", "4:9: `rules` is a text: expected a list of names of rules"),
        ("address = \"a@b.c\"\nrules = [\"Big\"]", "4:10: `Big` is not the name of a rule"),
        (
            "address = \"a@b.c\"\nrules = [\"*\", \"big\"]",
            "4:9: `rules` lists \"*\", which is all rules, and others",
        ),
        ("address = \"a@b.c\"\nat_once = [\"*\"]", "4:11: `at_once` is for digests: add mode = \"digest\""),
        ("address = \"a@b.c\"\nempty = \"skip\"", "4:9: `empty` is for digests"),
        ("address = \"a@b.c\"\nmax_items = 7", "4:13: `max_items` is for digests"),
        ("address = \"a@b.c\"\nmode = \"digest\"\nmax_items = 401", "5:13: 401 entries: expected 1 to 400"),
        ("address = \"a@b.c\"\nmode = \"digest\"\nmax_items = 0", "5:13: 0 entries: expected 1 to 400"),
        ("address = \"a@b.c\"\nmode = \"digest\"\nempty = \"none\"", "5:9: `empty` cannot be \"none\""),
        (
            "address = \"a@b.c\"\nlanguage = \"fr\"",
            "4:12: `language` cannot be \"fr\": expected one of \"en\", \"de\"",
        ),
        ("adress = \"a@b.c\"", "3:1: [[email.recipient]] has no key `adress`: did you mean `address`?"),
    ] {
        let text = format!("[[email.recipient]]\nname = \"desk\"\n{keys}\n");
        let problems = Settings::read("f", &text, &[]).map(|_| ()).unwrap_err();
        let said: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|said| said.starts_with(&format!("f:{expected}"))), "{keys}: {said:?}");
    }
    let operators = "[operators]\nnotify = [\"email:desk/0123abcd\"]\n";
    let said = Settings::read("f", operators, &[]).map(|_| ()).unwrap_err().to_string();
    let expected = "f:2:11: `email:desk/0123abcd` is a single address of a recipient: write `email:desk`";
    assert!(said.starts_with(expected), "{said}");
}

pub fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sellbell"));
    command.args(args).current_dir(dir).env_clear().output().unwrap().searched()
}

#[test]
fn an_unknown_rule_of_a_recipient_is_a_mistake_of_check_and_run() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules/any.toml"), RULES.replace("email:desk", "email:desk/0123abcd")).unwrap();
    let settings = format!(
        "[edgar]\ncontact = \"Test test@example.org\"\n[[email.recipient]]\n{DESK}rules = [\"quallys\"]\n\
         mode = \"digest\"\nat_once = [\"any\", \"large\"]\n"
    );
    fs::write(dir.path().join("settings.toml"), settings).unwrap();
    let check = || run(dir.path(), &["check", "--config", "settings.toml"]);
    let said_first = said(&check());
    assert!(said_first.contains("`email:desk/0123abcd` is a single address of a recipient"), "{said_first}");
    assert!(!said_first.contains("there is no rule"), "{said_first}");
    fs::write(dir.path().join("rules/any.toml"), RULES).unwrap();
    for output in [check(), run(dir.path(), &["run", "--once", "--config", "settings.toml"])] {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("there is no rule `quallys`") && said.contains("did you mean `qualys`?"),
            "{said}"
        );
        assert!(
            said.contains("there is no rule `large`") && said.contains("the rules are any, qualys"),
            "{said}"
        );
        assert!(said.contains("settings.toml:6:10") && said.contains("settings.toml:8:19"), "{said}");
    }
    // Only some rules are looked at, so that others may be meant.
    let only = run(dir.path(), &["check", "--config", "settings.toml", "rules/any.toml"]);
    assert!(only.status.success() && !said(&only).contains("there is no rule"), "{}", said(&only));
}

#[tokio::test]
async fn each_address_gets_mails_of_its_own_and_one_that_is_refused_harms_no_other() {
    let world = World::new().await;
    let three = app(&world, THREE, RULES);
    ring(&world, &three).await;
    let jane = further("jane@example.org");
    assert!(jane.to_string().starts_with("email:desk/") && jane.to_string().len() == 19, "{jane}");
    world.smtp.refuse("Jane@example.org", "550 5.1.1 no such user");
    assert_eq!(deliver_all(&three, at(NOW)).await, (4, 1, 0));
    let mails = world.smtp.take_mails();
    assert!(mails.iter().all(|mail| mail.to.len() == 1));
    let text = |mail: &crate::fakes::smtp::ReceivedMail| String::from_utf8_lossy(&mail.raw).to_lowercase();
    for mail in &mails {
        let others = ["desk@example.org", "jane@example.org", "joe@example.org"];
        let others = others.into_iter().filter(|other| *other != mail.to[0]);
        assert!(others.into_iter().all(|other| !text(mail).contains(other)), "nobody sees the others");
    }
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["desk@example.org", "desk@example.org", "joe@example.org", "joe@example.org"]);
    let ids: std::collections::BTreeSet<String> = mails
        .iter()
        .map(|mail| MessageParser::default().parse(&mail.raw).unwrap().message_id().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 4, "each is a message of its own");

    // Its own pause, which people see with a hidden address.
    let status = service::status(&three, at(NOW)).await.unwrap();
    assert_eq!(status.paused.len(), 1);
    assert!(status.paused[0].starts_with(&format!("{jane} since ")), "{:?}", status.paused);
    assert_eq!(status.names[&jane.to_string()], "J•••@example.org");
    world.close(three);

    // The settings no longer have it: it waits.
    let one = app_since(&world, DESK, RULES, None);
    let (delivered, failed, dead) = deliver_to(&one, &jane, &mut Lane::default(), at(NOW)).await;
    assert_eq!((delivered, failed > 0, dead), (0, true, 0));
    assert_eq!(one.store.queued(&jane, 9).await.unwrap().len(), 2);
    world.close(one);

    world.smtp.allow("Jane@example.org");
    let three = app_since(&world, THREE, RULES, None);
    let later = at(NOW) + TimeDelta::hours(1);
    let retried =
        three.outbox.retry(&Retry::One("email:desk".parse().unwrap()), later).await.unwrap().unwrap();
    assert_eq!(retried.len(), 3, "all of its addresses");
    assert_eq!(deliver_all(&three, later).await, (2, 0, 0));
    assert_eq!(receivers(&world), ["Jane@example.org", "Jane@example.org"]);
    world.finish().await;
}

#[tokio::test]
async fn a_notice_about_an_address_shows_little_of_it() {
    let world = World::new().await;
    let settings = world.settings().replace(DESK, THREE) + "[operators]\nnotify = [\"discord:hook\"]\n";
    let app = world.app_with(&settings, RULES, Some("2021-08-24T00:00:00-04:00"));
    ring(&world, &app).await;
    world.smtp.refuse("Jane@example.org", "550 5.1.1 no such user");
    deliver_all(&app, at(NOW)).await;
    deliver_all(&app, at(NOW)).await;
    world.smtp.take_mails();
    let notice = world.discord.next_message().await.body.to_string();
    // As Discord needs it.
    let notice = notice.replace(['\u{200b}', '\\'], "");
    let shown = format!("{} (J•••@example.org) is paused", further("jane@example.org"));
    assert!(notice.contains(&shown) && !notice.contains("Jane@"), "{notice}");
    world.finish().await;
}

#[tokio::test]
async fn a_recipient_gets_the_alerts_of_the_rules_that_it_lists_each_once() {
    for (listed, alerts) in
        [("", 1), ("rules = [\"qualys\"]\n", 2), ("rules = [\"*\"]\n", 2), ("rules = [\"any\"]\n", 1)]
    {
        let world = World::new().await;
        let app = app(&world, &format!("{DESK}{listed}"), RULES);
        world.edgar.publish(&qualys());
        app.intake.poll_once(at(NOW)).await.unwrap();
        world.edgar.take_fetched();
        assert_eq!(deliver_all(&app, at(NOW)).await, (alerts, 0, 0), "{listed}");
        assert_eq!(receivers(&world).len(), alerts);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_listed_rule_about_any_issuer_has_filings_fetched() {
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\n[[rule]]\nname = \"b\"\nciks = [5]\n";
    for (listed, alerted) in [("", 0), ("rules = [\"any\"]\n", 1)] {
        let world = World::new().await;
        let app = app(&world, &format!("{DESK}{listed}"), rules);
        world.edgar.publish(&qualys());
        assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, alerted, "{listed}");
        world.edgar.take_fetched();
        assert_eq!(deliver_all(&app, at(NOW)).await, (alerted, 0, 0));
        assert_eq!(receivers(&world).len(), alerted);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_mute_of_a_recipient_covers_all_of_its_addresses() {
    let (desk, jane) = ("email:desk".to_owned(), further("jane@example.org").to_string());
    for (muted, silent) in [(&desk, 3), (&jane, 1)] {
        let world = World::new().await;
        let app = app(&world, THREE, RULES);
        let until = at(NOW) + TimeDelta::hours(2);
        let mute = Mute::new(format!("destination:{muted}").parse().unwrap(), at(NOW), until).unwrap();
        app.outbox.mutes.mute(&mute).await.unwrap().unwrap();
        ring(&world, &app).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (2 * (3 - silent), 0, 0));
        world.smtp.take_mails();
        let status = service::status(&app, at(NOW)).await.unwrap();
        assert_eq!(status.mutes[0].muted, 2 * silent);
        app.outbox.mutes.end_due(until).await.unwrap();
        assert_eq!(deliver_all(&app, until).await, (silent, 0, 0), "one message for each address");
        let all = ["Jane@example.org", "desk@example.org", "joe@example.org"];
        assert_eq!(receivers(&world), all[..silent]);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_a_ticker_mute_held_back_waits_on_for_a_muted_recipient() {
    let world = World::new().await;
    let app = app(&world, THREE, RULES);
    for (what, hours) in [("ticker:QLYS", 1), ("destination:email:desk", 2)] {
        let until = at(NOW) + TimeDelta::hours(hours);
        let mute = Mute::new(what.parse().unwrap(), at(NOW) - TimeDelta::hours(1), until).unwrap();
        app.store.set_mute(&mute).await.unwrap();
        if hours == 1 {
            ring(&world, &app).await;
            deliver_all(&app, at(NOW)).await;
            world.smtp.take_mails();
        }
    }
    app.outbox.mutes.end_due(at(NOW) + TimeDelta::hours(1)).await.unwrap();
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::hours(1)).await, (0, 0, 0));
    app.outbox.mutes.end_due(at(NOW) + TimeDelta::hours(2)).await.unwrap();
    assert_eq!(deliver_all(&app, at(NOW) + TimeDelta::hours(2)).await, (3, 0, 0));
    assert_eq!(receivers(&world).len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn an_alert_at_once_is_also_in_the_digest_which_says_when_it_was_sent() {
    let world = World::new().await;
    let digest = "mode = \"digest\"\nschedule = \"30 17 * * *\"\ntime_zone = \"America/New_York\"\n\
        at_once = [\"qualys\"]\nrules = [\"qualys\"]\n";
    let desk = format!("{THREE}{digest}");
    let first = app(&world, &desk, RULES);
    first.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap();
    ring(&world, &first).await;
    assert_eq!(deliver_all(&first, at(NOW)).await, (3, 0, 0), "to each address");
    assert_eq!(receivers(&world), ["Jane@example.org", "desk@example.org", "joe@example.org"]);
    world.close(first);
    let app = app_since(&world, &desk, RULES, None);
    let slot = at("2021-08-24T17:30:00-04:00");
    assert_eq!(app.outbox.digests.digest_once(slot).await.unwrap(), 3);
    for destination in app.settings.each_of(&"email:desk".parse().unwrap()) {
        let digest = digest_of(&app, &destination).await;
        let sent: Vec<bool> = digest.entries.iter().map(|entry| entry.sent_at.is_some()).collect();
        assert_eq!((sent, digest.slot.as_str()), (vec![true, false], "2021-08-24T17:30"), "{destination}");
    }
    assert_eq!(deliver_all(&app, slot).await, (3, 0, 0));
    assert_eq!(receivers(&world).len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn a_test_alert_goes_to_all_addresses_or_to_one() {
    let world = World::new().await;
    let settings = world.settings().replace(DESK, THREE);
    fs::write(world.path("settings.toml"), settings).unwrap();
    let jane = further("jane@example.org").to_string();
    let test = async |destination: &str| {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_sellbell"))
            .args(["test-alert", destination, "--config", "settings.toml"])
            .current_dir(world.dir.path())
            .env_clear()
            .env("SMTP_URL", world.smtp.url())
            .output()
            .await
            .unwrap()
            .searched();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (well, said) = test("email:desk").await;
    assert!(well && said.matches("accepted a sample alert").count() == 3, "{said}");
    assert!(
        said.contains(&format!("{jane} (J•••@example.org) accepted")) && !said.contains("Jane@"),
        "{said}"
    );
    assert_eq!(receivers(&world), ["Jane@example.org", "desk@example.org", "joe@example.org"]);
    let (well, said) = test(&jane).await;
    assert!(well && said.matches("accepted").count() == 1, "{said}");
    assert_eq!(receivers(&world), ["Jane@example.org"]);
    world.smtp.refuse("desk@example.org", "550 5.1.1 no such user");
    let (well, said) = test("email:desk").await;
    assert!(!well && said.matches("accepted a sample alert").count() == 2, "{said}");
    assert!(said.contains("email:desk did not accept"), "{said}");
    assert_eq!(receivers(&world).len(), 2);
    let (well, said) = test("email:desk/00000000").await;
    assert!(!well && said.contains("the settings define no destination `email:desk/00000000`"), "{said}");
    world.finish().await;
}
