//! A store of a version before the engine, `older_store/records.jsonl` as that version exported it, and `older_store/answers.txt`, what
//! that version answered for it: this version opens it, answers the same, and goes on with it.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use sellbell::alert::Key;
use sellbell::delivery::{Body, Delivery, Outcome};
use sellbell::filing::{Accession, Cik};
use sellbell::render::notice::words;
use sellbell::store::{DeliveryStanding, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::world::{at, released, reopened};

const RECORDS: &str = include_str!("older_store/records.jsonl");
const ANSWERS: &str = include_str!("older_store/answers.txt");
const NOW: &str = "2021-08-24T21:13:00Z";

#[derive(Deserialize)]
struct Record {
    tree: String,
    key: Option<String>,
    key_base64: Option<String>,
    version: Option<u8>,
    value: Option<Box<RawValue>>,
    value_base64: Option<String>,
}

impl Record {
    fn key(&self) -> Vec<u8> {
        match (&self.key, &self.key_base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, base64) => STANDARD.decode(base64.as_ref().unwrap()).unwrap(),
        }
    }

    fn value(&self) -> Vec<u8> {
        match (self.version, &self.value) {
            (Some(version), Some(json)) => [&[version], json.get().as_bytes()].concat(),
            _ => STANDARD.decode(self.value_base64.as_ref().unwrap()).unwrap(),
        }
    }
}

fn records() -> Vec<Record> {
    RECORDS.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Writes the records as that version had them.
fn load(dir: &Path) {
    let db = sled::Config::new().path(dir).open().unwrap();
    for record in records() {
        db.open_tree(&record.tree).unwrap().insert(record.key(), record.value()).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    File::open(dir.join("db")).unwrap().lock().unwrap();
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn one(delivery: &Delivery) -> String {
    let Delivery { key, destination, queued_at, attempts, not_before, failing_since, concerns, .. } =
        delivery;
    let body = match &delivery.body {
        Body::Alert(alert) => {
            format!("alert {} of {} also_in {}", alert.key, alert.accession, json(&alert.also_in))
        }
        Body::Addition(alert) => format!("addition {} of {}", alert.key, alert.accession),
        Body::Correction(alert) => format!("correction {} of {}", alert.key, alert.accession),
        Body::Digest(digest) => {
            format!("digest {} {} entries {}", digest.key, digest.slot, digest.entries.len())
        }
        Body::Notice(notice) => format!("notice {} {:?}", notice.key, words(notice).title),
        Body::Summary(summary) => format!("summary {}", json(summary)),
    };
    format!(
        "{key} to {destination}: queued_at {} attempts {attempts} not_before {} failing_since {} concerns {} answers {} body {body}",
        json(queued_at),
        json(not_before),
        json(failing_since),
        json(concerns),
        json(&delivery.answers)
    )
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn section<T: Display>(&mut self, title: &str, lines: impl IntoIterator<Item = T>) {
        writeln!(self.0, "## {title}").unwrap();
        for line in lines {
            writeln!(self.0, "{line}").unwrap();
        }
        self.0.push('\n');
    }

    fn all<T: Serialize>(&mut self, title: &str, values: &[T]) {
        self.section(title, values.iter().map(json));
    }
}

/// The keys that a tree of that version had.
fn keys(tree: &str) -> Vec<String> {
    let records = records().into_iter().filter(|record| record.tree == tree);
    records.map(|record| String::from_utf8(record.key()).unwrap()).collect()
}

async fn outbox(store: &Store, text: &mut Text) {
    let counts = store.counts().await.unwrap();
    let counts = format!("queued {} delivered {} dead {}", counts.queued, counts.delivered, counts.dead);
    text.section("counts", [counts]);
    let waiting = store.waiting_destinations().await.unwrap();
    text.section("waiting_destinations", &waiting);
    for destination in &waiting {
        let queued = store.queued(destination, 1_000).await.unwrap();
        text.section(&format!("queued({destination})"), queued.iter().map(one));
    }
    let mut standings = Vec::new();
    for name in keys("deliveries") {
        let key = Key::read(&name).unwrap();
        let own = json(&store.delivery_standing(&key).await.unwrap());
        let message = json(&store.message_standing(&key).await.unwrap());
        standings.push(format!("{name} {own} message_standing {message}"));
    }
    text.section("delivery_standing", standings);
    let list = |name: &String| Key::read(name.split('/').next().unwrap()).unwrap();
    for list in keys("lists").iter().map(list).collect::<BTreeSet<Key>>() {
        let lines = store.lines(&list, 1_000).await.unwrap();
        let line =
            |line: &sellbell::summary::Line| format!("{} {} {}", line.key, line.accession, line.text());
        text.section(&format!("lines({list})"), lines.iter().map(line));
    }
    let dead_to = store.dead_destinations().await.unwrap();
    text.section("dead_destinations", &dead_to);
    for destination in &dead_to {
        let mut lines = Vec::new();
        for key in store.dead_of(destination).await.unwrap() {
            let dead = store.dead(&key).await.unwrap().unwrap();
            lines.push(format!("{} at {} tries {}", one(&dead.delivery), json(&dead.at), json(&dead.tries)));
        }
        text.section(&format!("dead_of({destination})"), lines);
    }
    text.all("given_up", &store.given_up().await.unwrap());
    text.all("all_paused", &store.all_paused().await.unwrap());
}

async fn mutes_and_digests(store: &Store, text: &mut Text) {
    let mutes = store.mutes().await.unwrap();
    text.all("mutes", &mutes);
    let without = store.muted_without_mute().await.unwrap();
    text.section("muted_without_mute", &without);
    for what in mutes.into_iter().map(|mute| mute.what).chain(without) {
        let muted = store.muted(&what, 100).await.unwrap();
        let title = format!("muted({what}), muted_len {}", store.muted_len(&what).await.unwrap());
        let line = |one: &sellbell::store::Muted| {
            format!("{} {} {} {}", one.what, one.destination, one.line.key, one.line.accession)
        };
        text.section(&title, muted.iter().map(line));
    }
    text.section("gathering", store.gathering().await.unwrap());
    for recipient in ["desk", "desk-2"] {
        let inbox = &recipient.into();
        let gathered = store.gathered(inbox, 100).await.unwrap();
        let line = |alert: &sellbell::alert::Alert| format!("{} {}", alert.key, alert.accession);
        text.section(&format!("gathered({recipient})"), gathered.iter().map(line));
        let mark = json(&store.digest_mark(inbox).await.unwrap());
        text.section(&format!("digest_mark({recipient})"), [mark]);
        let mut standings = Vec::new();
        for name in ["1e06f6f977554420c0dd7137", "51d0f8db58d7873d6a8b9a4d"] {
            let standing = store.digest_standing(inbox, &Key::read(name).unwrap()).await.unwrap();
            standings.push(format!("{name} {standing:?}"));
        }
        text.section(&format!("digest_standing({recipient}, …)"), standings);
    }
    text.all("summed", &store.summed(100).await.unwrap());
    for channel in [1, 12, 3] {
        let rules = store.subscriptions(channel).await.unwrap();
        text.section(&format!("subscriptions({channel})"), rules);
    }
    for rule in ["a", "b", "big sales", "big-sales_2"] {
        let channels = format!("{:?}", store.subscribers(rule).await.unwrap());
        text.section(&format!("subscribers({rule})"), [channels]);
        let subscribed = store.subscribed(rule).await.unwrap();
        let line =
            |one: &sellbell::store::Subscriber| format!("channel {} server {:?}", one.channel, one.server);
        text.section(&format!("subscribed({rule})"), subscribed.iter().map(line));
    }
    let channels = format!("{:?}", store.channels_without_server().await.unwrap());
    text.section("channels_without_server", [channels]);
    text.all("latencies", &store.latencies(at(NOW) + TimeDelta::hours(1)).await.unwrap());
}

async fn intake(store: &Store, text: &mut Text) {
    let accessions: BTreeSet<String> = keys("filings").into_iter().chain(keys("pending")).collect();
    let mut standings = Vec::new();
    for name in &accessions {
        standings.push(format!("{name} {:?}", store.standing(name.parse().unwrap()).await.unwrap()));
    }
    text.section("standing", standings);
    text.all("pending", &store.pending(usize::MAX).await.unwrap());
    let mut quarantined = Vec::new();
    for one in store.quarantined(100).await.unwrap() {
        let bytes = store.quarantined_bytes(one.filing.accession).await.unwrap();
        quarantined.push(format!(
            "{} bytes {}",
            json(&one),
            json(&bytes.map(|bytes| STANDARD.encode(bytes)))
        ));
    }
    text.section("quarantined", quarantined);
    let receipts = store.receipts("2021-08-01".parse().unwrap(), 100).await.unwrap();
    text.section("receipts", receipts.iter().map(|one| format!("{} ({one})", json(one))));
    for day in ["2021-08-20", "2021-08-23", "2021-08-24"] {
        let seen: Vec<Accession> = store.seen_on(day.parse().unwrap()).await.unwrap();
        text.section(&format!("seen_on({day})"), seen);
    }
}

async fn single_values(store: &Store, text: &mut Text) {
    text.section("frontier", [json(&store.frontier().await.unwrap())]);
    text.section("ledger", [json(&store.ledger().await.unwrap())]);
    text.section("coverage", [json(&store.coverage().await.unwrap())]);
    text.section("silence", [json(&store.silence().await.unwrap())]);
    text.section("alarm", [json(&store.alarm().await.unwrap())]);
    text.section("doubt", [json(&store.doubt().await.unwrap())]);
    text.section("tickers", [json(&store.tickers().await.unwrap())]);
    text.all("troubles", &store.troubles().await.unwrap());
    let trouble = store.trouble("files/channel:1").await.unwrap();
    text.section("trouble(files/channel:1)", [json(&trouble)]);
    text.all("backfills", &store.backfills().await.unwrap());
    for cik in [71, 1_107_843].map(|number| Cik::new(number).unwrap()) {
        let left = store.backfill_left(cik).await.unwrap();
        text.section(
            &format!("backfill_left({cik})"),
            [format!("left {} next {}", left.left, json(&left.next))],
        );
        let (past, whole) = store.history(cik, at("2021-01-01T00:00:00Z")).await.unwrap();
        let mut lines = vec![format!("whole since {}", json(&whole))];
        lines.extend(past.iter().map(|past| {
            let (accepted_at, rang) = (json(&past.accepted_at), json(&past.alerts));
            format!("{} {accepted_at} lots {} rang {rang}", past.accession, past.lots.len())
        }));
        text.section(&format!("history({cik})"), lines);
        text.section(&format!("ads_ratio({cik})"), [json(&store.ads_ratio(cik, at(NOW)).await.unwrap())]);
    }
    let (corrupt, reported) = (store.corrupt_len().await.unwrap(), store.corrupt_reported().await.unwrap());
    text.section("aside", [format!("aside_len {corrupt} aside_told {reported}")]);
}

async fn answers(store: &Store) -> String {
    let mut text = Text::default();
    outbox(store, &mut text).await;
    mutes_and_digests(store, &mut text).await;
    intake(store, &mut text).await;
    single_values(store, &mut text).await;
    text.0
}

#[tokio::test]
async fn it_answers_as_the_version_before_and_so_after_each_start() {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path());
    for start in 0..3 {
        let store = reopened(dir.path());
        let (found, expected) = (answers(&store).await, ANSWERS);
        let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        assert_eq!(differs, None, "start {start}");
        assert_eq!(found.lines().count(), expected.lines().count(), "start {start}");
        let checked = store.check().await.unwrap();
        assert_eq!((checked.problems, checked.corrupt_records), (Vec::<String>::new(), 3), "start {start}");
        store.flush().await.unwrap();
    }
}

/// Where a crash leaves the layout of before, it is brought into the new one by the next start.
#[tokio::test]
async fn it_is_moved_as_a_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path());
    let full = Store::open_with(dir.path(), |_| Err(std::io::ErrorKind::StorageFull.into()));
    assert!(matches!(full.map(drop).unwrap_err(), StoreError::Failed { .. }));
    released(dir.path());
    assert_eq!(answers(&reopened(dir.path())).await, ANSWERS);
}

#[tokio::test]
async fn what_waits_in_it_is_sent_released_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path());
    let store = reopened(dir.path());
    let before = store.counts().await.unwrap();
    let sent = Outcome::Delivered { at: at(NOW), message_id: Some("7".into()) };
    for destination in store.waiting_destinations().await.unwrap() {
        let queued = store.queued(&destination, 100).await.unwrap();
        assert!(store.set_in_flight(&queued, None).await.unwrap(), "{destination}");
        store.leave_queue(&queued, &sent).await.unwrap();
    }
    let after = store.counts().await.unwrap();
    assert_eq!(
        (after.queued, after.delivered, after.dead),
        (0, before.queued + before.delivered, before.dead)
    );
    for destination in store.dead_destinations().await.unwrap() {
        for key in store.dead_of(&destination).await.unwrap() {
            let dead = store.dead(&key).await.unwrap().unwrap();
            assert!(store.revive(&dead.delivery, None, at(NOW)).await.unwrap(), "{destination}");
        }
    }
    assert_eq!(store.counts().await.unwrap().dead, 0);
    // Lists whose messages were sent go; the one that was sent before grew no more.
    store.forget_lists(|_| false).await.unwrap();
    let sent_list = Key::read("04949f04d2953537d2f442cd").unwrap();
    assert!(store.lines(&sent_list, 9).await.unwrap().is_empty());
    for mute in store.mutes().await.unwrap() {
        let muted = store.muted(&mute.what, 100).await.unwrap();
        assert!(store.release(&muted, None, at(NOW)).await.unwrap());
        assert_eq!(store.muted_len(&mute.what).await.unwrap(), 0);
        for one in muted {
            let standing = store.delivery_standing(&one.line.key).await.unwrap();
            assert_eq!(standing, Some(DeliveryStanding::Unreported { at: at(NOW) }));
        }
    }
    for pending in store.pending(9).await.unwrap() {
        store.postpone(&pending).await.unwrap();
    }
    assert_eq!(store.pending_len().await.unwrap(), 4);
    assert!(store.unsubscribe(1, "a").await.unwrap() && store.subscribers("a").await.unwrap() == [12]);
    assert!(store.note_server(3, 78).await.unwrap());
    assert_eq!(store.channels_without_server().await.unwrap(), BTreeSet::new());
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_with_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopened(dir.path());
    assert!(store.put_bytes("meta", "format", b"\x013").await.unwrap());
    store.flush().await.unwrap();
    drop(store);
    released(dir.path());
    let error = Store::open(dir.path()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Newer { format: 3, .. }), "{error}");
    assert!(
        error.to_string().ends_with("in layout 3, which this one does not know: run the newer one"),
        "{error}"
    );
}
