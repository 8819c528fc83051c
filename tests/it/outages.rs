//! What counts as an outage of EDGAR, by its answers and their order.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::serve::{Listener, ListenerExt};
use chrono::TimeDelta;
use futures_util::stream;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::filing::Cik;
use sellbell::source::{Client, FetchError, Priority, Trouble};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::world::at;

/// An EDGAR that fails while it is down, but for one submission that it goes on sending, a piece each second.
async fn failing_edgar(is_down: Arc<AtomicBool>) -> Client {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    // The system would keep small pieces back for a moment of its own time.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(move |request: Request| {
        let (is_slow, is_down) = (request.uri().path().contains("999999"), is_down.load(Ordering::SeqCst));
        async move {
            let pieces = stream::unfold(0, |sent| async move {
                sleep(Duration::from_secs(if sent == 0 { 0 } else { 1 })).await;
                (sent < 12).then(|| (Ok::<_, Infallible>(Bytes::from_static(b"piece")), sent + 1))
            });
            let body = if is_slow { Body::from_stream(pieces) } else { Body::from("whole") };
            let status = if is_down && !is_slow { 502 } else { 200 };
            Response::builder().status(status).body(body).unwrap()
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = Settings::read("settings", &format!("[edgar]\nbase_url = \"{base}\"\n"), &[]).unwrap();
    Client::new(&settings.edgar, Clock::played(at("2023-03-08T15:00:00-05:00"), 1.0)).unwrap()
}

async fn submission(client: &Client, number: u32) -> Result<Vec<u8>, FetchError> {
    let accession = format!("0000000007-23-{number:06}").parse().unwrap();
    client.submission(Cik::new(70).unwrap(), accession, Priority::Live).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_under_way_when_an_outage_began_does_not_end_it() {
    let is_down = Arc::new(AtomicBool::new(true));
    let client = failing_edgar(Arc::clone(&is_down)).await;
    let failing = async {
        for number in 0.. {
            if client.outage().is_some() {
                return client.clock().now();
            }
            submission(&client, number).await.unwrap_err();
            sleep(Duration::from_secs(1)).await;
        }
        unreachable!("it fails until it is an outage")
    };
    let slow = async { (submission(&client, 999_999).await.unwrap().len(), client.clock().now()) };
    let (began, (sent, came)) = tokio::join!(failing, slow);
    assert_eq!(sent, 60);
    assert!(came > began, "it came after the outage began");
    let outage = client.outage().unwrap();
    assert_eq!(submission(&client, 0).await.unwrap_err().trouble, Trouble::Outage, "only probes are asked");
    // A probe does.
    is_down.store(false, Ordering::SeqCst);
    sleep((outage.next_probe - client.clock().now()).to_std().unwrap()).await;
    submission(&client, 0).await.unwrap();
    assert_eq!((client.outage(), client.last_failure()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn failures_now_and_then_do_not_add_up_to_an_outage() {
    for answers_between in [true, false] {
        let is_down = Arc::new(AtomicBool::new(true));
        let client = failing_edgar(Arc::clone(&is_down)).await;
        for number in 0..12 {
            submission(&client, number).await.unwrap_err();
            assert_eq!(client.outage(), None, "{number}");
            sleep(Duration::from_secs(150)).await;
            if answers_between {
                is_down.store(false, Ordering::SeqCst);
                submission(&client, number).await.unwrap();
                is_down.store(true, Ordering::SeqCst);
            }
            sleep(Duration::from_secs(150)).await;
        }
        // Those that lie close together do, and it is as old as the first of them.
        let began = client.clock().now();
        for number in 0..5 {
            submission(&client, number).await.unwrap_err();
            sleep(Duration::from_secs(2)).await;
        }
        let outage = client.outage().unwrap();
        assert!((began..began + TimeDelta::seconds(2)).contains(&outage.since), "{outage:?}");
        // Where nobody asked when the probe was due, it is over, and what fails next is no part of it.
        sleep(Duration::from_secs(3_600)).await;
        assert_eq!(client.outage(), None);
        assert_eq!(submission(&client, 0).await.unwrap_err().trouble, Trouble::Unavailable);
        assert_eq!(client.outage(), None);
    }
}
