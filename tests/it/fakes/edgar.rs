//! A strict EDGAR: every request is recorded, and one that it does not know fails the test.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the fake knows and has seen.
#[derive(Default)]
struct World {
    /// The feed's entries, newest first, as Atom texts.
    entries: Vec<String>,
    /// Answered behind the last entry.
    end_of_feed: Vec<u8>,
    /// Path → submission.
    submissions: HashMap<String, Vec<u8>>,
    /// After so many more feed pages, one is answered like this.
    feed_faults: Vec<(usize, u16, Vec<u8>)>,
    /// So many more pages of the feed have only so many entries.
    cut: (usize, usize),
    /// Whether every submission is answered with an error.
    submissions_down: bool,
    /// How a path ends → how long its answer takes.
    slow: HashMap<String, Duration>,
    /// Seconds that a fault's answer asks to wait.
    retry_after: Option<u64>,
    /// The list of tickers; without one it is not there.
    tickers: Option<String>,
    ticker_requests: usize,
    /// Day → its index; others are not there yet.
    indexes: HashMap<String, String>,
    index_requests: Vec<String>,
    feed_requests: Vec<(usize, usize)>,
    fetched: BTreeMap<String, usize>,
    unexpected: Vec<String>,
}

pub struct FakeEdgar {
    address: String,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
    finished: bool,
}

/// A filing as a test describes it.
#[derive(Clone)]
pub struct Published {
    pub accession: &'static str,
    pub form: &'static str,
    pub issuer: u64,
    pub owner: u64,
    /// `2026-11-20T16:05:09-05:00`
    pub accepted: &'static str,
    pub body: Vec<u8>,
}

impl FakeEdgar {
    pub async fn start() -> Self {
        let world = Arc::new(Mutex::new(World {
            end_of_feed: b"<!DOCTYPE html><title>SEC.gov | File Unavailable</title>".to_vec(),
            ..World::default()
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, world, task, finished: false }
    }

    pub fn base_url(&self) -> &str {
        &self.address
    }

    /// Puts a filing at the head of the feed: the owner's entry, then the issuer's.
    pub fn publish(&self, filing: &Published) {
        self.publish_below(0, filing);
    }

    /// Puts a filing below so many entries of the feed, as one that comes late.
    pub fn publish_below(&self, entries: usize, filing: &Published) {
        let mut world = self.world.lock().unwrap();
        for (cik, role) in [(filing.issuer, "Issuer"), (filing.owner, "Reporting")] {
            world.entries.insert(entries, entry(filing, cik, role));
            let path = format!("/Archives/edgar/data/{cik}/{}.txt", filing.accession);
            world.submissions.insert(path, filing.body.clone());
        }
    }

    /// Serves a filing's submission that the feed does not show; its accession.
    pub fn publish_unlisted(&self, filing: &Published) -> &'static str {
        let mut world = self.world.lock().unwrap();
        for cik in [filing.issuer, filing.owner] {
            let path = format!("/Archives/edgar/data/{cik}/{}.txt", filing.accession);
            world.submissions.insert(path, filing.body.clone());
        }
        filing.accession
    }

    /// Serves recorded pages, each entry as it is, and a submission for each path.
    pub fn serve(&self, pages: &[String], end_of_feed: Vec<u8>, submissions: HashMap<String, Vec<u8>>) {
        let mut world = self.world.lock().unwrap();
        for page in pages {
            let entries = page.split("<entry>").skip(1);
            let whole =
                entries.map(|rest| format!("<entry>{}</entry>\n", rest.split("</entry>").next().unwrap()));
            world.entries.extend(whole);
        }
        world.end_of_feed = end_of_feed;
        world.submissions = submissions;
    }

    /// After so many more pages of the feed, some are answered like this.
    pub fn fail_feed_after(&self, pages: usize, faults: &[(u16, &str)]) {
        let mut world = self.world.lock().unwrap();
        for (n, (status, body)) in faults.iter().enumerate() {
            world.feed_faults.push((pages + n, *status, body.as_bytes().to_vec()));
        }
    }

    /// The feed ends after so many entries.
    pub fn end_after(&self, entries: usize) {
        self.world.lock().unwrap().entries.truncate(entries);
    }

    /// Every submission is answered with an error, or no longer.
    pub fn submissions_down(&self, down: bool) {
        self.world.lock().unwrap().submissions_down = down;
    }

    /// The answers to requests for a path that ends so take this long.
    pub fn slow_down(&self, path: &str, by: Duration) {
        self.world.lock().unwrap().slow.insert(path.to_owned(), by);
    }

    /// The next pages of the feed are cut, each to so many entries.
    pub fn cut_feed_pages(&self, pages: usize, entries: usize) {
        self.world.lock().unwrap().cut = (pages, entries);
    }

    /// Faults ask to wait so many seconds.
    pub fn retry_after(&self, seconds: u64) {
        self.world.lock().unwrap().retry_after = Some(seconds);
    }

    /// Puts another body in a published filing's place.
    pub fn replace(&self, filing: &Published) {
        let mut world = self.world.lock().unwrap();
        for cik in [filing.issuer, filing.owner] {
            let path = format!("/Archives/edgar/data/{cik}/{}.txt", filing.accession);
            world.submissions.insert(path, filing.body.clone());
        }
    }

    /// Publishes the index of a day, `20210824`, with these accessions, each under the CIK of a filer.
    pub fn publish_index(&self, day: &str, filings: &[(&str, u64)]) {
        let mut index =
            "Description: Daily Index\n\nCIK|Company Name|Form Type|Date Filed|File Name\n---\n".to_owned();
        for (accession, cik) in filings {
            index.push_str(&format!("{cik}|SOMEBODY|4|{day}|edgar/data/{cik}/{accession}.txt\n"));
        }
        self.world.lock().unwrap().indexes.insert(day.to_owned(), index);
    }

    /// The days whose index was asked for, since the last call.
    pub fn take_index_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world.lock().unwrap().index_requests)
    }

    /// How often each submission path was asked for, since the last call.
    pub fn take_fetched(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.world.lock().unwrap().fetched)
    }

    /// Serves a list of tickers.
    pub fn list_tickers(&self, json: &str) {
        self.world.lock().unwrap().tickers = Some(json.to_owned());
    }

    /// How often the list was asked for since the last call.
    pub fn take_ticker_requests(&self) -> usize {
        std::mem::take(&mut self.world.lock().unwrap().ticker_requests)
    }

    /// The pages asked for, as start and count, since the last call.
    pub fn take_feed_requests(&self) -> Vec<(usize, usize)> {
        std::mem::take(&mut self.world.lock().unwrap().feed_requests)
    }

    /// Fails if anything unexpected was asked, or a submission was fetched that no test looked at.
    pub fn finish(mut self) {
        self.finished = true;
        self.task.abort();
        let world = self.world.lock().unwrap();
        assert!(world.unexpected.is_empty(), "unexpected requests: {:#?}", world.unexpected);
        assert!(world.fetched.is_empty(), "fetched, and not looked at: {:#?}", world.fetched);
        assert!(world.feed_faults.is_empty(), "{} faults were not met", world.feed_faults.len());
    }
}

impl Drop for FakeEdgar {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "FakeEdgar was not finished");
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let slow = world.lock().unwrap().slow.iter().find(|(end, _)| path.ends_with(*end)).map(|(_, by)| *by);
    if let Some(by) = slow {
        tokio::time::sleep(by).await;
    }
    let mut world = world.lock().unwrap();
    let agent =
        request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("sellbell/") || !agent.contains('@') {
        world.unexpected.push(format!("{path}: user agent `{agent}`"));
    }
    let gzip = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if !gzip.is_some_and(|accepted| accepted.contains("gzip")) {
        world.unexpected.push(format!("{path}: gzip is not accepted"));
    }
    if path == "/cgi-bin/browse-edgar" {
        return feed(&mut world, request.uri().query().unwrap_or_default());
    }
    if path.starts_with("/Archives/edgar/daily-index/") {
        let name = path.rsplit('/').next().unwrap();
        let (kind, day) = name.strip_suffix(".idx").unwrap().split_once('.').unwrap();
        if kind == "master" {
            world.index_requests.push(day.to_owned());
        }
        return match world.indexes.get(day).filter(|_| kind == "master") {
            Some(index) => respond(200, index.clone().into_bytes()),
            None => respond(403, b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".to_vec()),
        };
    }
    if path == "/files/company_tickers.json" {
        world.ticker_requests += 1;
        return match world.tickers.clone() {
            Some(tickers) => respond(200, tickers.into_bytes()),
            None => respond(404, b"<html>not here</html>".to_vec()),
        };
    }
    if let Some(body) = world.submissions.get(&path).cloned() {
        if world.submissions_down {
            return respond(502, Vec::new());
        }
        *world.fetched.entry(path).or_default() += 1;
        return respond(200, body);
    }
    world.unexpected.push(path);
    respond(404, b"<html>not here</html>".to_vec())
}

fn feed(world: &mut World, query: &str) -> Response {
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    let fixed = [("action", "getcurrent"), ("type", "4"), ("owner", "include"), ("output", "atom")];
    let (start, count) = (value("start").parse::<usize>(), value("count").parse::<usize>());
    let known = fixed.iter().all(|(name, expected)| value(name) == *expected);
    let (Ok(start), Ok(count @ (10 | 20 | 40 | 80 | 100)), true) = (start, count, known) else {
        world.unexpected.push(format!("feed?{query}"));
        return respond(400, Vec::new());
    };
    world.feed_requests.push((start, count));
    if let Some(place) = world.feed_faults.iter().position(|(left, ..)| *left == 0) {
        let (_, status, body) = world.feed_faults.remove(place);
        world.feed_faults.iter_mut().for_each(|(left, ..)| *left -= 1);
        let mut response = respond(status, body);
        if let Some(seconds) = world.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    world.feed_faults.iter_mut().for_each(|(left, ..)| *left -= 1);
    let count = if world.cut.0 > 0 { world.cut.1 } else { count };
    world.cut.0 = world.cut.0.saturating_sub(1);
    let shown: String = world.entries.iter().skip(start).take(count).map(String::as_str).collect();
    if shown.is_empty() && start > 0 {
        return respond(503, world.end_of_feed.clone());
    }
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>Latest Filings</title>\n{shown}</feed>\n"
    );
    respond(200, page.into_bytes())
}

fn entry(filing: &Published, cik: u64, role: &str) -> String {
    let Published { accession, form, accepted, .. } = filing;
    format!(
        "<entry>\n<title>{form} - Somebody ({cik:010}) ({role})</title>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"https://www.sec.gov/Archives/edgar/data/{cik}/x/{accession}-index.htm\"/>\n\
         <summary type=\"html\">\n &lt;b&gt;Filed:&lt;/b&gt;\n</summary>\n<updated>{accepted}</updated>\n\
         <category scheme=\"https://www.sec.gov/\" label=\"form type\" term=\"{form}\"/>\n\
         <id>urn:tag:sec.gov,2008:accession-number={accession}</id>\n</entry>\n"
    )
}

fn respond(status: u16, body: Vec<u8>) -> Response {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(body)).unwrap()
}
