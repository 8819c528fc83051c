//! A webhook of somebody's own: signed JSON, the same id for the same delivery, and answers that are obeyed.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use sellbell::config::Settings;
use sellbell::delivery::Batch;
use sellbell::destination::Destination;
use sellbell::notify::{Notifier, Secrets};
use sellbell::outbox::Lane;
use sellbell::render::terminal::Colour;
use sellbell::runtime::App;
use sellbell::service;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::search::search;
use crate::world::{World, at, deliver_all, deliver_to, qualys};

const NOW: &str = "2021-08-24T17:12:31-04:00";
const ENDPOINT: &str = "[[webhook.endpoint]]\nname = \"n8n\"\n";
const RULES: &str = "[[rule]]\nname = \"big\"\ntickers = [\"QLYS\"]\nnotify = [\"webhook:n8n\", \"jsonl\"]\n";

/// A status, and what `Retry-After` says.
type Answer = (u16, Option<&'static str>);

/// An endpoint on loopback: what it was sent, and what it answers, last first; then 204.
#[derive(Clone, Default)]
struct Endpoint {
    posted: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Endpoint {
    /// Its address, with a secret in it.
    async fn start(&self) -> String {
        let own = self.clone();
        let answer = move |headers: HeaderMap, body: Bytes| async move {
            search("what an endpoint gets", &body);
            own.posted.lock().unwrap().push((headers, body));
            let (status, wait) = own.answers.lock().unwrap().pop().unwrap_or((204, None));
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            let headers = response.headers_mut();
            headers.extend(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
            response
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/hook/secret-path")
    }

    fn take(&self) -> Vec<(HeaderMap, Bytes)> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }
}

/// A world with an endpoint, and an app for which the seed filing rang.
async fn rung(endpoint: &Endpoint, secret: Option<&str>) -> (World, App) {
    let mut world = World::new().await;
    world.secrets.webhook_urls.insert("n8n".into(), endpoint.start().await.into());
    world.secrets.webhook_secrets.extend(secret.map(|secret| ("n8n".to_owned(), secret.into())));
    world.edgar.publish(&qualys());
    let app = world.app_with(&(world.settings() + ENDPOINT), RULES, Some("2021-08-24T00:00:00-04:00"));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    world.edgar.take_fetched();
    (world, app)
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_alert_is_posted_as_the_same_json_signed_and_with_its_id() {
    let key = [7_u8; 24];
    for (secret, key) in [
        (format!("whsec_{}", STANDARD.encode(key)), key.to_vec()),
        ("any words".to_owned(), b"any words".to_vec()),
    ] {
        let endpoint = Endpoint::default();
        let (world, app) = rung(&endpoint, Some(&secret)).await;
        assert_eq!(deliver_all(&app, at(NOW)).await, (2, 0, 0));
        let posted = endpoint.take();
        let [(headers, body)] = &posted[..] else { panic!("{} times", posted.len()) };
        let line: Value = serde_json::from_str(&world.take_output()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), line, "as `jsonl` says it");
        let (id, timestamp) = (header(headers, "webhook-id"), header(headers, "webhook-timestamp"));
        assert_eq!(timestamp, at(NOW).timestamp().to_string());
        assert_eq!((id.len(), header(headers, "idempotency-key")), (24, id));
        assert_eq!(header(headers, "content-type"), "application/json");
        // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(header(headers, "webhook-signature"), expected);
        world.finish().await;
    }
}

#[tokio::test]
async fn answers_are_obeyed_and_a_repeated_delivery_has_the_same_id() {
    let endpoint = Endpoint::default();
    let (world, app) = rung(&endpoint, None).await;
    let destination: Destination = "webhook:n8n".parse().unwrap();
    *endpoint.answers.lock().unwrap() = vec![(302, Some("0")), (404, None), (503, Some("120")), (500, None)];
    let mut lane = Lane::default();
    let mut now = at(NOW);
    for seconds in [60, 120, 60, 60] {
        assert_eq!(deliver_to(&app, &destination, &mut lane, now).await, (0, 1, 0));
        let next = app.outbox.deliver_once(&destination, &mut lane, now).await.unwrap().next.unwrap();
        assert!(next - now <= TimeDelta::seconds(seconds), "{}", next - now);
        assert!(seconds == 60 || next - now == TimeDelta::seconds(seconds), "as the answer asks");
        assert!(next - now >= TimeDelta::milliseconds(500), "also where it asks for no wait");
        now = next;
    }
    assert_eq!(deliver_to(&app, &destination, &mut lane, now).await, (1, 0, 0));
    let posted = endpoint.take();
    assert_eq!(posted.len(), 5);
    let id = header(&posted[0].0, "webhook-id");
    assert!(posted.iter().all(|(headers, _)| header(headers, "webhook-id") == id));
    assert!(
        posted.iter().all(|(headers, _)| headers.get("webhook-signature").is_none()),
        "there is no secret"
    );
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    world.take_output();
    world.finish().await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_paused_and_no_error_tells_its_address() {
    let endpoint = Endpoint::default();
    let (world, app) = rung(&endpoint, None).await;
    let destination: Destination = "webhook:n8n".parse().unwrap();
    let queued = app.store.queued(&destination, 1).await.unwrap().remove(0);
    for status in [401, 410, 500] {
        endpoint.answers.lock().unwrap().push((status, None));
        let error = app.notifier.send(&Batch::one(queued.clone()), at(NOW)).await.unwrap_err();
        assert!(
            !error.to_string().contains("secret-path") && !error.to_string().contains("127.0.0.1"),
            "{error}"
        );
    }
    endpoint.answers.lock().unwrap().push((410, None));
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 1, 0));
    assert!(
        service::status(&app, at(NOW)).await.unwrap().paused[0].starts_with("webhook:n8n since 2021-08-24")
    );
    world.take_output();
    world.finish().await;
}

#[test]
fn what_an_endpoint_lacks_is_said_by_the_name_of_its_variable() {
    let settings = Settings::read("settings", "[[webhook.endpoint]]\nname = \"my-n8n\"\n", &[]).unwrap();
    let made = |address: Option<&str>| {
        let mut secrets = Secrets::default();
        secrets.webhook_urls.extend(address.map(|address| ("my-n8n".to_owned(), address.into())));
        let output = Arc::new(Mutex::new(Vec::new()));
        Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).map(drop)
    };
    for (address, said) in [
        (None, "webhook:my-n8n needs an address, and WEBHOOK_URL_MY_N8N is not set"),
        (Some("hook.example.org"), "WEBHOOK_URL_MY_N8N is not an address like https://example.org/hook"),
    ] {
        assert_eq!(made(address).unwrap_err().to_string(), said);
    }
    made(Some("https://example.org/hook")).unwrap();
    let mut secrets = Secrets::default();
    secrets.webhook_urls.insert("my-n8n".into(), "https://example.org/hook".into());
    secrets.webhook_secrets.insert("my-n8n".into(), "whsec_not base64".into());
    let output = Arc::new(Mutex::new(Vec::new()));
    let error = Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).map(drop).unwrap_err();
    assert!(error.to_string().starts_with("WEBHOOK_SECRET_MY_N8N begins with whsec_"), "{error}");
    let error = Settings::read(
        "settings",
        "[webhook]\nendpoint = [{ name = \"a-b\" }, { name = \"a_b\" }, { name = \"x\", url = \"http://x\" }]\n",
        &[],
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`a-b` and `a_b` would share one environment variable") && error.contains("url"),
        "{error}"
    );
    // WEBHOOK_URL_A_FILE is the address of the one, and the file with the address of the other.
    let files = "[webhook]\nendpoint = [{ name = \"a\" }, { name = \"a-file\" }]\n";
    let error = Settings::read("settings", files, &[]).unwrap_err().to_string();
    assert!(error.contains("`a` and `a-file` would share one environment variable"), "{error}");
}
