//! A record that changed since it was read is not overwritten by a decision based on the old one.

use chrono::NaiveDate;

use super::*;
use crate::mute::Mute;
use crate::receipt::{Progress, Receipt};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_mute_that_was_set_again_while_the_old_one_ends_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mute = |hours| Mute {
        what: "ticker:QLYS".parse().unwrap(),
        since: now(),
        until: now() + TimeDelta::hours(hours),
        why: None,
        by: None,
    };
    store.set_mute(&mute(1)).await.unwrap();
    store.set_mute(&mute(5)).await.unwrap();
    store.forget_mute(&mute(1)).await.unwrap();
    assert_eq!(store.mutes().await.unwrap(), [mute(5)]);
    store.forget_mute(&mute(5)).await.unwrap();
    assert_eq!(store.mutes().await.unwrap(), []);
}

#[tokio::test]
async fn what_is_given_up_while_others_are_reported_is_reported_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let give_up = async |number: usize| {
        let alert = Alert { key: Key::of(&["alert", &number.to_string()]), ..alert() };
        let delivery = Delivery::new(terminal(), Body::Alert(Box::new(alert)), now());
        store.enqueue(&delivery).await.unwrap();
        assert!(store.give_up(&delivery, (now(), "gone"), true).await.unwrap());
    };
    let counts =
        async || store.given_up().await.unwrap().iter().map(|given_up| given_up.count).collect::<Vec<_>>();
    give_up(1).await;
    give_up(2).await;
    let read = store.given_up().await.unwrap().remove(0);
    give_up(3).await;
    store.report_given_up(&read, &[], now()).await.unwrap();
    assert_eq!(counts().await, [1]);

    let read = store.given_up().await.unwrap().remove(0);
    store.report_given_up(&read, &[], now()).await.unwrap();
    let reported = store.given_up().await.unwrap().remove(0);
    give_up(4).await;
    store.forget_given_up(&reported).await.unwrap();
    assert_eq!(counts().await, [1]);
    let read = store.given_up().await.unwrap().remove(0);
    store.forget_given_up(&read).await.unwrap();
    assert_eq!(counts().await, [0_usize; 0]);
}

#[tokio::test]
async fn a_slot_whose_alerts_changed_since_they_were_read_stays_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&[], &["desk"])).await.unwrap();
    let desk = &Inbox::first("desk");
    let mut read = store.gathered(desk, 9).await.unwrap();
    read[0].rule = "as it was".into();
    let digest = Delivery::new(terminal(), Body::Alert(Box::new(alert())), now());
    let mark = &DigestMark::new(now());
    let end = SlotEnd { inbox: desk, read: None, mark, alerts: &read, digest: Some(&digest) };
    assert!(!store.end_slot(end).await.unwrap());
    assert_eq!(store.gathered(desk, 9).await.unwrap(), [alert()]);
    assert_eq!(store.digest_mark(desk).await.unwrap(), None);
    assert_eq!(store.counts().await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_day_that_is_compared_again_is_reported_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let receipt = |day| Receipt { state: Progress::Compared, ..Receipt::new(day, now()) };
    let (monday, tuesday) = (day("2021-08-23"), day("2021-08-24"));
    for day in [monday, tuesday] {
        store.compared(&receipt(day), &[], &[], now()).await.unwrap();
    }
    let read = store.receipts(monday, 9).await.unwrap();
    store.reopen(tuesday).await.unwrap();
    store.compared(&Receipt { listed: 7, ..receipt(tuesday) }, &[], &[], now()).await.unwrap();
    store.receipts_reported(&read).await.unwrap();
    let told: Vec<bool> =
        store.receipts(monday, 9).await.unwrap().iter().map(|receipt| receipt.reported).collect();
    assert_eq!(told, [true, false]);
}

#[tokio::test]
async fn a_look_back_that_begins_during_a_comparison_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let from = |text| Ledger { next: day(text) };
    store.set_ledger(from("2021-08-24")).await.unwrap();
    store.reopen(day("2021-08-02")).await.unwrap();
    assert!(!store.replace_ledger(from("2021-08-24"), from("2021-08-25")).await.unwrap());
    assert_eq!(store.ledger().await.unwrap(), Some(from("2021-08-02")));
    assert!(store.replace_ledger(from("2021-08-02"), from("2021-08-03")).await.unwrap());
    assert_eq!(store.ledger().await.unwrap(), Some(from("2021-08-03")));
}
