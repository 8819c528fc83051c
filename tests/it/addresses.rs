//! The addresses of a recipient in another order: what waits, and who unsubscribed, goes with the address.

use sellbell::destination::{AddressId, Inbox};
use sellbell::runtime::{App, on_start};
use sellbell::service;

use crate::mail_parts::parsed;
use crate::recipients::{receivers, ring};
use crate::world::{World, at, deliver_all, small_sale};

const RULES: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:digest\"]\n";
const SINCE: &str = "2021-08-24T00:00:00-04:00";
const NOW: &str = "2021-08-24T17:12:31-04:00";
const SLOT: &str = "2021-08-24T17:30:00-04:00";

/// A bot whose recipient `digest` has these addresses.
async fn started(world: &World, addresses: &[&str], since: Option<&str>) -> App {
    let settings = world
        .settings()
        .replace("address = \"digest@example.org\"", &format!("addresses = {addresses:?}"))
        .replace("listen = \"\"", "listen = \"127.0.0.1:0\"\npublic_url = \"https://bell.example.org/\"");
    let app = world.app_with(&settings, RULES, since);
    on_start(&app, at(SINCE)).await.unwrap();
    app
}

#[tokio::test]
async fn what_waits_for_an_address_stays_its_own_in_another_order() {
    let mut world = World::new().await;
    world.secrets.http_token = Some("t0ken-that-signs".into());
    let [digest, jane, joe] = ["digest@example.org", "jane@example.org", "joe@example.org"];
    let app = started(&world, &[digest, jane, joe], Some(SINCE)).await;
    app.outbox.digests.digest_once(at("2021-08-23T17:30:00-04:00")).await.unwrap();
    ring(&world, &app).await;
    world.close(app);
    let app = started(&world, &[jane, joe, digest], None).await;
    // One more comes in the new order.
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:12:10-04:00"));
    app.intake.poll_once(at(NOW)).await.unwrap();
    world.edgar.take_fetched();
    world.close(app);
    // Once more, and one is gone.
    let app = started(&world, &[digest, jane], None).await;
    app.outbox.digests.digest_once(at(SLOT)).await.unwrap();
    deliver_all(&app, at(SLOT)).await;
    let mails = world.smtp.take_mails();
    let mut got: Vec<(String, String)> = mails
        .iter()
        .map(|mail| (mail.to[0].clone(), parsed(mail).subject().unwrap()[..15].to_owned()))
        .collect();
    got.sort();
    let subject = "3 insider sales".to_owned();
    assert_eq!(got, [(digest.to_owned(), subject.clone()), (jane.to_owned(), subject)]);
    assert_eq!(
        app.outbox.digests.digest_once(at("2021-08-25T17:30:00-04:00")).await.unwrap(),
        0,
        "nothing is left"
    );
    world.finish().await;
}

#[tokio::test]
async fn an_alert_that_waits_for_an_address_is_sent_to_it_in_another_order() {
    let world = World::new().await;
    let (desk, jane) = ("desk@example.org", "jane@example.org");
    let rules = RULES.replace("email:digest", "email:desk");
    let with = |addresses: &[&str]| {
        let settings = world.settings();
        settings.replace("address = \"Desk <desk@example.org>\"", &format!("addresses = {addresses:?}"))
    };
    let app = world.app_with(&with(&[desk, jane]), &rules, Some(SINCE));
    on_start(&app, at(SINCE)).await.unwrap();
    ring(&world, &app).await;
    world.close(app);
    let app = world.app_with(&with(&[jane, desk]), &rules, None);
    on_start(&app, at(NOW)).await.unwrap();
    assert_eq!(deliver_all(&app, at(NOW)).await, (4, 0, 0));
    assert_eq!(receivers(&world), [desk, desk, jane, jane], "each gets both");
    let counts = app.store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.delivered, counts.dead), (0, 4, 0));
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
    let moved = Inbox::further("digest", AddressId::of(digest));
    let status = service::status(&app, at(SLOT)).await.unwrap();
    assert_eq!(status.unsubscribed, [format!("email:{moved} unsubscribed 2021-08-24 17:30 EDT")]);
    assert_eq!(status.names[&format!("email:{moved}")], "d•••@example.org");
    world.edgar.publish(&small_sale("0000000007-21-000002", 72, "2021-08-24T17:31:10-04:00"));
    app.intake.poll_once(at("2021-08-24T17:32:00-04:00")).await.unwrap();
    world.edgar.take_fetched();
    let next = at("2021-08-25T17:30:00-04:00");
    app.outbox.digests.digest_once(next).await.unwrap();
    deliver_all(&app, next).await;
    assert_eq!(receivers(&world), [jane]);
    let reader = service::reader_of(&app, "digest", &token(digest)).unwrap();
    assert_eq!(reader.inbox, moved);
    assert_eq!(service::reader_of(&app, "digest", &token(jane)).unwrap().inbox, Inbox::first("digest"));
    service::set_emails(&app, &reader, true, next).await.unwrap();
    assert!(service::status(&app, next).await.unwrap().unsubscribed.is_empty());
    world.finish().await;
}
