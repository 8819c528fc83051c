//! The link in e-mails that stops them: looking changes nothing, asking does, and nobody can ask for another.

use std::fs;
use std::sync::{Arc, Mutex};

use sellbell::config::Settings;
use sellbell::destination::Inbox;
use sellbell::notify::{Notifier, Secrets};
use sellbell::render::terminal::Colour;
use sellbell::{http, service};
use tokio::sync::watch;

use crate::mail_parts::parsed;
use crate::related::{Filed, filed, publish};
use crate::world::{World, at, deliver_all};

const RULES: &str =
    "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"email:desk\", \"email:digest\"]\n";
const SINCE: &str = "2025-12-01T00:00:00-05:00";
const NOW: &str = "2025-12-11T17:00:00-05:00";
const SLOT: &str = "2025-12-11T17:30:00-05:00";
const PUBLIC: &str = "bell.example.org";

fn sale(cik: u64, accession: &'static str) -> Filed {
    Filed { owner: (cik, "DOE JANE"), ..filed(accession, "2025-12-11T16:30:00-05:00") }
}

/// The settings of a bot with a public address.
fn public(settings: &str) -> String {
    settings.replace("listen = \"\"", "listen = \"127.0.0.1:0\"\npublic_url = \"https://bell.example.org/\"")
}

#[tokio::test]
async fn links_need_a_token_that_nobody_guesses() {
    let world = World::new().await;
    let settings = Settings::read("settings", &public(&world.settings()), &[]).unwrap();
    for (token, expected) in [
        (None, "needs HTTP_TOKEN"),
        (Some("fifteen letters"), "too short to sign"),
        (Some("one letter more!"), ""),
    ] {
        let secrets = Secrets { http_token: token.map(Into::into), ..Secrets::default() };
        let output = Arc::new(Mutex::new(Vec::new()));
        let notifier = Notifier::new(&settings, &secrets, &|_| false, output, Colour::Plain);
        let said = notifier.err().map_or(String::new(), |error| error.to_string());
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_reader_unsubscribes_by_a_link_that_only_a_request_to_change_follows() {
    let mut world = World::new().await;
    world.secrets.http_token = Some("t0ken-that-signs".into());
    let settings = public(&world.settings()) + "[operators]\nnotify = [\"discord:alerts\"]\n";
    let app = Arc::new(world.app_with(&settings, RULES, Some(SINCE)));
    app.outbox.digests.digest_once(at(SINCE)).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(http::serve(Arc::clone(&app), None, stopped));
    let file = world.path("store/address");
    let address = loop {
        match fs::read_to_string(&file) {
            Ok(address) if address.ends_with('\n') => break address.trim().to_owned(),
            _ => tokio::task::yield_now().await,
        }
    };

    publish(&world, &app, &[&sale(7, "0000000070-25-000001")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    let mail = world.smtp.next_mail().await;
    let message = parsed(&mail);
    let header = |name: &str| message.header_raw(name).unwrap().split_whitespace().collect::<String>();
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let by_link = header("List-Unsubscribe");
    let (link, by_mail) = by_link.split_once(",").unwrap();
    assert_eq!(by_mail, "<mailto:bell@example.org?subject=unsubscribe>");
    let link = link.trim_matches(['<', '>']);
    let path = link.strip_prefix("https://bell.example.org").unwrap();
    assert!(path.starts_with("/unsubscribe?to=desk&token="), "{path}");
    assert!(message.body_text(0).unwrap().replace("\r\n", "").contains(link));
    let html = message.body_html(0).unwrap().replace("&#x2f;", "/");
    assert!(html.contains(&link.replace('&', "&amp;")), "{html}");

    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{address}{path}");
    let ask = async |path: &str| client.get(url(path)).header("Host", PUBLIC).send().await.unwrap();
    let change = async |path: &str| {
        let form = client.post(url(path)).header("Host", PUBLIC).body("List-Unsubscribe=One-Click");
        form.send().await.unwrap()
    };
    let desk = Inbox::first("desk");
    let has_stopped = async || {
        let id = app.settings.address(&desk).unwrap().id();
        app.store.has_unsubscribed(&desk, &id).await.unwrap()
    };
    let page = ask(path).await;
    assert_eq!(
        (page.status().as_u16(), page.headers()["cache-control"].to_str().unwrap()),
        (200, "no-store")
    );
    let page = page.text().await.unwrap();
    assert!(page.contains("Stop e-mails to d•••@example.org?") && page.contains("method=\"post\""), "{page}");
    assert!(!page.contains("desk@example.org") && !page.contains("<script"), "{page}");
    assert!(!has_stopped().await, "to look changes nothing");
    for wrong in [
        path.replace("to=desk", "to=digest"),
        path.replace("token=", "token=0"),
        "/unsubscribe".to_owned(),
        "/unsubscribe?to=desk&token=".to_owned(),
    ] {
        assert_eq!((ask(&wrong).await.status(), change(&wrong).await.status()).0.as_u16(), 404, "{wrong}");
        assert_eq!(change(&wrong).await.status(), 404, "{wrong}");
    }
    assert_eq!(client.delete(url(path)).header("Host", PUBLIC).send().await.unwrap().status(), 405);
    assert_eq!(ask("/status").await.status(), 403, "the rest answers by address only");
    assert!(!has_stopped().await);

    let answer = change(path).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("d•••@example.org gets no more e-mails."));
    assert_eq!(change(path).await.status(), 200, "twice is once");
    assert!(has_stopped().await);
    let page = ask(path).await.text().await.unwrap();
    assert!(page.contains("gets no more e-mails.") && page.contains("Subscribe again"), "{page}");
    publish(&world, &app, &[&sale(8, "0000000070-25-000002")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.smtp.unread(), 0);
    let notice = world.discord.next_message().await.body.to_string();
    assert!(notice.contains("example.org unsubscribed") && !notice.contains("desk@"), "{notice}");
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let digest = world.smtp.next_mail().await;
    assert!(
        digest.to == ["digest@example.org"] && parsed(&digest).subject().unwrap().starts_with("2 insider")
    );

    let again = change(&format!("{path}&again=true")).await;
    assert!(again.text().await.unwrap().contains("d•••@example.org gets e-mails again."));
    publish(&world, &app, &[&sale(9, "0000000070-25-000003")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.smtp.next_mail().await.to, ["desk@example.org"]);
    world.discord.next_message().await;

    // Another address in its place gets e-mails, and the link of the one before is of no use.
    change(path).await;
    stop.send(true).unwrap();
    serving.await.unwrap();
    world.close(app);
    let app = world.app_with(&settings.replace("<desk@example.org>", "<new@example.org>"), RULES, None);
    let token = path.split_once("token=").unwrap().1;
    assert_eq!(service::reader_of(&app, "desk", token), None);
    publish(&world, &app, &[&sale(10, "0000000070-25-000004")], NOW).await;
    deliver_all(&app, at(NOW)).await;
    assert_eq!(world.smtp.next_mail().await.to, ["new@example.org"]);
    world.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_reader_who_unsubscribes_is_given_up_but_for_notices_to_operators() {
    let mut world = World::new().await;
    world.secrets.http_token = Some("t0ken-that-signs".into());
    let settings = public(&world.settings()) + "[operators]\nnotify = [\"email:desk\"]\n";
    let app = world.app_with(&settings, RULES, Some(SINCE));
    publish(&world, &app, &[&sale(7, "0000000070-25-000001"), &sale(8, "0000000070-25-000002")], NOW).await;
    let desk = Inbox::first("desk");
    let address = app.settings.address(&desk).unwrap();
    let reader = service::Reader {
        inbox: desk.clone(),
        masked: address.masked(),
        language: app.settings.recipient(&desk).unwrap().language,
    };
    // Again and again is one notice for each change.
    for wants_them in [false, true, false, true, false] {
        service::set_emails(&app, &reader, wants_them, at(NOW)).await.unwrap();
    }
    assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0), "that nobody wants them is no failure");
    assert_eq!(app.store.counts().await.unwrap().dead, 2);
    let notices = world.smtp.take_mails();
    let mut subjects: Vec<String> =
        notices.iter().map(|mail| parsed(mail).subject().unwrap().to_owned()).collect();
    subjects.sort();
    assert!(
        subjects.len() == 2
            && subjects[0].contains("subscribed again")
            && subjects[1].contains("unsubscribed"),
        "{subjects:?}"
    );
    for notice in &notices {
        let message = parsed(notice);
        assert_eq!(message.header_raw("List-Unsubscribe-Post"), None, "operators stay");
    }
    let status = service::status(&app, at(NOW)).await.unwrap();
    assert_eq!(status.unsubscribed, ["email:desk unsubscribed 2025-12-11 17:00 EST"]);
    assert_eq!(status.queued, 0);
    service::set_emails(&app, &reader, true, at(NOW)).await.unwrap();
    assert_eq!(service::status(&app, at(NOW)).await.unwrap().unsubscribed, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_digest_whose_reader_unsubscribed_meanwhile_is_not_sent() {
    let world = World::new().await;
    let app = world.app(RULES, Some(SINCE));
    app.outbox.digests.digest_once(at(SINCE)).await.unwrap();
    publish(&world, &app, &[&sale(7, "0000000070-25-000001")], NOW).await;
    let digest = Inbox::first("digest");
    let id = app.settings.address(&digest).unwrap().id();
    assert!(app.store.stop_emails(&digest, &id, at(NOW)).await.unwrap());
    assert_eq!(app.outbox.digests.send_now(&digest, at(NOW)).await.unwrap(), None);
    assert_eq!(app.outbox.digests.digest_once(at(SLOT)).await.unwrap(), 0);
    deliver_all(&app, at(SLOT)).await;
    assert_eq!(world.smtp.next_mail().await.to, ["desk@example.org"], "the alert, and nothing else");
    world.finish().await;
}
