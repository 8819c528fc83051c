//! A digest: one mail a slot with all that came since the last.

use mail_parser::MessageParser;

use crate::world::{World, at, deliver_all, qualys, small_sale};

const RULES: &str = "[[rule]]\nname = \"all-sales\"\ncodes = [\"S\"]\nnotify = [\"email:digest\"]\n\
    [[rule]]\nname = \"qualys\"\ntickers = [\"QLYS\"]\nnotify = [\"email:digest\"]\n";
const SLOT: &str = "2021-08-24T17:30:00-04:00";

#[tokio::test]
async fn a_slot_that_passes_twice_sends_one_mail() {
    let world = World::new().await;
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    assert_eq!(
        app.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap(),
        0,
        "from now on"
    );
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T17:00:00-04:00"));
    world.edgar.publish(&qualys());
    app.intake.poll_once(at("2021-08-24T17:12:31-04:00")).await.unwrap();
    world.edgar.take_fetched();
    assert_eq!(
        app.outbox.digests.digest_once(at("2021-08-24T17:29:59-04:00")).await.unwrap(),
        0,
        "not before the slot"
    );
    assert_eq!(deliver_all(&app, at("2021-08-24T17:29:59-04:00")).await, (0, 0, 0));
    assert_eq!(app.outbox.digests.digest_once(at(SLOT)).await.unwrap(), 1);
    assert_eq!(app.outbox.digests.digest_once(at(SLOT)).await.unwrap(), 0);
    world.close(app);

    let app = world.app(RULES, None);
    assert_eq!(app.outbox.digests.digest_once(at(SLOT)).await.unwrap(), 0, "nor after a restart");
    assert_eq!(deliver_all(&app, at(SLOT)).await, (1, 0, 0));
    let mail = world.smtp.next_mail().await;
    assert_eq!(mail.to, ["digest@example.org"]);
    let parsed = MessageParser::default().parse(&mail.raw).unwrap();
    assert_eq!(parsed.subject(), Some("2 insider sales, $2.66M: QLYS, Issuer 70"));
    let text = parsed.body_text(0).unwrap().into_owned();
    let places: Vec<_> = ["2 sales: $2,662,359.10", "QLYS · QUALYS", "Issuer 70", "rules all-sales, qualys"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}")))
        .collect();
    assert!(places.is_sorted(), "the most valuable first: {text}");
    let html = parsed.body_html(0).unwrap();
    assert!(html.contains("<th scope=\"rowgroup\"") && html.contains("$2,662,359.10"), "{html}");

    assert_eq!(
        app.outbox.digests.digest_once(at("2021-08-25T17:30:00-04:00")).await.unwrap(),
        0,
        "nothing to tell, no mail"
    );
    assert_eq!(deliver_all(&app, at("2021-08-25T17:30:00-04:00")).await, (0, 0, 0));
    world.finish().await;
}

#[tokio::test]
async fn slots_missed_while_down_come_as_one_mail() {
    let world = World::new().await;
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    app.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap();
    world.edgar.publish(&qualys());
    app.intake.poll_once(at("2021-08-24T17:12:31-04:00")).await.unwrap();
    world.close(app);
    let app = world.app(RULES, None);
    let much_later = at("2021-08-27T09:00:00-04:00");
    assert_eq!(app.outbox.digests.digest_once(much_later).await.unwrap(), 1);
    assert_eq!(app.outbox.digests.digest_once(much_later).await.unwrap(), 0);
    assert_eq!(deliver_all(&app, much_later).await, (1, 0, 0));
    world.smtp.next_mail().await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_digest_is_not_lost_when_the_recipient_wants_mail_at_once() {
    let world = World::new().await;
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    app.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap();
    world.edgar.publish(&qualys());
    app.intake.poll_once(at("2021-08-24T17:12:31-04:00")).await.unwrap();
    world.close(app);
    let digest = "mode = \"digest\"\nschedule = \"30 17 * * *\"\ntime_zone = \"America/New_York\"\n";
    let app = world.app_with(&world.settings().replace(digest, ""), RULES, None);
    let now = at("2021-08-24T17:15:00-04:00");
    assert_eq!(
        (
            app.outbox.digests.digest_once(now).await.unwrap(),
            app.outbox.digests.digest_once(now).await.unwrap()
        ),
        (1, 0)
    );
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    assert_eq!(world.smtp.next_mail().await.to, ["digest@example.org"]);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_slot_that_comes_twice_on_the_clock_has_one_digest_and_loses_no_alert() {
    let world = World::new().await;
    let settings = world.settings().replace("30 17 * * *", "30 1 * * *");
    let app = world.app_with(&settings, RULES, Some("2021-08-24T00:00:00-04:00"));
    app.outbox.digests.digest_once(at("2021-11-06T12:00:00-04:00")).await.unwrap();
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-11-06T17:00:00-04:00"));
    app.intake.poll_once(at("2021-11-06T17:00:10-04:00")).await.unwrap();
    // 01:30 in summer time, then the clock goes back and it is 01:30 again.
    assert_eq!(app.outbox.digests.digest_once(at("2021-11-07T01:30:00-04:00")).await.unwrap(), 1);
    world.edgar.publish(&qualys());
    world.edgar.publish(&small_sale("0000000007-21-000002", 70, "2021-11-07T01:10:00-05:00"));
    app.intake.poll_once(at("2021-11-07T01:10:10-05:00")).await.unwrap();
    assert_eq!(app.outbox.digests.digest_once(at("2021-11-07T01:30:00-05:00")).await.unwrap(), 0);
    assert_eq!(app.outbox.digests.digest_once(at("2021-11-08T01:30:00-05:00")).await.unwrap(), 1);
    assert_eq!(deliver_all(&app, at("2021-11-08T01:30:00-05:00")).await, (2, 0, 0));
    world.smtp.next_mail().await;
    let second = world.smtp.next_mail().await;
    assert!(String::from_utf8_lossy(&second.raw).contains("Subject: 2 insider sales"));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test]
async fn a_clock_that_was_ahead_holds_no_digest_back_and_swallows_none() {
    let world = World::new().await;
    let app = world.app(RULES, Some("2021-08-24T00:00:00-04:00"));
    app.outbox.digests.digest_once(at("2021-08-24T16:00:00-04:00")).await.unwrap();
    world.edgar.publish(&small_sale("0000000007-21-000001", 70, "2021-08-24T16:30:00-04:00"));
    app.intake.poll_once(at("2021-08-24T16:31:00-04:00")).await.unwrap();
    // The clock is a day ahead, and closes tomorrow's slot.
    let tomorrow = at("2021-08-25T17:30:00-04:00");
    assert_eq!(app.outbox.digests.digest_once(tomorrow).await.unwrap(), 1);
    // It is set right; tomorrow comes, with an alert of its own.
    world.edgar.publish(&qualys());
    app.intake.poll_once(at("2021-08-24T17:12:31-04:00")).await.unwrap();
    app.outbox.digests.digest_once(at("2021-08-24T17:45:00-04:00")).await.unwrap();
    assert_eq!(app.outbox.digests.digest_once(tomorrow).await.unwrap(), 1);
    assert_eq!(deliver_all(&app, tomorrow).await, (2, 0, 0));
    world.smtp.next_mail().await;
    let second = world.smtp.next_mail().await;
    assert!(String::from_utf8_lossy(&second.raw).contains("Subject: 1 insider sale, $2.66M: QLYS"));
    world.edgar.take_fetched();
    world.finish().await;
}
