mod changed;
mod counts;
mod damaged;
mod page;
mod pending;
mod prune;

use std::fs::File;
use std::io;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;

use super::*;
use crate::alert::{Alert, Key};
use crate::delivery::{Body, Delivery, Outcome};
use crate::destination::{Destination, Inbox};
use crate::edgar::FilingRef;
use crate::filing::Cik;
use crate::problem::Source;
use crate::{reader, rules};

const QUALYS: &[u8] = include_bytes!("../../replay/bundled/0009900001-21-000001.txt");

fn now() -> chrono::DateTime<chrono::Utc> {
    "2021-08-24T21:13:00Z".parse().unwrap()
}

fn alert() -> Alert {
    let source = Source { file: "a", text: "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\n" };
    let rules = rules::load_slice([source], &|_| true, &[]).unwrap();
    let filing = reader::read(QUALYS).unwrap();
    let matched =
        rules::evaluate(&rules[0], &rules::Subject::new(&filing, rules::History::default())).unwrap();
    Alert::new(&rules[0], &filing, &matched, now()).unwrap()
}

fn reference() -> FilingRef {
    FilingRef {
        accession: alert().accession,
        form: "4".parse().unwrap(),
        accepted_at: now(),
        filer: Cik::new(1_107_843).unwrap(),
        issuer: Cik::new(1_107_843),
    }
}

fn settled(destinations: &[&str], recipients: &[&str]) -> Settled {
    let body = Body::Alert(Box::new(alert()));
    Settled {
        deliveries: destinations
            .iter()
            .map(|name| Delivery::new(name.parse().unwrap(), body.clone(), now()))
            .collect(),
        gathered: recipients.iter().map(|name| Gathered { inbox: (*name).into(), alert: alert() }).collect(),
        ..Settled::new(alert().accession, Ending::Alerted, now())
    }
}

fn terminal() -> Destination {
    Destination::Terminal
}

#[tokio::test]
async fn what_was_committed_survives_and_a_second_commit_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let frontier = Frontier::at(now());
    store
        .discovered(Discovered { new: &[reference()], ..Discovered::default() }, frontier, now())
        .await
        .unwrap();
    // A pending filing is never recorded as known.
    store
        .discovered(Discovered { known: &[reference()], ..Discovered::default() }, frontier, now())
        .await
        .unwrap();
    assert_eq!(store.standing(alert().accession).await.unwrap(), Standing::Pending);
    assert!(store.commit(&settled(&["terminal", "email:desk"], &[])).await.unwrap());
    store.flush().await.unwrap();
    drop(store);

    // sled's own threads may hold its lock a moment longer.
    File::open(dir.path().join("db")).unwrap().lock().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.frontier().await.unwrap(), Some(frontier));
    assert_eq!(store.standing(alert().accession).await.unwrap(), Standing::Done);
    assert!(store.pending(9).await.unwrap().is_empty());
    assert_eq!(store.waiting_destinations().await.unwrap().len(), 2);
    let queued = store.queued(&terminal(), 10).await.unwrap();
    assert_eq!(queued[0].body, Body::Alert(Box::new(alert())));
    store.leave_queue(&queued[..1], &Outcome::Delivered { at: now(), message_id: None }).await.unwrap();
    assert!(!store.commit(&settled(&["terminal"], &[])).await.unwrap());
    assert!(store.queued(&terminal(), 10).await.unwrap().is_empty());
    assert_eq!(store.counts().await.unwrap(), Counts { queued: 1, delivered: 1, dead: 0 });
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let _open = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Busy(_)), "{error}");
}

#[tokio::test]
async fn a_failed_delivery_keeps_its_place_and_a_dead_one_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&["terminal"], &[])).await.unwrap();
    let mut delivery = store.queued(&terminal(), 10).await.unwrap().remove(0);
    delivery.attempts = 1;
    delivery.not_before = now() + TimeDelta::seconds(5);
    store.requeue(slice::from_ref(&delivery)).await.unwrap();
    assert_eq!(store.queued(&terminal(), 10).await.unwrap(), [delivery.clone()]);
    store
        .leave_queue(slice::from_ref(&delivery), &Outcome::Dead { at: now(), reason: "gone".into() })
        .await
        .unwrap();
    assert_eq!(store.counts().await.unwrap(), Counts { queued: 0, delivered: 0, dead: 1 });
}

#[tokio::test]
async fn destinations_that_begin_alike_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .commit(&settled(&["email:a", "email:ab", "channel:1", "channel:12", "jsonl", "jsonl:x"], &[]))
        .await
        .unwrap();
    assert_eq!(store.waiting_destinations().await.unwrap().len(), 6);
    for name in ["email:a", "channel:1", "jsonl"] {
        assert_eq!(store.queued(&name.parse().unwrap(), 10).await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_slot_closes_once_with_all_that_waited() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&[], &["desk", "desk-2"])).await.unwrap();
    let desk = &Inbox::first("desk");
    let alerts = store.gathered(desk, 9).await.unwrap();
    assert_eq!(alerts.len(), 1);
    let mark = &DigestMark { slot: Some("2021-08-24T17:30".into()), ..DigestMark::new(now()) };
    let end = SlotEnd { inbox: desk, read: None, mark, alerts: &alerts, digest: None };
    assert!(store.end_slot(end).await.unwrap());
    assert!(store.gathered(desk, 9).await.unwrap().is_empty());
    assert_eq!(store.gathered(&"desk-2".into(), 9).await.unwrap().len(), 1);
    assert_eq!(store.digest_mark(desk).await.unwrap().as_ref(), Some(mark));
    // Whoever read the mark before is too late.
    let again = SlotEnd { alerts: &[], ..end };
    assert!(!store.end_slot(again).await.unwrap());
    assert!(store.end_slot(SlotEnd { read: Some(mark), ..again }).await.unwrap());
}

#[tokio::test]
async fn inboxes_of_a_recipient_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let [desk, further, other]: [Inbox; 3] =
        ["desk", "desk/0123abcd", "desk-2"].map(|inbox| inbox.parse().unwrap());
    let gathered = |inbox: &Inbox| Gathered { inbox: inbox.clone(), alert: alert() };
    let gathered = [&desk, &further, &other].map(gathered).to_vec();
    let settled = Settled { gathered, ..Settled::new(alert().accession, Ending::Alerted, now()) };
    store.commit(&settled).await.unwrap();
    let alerts = store.gathered(&desk, 9).await.unwrap();
    let mark = &DigestMark::new(now());
    let end = SlotEnd { inbox: &desk, read: None, mark, alerts: &alerts, digest: None };
    assert!(alerts.len() == 1 && store.end_slot(end).await.unwrap());
    assert_eq!(store.gathering().await.unwrap(), [further.clone(), other].into());
    assert_eq!(store.digest_mark(&further).await.unwrap(), None);
    let standing = async |inbox| store.digest_standing(inbox, &alert().key).await.unwrap();
    assert_eq!(standing(&desk).await, Some(DigestStanding::Told));
    assert_eq!(standing(&further).await, Some(DigestStanding::Waits));
}

#[tokio::test]
async fn subscriptions_are_kept_by_channel() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.subscribe(1, "a", 9, now()).await.unwrap());
    assert!(!store.subscribe(1, "a", 9, now()).await.unwrap());
    assert!(store.subscribe(12, "a", 9, now()).await.unwrap());
    assert!(store.subscribe(1, "b", 9, now()).await.unwrap());
    assert_eq!(store.subscriptions(1).await.unwrap(), ["a", "b"]);
    assert_eq!(store.subscribers("a").await.unwrap(), [1, 12]);
    assert!(store.unsubscribe(1, "a").await.unwrap() && !store.unsubscribe(1, "a").await.unwrap());
    assert_eq!(store.subscribers("a").await.unwrap(), [12]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_set_aside_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(&settled(&["terminal"], &["desk"])).await.unwrap();
    for (keyspace, key, bytes) in [
        ("pending", "x", &b"\x01{"[..]),
        ("queue", "terminal\ta", b"\x02{}"),
        ("queue", "pager:me\ta", b"\x01{}"),
        ("gathered", "desk/x", b""),
    ] {
        assert!(store.put_bytes(keyspace, key, bytes).await.unwrap(), "{keyspace}");
    }
    assert_eq!(store.pending(9).await.unwrap(), []);
    assert_eq!(store.waiting_destinations().await.unwrap().len(), 1);
    assert_eq!(store.queued(&terminal(), 10).await.unwrap().len(), 1);
    let desk = &Inbox::first("desk");
    assert_eq!(store.gathered(desk, 9).await.unwrap().len(), 1);
    store.put_bytes("digests", "desk", b"\x09").await.unwrap();
    store.put_bytes("meta", "silence", b"\x01?").await.unwrap();
    assert_eq!((store.digest_mark(desk).await.unwrap(), store.silence().await.unwrap()), (None, None));
    assert_eq!(store.corrupt_len().await.unwrap(), 6);
}

#[test]
fn a_record_of_another_version_is_an_error_that_says_so() {
    let error = record::decode::<String>("k", b"\x02\"x\"").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store's record k cannot be read: it has version 2, this sellbell knows 1"
    );
    assert!(record::decode::<String>("k", b"").is_err() && record::decode::<String>("k", b"\x01{").is_err());
}

#[tokio::test]
async fn an_error_of_the_disk_is_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    // This is how sled copies system errors.
    let queued = Delivery::new(terminal(), Body::Alert(Box::new(alert())), now());
    let full = |text: &'static str| {
        // Fails only after the layout is written.
        let opened = AtomicBool::new(false);
        move |_| match opened.swap(true, Ordering::SeqCst) {
            true => Err(io::Error::new(io::ErrorKind::StorageFull, text)),
            false => Ok(()),
        }
    };
    let code = "Os { code: 28, kind: StorageFull, message: \"No space left on device\" }";
    for (text, told) in [(code, "no storage space"), ("all taken", "all taken")] {
        let own = dir.path().join(told);
        let store = Store::open_with(&own, full(text)).unwrap();
        let error = store.enqueue(&queued).await.unwrap_err().to_string();
        assert_eq!(error, format!("the store in {}: {told}", own.display()));
    }
}
