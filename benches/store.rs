//! The cost of a full store: `cargo bench --bench store -- FILINGS DELIVERIES`, for example `1000000 100000`.
//!
//! Fills a store with finished filings and with deliveries sent to a thousand channels. Then measures two
//! starts (in the first one, sled reads everything written since the last start), `status`, and the commit of
//! one more filing with one delivery.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)]

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sellbell::alert::Key;
use sellbell::config::Settings;
use sellbell::delivery::{Body, Delivery, Outcome};
use sellbell::destination::Destination;
use sellbell::edgar::FilingRef;
use sellbell::filing::{Accession, Cik};
use sellbell::notice::{About, Notice};
use sellbell::service::Status;
use sellbell::store::{Discovered, Ending, Frontier, Settled, Store};

const CHANNELS: usize = 1_000;
const AT_ONCE: usize = 1_000;

fn accession(number: usize) -> Accession {
    format!("{:010}-21-{:06}", 1 + number / 1_000_000, number % 1_000_000).parse().unwrap()
}

fn filing(number: usize, now: DateTime<Utc>) -> FilingRef {
    let cik = Cik::new(1 + u64::try_from(number % 6_000).unwrap()).unwrap();
    let accepted_at = now - TimeDelta::seconds(i64::try_from(number).unwrap());
    FilingRef {
        accession: accession(number),
        form: "4".parse().unwrap(),
        accepted_at,
        filer: cik,
        issuer: Some(cik),
    }
}

fn delivery(number: usize, now: DateTime<Utc>) -> Delivery {
    let (title, text) = ("A notice".to_owned(), "of the usual length, more or less".to_owned());
    let notice = Notice {
        key: Key::of(&["bench", &number.to_string()]),
        ..Notice::new(now, About::Written { title, text })
    };
    let channel = Destination::Channel(u64::try_from(number % CHANNELS).unwrap());
    Delivery::new(channel, Body::Notice(Box::new(notice)), now)
}

async fn fill(store: &Store, (filings, deliveries): (usize, usize), now: DateTime<Utc>) {
    let frontier = Frontier::at(now);
    for first in (0..filings).step_by(AT_ONCE) {
        let some: Vec<FilingRef> =
            (first..(first + AT_ONCE).min(filings)).map(|number| filing(number, now)).collect();
        let found = Discovered { not_fetched: &some, ..Discovered::default() };
        store.discovered(found, frontier, now).await.unwrap();
    }
    let outcome = Outcome::Delivered { at: now, message_id: Some("880000000000000001".to_owned()) };
    for first in (0..deliveries).step_by(AT_ONCE) {
        let some: Vec<Delivery> =
            (first..(first + AT_ONCE).min(deliveries)).map(|number| delivery(number, now)).collect();
        for one in &some {
            store.enqueue(one).await.unwrap();
        }
        store.leave_queue(&some, &outcome).await.unwrap();
    }
    store.flush().await.unwrap();
}

async fn opened(dir: &Path) -> (Store, f64) {
    // sled's own threads end later.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    let store = Store::open(dir).unwrap();
    (store, began.elapsed().as_secs_f64())
}

/// The median time of eleven runs.
async fn median<F: Future<Output = ()>>(step: impl Fn() -> F) -> Duration {
    let mut took = Vec::new();
    for _ in 0..11 {
        let began = Instant::now();
        step().await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    took[5]
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let mut number = || args.next().map_or(100_000, |count| count.parse().expect("a number"));
    let (filings, deliveries): (usize, usize) = (number(), number());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (dir, now) = (tempfile::tempdir().unwrap(), Utc::now());
        let began = Instant::now();
        let store = Store::open(dir.path()).unwrap();
        fill(&store, (filings, deliveries), now).await;
        let filled = began.elapsed();
        drop(store);
        let (store, first) = opened(dir.path()).await;
        drop(store);
        let (store, again) = opened(dir.path()).await;
        let settings = Settings::read("settings", "", &[]).unwrap();
        let status = median(|| async {
            let status = Status::of(&store, &settings, now).await.unwrap();
            assert_eq!(status.delivered, deliveries);
        });
        let status = status.await;
        let later = Cell::new(filings.max(deliveries));
        let commit = median(|| async {
            later.set(later.get() + 1);
            let deliveries = vec![delivery(later.get(), now)];
            let settled = Settled { deliveries, ..Settled::new(accession(later.get()), Ending::Alerted, now) };
            assert!(store.commit(&settled).await.unwrap());
        });
        let commit = commit.await;
        println!(
            "{filings} filings and {deliveries} deliveries to {CHANNELS} channels, written in {:.0} s, {:.0} MB: opened in {first:.2} s, once more in {again:.2} s; status in {:.1} ms, one filing more in {:.2} ms",
            filled.as_secs_f64(),
            store.size_on_disk().unwrap() as f64 / 1e6,
            status.as_secs_f64() * 1e3,
            commit.as_secs_f64() * 1e3,
        );
    });
}
