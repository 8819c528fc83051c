//! A damaged record affects nothing else: nothing is fetched forever, sent again or forgotten.

use super::*;
use crate::summary::{Line, Summary, Why};

async fn damage(store: &Store, keyspace: &str, key: &str) {
    assert!(store.put_bytes(keyspace, key, b"\x01{").await.unwrap(), "{keyspace}");
}

#[tokio::test]
async fn a_filing_of_which_nobody_knows_that_it_is_pending_is_settled_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let accession = reference().accession;
    for found_again in [false, true] {
        let found = Discovered { new: &[reference()], ..Discovered::default() };
        store.discovered(found, Frontier::at(now()), now()).await.unwrap();
        damage(&store, "filings", &accession.to_string()).await;
        if found_again {
            assert_eq!(store.standing(accession).await.unwrap(), Standing::Pending);
            damage(&store, "filings", &accession.to_string()).await;
            store.discovered(found, Frontier::at(now()), now()).await.unwrap();
            assert_eq!(store.pending_len().await.unwrap(), 1);
        }
        assert!(store.commit(&settled(&["terminal"], &[])).await.unwrap());
        assert_eq!(store.pending_len().await.unwrap(), 0, "{found_again}");
        assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
        damage(&store, "filings", &accession.to_string()).await;
    }
    assert_eq!(store.standing(accession).await.unwrap(), Standing::New, "it is read again");
    assert_eq!(store.counts().await.unwrap().queued, 1, "and its alert is not queued again");
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.commit(&settled(&["terminal"], &[])).await.unwrap());
    let queued = store.queued(&terminal(), 9).await.unwrap();
    store.leave_queue(&queued, &Outcome::Delivered { at: now(), message_id: None }).await.unwrap();
    let key = queued[0].key.clone();
    for look in 0..3 {
        damage(&store, "deliveries", key.as_str()).await;
        match look {
            0 => {}
            1 => assert_eq!(store.delivery_standing(&key).await.unwrap(), None),
            _ => assert_eq!(store.prune(now() + TimeDelta::days(4_000)).await.unwrap(), 0),
        }
        // Another owner's filing reports the same trade.
        let other =
            Settled { accession: "0000000001-21-000001".parse().unwrap(), ..settled(&["terminal"], &[]) };
        store.commit(&other).await.unwrap();
        assert_eq!(store.queued(&terminal(), 9).await.unwrap(), [], "{look}");
    }
    assert!(store.corrupt_len().await.unwrap() >= 1);
}

#[tokio::test]
async fn a_channel_whose_record_is_damaged_subscribes_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.subscribe(1, "a", 9, now()).await.unwrap());
    damage(&store, "subscribers", "a\t1").await;
    assert_eq!(store.subscribers("a").await.unwrap(), [1]);
    assert!(store.note_server(1, 77).await.unwrap());
    assert_eq!(
        store.subscribed("a").await.unwrap(),
        [Subscriber { channel: 1, server: Some(77), mention: None, threads: None }]
    );
    damage(&store, "subscriptions", "1/a").await;
    assert_eq!(
        (store.subscribers("a").await.unwrap(), store.subscriptions(1).await.unwrap().len()),
        (vec![1], 1)
    );
    assert!(store.unsubscribe(1, "a").await.unwrap() && !store.unsubscribe(1, "a").await.unwrap());
    assert!(store.subscribers("a").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_lines_of_a_message_that_waits_are_kept_where_nobody_knows_whose_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&["channel:1"], &[])).await.unwrap();
    let channel = Destination::Channel(1);
    let joined = store.queued(&channel, 9).await.unwrap();
    let summary = Summary::new(&joined[0].key, Why::TooMany, now()).grown([&alert()]);
    let list = summary.list.clone();
    let joint = Delivery::new(channel, Body::Summary(Box::new(summary)), now());
    let lines = [Line::new(&joined[0].key, &alert())];
    assert!(store.join_into(&joint, &joined, &lines).await.unwrap());
    for (keyspace, key) in [("deliveries", joint.key.as_str()), ("list_holders", list.as_str())] {
        damage(&store, keyspace, key).await;
        store.forget_lists(|_| false).await.unwrap();
        assert_eq!(store.lines(&list, 9).await.unwrap(), lines, "{keyspace}");
    }
}

#[tokio::test]
async fn a_damaged_layout_is_not_brought_into_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let found = Discovered { new: &[reference()], ..Discovered::default() };
    store.discovered(found, Frontier::at(now()), now()).await.unwrap();
    damage(&store, "meta", "format").await;
    store.flush().await.unwrap();
    drop(store);
    for _ in 0..2 {
        File::open(dir.path().join("db")).unwrap().lock().unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.pending_len().await.unwrap(), 1);
        store.flush().await.unwrap();
    }
}

#[tokio::test]
async fn a_delivery_waits_at_one_place_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let one = Delivery::new(terminal(), Body::Alert(Box::new(alert())), now());
    store.enqueue(&one).await.unwrap();
    // Simulates a lost record and a delivery that was queued again.
    let later = Delivery { queued_at: now() + TimeDelta::hours(1), ..one.clone() };
    store.rewrite(&later).await.unwrap();
    assert_eq!(store.queued(&terminal(), 9).await.unwrap(), slice::from_ref(&one));
    assert!(!store.set_in_flight(slice::from_ref(&later), None).await.unwrap());
    assert!(store.set_in_flight(slice::from_ref(&one), None).await.unwrap());
}
