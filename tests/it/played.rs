//! An EDGAR that plays an archive, asked over HTTP on a paused clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use sellbell::clock::Clock;
use sellbell::edgar::answer::{Answer, classify};
use sellbell::edgar::{company, feed, index, submission_path};
use sellbell::filing::{Accession, Cik, edgar_day};
use sellbell::reader;
use sellbell::replay::{Archive, Faults, Kind, Made, ReplayedEdgar, Stage};
use tokio::time::advance;

use crate::form345;
use crate::world::{at, submission};

const AGENT: &str = "sellbell/0 (Test test@example.org)";

/// An EDGAR and someone who asks it.
struct Played {
    edgar: ReplayedEdgar,
    http: reqwest::Client,
    clock: Clock,
}

/// An answer, or the error in the middle of it.
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Result<Vec<u8>, reqwest::Error>,
}

impl Got {
    fn bytes(&self) -> &[u8] {
        self.body.as_ref().unwrap()
    }

    fn answer(&self) -> Answer {
        classify(self.status, self.bytes())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Played {
    async fn start(archive: Archive, now: DateTime<Utc>, faults: Faults) -> Self {
        let clock = Clock::played(now, 1.0);
        let edgar = ReplayedEdgar::play(Stage { archive, clock, faults }).await.unwrap();
        // Without idle connections there is no timer, and paused time does not run ahead.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).user_agent(AGENT).build().unwrap();
        Self { edgar, http, clock }
    }

    async fn get(&self, path: &str) -> Got {
        let response = self.http.get(format!("{}{path}", self.edgar.base_url())).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Got { status, headers, body: response.bytes().await.map(|bytes| bytes.to_vec()) }
    }

    async fn page(&self, start: usize) -> Vec<feed::Entry> {
        let got = self.get(&feed::page_path(start, 100)).await;
        assert_eq!(got.status, 200);
        let page = feed::read(got.bytes()).unwrap();
        assert!(page.unreadable.is_empty());
        page.entries
    }

    /// All entries of the feed, up to its end.
    async fn whole_feed(&self) -> Vec<feed::Entry> {
        let mut entries = Vec::new();
        for start in (0..).step_by(100) {
            let got = self.get(&feed::page_path(start, 100)).await;
            if start > 0 && got.answer() == Answer::FileUnavailable {
                break;
            }
            entries.extend(feed::read(got.bytes()).unwrap().entries);
        }
        entries
    }

    async fn until(&self, time: DateTime<Utc>) {
        advance((time - self.clock.now()).to_std().unwrap()).await;
    }
}

fn cik(number: u64) -> Cik {
    Cik::new(number).unwrap()
}

fn accession(number: u64) -> Accession {
    format!("0000000007-23-{number:06}").parse().unwrap()
}

/// A filing with two owners, one of them in the text.
fn made(number: u64, issuer: u64, accepted_at: DateTime<Utc>) -> Made {
    let accession = accession(number);
    let form = if number % 50 == 49 { "4/A" } else { "4" };
    Made {
        accession,
        form: form.parse().unwrap(),
        accepted_at,
        issuer: (cik(issuer), format!("Issuer & Söhne {issuer}")),
        owners: vec![(cik(7), "DOE JANE".into()), (cik(8), "ROE | SONS".into())],
        submission: Arc::new(move || submission(&accession.to_string(), form, issuer, 7, accepted_at)),
    }
}

/// So many filings of one issuer each, a step apart.
fn archive(filings: u64, from: DateTime<Utc>, step: TimeDelta) -> Archive {
    let mut archive = Archive::default();
    for number in 0..filings {
        archive.add_made(made(number, 1_000 + number, from + step * i32::try_from(number).unwrap()));
    }
    archive
}

fn accessions(entries: &[feed::Entry]) -> BTreeSet<Accession> {
    entries.iter().map(|entry| entry.accession).collect()
}

/// What the archive has of a day: each Form 4 with how many filers.
fn listed(index: &index::Index) -> BTreeMap<Accession, BTreeSet<Cik>> {
    assert!(index.unreadable.is_empty(), "{:?}", index.unreadable);
    index
        .filings
        .iter()
        .map(|listed| {
            let filers: BTreeSet<Cik> = listed.filers.iter().copied().collect();
            assert_eq!(filers.len(), listed.filers.len());
            (listed.accession, filers)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_feed_moves_while_it_is_paged_and_shows_all_that_was_accepted() {
    let from = at("2023-03-08T16:00:00-05:00");
    let mut archive = archive(400, from, TimeDelta::seconds(30));
    archive.mix_other_forms(1);
    assert_eq!(archive.forms_4(), 400);
    let accepted: BTreeMap<Accession, DateTime<Utc>> =
        archive.filings_4().map(|(accession, accepted_at, _)| (accession, accepted_at)).collect();
    let played = Played::start(archive, from - TimeDelta::seconds(1), Faults::none()).await;
    assert_eq!(played.page(0).await, []);
    played.until(from + TimeDelta::hours(2)).await;
    let first = played.page(0).await;
    played.until(from + TimeDelta::hours(2) + TimeDelta::minutes(4)).await;
    let second = played.page(100).await;
    let repeated = accessions(&first).intersection(&accessions(&second)).count();
    assert!(repeated >= 8, "only {repeated} filings were on both pages");

    let now = played.clock.now();
    let entries = played.whole_feed().await;
    let shown: BTreeSet<Accession> =
        feed::fold_entries(&entries).iter().map(|found| found.accession).collect();
    for (accession, &accepted_at) in &accepted {
        if accepted_at <= now - TimeDelta::seconds(2) {
            assert!(shown.contains(accession), "{accession} is not shown");
        }
        assert!(
            accepted_at <= played.clock.now() || !shown.contains(accession),
            "{accession} is shown early"
        );
    }
    let forms_4 = entries.iter().filter(|entry| matches!(&*entry.form, "4" | "4/A")).count() as f64;
    let share = 1.0 - forms_4 / entries.len() as f64;
    assert!((0.3..0.42).contains(&share), "{share} of the entries are of other forms");
    for pair in entries.windows(2) {
        let ahead = pair[1].accepted_at - pair[0].accepted_at;
        assert!(ahead <= TimeDelta::minutes(2), "{} is {ahead} too low", pair[1].accession);
    }
}

#[tokio::test(start_paused = true)]
async fn entries_of_a_filing_stand_apart_or_in_another_order_as_often_as_recorded() {
    let from = at("2023-03-08T16:00:00-05:00");
    let played =
        Played::start(archive(1_650, from, TimeDelta::seconds(2)), from + TimeDelta::days(1), Faults::none())
            .await;
    let entries = played.whole_feed().await;
    let mut places: BTreeMap<Accession, Vec<usize>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        places.entry(entry.accession).or_default().push(place);
    }
    let apart = places.values().filter(|places| places.last().unwrap() - places[0] >= places.len()).count();
    assert!((10..=60).contains(&apart), "{apart} of {} are apart", places.len());
    let issuer_first = places.values().filter(|places| entries[places[0]].is_issuer).count();
    assert!((300..900).contains(&issuer_first), "{issuer_first}");
    assert_eq!(feed::fold_entries(&entries).iter().filter(|filing| filing.issuer.is_none()).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn behind_the_last_entry_and_at_5100_the_feed_ends() {
    let from = at("2023-03-08T06:00:00-05:00");
    let long = Played::start(
        archive(2_000, from, TimeDelta::seconds(20)),
        at("2023-03-09T01:00:00Z"),
        Faults::none(),
    )
    .await;
    assert_eq!(long.page(5_000).await.len(), 100);
    assert_eq!(long.page(5_090).await.len(), 10);
    assert_eq!(long.get(&feed::page_path(5_100, 100)).await.answer(), Answer::FileUnavailable);
    let short =
        Played::start(archive(20, from, TimeDelta::seconds(20)), at("2023-03-09T01:00:00Z"), Faults::none())
            .await;
    assert_eq!(short.page(0).await.len(), 60);
    let page = short.get(&feed::page_path(0, 20)).await;
    assert_eq!(feed::read(page.bytes()).unwrap().entries.len(), 20);
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(page.header("etag"), None);
    assert_eq!(short.get(&feed::page_path(60, 100)).await.answer(), Answer::FileUnavailable);
}

#[tokio::test(start_paused = true)]
async fn a_submission_is_there_soon_after_the_feed_shows_it_under_each_filer() {
    let from = at("2023-03-08T16:00:00-05:00");
    let mut archive = archive(100, from, TimeDelta::seconds(60));
    archive.mix_other_forms(3);
    let played = Played::start(archive, from - TimeDelta::seconds(1), Faults::none()).await;
    let path = submission_path(cik(1_000), accession(0));
    assert_eq!(played.get(&path).await.answer(), Answer::NotThereYet);
    played.until(from + TimeDelta::seconds(6)).await;
    for filer in [1_000, 7, 8] {
        let got = played.get(&submission_path(cik(filer), accession(0))).await;
        assert_eq!(got.status, 200);
        assert_eq!(reader::read(got.bytes()).unwrap().accepted_at, Some(from));
        assert_eq!(got.header("last-modified"), Some("Wed, 08 Mar 2023 21:00:00 GMT"));
        assert!(got.header("etag").is_some());
    }
    assert_eq!(played.edgar.log().unexpected, Vec::<String>::new());
    assert_eq!(played.edgar.fetched(), BTreeMap::from([(accession(0), 3)]));

    played.until(from + TimeDelta::hours(2)).await;
    let mut late = 0;
    let mut tried = Vec::new();
    for found in feed::fold_entries(&played.whole_feed().await) {
        tried.push(found.accession);
        late += usize::from(played.get(&submission_path(found.filer, found.accession)).await.status != 200);
    }
    assert_eq!((tried.len(), late), (100, 0));
    let other = played.whole_feed().await.into_iter().find(|entry| entry.form.starts_with("424")).unwrap();
    for unexpected in [
        submission_path(other.filer, other.accession),
        submission_path(cik(9), accession(0)),
        "/Archives/edgar/full-index/form.idx".into(),
    ] {
        assert_eq!(played.get(&unexpected).await.status, 404);
    }
    assert_eq!(played.edgar.log().unexpected.len(), 3);
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let undeclared = http.get(format!("{}{path}", played.edgar.base_url())).send().await.unwrap();
    let status = undeclared.status().as_u16();
    assert_eq!(classify(status, &undeclared.bytes().await.unwrap()), Answer::AgentRefused);
}

#[tokio::test(start_paused = true)]
async fn the_index_of_a_day_comes_in_its_night_and_lists_all_of_it() {
    // A Wednesday, and on.
    let from = at("2023-03-08T06:00:00-05:00");
    let mut archive = archive(60, from, TimeDelta::minutes(30));
    archive.mix_other_forms(5);
    let filings: Vec<_> = archive.filings_4().collect();
    let played = Played::start(archive, from, Faults::none()).await;
    let day: NaiveDate = "2023-03-08".parse().unwrap();
    played.until(at("2023-03-08T22:04:00-05:00")).await;
    for path in index::paths(day) {
        let got = played.get(&path).await;
        assert_eq!((got.status, got.answer()), (403, Answer::NotThereYet));
        assert!(got.bytes().starts_with(b"<?xml"));
    }
    played.until(at("2023-03-08T23:31:00-05:00")).await;
    let expected: BTreeMap<Accession, BTreeSet<Cik>> = filings
        .iter()
        .filter(|filing| edgar_day(filing.1) == day)
        .map(|&(accession, _, issuer)| (accession, BTreeSet::from([cik(7), cik(8), issuer])))
        .collect();
    assert_eq!(expected.len(), 36);
    for path in index::paths(day) {
        let got = played.get(&path).await;
        assert_eq!(got.status, 200, "{path}");
        assert_eq!(listed(&index::read(got.bytes()).unwrap()), expected, "{path}");
        let text = String::from_utf8(got.bytes().to_vec()).unwrap();
        assert!(text.contains("|424B") || text.contains("\n424B"), "no other form in {path}");
        if path.contains("form.") {
            let widths: BTreeSet<usize> = text.lines().skip(10).map(|line| line.chars().count()).collect();
            assert_eq!(widths, BTreeSet::from([150]));
        }
    }
    // A day without filings, a weekend, a holiday.
    played.until(at("2023-05-31T12:00:00-04:00")).await;
    for (day, there) in
        [("2023-03-14", true), ("2023-03-11", false), ("2023-05-29", false), ("2023-05-31", false)]
    {
        for path in index::paths(day.parse().unwrap()) {
            let got = played.get(&path).await;
            if there {
                assert_eq!(index::read(got.bytes()).unwrap(), index::Index::default(), "{path}");
            } else {
                assert_eq!(got.answer(), Answer::NotThereYet, "{path}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_of_a_company_has_older_files() {
    let from = at("2023-03-06T10:00:00-05:00");
    let mut archive = Archive::default();
    archive.small_company_files = true;
    for number in 0..130 {
        archive.add_made(made(number, 70, from + TimeDelta::hours(1) * i32::try_from(number).unwrap()));
    }
    let played = Played::start(archive, from + TimeDelta::minutes(1), Faults::none()).await;
    let read = |got: Got| company::read(got.bytes()).unwrap();
    let first = read(played.get(&company::path(cik(70))).await);
    assert_eq!((first.filings.len(), first.older.len()), (1, 0));
    played.until(from + TimeDelta::days(9)).await;
    let got = played.get(&company::path(cik(70))).await;
    let text: serde_json::Value = serde_json::from_slice(got.bytes()).unwrap();
    let newest = (from + TimeDelta::hours(129)).to_rfc3339_opts(SecondsFormat::Millis, true);
    assert_eq!(text["filings"]["recent"]["acceptanceDateTime"][0], newest);
    let file = serde_json::json!({
        "name": "CIK0000000070-submissions-002.json",
        "filingCount": 30, "filingFrom": "2023-03-06", "filingTo": "2023-03-07",
    });
    assert_eq!(text["filings"]["files"][1], file);
    let company = read(got);
    assert_eq!(company.filings.len(), 50);
    let mut found: Vec<Accession> = company.filings.iter().map(|filed| filed.accession).collect();
    for older in &company.older {
        let older_filings = read(played.get(&older.path).await).filings;
        assert_eq!(older.until, Some(older_filings[0].filed));
        found.extend(older_filings.iter().map(|filed| filed.accession));
    }
    assert_eq!(found, (0..130).rev().map(accession).collect::<Vec<_>>());
    assert_eq!(played.get(&company::path(cik(71))).await.status, 404);
    assert_eq!(played.get("/submissions/CIK0000000070-submissions-003.json").await.status, 404);
    assert_eq!(played.edgar.log().companies, 6);
}

/// A request of each kind at the end of a day, the fault on the first; whether the second is whole again.
async fn struck(kind: Kind, path: &str) -> (Played, Got) {
    let from = at("2023-03-08T16:00:00-05:00");
    let archive = archive(60, from, TimeDelta::seconds(30));
    let faults = Faults::only(vec![(1, kind)]);
    let played = Played::start(archive, at("2023-03-08T23:31:00-05:00"), faults).await;
    let got = played.get(path).await;
    assert_eq!(played.edgar.log().faults, BTreeMap::from([(kind, 1)]), "{kind:?}");
    (played, got)
}

fn paths() -> [String; 3] {
    let [_, form] = index::paths("2023-03-08".parse().unwrap());
    [feed::page_path(0, 40), submission_path(cik(1_003), accession(3)), form]
}

#[tokio::test(start_paused = true)]
async fn pages_with_a_false_status_or_body_come_once() {
    for (kind, status, answer) in [
        (Kind::HtmlPage, 200, Answer::UnexpectedPage),
        (Kind::AgentRefused, 403, Answer::AgentRefused),
        (Kind::AccessDenied, 403, Answer::NotThereYet),
        (Kind::Forbidden, 403, Answer::Forbidden),
        (Kind::Unavailable, 503, Answer::Unavailable),
        (Kind::UnavailableUntil, 503, Answer::Unavailable),
        (Kind::ServerError, 500, Answer::Unavailable),
        (Kind::BadGateway, 502, Answer::Unavailable),
        (Kind::TooMany, 429, Answer::RateBlocked),
        (Kind::TooManyWait, 429, Answer::RateBlocked),
    ] {
        for path in paths() {
            let (played, got) = struck(kind, &path).await;
            assert_eq!((got.status, got.answer()), (status, answer), "{kind:?}");
            match kind {
                Kind::TooManyWait => assert_eq!(got.header("retry-after"), Some("30")),
                Kind::UnavailableUntil => {
                    let until = DateTime::parse_from_rfc2822(got.header("retry-after").unwrap()).unwrap();
                    assert!(played.clock.now() + TimeDelta::minutes(6) > until);
                    assert!(played.clock.now() < until);
                }
                _ => assert_eq!(got.header("retry-after"), None),
            }
            assert_eq!(played.get(&path).await.answer(), Answer::Document);
            assert_eq!(played.edgar.log().against_retry_after, u64::from(kind == Kind::TooManyWait));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_pages_of_the_feed_are_cut_short_empty_or_old() {
    let [path, ..] = paths();
    let read = |got: &Got| feed::read(got.bytes());
    let (played, cut) = struck(Kind::FeedCut, &path).await;
    assert_eq!(cut.status, 200);
    assert!(read(&cut).is_err());
    let whole = read(&played.get(&path).await).unwrap().entries;
    assert_eq!(whole.len(), 40);
    let (_, short) = struck(Kind::FeedShort, &path).await;
    let short = read(&short).unwrap().entries;
    assert!((1..40).contains(&short.len()) && whole.starts_with(&short));
    let (_, empty) = struck(Kind::FeedEmpty, &path).await;
    assert_eq!(read(&empty).unwrap().entries, []);
    let (_, unavailable) = struck(Kind::FileUnavailable, &path).await;
    assert_eq!(unavailable.answer(), Answer::FileUnavailable);

    let from = at("2023-03-06T16:00:00-05:00");
    let faults = Faults::only((1..=20).map(|number| (number, Kind::FeedStale)).collect());
    let archive = archive(400, from, TimeDelta::minutes(10));
    let played = Played::start(archive, from + TimeDelta::hours(60), faults).await;
    let mut ages = BTreeSet::new();
    for _ in 0..20 {
        let newest = played.page(0).await[0].accepted_at;
        ages.insert((played.clock.now() - newest).num_minutes());
    }
    let first_and_last = (*ages.first().unwrap(), *ages.last().unwrap());
    assert!(first_and_last.0 < 70 && (1_440..1_460).contains(&first_and_last.1), "{ages:?}");
    assert!(ages.iter().any(|age| (70..500).contains(age)), "{ages:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_an_error_and_one_of_other_words_is_not() {
    for kind in [Kind::Reset, Kind::ShortBody] {
        for path in paths() {
            let (played, got) = struck(kind, &path).await;
            assert_eq!(got.status, 200);
            assert!(got.body.is_err(), "{kind:?} {path}");
            assert!(played.get(&path).await.body.is_ok());
        }
    }
    let [_, path, _] = paths();
    let (played, cut) = struck(Kind::SubmissionCut, &path).await;
    let whole = played.get(&path).await;
    assert!(cut.bytes().len() < whole.bytes().len() && whole.bytes().starts_with(cut.bytes()));
    assert!(reader::read(cut.bytes()).is_err());
    assert_eq!(played.edgar.fetched(), BTreeMap::from([(accession(3), 1)]));
    let (played, other) = struck(Kind::OtherSubmission, &path).await;
    assert_ne!(reader::read(other.bytes()).unwrap().accession, Some(accession(3)));
    assert!(played.edgar.fetched().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_index_is_cut_at_a_line_or_late() {
    for path in index::paths("2023-03-08".parse().unwrap()) {
        let (played, cut) = struck(Kind::IndexCut, &path).await;
        let whole = played.get(&path).await;
        assert!(whole.bytes().starts_with(cut.bytes()) && cut.bytes().ends_with(b"\n"));
        let listed = |got: &Got| index::read(got.bytes()).unwrap().filings.len();
        assert!(listed(&cut) <= listed(&whole) && cut.bytes().len() < whole.bytes().len());
        let (played, late) = struck(Kind::IndexLate, &path).await;
        assert_eq!(late.answer(), Answer::NotThereYet);
        assert_eq!(played.get(&path).await.answer(), Answer::NotThereYet);
        played.until(at("2023-03-09T11:31:00-05:00")).await;
        assert_eq!(listed(&played.get(&path).await), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_ends_ten_minutes_after_the_last_request() {
    for (kind, status) in [(Kind::RateBlock, 403), (Kind::RateBlockOk, 200)] {
        let [path, submission, _] = paths();
        let (played, got) = struck(kind, &path).await;
        let blocked = (status, Answer::RateBlocked);
        assert_eq!((got.status, got.answer()), blocked);
        for (minutes, path) in [(1, &path), (9, &submission), (9, &path)] {
            advance(Duration::from_secs(minutes * 60)).await;
            let got = played.get(path).await;
            assert_eq!((got.status, got.answer()), blocked);
        }
        assert_eq!(played.edgar.log().during_block, 3);
        advance(Duration::from_secs(10 * 60)).await;
        assert_eq!(played.get(&path).await.answer(), Answer::Document);
        assert_eq!(played.edgar.log().during_block, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_as_long_as_the_client_waits() {
    let from = at("2023-03-08T16:00:00-05:00");
    let faults = Faults::only((1..=3).map(|number| (number, Kind::Silence)).collect());
    let played = Played::start(archive(5, from, TimeDelta::seconds(30)), from, faults).await;
    let url = format!("{}{}", played.edgar.base_url(), feed::page_path(0, 40));
    while played.edgar.log().faults_met() < 3 {
        let waited = played.http.get(&url).timeout(Duration::from_secs(20)).send().await;
        assert!(waited.unwrap_err().is_timeout());
    }
    assert_eq!(played.get(&feed::page_path(0, 40)).await.answer(), Answer::Document);
}

#[tokio::test(start_paused = true)]
async fn a_storm_strikes_at_its_rate_and_leaves_nothing_behind() {
    let (from, until) = (at("2023-03-08T19:00:00-05:00"), at("2023-03-09T19:00:00-05:00"));
    let filings = archive(200, at("2023-03-08T16:00:00-05:00"), TimeDelta::seconds(30));
    let played = Played::start(filings, from, Faults::storm(42, from, until, 0.3)).await;
    while played.clock.now() < until - TimeDelta::minutes(12) {
        for path in paths() {
            let url = format!("{}{path}", played.edgar.base_url());
            let sent = played.http.get(url).timeout(Duration::from_secs(5)).send().await;
            if let Ok(response) = sent {
                let _ = response.bytes().await;
            }
        }
        // Blocks would hide what else goes wrong.
        advance(Duration::from_secs(11 * 60)).await;
    }
    let log = played.edgar.log();
    let free = log.feed + log.submissions + log.indexes - log.during_block;
    let rate = log.faults_met() as f64 / free as f64;
    assert!((0.2..0.4).contains(&rate), "{rate} of {free}");
    assert!(log.faults.len() >= 15, "{:?}", log.faults);

    // The last index may be late by twelve hours.
    played.until(until + TimeDelta::hours(12)).await;
    for path in paths() {
        assert_eq!(played.get(&path).await.answer(), Answer::Document);
    }
    assert_eq!(feed::fold_entries(&played.whole_feed().await).len(), 200);
    assert_eq!(played.edgar.log().faults, log.faults);
}

#[tokio::test(start_paused = true)]
async fn the_log_counts_requests_and_the_most_in_a_second() {
    let from = at("2023-03-08T16:00:00-05:00");
    let played =
        Played::start(archive(5, from, TimeDelta::seconds(1)), from + TimeDelta::hours(1), Faults::none())
            .await;
    let [feed, submission, index] = paths();
    let mut bytes = 0;
    for path in [&feed, &feed, &submission, &index, &"/files/company_tickers.json".to_owned()] {
        bytes += played.get(path).await.bytes().len() as u64;
        advance(Duration::from_millis(400)).await;
    }
    let log = played.edgar.log();
    assert_eq!((log.feed, log.submissions, log.indexes, log.companies, log.tickers), (2, 1, 1, 0, 1));
    assert_eq!((log.most_in_a_second, log.bytes, log.faults_met()), (3, bytes, 0));
}

#[tokio::test(start_paused = true)]
async fn files_are_played_by_day_and_their_bytes_read_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let from = at("2023-03-08T16:00:00-05:00");
    for number in 0..4_u8 {
        let made = made(number.into(), 70, from + TimeDelta::days(number.into()));
        std::fs::write(dir.path().join(format!("{number}.txt")), (made.submission)()).unwrap();
    }
    std::fs::write(dir.path().join("other.txt"), "CONFORMED SUBMISSION TYPE:\t424B2\n<DOCUMENT>\n").unwrap();
    let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
    let (first, last) = (day("2023-03-09"), day("2023-03-10"));
    let archive = Archive::from_files(&[dir.path().into()], first, last, &mut |_, _| {}).unwrap();
    assert_eq!((archive.len(), archive.forms_4(), archive.skipped()), (2, 2, 3));
    assert_eq!(archive.first(), Some(from + TimeDelta::days(1)));
    assert_eq!(archive.last(), Some(from + TimeDelta::days(2)));
    let played = Played::start(archive, from + TimeDelta::days(3), Faults::none()).await;
    let got = played.get(&submission_path(cik(70), accession(1))).await;
    assert_eq!(got.bytes(), (made(1, 70, from + TimeDelta::days(1)).submission)());
}

#[tokio::test(start_paused = true)]
async fn packed_submissions_are_served_as_they_are_and_rows_and_bare_documents_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let from = at("2023-03-08T16:00:00-05:00");
    let text = |number| (made(number, 70, from + TimeDelta::hours(1)).submission)();
    let texts: Vec<Vec<u8>> = (0..4).map(text).collect();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("a.zip", &form345::packed(&[("zipped.txt", &texts[0])]));
    let mut tar = tar::Builder::new(Vec::new());
    // As in EDGAR's daily tarballs: the header tells only the day.
    let daily = String::from_utf8(texts[2].clone()).unwrap();
    let daily = daily.replace("<ACCEPTANCE-DATETIME>20230308170000\n", "FILED AS OF DATE:\t\t20230308\n");
    for (name, bytes) in [("packed.txt", texts[1].as_slice()), ("daily.nc", daily.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    write("b.tar", &tar.into_inner().unwrap());
    write("c_form345.zip", &form345::zip(&[reader::read(&texts[3]).unwrap()]));
    let bare = String::from_utf8(text(4)).unwrap();
    let bare = &bare[bare.find("<?xml").unwrap()..bare.find("</XML>").unwrap()];
    write("0000000007-23-000004.xml", bare.as_bytes());

    let archive = Archive::from_files(&[dir.path().into()], None, None, &mut |_, _| {}).unwrap();
    assert_eq!((archive.forms_4(), archive.skipped()), (3, 2));
    let played = Played::start(archive, from + TimeDelta::days(1), Faults::none()).await;
    for number in [0, 1] {
        let got = played.get(&submission_path(cik(70), accession(number))).await;
        assert_eq!(got.bytes(), texts[usize::try_from(number).unwrap()]);
    }
    let dated = played.get(&submission_path(cik(70), accession(2))).await;
    let dated = reader::read(dated.bytes()).unwrap();
    assert_eq!(dated.accepted_at, Some(at("2023-03-08T22:00:00-05:00")));
}

#[test_with::path("../shared/corpus")]
#[tokio::test(start_paused = true)]
async fn corpus_indexes_have_the_recorded_head_and_rows() {
    let shared = crate::shared::folder();
    for (name, head) in [("master.20181231.idx", 7), ("form.20200318.idx", 10)] {
        let recorded = std::fs::read_to_string(shared.join("edgar/index").join(name)).unwrap();
        let digits = name.split('.').nth(1).unwrap();
        let day = NaiveDate::parse_from_str(digits, "%Y%m%d").unwrap();
        let noon = day.and_hms_opt(17, 0, 0).unwrap().and_utc();
        let played =
            Played::start(archive(1, noon, TimeDelta::zero()), noon + TimeDelta::days(1), Faults::none());
        let played = played.await;
        let path = index::paths(day).into_iter().find(|path| path.ends_with(name)).unwrap();
        let text = String::from_utf8(played.get(&path).await.bytes().to_vec()).unwrap();
        let heads = [&text, &recorded].map(|text| text.lines().take(head).collect::<Vec<_>>());
        assert_eq!(heads[0], heads[1], "{name}");
        let (ours, theirs) = (text.lines().nth(head).unwrap(), recorded.lines().nth(head).unwrap());
        if head == 10 {
            let path_at = |line: &str| line.find("edgar/data/");
            assert_eq!((ours.len(), path_at(ours)), (theirs.len(), path_at(theirs)), "{name}");
        } else {
            assert_eq!(
                ours,
                format!("1000|Issuer & Söhne 1000|4|{digits}|edgar/data/1000/{}.txt", accession(0))
            );
        }
    }
}

#[test_with::path("../shared/corpus")]
#[tokio::test(start_paused = true)]
async fn corpus_feed_and_index_of_its_busiest_day_agree() {
    let shared = crate::shared::folder();
    let files = [shared.join("corpus")];
    let all = Archive::from_files(&files, None, None, &mut |_, _| {}).unwrap();
    let mut days: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    for (_, accepted_at, _) in all.filings_4() {
        *days.entry(edgar_day(accepted_at)).or_default() += 1;
    }
    let (&day, &count) = days.iter().max_by_key(|(_, count)| **count).unwrap();
    let mut archive = Archive::from_files(&files, Some(day), Some(day), &mut |_, _| {}).unwrap();
    archive.mix_other_forms(11);
    assert!(count > 20 && archive.forms_4() == count, "{count} on {day}");
    let expected: BTreeMap<Accession, Cik> =
        archive.filings_4().map(|(accession, _, issuer)| (accession, issuer)).collect();
    let (first, last) = (archive.first().unwrap(), archive.last().unwrap());
    let played = Played::start(archive, first - TimeDelta::minutes(1), Faults::none()).await;
    let mut early = BTreeSet::new();
    while played.clock.now() < last {
        early.extend(accessions(&played.page(0).await));
        advance(Duration::from_secs(300)).await;
    }
    played.until(played.clock.now().max(last) + TimeDelta::hours(13)).await;
    let found = feed::fold_entries(&played.whole_feed().await);
    let fed: BTreeMap<Accession, Cik> =
        found.iter().map(|found| (found.accession, found.issuer.unwrap())).collect();
    assert_eq!(fed, expected);
    assert!(expected.keys().any(|accession| early.contains(accession)));
    for path in index::paths(day) {
        let listed = listed(&index::read(played.get(&path).await.bytes()).unwrap());
        assert_eq!(listed.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert!(expected.iter().all(|(accession, issuer)| listed[accession].contains(issuer)));
    }
    for found in &found {
        let got = played.get(&submission_path(found.filer, found.accession)).await;
        assert_eq!(reader::read(got.bytes()).unwrap().accession, Some(found.accession));
    }
    assert_eq!(played.edgar.fetched().len(), count);
}
