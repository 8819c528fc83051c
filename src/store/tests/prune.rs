//! Only expired records are removed.

use super::*;
use crate::store::alerts::ALERTS_KEPT;
use crate::store::prune::REST;
use crate::summary::{Summary, Why};

fn delivery(number: usize) -> Delivery {
    let alert = Alert { key: Key::of(&["alert", &number.to_string()]), ..alert() };
    Delivery::new(terminal(), Body::Alert(Box::new(alert)), now())
}

/// Removes everything that is due, in as many rounds as it takes to check everything once.
async fn pruned(store: &Store, now: chrono::DateTime<chrono::Utc>) -> usize {
    let mut count = 0;
    for _ in 0..6 {
        count += store.prune(now).await.unwrap();
    }
    count
}

#[tokio::test]
async fn what_was_sent_two_years_ago_is_forgotten_and_stays_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let sent: Vec<Delivery> = (0..2_500).map(delivery).collect();
    for one in &sent {
        store.enqueue(one).await.unwrap();
    }
    let outcome = Outcome::Delivered { at: now(), message_id: None };
    store.leave_queue(&sent, &outcome).await.unwrap();
    let waits = delivery(9_000);
    store.enqueue(&waits).await.unwrap();
    let later = delivery(9_001);
    store.enqueue(&later).await.unwrap();
    let at = now() + TimeDelta::days(1);
    store.leave_queue(slice::from_ref(&later), &Outcome::Delivered { at, message_id: None }).await.unwrap();
    let counts = store.counts().await.unwrap();

    assert_eq!(pruned(&store, now() + KEPT).await, 0);
    assert_eq!(pruned(&store, now() + KEPT + TimeDelta::seconds(1)).await, 0, "it rests");
    // The later one is as old as allowed.
    assert_eq!(pruned(&store, now() + KEPT + REST).await, 2_500);
    assert_eq!(store.delivery_standing(&sent[7].key).await.unwrap(), None);
    for (one, standing) in [
        (&waits, DeliveryStanding::Queued),
        (&later, DeliveryStanding::Left(Outcome::Delivered { at, message_id: None })),
    ] {
        assert_eq!(store.delivery_standing(&one.key).await.unwrap(), Some(standing));
    }
    assert_eq!(store.counts().await.unwrap(), counts);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn what_joined_is_forgotten_after_its_message_and_what_was_given_up_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let joined: Vec<Delivery> = (0..3).map(delivery).collect();
    for one in &joined {
        store.enqueue(one).await.unwrap();
    }
    let summary = Summary::new(&joined[0].key, Why::TooMany, now()).grown([&alert(), &alert(), &alert()]);
    let joint = Delivery::new(terminal(), Body::Summary(Box::new(summary)), now());
    assert!(store.join_into(&joint, &joined, &[]).await.unwrap());
    let dead = delivery(7);
    store.enqueue(&dead).await.unwrap();
    assert!(store.give_up(&dead, (now(), "no"), true).await.unwrap());
    let late = now() + KEPT + TimeDelta::days(1);
    assert_eq!(pruned(&store, late).await, 0, "the message waits");
    store
        .leave_queue(slice::from_ref(&joint), &Outcome::Delivered { at: now(), message_id: None })
        .await
        .unwrap();
    assert_eq!(pruned(&store, late + REST).await, 4);
    assert!(store.revive(&store.dead(&dead.key).await.unwrap().unwrap().delivery, None, late).await.unwrap());
}

#[tokio::test]
async fn an_alert_that_was_in_a_digest_is_forgotten_after_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&[], &["desk"])).await.unwrap();
    let desk = &Inbox::first("desk");
    let alerts = store.gathered(desk, 9).await.unwrap();
    let mark = &DigestMark::new(now());
    let end = SlotEnd { inbox: desk, read: None, mark, alerts: &alerts, digest: None };
    assert!(store.end_slot(end).await.unwrap());
    let standing = async || store.digest_standing(desk, &alerts[0].key).await.unwrap();
    assert_eq!(pruned(&store, now() + KEPT).await, 0);
    assert_eq!(standing().await, Some(DigestStanding::Told));
    assert_eq!(pruned(&store, now() + KEPT + REST).await, 1);
    assert_eq!(standing().await, None);
}

#[tokio::test]
async fn alerts_are_kept_for_a_month_and_found_once_with_all_their_owners() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let other = Alert { key: Key::of(&["other"]), ..alert() };
    let mut again = Alert { accession: "0000000009-21-000001".parse().unwrap(), ..alert() };
    again.owners[0].cik = Some("9".parse().unwrap());
    for (alerts, days) in [(vec![alert(), other.clone()], 0), (vec![again], 1)] {
        let accession = alerts[0].accession;
        let at = now() + TimeDelta::days(days);
        let settled = Settled { alerts, ..Settled::new(accession, Ending::Alerted, at) };
        assert!(store.commit(&settled).await.unwrap());
    }
    let found = async |since| store.alerts_since(since, 9, |_| true).await.unwrap();
    let all = found(now()).await;
    assert_eq!(all.len(), 2);
    let joined = all.iter().find(|found| found.key == alert().key).unwrap();
    assert_eq!((joined.owners.len(), joined.also_in.len()), (2, 1));
    assert_eq!(found(now() + TimeDelta::seconds(1)).await.len(), 1, "those since then");
    assert_eq!(store.alerts_since(now(), 9, |found| found.key == other.key).await.unwrap(), [other]);
    assert_eq!(store.alerts_since(now(), 1, |_| true).await.unwrap().len(), 1);
    assert_eq!(pruned(&store, now() + ALERTS_KEPT).await, 0);
    assert_eq!(pruned(&store, now() + ALERTS_KEPT + TimeDelta::seconds(1)).await, 2);
    assert_eq!(found(now()).await.len(), 1);
}

#[tokio::test]
async fn a_clock_that_is_ahead_has_nothing_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.discovered(Discovered::default(), Frontier::at(now()), now()).await.unwrap();
    let sent = delivery(1);
    store.enqueue(&sent).await.unwrap();
    let outcome = Outcome::Delivered { at: now(), message_id: None };
    store.leave_queue(slice::from_ref(&sent), &outcome).await.unwrap();
    assert_eq!(
        pruned(&store, now() + KEPT * 5).await,
        0,
        "EDGAR's newest filing says that it is not so late"
    );
    let later = Frontier::at(now() + KEPT);
    store.discovered(Discovered::default(), later, now()).await.unwrap();
    assert_eq!(pruned(&store, now() + KEPT * 5 + REST).await, 1);
}
