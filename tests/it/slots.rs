//! The slots of digests: they partition time, each one has at most one digest, and each alert is in exactly one,
//! whatever happens to the clock, the settings and the process.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use sellbell::alert::{Alert, AlertIssuer, Key};
use sellbell::config::Settings;
use sellbell::delivery::Body;
use sellbell::destination::{Destination, Inbox};
use sellbell::digest::Digest;
use sellbell::filing::Cik;
use sellbell::mute::{Mute, Muting};
use sellbell::outbox::Digests;
use sellbell::render::email::{Reader, email};
use sellbell::schedule::Schedule;
use sellbell::service;
use sellbell::store::{Ending, Gathered, Muted, Settled, Store};
use tempfile::TempDir;

use crate::world::{at, overwrite, reopened};

/// A place whose clock changes at night, one that changes by half an hour, one that changes with the moon, and others.
const ZONES: [&str; 6] =
    ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Casablanca"];
const MORNING: &str = "2026-11-23T09:00:00-05:00";

fn inbox() -> Inbox {
    Inbox::first("desk")
}

/// The settings of a recipient `desk` with digests.
fn settings(keys: &str) -> Settings {
    let text = format!("[[email.recipient]]\nname = \"desk\"\naddress = \"desk@example.org\"\n{keys}");
    Settings::read("settings", &text, &[]).unwrap()
}

fn digesting(schedule: &str, zone: &str, keys: &str) -> Settings {
    settings(&format!("mode = \"digest\"\nschedule = \"{schedule}\"\ntime_zone = \"{zone}\"\n{keys}"))
}

/// Alerts that differ in filing and issuer.
struct Alerts(Alert);

impl Alerts {
    fn new() -> Self {
        let delivery =
            service::sample(&settings(""), &Destination::Email(inbox()), DateTime::UNIX_EPOCH).unwrap();
        let Body::Alert(mut alert) = delivery.body else { panic!("a recipient of single alerts gets one") };
        alert.lots.truncate(1);
        alert.lot_numbers.truncate(1);
        Self(*alert)
    }

    fn of(&self, number: u32, issuer: u64) -> Alert {
        let issuer = AlertIssuer { cik: Cik::new(issuer).unwrap(), ..self.0.issuer.clone() };
        let accession = format!("0000000007-26-{number:06}").parse().unwrap();
        Alert { key: Key::of(&["slots", &number.to_string()]), accession, issuer, ..self.0.clone() }
    }
}

/// Lets an alert wait for the digest of `desk`.
async fn wait(store: &Store, alert: Alert, now: DateTime<Utc>) {
    wait_all(store, [alert].into_iter(), now).await;
}

/// The same for many alerts at once.
async fn wait_all(store: &Store, alerts: impl Iterator<Item = Alert>, now: DateTime<Utc>) {
    let gathered: Vec<Gathered> = alerts.map(|alert| Gathered { inbox: inbox(), alert }).collect();
    let accession = gathered[0].alert.accession;
    let settled = Settled { gathered, ..Settled::new(accession, Ending::Alerted, now) };
    assert!(store.commit(&settled).await.unwrap());
}

/// The digests that are queued for `desk`, in the order of their slots.
async fn digests(store: &Store) -> Vec<Digest> {
    let queued = store.queued(&Destination::Email(inbox()), usize::MAX).await.unwrap();
    let digest = |body| match body {
        Body::Digest(digest) => *digest,
        other => panic!("not a digest: {other:?}"),
    };
    let mut digests: Vec<Digest> = queued.into_iter().map(|delivery| digest(delivery.body)).collect();
    digests.sort_by_key(|digest| digest.until);
    digests
}

/// A store, and what makes digests of it.
struct Desk {
    dir: TempDir,
    store: Store,
    digests: Digests,
    alerts: Alerts,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = reopened(dir.path());
        let digests = Digests::new(Arc::new(settings), store.clone());
        Self { dir, store, digests, alerts: Alerts::new() }
    }

    /// The same after a restart with these settings.
    fn restarted(self, settings: Settings) -> Self {
        let Self { dir, store, digests, alerts } = self;
        drop((store, digests));
        let store = reopened(dir.path());
        Self { digests: Digests::new(Arc::new(settings), store.clone()), dir, store, alerts }
    }

    async fn gets(&self, numbers: Range<u32>, now: &str) {
        let alerts = numbers.map(|number| self.alerts.of(number, 1_000 + u64::from(number)));
        wait_all(&self.store, alerts, at(now)).await;
    }

    async fn close(&self, now: &str) -> usize {
        self.digests.digest_once(at(now)).await.unwrap()
    }
}

#[tokio::test]
async fn a_slot_without_alerts_has_a_heartbeat_where_it_is_wanted_and_only_one() {
    for (empty, count) in [("", 0), ("empty = \"skip\"\n", 0), ("empty = \"heartbeat\"\n", 1)] {
        let settings = digesting("30 17 * * Mon-Fri", "America/New_York", empty);
        let desk = Desk::new(settings.clone());
        assert_eq!(desk.close(MORNING).await, 0);
        assert_eq!(desk.close("2026-11-23T17:30:00-05:00").await, count);
        assert_eq!(desk.close("2026-11-23T17:30:01-05:00").await, 0);
        let desk = desk.restarted(settings);
        assert_eq!(desk.close("2026-11-23T17:31:00-05:00").await, 0);
        let digests = digests(&desk.store).await;
        assert_eq!(digests.len(), count);
        for digest in &digests {
            assert_eq!(
                (digest.slot.as_str(), digest.entries.len(), digest.due),
                ("2026-11-23T17:30", 0, None)
            );
        }
        // The next day it has a slot of its own.
        assert_eq!(desk.close("2026-11-24T17:30:00-05:00").await, count);
    }
}

#[tokio::test]
async fn a_schedule_with_seconds_has_several_slots_in_a_minute() {
    let desk = Desk::new(digesting("*/20 * * * * *", "America/New_York", ""));
    desk.close("2026-11-23T09:00:00-05:00").await;
    for (number, now) in [(0, "09:00:20"), (1, "09:00:40"), (2, "09:01:00"), (3, "09:01:20")] {
        let now = format!("2026-11-23T{now}-05:00");
        desk.gets(number..number + 1, &now).await;
        assert_eq!((desk.close(&now).await, desk.close(&now).await), (1, 0), "{now}");
    }
    let slots: Vec<String> = digests(&desk.store).await.into_iter().map(|digest| digest.slot).collect();
    let expected = ["09:00:20", "09:00:40", "09:01", "09:01:20"].map(|time| format!("2026-11-23T{time}"));
    assert_eq!(slots, expected);
}

#[tokio::test]
async fn a_late_digest_says_when_it_was_due_unless_its_schedule_is_new() {
    let weekdays = digesting("30 17 * * Mon-Fri", "America/New_York", "");
    for (then, closed, due) in [
        (&weekdays, "2026-11-23T17:45:00-05:00", None),
        (&weekdays, "2026-11-23T17:45:01-05:00", Some("2026-11-23T17:30:00-05:00")),
        // Of several missed slots it is the first.
        (&weekdays, "2026-11-27T09:00:00-05:00", Some("2026-11-23T17:30:00-05:00")),
        (&digesting("0 12 * * *", "America/New_York", ""), "2026-11-23T18:00:00-05:00", None),
        (&digesting("30 17 * * Mon-Fri", "Europe/Berlin", ""), "2026-11-23T18:00:00-05:00", None),
    ] {
        let desk = Desk::new(weekdays.clone());
        desk.close(MORNING).await;
        desk.gets(0..2, MORNING).await;
        let desk = desk.restarted(then.clone());
        assert_eq!((desk.close(closed).await, desk.close(closed).await), (1, 0), "{closed}");
        let digests = digests(&desk.store).await;
        assert_eq!((digests[0].entries.len(), digests[0].due), (2, due.map(at)), "{closed}");
    }
}

#[tokio::test]
async fn a_digest_knows_which_companies_are_new_in_it() {
    let daily = digesting("30 17 * * *", "America/New_York", "empty = \"heartbeat\"\n");
    let desk = Desk::new(daily.clone());
    desk.close(MORNING).await;
    desk.gets(0..2, MORNING).await;
    desk.close("2026-11-23T17:30:00-05:00").await;
    // A digest without companies makes the next one's no news.
    desk.close("2026-11-24T17:30:00-05:00").await;
    let desk = desk.restarted(daily.clone());
    for (number, issuer) in [(10, 1_001), (11, 1_002), (12, 1_003)] {
        wait(&desk.store, desk.alerts.of(number, issuer), at(MORNING)).await;
    }
    desk.close("2026-11-25T17:30:00-05:00").await;
    let [first, empty, third] = digests(&desk.store).await.try_into().unwrap();
    assert_eq!((first.new_issuers, empty.entries.len()), (None, 0));
    assert_eq!(third.new_issuers, Some([Cik::new(1_002).unwrap(), Cik::new(1_003).unwrap()].into()));

    // A mark of an older version does not say, and one of more companies than are kept neither.
    let Desk { dir, store, digests: own, alerts } = desk;
    let mark = serde_json::to_string(&store.digest_mark(&inbox()).await.unwrap().unwrap()).unwrap();
    assert!(mark.contains("\"issuers\":[") && mark.contains("\"schedule\":\""), "{mark}");
    drop((store, own));
    let old = "\u{1}{\"until\":\"2026-11-25T22:30:00Z\",\"slot\":\"2026-11-25T17:30 America/New_York\"}";
    overwrite(dir.path(), "digests", "desk", old.as_bytes()).await;
    let store = reopened(dir.path());
    let desk = Desk { digests: Digests::new(Arc::new(daily), store.clone()), dir, store, alerts };
    desk.gets(100..1_101, MORNING).await;
    desk.close("2026-11-26T17:30:00-05:00").await;
    desk.gets(1_101..1_102, MORNING).await;
    desk.close("2026-11-27T17:30:00-05:00").await;
    let digests = digests(&desk.store).await;
    assert_eq!((digests.len(), &digests[3].new_issuers, &digests[4].new_issuers), (5, &None, &None));
    assert_eq!(digests[3].due, None);
}

#[tokio::test]
async fn a_digest_counts_what_mutes_hold_back_from_its_recipient() {
    let desk = Desk::new(digesting("30 17 * * *", "America/New_York", ""));
    desk.close(MORNING).await;
    desk.gets(0..1, MORNING).await;
    let mute = |what: &str, until: &str| {
        let what: Muting = what.parse().unwrap();
        Mute::new(what, at(MORNING), at(until)).unwrap()
    };
    let long = "2026-11-25T00:00:00-05:00";
    let mutes = [
        mute("ticker:QLYS", long),
        mute("rule:test-alert", "2026-11-23T12:00:00-05:00"),
        mute("destination:email:desk", long),
        mute("destination:email:desk-2", long),
    ];
    for (number, (held, to)) in [
        (0, "email:desk"),
        (0, "email:desk"),
        (0, "email:desk/0123abcd"),
        (0, "email:desk-2"),
        // It is over.
        (1, "email:desk"),
        (2, "email:desk"),
        (3, "email:desk-2"),
    ]
    .into_iter()
    .enumerate()
    {
        let mute = &mutes[held];
        desk.store.set_mute(mute).await.unwrap();
        let alert = desk.alerts.of(50 + u32::try_from(number).unwrap(), 1_000);
        let muted = vec![Muted::new(mute, &to.parse().unwrap(), &alert.key, &alert)];
        let settled = Settled { muted, ..Settled::new(alert.accession, Ending::Alerted, at(MORNING)) };
        assert!(desk.store.commit(&settled).await.unwrap());
    }
    desk.close("2026-11-23T17:30:00-05:00").await;
    assert_eq!(digests(&desk.store).await[0].muted, 3);
}

#[tokio::test]
async fn a_huge_digest_is_one_record_of_bounded_size_with_every_filing() {
    let desk = Desk::new(digesting("30 17 * * *", "America/New_York", ""));
    desk.close(MORNING).await;
    let long = |number| {
        let alert = desk.alerts.of(number, 1_000 + u64::from(number % 700));
        Alert { text: "x".repeat(2_000), ..alert }
    };
    wait_all(&desk.store, (0..2_000).map(long), at(MORNING)).await;
    assert_eq!(desk.close("2026-11-23T17:30:00-05:00").await, 1);
    assert!(desk.store.gathered(&inbox(), 1).await.unwrap().is_empty());
    let queued = desk.store.queued(&Destination::Email(inbox()), 9).await.unwrap();
    let size = serde_json::to_string(&queued[0]).unwrap().len();
    let digest = digests(&desk.store).await.remove(0);
    assert_eq!((digest.entries.len(), digest.issuers), (2_000, 700));
    let named: BTreeSet<&Key> = digest.entries.iter().map(|entry| &entry.alert.key).collect();
    assert_eq!(named.len(), 2_000);
    assert!(digest.entries.iter().all(|entry| entry.counted > 0), "totals are as before");
    assert!(!digest.entries[0].alert.lots.is_empty() && digest.entries[1_999].alert.lots.is_empty());
    assert!(size < 10_000_000, "{size}");
    let mail = email(&queued[0], &Reader::PLAIN).unwrap();
    assert!(mail.subject.contains("2,000 insider sales") && mail.html.len() < 102_000, "{}", mail.subject);
}

/// A schedule in words and a zone.
fn schedules() -> impl Strategy<Value = (String, &'static str)> {
    let minutes = prop::collection::btree_set(0..60_u32, 1..3);
    let hours = prop::collection::btree_set(prop_oneof![0..5_u32, 0..24_u32], 1..4);
    let list = |numbers: BTreeSet<u32>| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let days = select(vec!["* * *", "* * Mon-Fri", "* * Sat,Sun", "1,15 * *", "*/3 * *", "1 * Sun"]);
    (minutes, hours, days, select(ZONES.to_vec())).prop_map(move |(minutes, hours, days, zone)| {
        (format!("{} {} {days}", list(minutes), list(hours)), zone)
    })
}

/// A day of 2026: in one of two cases one around which a clock changes.
fn days() -> impl Strategy<Value = DateTime<Utc>> {
    let new_year: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    // February and March with Ramadan, the last and first Sundays of months in spring and autumn.
    let changes = vec![45, 66, 79, 87, 93, 275, 297, 303];
    let day = prop_oneof![0..365_i64, (select(changes), 0..3_i64).prop_map(|(day, before)| day - before)];
    (day, 0..86_400_i64).prop_map(move |(day, second)| new_year + TimeDelta::seconds(day * 86_400 + second))
}

/// Slots follow each other without a gap, in the order of time, each with a name of its own.
fn check_partition(runner: &mut TestRunner) {
    let moments = prop::collection::vec(0..20 * 86_400_i64, 12);
    runner
        .run(&(schedules(), days(), moments), |((expression, zone), from, moments)| {
            let schedule = Schedule::parse(&expression, zone).unwrap();
            let until = from + TimeDelta::days(20);
            let mut slots = vec![];
            let mut next = schedule.next_slot(from);
            while let Some(slot) = next.filter(|slot| *slot <= until) {
                slots.push(slot);
                next = schedule.next_slot(slot);
            }
            prop_assert!(slots.is_sorted() && slots.windows(2).all(|two| two[0] < two[1]));
            let names: BTreeSet<String> = slots.iter().map(|slot| schedule.local_slot(*slot)).collect();
            prop_assert_eq!(names.len(), slots.len(), "a name repeats: {:?}", slots);
            // A moment is in the slot that ends first after it, whoever asks and when.
            for moment in moments.into_iter().map(|seconds| from + TimeDelta::seconds(seconds)) {
                let own = slots.iter().copied().find(|slot| *slot > moment);
                prop_assert_eq!(schedule.next_slot(moment).filter(|slot| *slot <= until), own, "{}", moment);
            }
            Ok(())
        })
        .unwrap();
}

/// One thing that happens to a recipient, after so many minutes.
#[derive(Debug, Clone, Copy)]
enum Event {
    Alert,
    Look,
    Restart,
    Change,
}

fn events(most: usize) -> impl Strategy<Value = Vec<(i64, Event)>> {
    let gap = prop_oneof![8 => 1..120_i64, 3 => 120..1_500_i64, 1 => 1_500..10_000_i64];
    let event = prop_oneof![
        6 => Just(Event::Alert),
        8 => Just(Event::Look),
        1 => Just(Event::Restart),
    ];
    (prop::collection::vec((gap, event), 20..most), any::<prop::sample::Index>()).prop_map(
        |(mut events, at)| {
            let at = at.index(events.len());
            events[at].1 = Event::Change;
            events
        },
    )
}

/// The digests that a recipient must have.
#[derive(Default)]
struct Expected {
    /// When its slots were last looked at and one was over, or the first time.
    until: Option<DateTime<Utc>>,
    /// Alerts by their keys, and when they came.
    came: BTreeMap<Key, DateTime<Utc>>,
    /// The ends of windows, and the names of the slots.
    ends: Vec<(DateTime<Utc>, String)>,
    /// Alerts that came before the last end.
    told: usize,
}

async fn simulate(
    before: &(String, &'static str),
    after: &(String, &'static str),
    heartbeat: bool,
    from: DateTime<Utc>,
    events: &[(i64, Event)],
) -> Result<(), TestCaseError> {
    let empty = if heartbeat { "empty = \"heartbeat\"\n" } else { "" };
    let settings = [before, after].map(|(expression, zone)| digesting(expression, zone, empty));
    let schedules = [before, after].map(|(expression, zone)| Schedule::parse(expression, zone).unwrap());
    let (mut desk, mut own, mut now) = (Desk::new(settings[0].clone()), 0, from);
    let mut expected = Expected::default();
    for (number, (minutes, event)) in events.iter().enumerate() {
        now += TimeDelta::minutes(*minutes);
        match event {
            Event::Alert => {
                let alert = desk.alerts.of(u32::try_from(number).unwrap(), 1_000);
                expected.came.insert(alert.key.clone(), now);
                wait(&desk.store, alert, now).await;
            }
            Event::Restart => desk = desk.restarted(settings[own].clone()),
            Event::Change => {
                own = 1;
                desk = desk.restarted(settings[own].clone());
            }
            Event::Look => {
                let over =
                    expected.until.map(|until| schedules[own].next_slot(until).filter(|slot| *slot <= now));
                let waits = expected.came.len() > expected.told;
                let made = desk.digests.digest_once(now).await.unwrap();
                if let Some(Some(slot)) = over {
                    prop_assert_eq!(made, usize::from(waits || heartbeat), "{} at {}", slot, now);
                    if made > 0 {
                        let name = format!("{} {}", schedules[own].local_slot(slot), schedules[own].zone());
                        expected.ends.push((now, name));
                    }
                    expected.told = expected.came.len();
                } else {
                    prop_assert_eq!(made, 0, "{}", now);
                }
                if over.is_none_or(|slot| slot.is_some()) {
                    expected.until = Some(now);
                }
                // It looks twice, as two programs would.
                prop_assert_eq!(desk.digests.digest_once(now).await.unwrap(), 0);
            }
        }
    }
    check_digests(&desk.store, &expected, heartbeat).await
}

/// Each alert is in the digest of the window that it came in, or waits; each digest has a slot of its own.
async fn check_digests(store: &Store, expected: &Expected, heartbeat: bool) -> Result<(), TestCaseError> {
    let digests = digests(store).await;
    let ends: Vec<(DateTime<Utc>, String)> = digests
        .iter()
        .map(|digest| (digest.until, format!("{} {}", digest.slot, digest.time_zone)))
        .collect();
    prop_assert_eq!(&ends, &expected.ends);
    let names: BTreeSet<&String> = ends.iter().map(|(_, name)| name).collect();
    prop_assert_eq!(names.len(), digests.len(), "a slot has two digests: {:?}", ends);
    for two in digests.windows(2) {
        prop_assert!(two[0].until <= two[1].since && (!heartbeat || two[0].until == two[1].since));
    }
    let (mut told, mut before) = (BTreeSet::new(), None);
    for digest in &digests {
        for entry in &digest.entries {
            let came = expected.came[&entry.alert.key];
            prop_assert!(came <= digest.until && before.is_none_or(|before| before < came));
            prop_assert!(told.insert(entry.alert.key.clone()), "an alert is in two digests");
        }
        before = Some(digest.until);
    }
    let waiting = store.gathered(&inbox(), usize::MAX).await.unwrap();
    for alert in &waiting {
        prop_assert!(told.insert(alert.key.clone()), "an alert is in a digest and waits");
    }
    prop_assert_eq!((told.len(), told.len() - waiting.len()), (expected.came.len(), expected.told));
    Ok(())
}

fn check_recipients(runner: &mut TestRunner, most: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = (schedules(), schedules(), any::<bool>(), days(), events(most));
    runner
        .run(&cases, |(before, after, heartbeat, from, events)| {
            runtime.block_on(simulate(&before, &after, heartbeat, from, &events))
        })
        .unwrap();
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn every_moment_is_in_one_slot_and_no_name_of_a_slot_repeats() {
    check_partition(&mut runner(24));
}

#[test]
fn each_alert_is_in_one_digest_and_each_slot_has_one_at_most() {
    check_recipients(&mut runner(4), 45);
}

#[test]
#[ignore = "thousands of schedules"]
fn every_moment_is_in_one_slot_and_each_alert_in_one_digest_at_length() {
    check_partition(&mut runner(2_000));
    check_recipients(&mut runner(120), 150);
}
