//! `sellbell digest`: what waits is shown, or sent before its slot is over, with a running bot or without.

use std::fs;

use chrono::TimeDelta;
use mail_parser::MessageParser;
use sellbell::destination::AddressId;

use crate::recipients::{receivers, ring, run};
use crate::verbs::{at_once, prepare, said, started, stop};
use crate::world::{World, at, deliver_all, records};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:digest\"]\n";

/// The settings of a world whose recipient `digest` has two addresses.
fn digesting(world: &World) -> String {
    world.settings().replace(
        "address = \"digest@example.org\"",
        "addresses = [\"digest@example.org\", \"jane@example.org\"]",
    )
}

fn digest(world: &World, args: &[&str]) -> (bool, String) {
    let args = [&["digest"], args, &["--config", "settings.toml"]].concat();
    let output = run(world.dir.path(), &args);
    (output.status.success(), said(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_shown_and_sent_on_request_while_no_bot_runs() {
    let world = World::new().await;
    fs::write(world.path("settings.toml"), digesting(&world)).unwrap();
    let (well, said) = digest(&world, &["preview", "--dir", "out"]);
    assert!(well && said.contains("email:digest: nothing waits, so this is a sample"), "{said}");
    assert!(!world.path("store").exists(), "a preview makes no store");
    let (well, said) = digest(&world, &["send", "digest", "--now"]);
    assert!(!well && said.contains("sellbell has not run"), "{said}");

    let app = world.app_with(&digesting(&world), RULES, Some("2021-08-24T00:00:00-04:00"));
    app.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap();
    ring(&world, &app).await;
    world.close(app);
    let before = records(&world.path("store")).await;
    let (well, said) = digest(&world, &["preview", "digest", "--dir", "out"]);
    assert!(well && said.contains("email:digest: a digest with 2 filings would be sent now"), "{said}");
    assert_eq!(records(&world.path("store")).await, before, "it changes nothing");
    let mut files: Vec<String> = fs::read_dir(world.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["digest.eml", "digest.html", "digest.txt"]);
    let file = |name: &str| fs::read_to_string(world.path("out").join(name)).unwrap();
    assert!(file("digest.txt").contains("Issuer 71") && file("digest.html").contains("Issuer 71"));
    let eml = fs::read(world.path("out/digest.eml")).unwrap();
    let mail = MessageParser::default().parse(&eml).unwrap();
    assert!(
        mail.body_text(0).unwrap().contains("Issuer 71")
            && mail.subject().unwrap().contains("2 insider sales")
    );
    let jane = AddressId::of("jane@example.org").to_string();
    let (well, said) = digest(&world, &["preview", &format!("email:digest/{jane}"), "--dir", "out"]);
    assert!(well && said.contains("(j•••@example.org): a digest with 2 filings"), "{said}");
    assert!(world.path(&format!("out/digest-{jane}.html")).exists());

    let (well, said) = digest(&world, &["send", "digest", "--now"]);
    assert!(
        well && said.matches("a digest with 2 filings is sent when sellbell runs").count() == 2,
        "{said}"
    );
    let (well, said) = digest(&world, &["send", "email:digest", "--now"]);
    assert!(well && said.matches("Nothing waits for email:digest").count() == 2, "{said}");
    for (args, expected) in [
        (&["send", "digest"][..], "--now"),
        (&["send", "desk", "--now"], "`desk` gets each alert at once, and no digests"),
        (
            &["preview", "nobody"],
            "the settings define no e-mail recipient `nobody`; those with digests are digest",
        ),
    ] {
        let (well, said) = digest(&world, args);
        assert!(!well && said.contains(expected), "{said}");
    }

    // They are shown again after they were sent, as far as their rules still go there and nothing mutes them.
    fs::create_dir_all(world.path("rules")).unwrap();
    fs::write(world.path("rules/any.toml"), RULES).unwrap();
    let shown = |args: &[&str]| digest(&world, &[&["preview", "digest", "--dir", "again"], args].concat()).1;
    let said = shown(&["--since", "2021-08-24"]);
    assert!(
        said.contains("a digest with 2 filings since 2021-08-24 00:00 EDT")
            && said.contains("kept for 31 days"),
        "{said}"
    );
    let again = |name: &str| fs::read_to_string(world.path("again").join(name)).unwrap();
    assert!(again("digest.txt").contains("Issuer 71") && again("digest.txt").contains("QLYS"));
    let said = shown(&["--since", "2021-08-25"]);
    assert!(said.contains("the store has none of its alerts since 2021-08-25 00:00 EDT"), "{said}");
    let muted = run(world.dir.path(), &["mute", "ticker:QLYS", "--for", "3d", "--config", "settings.toml"]);
    assert!(muted.status.success());
    assert!(shown(&["--since", "2021-08-24"]).contains("a digest with 1 filing since"));
    fs::write(world.path("rules/any.toml"), RULES.replace("email:digest", "terminal")).unwrap();
    assert!(shown(&["--since", "2021-08-24"]).contains("none of its alerts"));
    let said = shown(&["--since", "2999-01-01"]);
    assert!(said.contains("--since is in the future"), "{said}");
    let unmuted = run(world.dir.path(), &["unmute", "ticker:QLYS", "--config", "settings.toml"]);
    assert!(unmuted.status.success());

    // The schedule's own slot comes as ever, without what was sent.
    let app = world.app_with(&digesting(&world), RULES, None);
    let now = app.clock().now();
    assert_eq!(deliver_all(&app, now).await, (2, 0, 0));
    assert_eq!(receivers(&world), ["digest@example.org", "jane@example.org"]);
    let next = app.outbox.digests.digest_once(now + TimeDelta::days(1)).await.unwrap();
    assert_eq!(next, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_needs_no_secret_of_the_bot() {
    let world = World::new().await;
    let settings = digesting(&world);
    let public = "listen = \"127.0.0.1:0\"\npublic_url = \"https://bell.example.org/\"";
    fs::write(world.path("settings.toml"), settings.replace("listen = \"\"", public)).unwrap();
    let (well, said) = digest(&world, &["preview", "digest", "--dir", "out"]);
    assert!(well && said.contains("this is a sample"), "{said}");
    assert!(!fs::read_to_string(world.path("out/digest.txt")).unwrap().contains("/unsubscribe"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_shows_and_sends_digests_on_request() {
    let world = World::new().await;
    prepare(&world, "listen = \"127.0.0.1:0\"");
    let settings = fs::read_to_string(world.path("settings.toml")).unwrap();
    // No slot of its own comes while the test runs.
    let settings = settings.replace("30 17 * * *", "30 17 29 2 *");
    fs::write(world.path("settings.toml"), settings).unwrap();
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"discord:hook\", \"email:digest\"]\n";
    fs::write(world.path("rules/any.toml"), rules).unwrap();
    let bot = started(&world);
    world.discord.next_message().await;
    let dir = world.dir.path();
    let preview = at_once(dir, &["digest", "preview", "--dir", "out", "--config", "settings.toml"]).await;
    assert!(
        said(&preview).contains("email:digest: a digest with 1 filing would be sent now"),
        "{}",
        said(&preview)
    );
    assert!(fs::read_to_string(world.path("out/digest.txt")).unwrap().contains("QLYS"));
    let sent = at_once(dir, &["digest", "send", "digest", "--now", "--config", "settings.toml"]).await;
    assert!(said(&sent).contains("email:digest: a digest with 1 filing is sent now"), "{}", said(&sent));
    assert_eq!(world.smtp.next_mail().await.to, ["digest@example.org"]);
    let since = &["digest", "preview", "--since", "1h", "--dir", "out", "--config", "settings.toml"];
    let shown = said(&at_once(dir, since).await);
    assert!(shown.contains("email:digest: a digest with 1 filing since"), "{shown}");
    let again = at_once(dir, &["digest", "send", "digest", "--now", "--config", "settings.toml"]).await;
    assert!(said(&again).contains("Nothing waits for email:digest"), "{}", said(&again));
    let unknown = at_once(dir, &["digest", "send", "nobody", "--now", "--config", "settings.toml"]).await;
    assert!(
        !unknown.status.success() && said(&unknown).contains("no e-mail recipient `nobody`"),
        "{}",
        said(&unknown)
    );
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}
