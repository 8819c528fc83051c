//! The addresses of a recipient in another order: each keeps its inbox, and with it all that waits for it.

use std::fs;

use chrono::TimeDelta;
use sellbell::destination::{AddressId, Inbox};
use sellbell::mute::Mute;
use sellbell::runtime::{App, on_start};
use sellbell::service;

use crate::mail_parts::parsed;
use crate::recipients::{receivers, ring, run};
use crate::verbs::said;
use crate::world::{World, at, deliver_all, small_sale};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:digest\"]\n";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const NOW: &str = "2021-08-24T17:12:31-04:00";
const SLOT: &str = "2021-08-24T17:30:00-04:00";

/// Settings whose recipient `digest` has these addresses.
fn with(world: &World, addresses: &[&str]) -> String {
    world
        .settings()
        .replace("address = \"digest@example.org\"", &format!("addresses = {addresses:?}"))
        .replace("listen = \"\"", "listen = \"127.0.0.1:0\"\npublic_url = \"https://bell.example.org/\"")
}

/// A bot with these settings.
async fn started(world: &World, addresses: &[&str], since: Option<&str>) -> App {
    let app = world.app_with(&with(world, addresses), RULES, since);
    on_start(&app, at(SINCE)).await.unwrap();
    app
}

#[tokio::test]
async fn what_waits_for_an_address_stays_its_own_in_any_order() {
    let mut world = World::new().await;
    world.secrets.http_token = Some("t0ken-that-signs".into());
    let [digest, jane, joe] = ["digest@example.org", "jane@example.org", "joe@example.org"];
    let app = started(&world, &[digest, jane, joe], Some(SINCE)).await;
    app.outbox.digests.digest_once(at("2021-08-23T17:30:00-04:00")).await.unwrap();
    ring(&world, &app).await;
    world.close(app);
    // In another order, one more comes.
    let app = started(&world, &[jane, joe, digest], None).await;
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:12:10-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    // The slot ends for one of them only, as if the bot ended in between.
    let first = app.settings.email.recipients[1].addresses[1].inbox.clone();
    assert_eq!(app.outbox.digests.send_now(&first, at(NOW)).await.unwrap(), Some(3));
    world.close(app);
    // Commands know the names, too.
    let settings = with(&world, &[jane, joe, digest]);
    fs::write(world.path("settings.toml"), settings).unwrap();
    let preview = |inbox: &str| {
        run(world.dir.path(), &["digest", "preview", inbox, "--dir", "out", "--config", "settings.toml"])
    };
    let of_jane = format!("digest/{}", AddressId::of(jane));
    assert!(said(&preview(&of_jane)).contains("(j•••@example.org): a digest with 3 filings"));
    assert!(!preview(&format!("digest/{}", AddressId::of(digest))).status.success(), "it has the name");
    // Once more, and one is gone.
    let app = started(&world, &[digest, jane], None).await;
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let got = || {
        let mut got: Vec<(String, String)> = world
            .smtp
            .take_mails()
            .iter()
            .map(|mail| (mail.to[0].clone(), parsed(mail).subject().unwrap()[..15].to_owned()))
            .collect();
        got.sort();
        got
    };
    let subject = "3 insider sales".to_owned();
    assert_eq!(got(), [(digest.to_owned(), subject.clone()), (jane.to_owned(), subject.clone())]);
    let next = at("2021-08-25T17:30:00-04:00");
    assert_eq!(app.outbox.digests.digest_once(next).await.unwrap(), 0, "nothing is left");
    world.close(app);
    // It is back, and gets its own.
    let app = started(&world, &[joe, digest, jane], None).await;
    deliver_all(&app, next).await;
    assert_eq!(got(), [(joe.to_owned(), subject)]);
    world.finish().await;
}

#[tokio::test]
async fn alerts_that_wait_or_are_muted_go_to_their_own_address_in_any_order() {
    let world = World::new().await;
    let [desk, jane, new] = ["desk@example.org", "jane@example.org", "new@example.org"];
    let rules = RULES.replace("email:digest", "email:desk");
    let app = async |addresses: &[&str], since: Option<&str>| {
        let settings = world.settings();
        let addresses = format!("addresses = {addresses:?}");
        let settings = settings.replace("address = \"Desk <desk@example.org>\"", &addresses);
        let app = world.app_with(&settings, &rules, since);
        on_start(&app, at(SINCE)).await.unwrap();
        app
    };
    let first = app(&[desk, jane], Some(SINCE)).await;
    ring(&world, &first).await;
    world.close(first);
    let second = app(&[jane, desk], None).await;
    assert_eq!(deliver_all(&second, at(NOW)).await, (4, 0, 0));
    assert_eq!(receivers(&world), [desk, desk, jane, jane], "each gets both");

    let mute = Mute {
        what: "destination:email:desk".parse().unwrap(),
        since: at(NOW),
        until: at(SLOT),
        why: None,
        by: None,
    };
    second.store.set_mute(&mute).await.unwrap();
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:13:10-04:00"));
    second.intake.poll_once(at("2021-08-24T17:14:00-04:00")).await.unwrap();
    world.edgar.take_fetched();
    world.close(second);
    let third = app(&[jane, desk], None).await;
    third.outbox.mutes.end_due(at("2021-08-24T18:00:00-04:00")).await.unwrap();
    assert_eq!(deliver_all(&third, at("2021-08-24T18:00:00-04:00")).await, (2, 0, 0));
    assert_eq!(receivers(&world), [desk, jane]);

    // An address in the place of one that is gone gets what waits for that; what waits for another is not repeated.
    world.edgar.publish(&small_sale("0000000007-21-000003", 73, "2021-08-24T18:13:10-04:00"));
    third.intake.poll_once(at("2021-08-24T18:14:00-04:00")).await.unwrap();
    world.edgar.take_fetched();
    world.close(third);
    let fourth = app(&[jane], None).await;
    let later = at("2021-08-24T18:15:00-04:00");
    let (delivered, failed, _) = deliver_all(&fourth, later).await;
    assert_eq!((delivered, failed > 0), (1, true), "what waits for the one that is gone stays");
    assert_eq!(receivers(&world), [jane]);
    world.close(fourth);
    let fifth = app(&[jane, new], None).await;
    assert_eq!(deliver_all(&fifth, later + TimeDelta::hours(3)).await, (1, 0, 0));
    assert_eq!(receivers(&world), [new]);
    world.finish().await;
}

#[tokio::test]
async fn who_unsubscribed_stays_so_in_another_order_and_an_old_link_is_still_of_use() {
    let mut world = World::new().await;
    world.secrets.http_token = Some("t0ken-that-signs".into());
    let [digest, jane] = ["digest@example.org", "jane@example.org"];
    let app = started(&world, &[digest, jane], Some(SINCE)).await;
    app.outbox.digests.digest_once(at("2021-08-23T17:30:00-04:00")).await.unwrap();
    ring(&world, &app).await;
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let mails = world.smtp.take_mails();
    let token = |to: &str| {
        let mail = mails.iter().find(|mail| mail.to == [to]).unwrap();
        let header =
            parsed(mail).header_raw("List-Unsubscribe").unwrap().split_whitespace().collect::<String>();
        let link = header.split_once("to=digest&token=").unwrap().1;
        link.split_once('>').unwrap().0.to_owned()
    };
    let reader = service::reader_of(&app, "digest", &token(digest)).unwrap();
    assert_eq!((&reader.inbox, reader.masked.as_str()), (&Inbox::first("digest"), "d•••@example.org"));
    service::set_emails(&app, &reader, false, at(SLOT)).await.unwrap();
    world.close(app);

    let app = started(&world, &[jane, digest], None).await;
    let status = service::status(&app, at(SLOT)).await.unwrap();
    assert_eq!(status.unsubscribed, ["email:digest unsubscribed 2021-08-24 17:30 EDT"]);
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:31:10-04:00"));
    app.intake.poll_once(at("2021-08-24T17:32:00-04:00")).await.unwrap();
    world.edgar.take_fetched();
    let next = at("2021-08-25T17:30:00-04:00");
    app.outbox.digests.digest_once(next).await.unwrap();
    deliver_all(&app, next).await;
    assert_eq!(receivers(&world), [jane]);
    let reader = service::reader_of(&app, "digest", &token(digest)).unwrap();
    assert_eq!(reader.inbox, Inbox::first("digest"));
    let of_jane = service::reader_of(&app, "digest", &token(jane)).unwrap().inbox;
    assert_eq!(of_jane, Inbox::further("digest", AddressId::of(jane)));
    service::set_emails(&app, &reader, true, next).await.unwrap();
    assert!(service::status(&app, next).await.unwrap().unsubscribed.is_empty());
    world.finish().await;
}
