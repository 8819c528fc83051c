//! The stop and EDGAR: what it answered is known after it, and nothing that hangs holds up what does not.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use chrono::TimeDelta;
use futures_util::stream;
use sellbell::clock::Clock;
use sellbell::runtime;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{World, at, finely, reopened, small_sale};

const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
const RATE: &str = "<!DOCTYPE html><html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>";
const BEGIN: &str = "2021-08-24T16:30:00-04:00";

async fn world() -> World {
    let mut world = World::new().await;
    world.clock = Clock::played(at(BEGIN), 1.0);
    finely();
    world
}

/// How long EDGAR is left alone by the store of a world whose app ended, in seconds.
async fn silence(world: &World) -> Option<i64> {
    let silence = reopened(&world.path("store")).silence().await.unwrap();
    silence.map(|silence| (silence.until - at(BEGIN)).num_seconds())
}

#[tokio::test(start_paused = true)]
async fn a_block_that_is_under_way_at_the_stop_is_known_after_it() {
    // The slow answers begin within the first second.
    for stop_after in [700, 1_000, 1_300, 1_600] {
        let world = world().await;
        world.edgar.fail_feed_after(0, &[(403, RATE)]);
        world.edgar.slow_down("browse-edgar", Duration::from_millis(1_500));
        let app = Arc::new(world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00")));
        runtime::run(app, None, sleep(Duration::from_millis(stop_after))).await.unwrap();
        assert!((601..=602).contains(&silence(&world).await.unwrap()), "feed, {stop_after}");
        assert_eq!(world.edgar.take_feed_requests().len(), 1, "nothing more is asked");
        world.finish().await;
    }
    for stop_after in [1_200, 1_400, 1_600] {
        let world = world().await;
        // The first is waited for, the second one blocks.
        let first = small_sale("0000000007-21-000001", 70, "2021-08-24T16:00:00-04:00");
        let mut second = small_sale("0000000007-21-000002", 70, "2021-08-24T16:00:01-04:00");
        second.body = RATE.into();
        world.edgar.publish(&first);
        world.edgar.publish(&second);
        world.edgar.slow_down("000001.txt", Duration::from_millis(2_900));
        world.edgar.slow_down("000002.txt", Duration::from_millis(700));
        let app = Arc::new(world.app(ANY_SALE, Some("2021-08-24T00:00:00-04:00")));
        runtime::run(app, None, sleep(Duration::from_millis(stop_after))).await.unwrap();
        let silence = silence(&world).await;
        assert!(silence.is_some_and(|lasts| (600..=603).contains(&lasts)), "{stop_after}: {silence:?}");
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// An EDGAR whose answers ask to wait, and go on for ever.
async fn endless(status: u16, header: (&'static str, &'static str)) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(move || async move {
        let body = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        Response::builder().status(status).header(header.0, header.1).body(body).unwrap()
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_asks_to_wait_counts_though_its_body_never_comes() {
    for (status, header, expected) in [
        (503, ("retry-after", "1500"), 1_500),
        (429, ("server", "x"), 600),
        (429, ("retry-after", "1500"), 1_500),
    ] {
        let world = world().await;
        let base = endless(status, header).await;
        let settings = world.settings().replace(world.edgar.base_url(), &base);
        // The task that asks is broken off.
        let app = world.app_with(&settings, ANY_SALE, Some("2021-08-24T00:00:00-04:00"));
        let asking = timeout(Duration::from_millis(500), app.intake.poll_once(at(BEGIN))).await;
        assert!(asking.is_err());
        let left =
            app.intake.poll_once(at(BEGIN) + TimeDelta::seconds(1)).await.unwrap().silent_until.unwrap();
        assert!((0..=2).contains(&((left - at(BEGIN)).num_seconds() - expected)), "{status} {header:?}");
        assert!(app.store.silence().await.unwrap().is_some());
        world.close(app);
        world.finish().await;
        // The program ends.
        let world = self::world().await;
        let settings = world.settings().replace(world.edgar.base_url(), &base);
        let app = Arc::new(world.app_with(&settings, ANY_SALE, Some("2021-08-24T00:00:00-04:00")));
        runtime::run(app, None, sleep(Duration::from_millis(500))).await.unwrap();
        let silence = silence(&world).await.unwrap();
        assert!((0..=3).contains(&(silence - expected)), "{status} {header:?}: {silence}");
        world.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_tickers_that_hangs_holds_up_neither_the_feed_nor_filings() {
    let mut world = world().await;
    world.edgar.list_tickers("{\"0\":{\"cik_str\":70,\"ticker\":\"ACM\",\"title\":\"Acme\"}}");
    // The first time filings wait for it, a moment; once there is a list, however old, not at all.
    for (number, (day, hangs, most)) in
        [("24", true, 7), ("24", false, 2), ("26", true, 2)].into_iter().enumerate()
    {
        world.clock = Clock::played(at(&format!("2021-08-{day}T16:3{number}:00-04:00")), 1.0);
        let accession: &'static str = Box::leak(format!("0000000007-21-00000{number}").into_boxed_str());
        let accepted = Box::leak(format!("2021-08-{day}T16:2{number}:00-04:00").into_boxed_str());
        world.edgar.publish(&small_sale(accession, 70, accepted));
        world.edgar.slow_down("company_tickers.json", Duration::from_secs(if hangs { 600 } else { 0 }));
        let since = (number == 0).then_some("2021-08-24T00:00:00-04:00");
        let app = Arc::new(world.app(ANY_SALE, since));
        let began = Instant::now();
        let fetched = async {
            while world.edgar.take_fetched().is_empty() && began.elapsed() < Duration::from_secs(20) {
                sleep(Duration::from_millis(100)).await;
            }
            began.elapsed().as_secs()
        };
        let (ended, came) = tokio::join!(runtime::run(app, None, sleep(Duration::from_secs(20))), fetched);
        ended.unwrap();
        assert!(came < most, "{day}: fetched after {came} s");
        let polls = world.edgar.take_feed_requests().len();
        assert!((20..=110).contains(&polls), "{day}: {polls} pages in twenty seconds");
        assert_eq!(world.take_output().lines().count(), 1);
    }
    world.finish().await;
}
