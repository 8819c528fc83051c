//! Digests as e-mails: a month of recorded filings in them, at every size, in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;
use rust_decimal::Decimal;
use sellbell::alert::Alert;
use sellbell::decide::{self, Case};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::digest::{Digest, Kind};
use sellbell::filing::{Cik, Filing, PastFiling, Usd};
use sellbell::problem::Source;
use sellbell::reader;
use sellbell::render::chart::DigestChart;
use sellbell::render::email::{self, Chart, Email, Reader};
use sellbell::rules::{self, RuleSet};
use sellbell::text::Language;

use crate::fakes::edgar::Published;
use crate::shared;
use crate::world::{World, at, deliver_all};

/// Everything that insiders report, large sales, and several insiders at once.
const RULES: &str = "[[rule]]\nname = \"all\"\ncodes = [\"S\", \"P\", \"A\", \"M\", \"F\", \"G\", \"J\", \"D\", \"C\", \"X\"]\nmin_shares = 1\n[[rule]]\nname = \"large-sales\"\ncodes = [\"S\"]\nmin_value = 1000000\n\
    [[rule]]\nname = \"clusters\"\ncodes = [\"S\"]\ncluster = { insiders = 2, within = \"30d\" }\n";
const SALES: &str = "[[rule]]\nname = \"sales\"\ncodes = [\"S\", \"P\"]\n";
const SINCE: &str = "2023-05-01T00:00:00-04:00";
const UNTIL: &str = "2023-05-31T17:30:00-04:00";

/// The filings of a month, in the order of acceptance.
fn month(dir: &Path) -> Vec<Filing> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|kind| kind == "txt"));
    let read = texts.filter_map(|path| reader::read(&fs::read(path).unwrap()).ok());
    let (since, until) = (at(SINCE), at(UNTIL));
    let mut filings: Vec<Filing> = read
        .filter(|filing| filing.form.is_form_4())
        .filter(|filing| filing.accepted_at.is_some_and(|accepted| (since..until).contains(&accepted)))
        .collect();
    filings.sort_by_key(|filing| (filing.accepted_at, filing.accession));
    filings
}

/// The alerts of these filings, one after the other, each with the history of those before.
fn alerts(filings: &[Filing], rules: &str) -> Vec<Alert> {
    let rules = rules::load_slice([Source { file: "rules", text: rules }], &|_| true, &[]).unwrap();
    let rules = RuleSet::new(rules);
    let mut known: BTreeMap<u64, Vec<PastFiling>> = BTreeMap::new();
    let mut alerts = Vec::new();
    for filing in filings {
        let accepted_at = filing.accepted_at.unwrap();
        let past = known.entry(filing.issuer.cik.number()).or_default();
        let case =
            Case { filing, accepted_at, seen_at: accepted_at, known: past, whole_since: Some(at(SINCE)) };
        let mut decision = decide::decide(&rules, case);
        decide::add_earlier_trades(&mut decision.alerts, past, Some(at(SINCE)));
        alerts.extend(decision.alerts.into_iter().map(|(_, alert)| alert));
        for kept in decision.history {
            past.retain(|past| past.accession != kept.accession);
            past.push(kept);
        }
    }
    alerts
}

fn digest(alerts: Vec<Alert>) -> Digest {
    let window: (DateTime<Utc>, DateTime<Utc>) = (at(SINCE), at(UNTIL));
    Digest::new("desk", "2023-05-31T17:30".into(), "America/New_York".into(), window, alerts)
}

fn mail(digest: &Digest, language: Language, max_items: usize) -> (Email, Option<Chart>) {
    let chart = DigestChart::of(digest, language);
    let chart = chart.map(|chart| Chart { png: chart.png().unwrap().bytes, alt_text: chart.alt_text() });
    let delivery =
        Delivery::new(Destination::Email("desk".into()), Body::Digest(Box::new(digest.clone())), at(UNTIL));
    let reader = Reader {
        language,
        max_items,
        chart: chart.as_ref(),
        unsubscribe: Some("bell@example.org"),
        ..Reader::PLAIN
    };
    let mail = email::email(&delivery, &reader).unwrap();
    (mail, chart)
}

/// Checks a digest: its size, its picture, the order of its headings, and that its templates leave nothing behind.
fn check(mail: &Email, chart: Option<&Chart>) {
    assert!(mail.html.len() < 80_000, "{}", mail.html.len());
    assert!(mail.subject.chars().count() <= 150 && !mail.subject.contains('\n'));
    if let Some(chart) = chart {
        assert!(chart.png.len() < 60_000, "{}", chart.png.len());
        assert!(mail.html.contains(&format!("cid:{}", mail.chart_id.as_ref().unwrap())));
    }
    let headings: Vec<u32> = mail
        .html
        .match_indices("<h")
        .filter_map(|(place, _)| mail.html[place + 2..].chars().next()?.to_digit(10))
        .collect();
    assert_eq!(headings.iter().filter(|level| **level == 1).count(), 1);
    assert!(headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{headings:?}");
    for text in [&mail.html, &mail.text] {
        for left in ["{{", "}}", "{%", "undefined", "None", "  · ·", "Some("] {
            assert!(!text.contains(left), "{left}: {text}");
        }
    }
    assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
}

/// Where pages are put to be looked at.
fn gallery() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails");
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn keep(name: &str, mail: &Email, chart: Option<&Chart>) {
    use base64::Engine as _;
    let encode = |chart: &Chart| base64::engine::general_purpose::STANDARD.encode(&chart.png);
    let html = match mail.chart_id.as_ref().zip(chart) {
        Some((id, chart)) => {
            mail.html.replace(&format!("cid:{id}"), &format!("data:image/png;base64,{}", encode(chart)))
        }
        None => mail.html.clone(),
    };
    fs::write(gallery().join(format!("{name}.html")), html).unwrap();
    fs::write(gallery().join(format!("{name}.txt")), format!("Subject: {}\n\n{}", mail.subject, mail.text))
        .unwrap();
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "reads the whole corpus"]
fn a_month_of_filings_in_one_digest_at_length() {
    let filings = month(&shared::folder().join("corpus"));
    let all = alerts(&filings, RULES);
    let sales = alerts(&filings, SALES);
    eprintln!("{} filings, {} alerts, {} of sales and purchases", filings.len(), all.len(), sales.len());
    assert!(filings.len() > 300 && all.len() > 400);
    for (name, alerts) in [("all", &all), ("sales", &sales)] {
        for count in [1, 40, 400] {
            let chosen: Vec<Alert> = alerts.iter().take(count).cloned().collect();
            let digest = digest(chosen);
            for language in [Language::English, Language::German] {
                for max_items in [40, 400] {
                    let (mail, chart) = mail(&digest, language, max_items);
                    check(&mail, chart.as_ref());
                    let html = mail.html.matches("scope=\"row\" valign").count();
                    eprintln!(
                        "{name} {count} {} max {max_items}: {} bytes of HTML, {html} of {} filings, text {}, chart {}: {}",
                        language.tag(),
                        mail.html.len(),
                        digest.entries.len(),
                        mail.text.len(),
                        chart.as_ref().map_or(0, |chart| chart.png.len()),
                        mail.subject,
                    );
                    assert_eq!(mail.table.is_some(), html < digest.entries.len());
                    keep(&format!("{name}-{count}-{}-{max_items}", language.tag()), &mail, chart.as_ref());
                }
            }
        }
    }
    let (totals, whole) = (digest(sales.clone()).totals(), sum_of(&sales));
    for (kind, sum) in whole {
        let total = totals.iter().find(|total| total.kind == kind).unwrap();
        assert_eq!(total.usd, Some(sum), "{kind:?}");
    }
    // What is too large for a record has the largest filings in its chart, which says so.
    let bounded = digest(all.clone()).bounded();
    for (language, said) in [(Language::English, "400 largest)"), (Language::German, "400 größte)")] {
        let (mail, chart) = mail(&bounded, language, 40);
        check(&mail, chart.as_ref());
        let whole = DigestChart::of(&digest(sales.clone()), language).unwrap().alt_text();
        assert!(chart.as_ref().unwrap().alt_text.contains(said) && !whole.contains(said), "{chart:?}");
        keep(&format!("bounded-{}", language.tag()), &mail, chart.as_ref());
    }
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "reads the whole corpus"]
fn each_alert_of_a_month_as_an_email_at_length() {
    let filings = month(&shared::folder().join("corpus"));
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for alert in alerts(&filings, RULES) {
        let past: Vec<PastFiling> = filings
            .iter()
            .filter(|past| past.issuer.cik == alert.issuer.cik)
            .map(crate::rules::past)
            .collect();
        for language in [Language::English, Language::German] {
            let chart = sellbell::render::chart::Chart::of_alert(&alert, &past, language);
            let chart =
                chart.map(|chart| Chart { png: chart.png().unwrap().bytes, alt_text: chart.alt_text() });
            let delivery = Delivery::new(
                Destination::Email("desk".into()),
                Body::Alert(Box::new(alert.clone())),
                at(UNTIL),
            );
            let reader = Reader { language, chart: chart.as_ref(), ..Reader::PLAIN };
            let mail = email::email(&delivery, &reader).unwrap();
            check(&mail, chart.as_ref());
            let kind =
                format!("{}-{}", alert.verb(), if alert.form.is_amendment() { "amended" } else { "first" });
            let number = kept.entry(format!("{kind}-{}", language.tag())).or_default();
            *number += 1;
            if *number < 5 {
                keep(&format!("alert-{kind}-{number}-{}", language.tag()), &mail, chart.as_ref());
            }
        }
    }
}

/// The values of the lots of all alerts, each lot once, without what an amendment replaces.
fn sum_of(alerts: &[Alert]) -> BTreeMap<Kind, Usd> {
    let replaced: BTreeSet<_> = alerts
        .iter()
        .filter_map(|alert| Some((alert.follows?, &alert.replaces)))
        .flat_map(|(filing, lots)| lots.iter().map(move |lot| (filing, *lot)))
        .collect();
    let mut sums = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| !alert.withdrawn) {
        for (number, lot) in alert.lot_numbers.iter().zip(&alert.lots) {
            let counts = !lot.moved
                && !alert.reported_before.contains(number)
                && !replaced.contains(&(alert.accession, *number));
            let kind =
                if lot.code == Some(sellbell::filing::Code::SALE) { Kind::Sale } else { Kind::Purchase };
            if let Some(value) = lot.counted_value().filter(|_| counts) {
                let sum: &mut Usd = sums.entry(kind).or_default();
                *sum = sum.plus(value).unwrap();
            }
        }
    }
    sums
}

/// A filing as EDGAR would serve it.
fn published(filing: &Filing, body: Vec<u8>) -> Published {
    let accepted = filing.accepted_at.unwrap().with_timezone(&New_York).to_rfc3339();
    Published {
        accession: filing.accession.unwrap().to_string().leak(),
        form: "4",
        issuer: filing.issuer.cik.number(),
        owner: filing.owners[0].cik.map_or(1, Cik::number),
        accepted: accepted.leak(),
        body,
    }
}

/// The accession numbers that a text links to.
fn linked(text: &str) -> Vec<String> {
    text.match_indices("-index.htm").map(|(end, _)| text[end - 20..end].to_owned()).collect()
}

#[test_with::path("../shared/corpus")]
#[tokio::test]
#[ignore = "plays a month"]
async fn a_month_plays_into_daily_digests_with_each_filing_in_one_at_length() {
    let dir = shared::folder().join("corpus");
    let filings: Vec<Filing> = month(&dir).into_iter().filter(|filing| !filing.form.is_amendment()).collect();
    let world = World::new().await;
    let digests = "mode = \"digest\"\nschedule = \"30 17 * * *\"";
    let of_all = "rules = [\"*\"]\nempty = \"heartbeat\"\nmax_items = 400\n";
    let settings = world.settings().replace(digests, &format!("{of_all}{digests}"));
    let mut app = world.app_with(&settings, SALES, Some(SINCE));
    let mut slot = at("2023-05-01T17:30:00-04:00");
    app.outbox.digests.digest_once(at(SINCE)).await.unwrap();
    let mut waiting = filings.iter().peekable();
    let (mut mails, mut in_digests, mut sums) = (0, Vec::new(), BTreeMap::<&str, Usd>::new());
    while slot <= at(UNTIL) {
        let mut count = 0;
        while let Some(filing) = waiting.next_if(|filing| filing.accepted_at.unwrap() < slot) {
            let file = format!("{}.txt", filing.accession.unwrap());
            world.edgar.publish(&published(filing, fs::read(dir.join(file)).unwrap()));
            count += 1;
        }
        let now = slot - TimeDelta::seconds(1);
        let report = app.intake.poll_once(now).await.unwrap();
        assert_eq!((report.settled, report.trouble), (count, None));
        world.edgar.take_fetched();
        world.edgar.take_feed_requests();
        world.edgar.take_ticker_requests();
        if mails % 5 == 4 {
            // A restart before the slot, and after it.
            world.close(app);
            app = world.app_with(&settings, SALES, None);
        }
        assert_eq!(app.outbox.digests.digest_once(slot).await.unwrap(), 1);
        assert_eq!(app.outbox.digests.digest_once(slot).await.unwrap(), 0);
        assert_eq!(deliver_all(&app, slot).await, (1, 0, 0));
        let mail = world.smtp.next_mail().await;
        let parsed = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
        assert!(parsed.body_html(0).unwrap().len() < 80_000);
        let text = parsed.body_text(0).unwrap();
        let (shown, _) = text.split_once("\r\n-- \r\n").unwrap();
        in_digests.extend(linked(shown));
        for kind in ["sale", "purchase"] {
            let line = shown.lines().find(|line| {
                line.starts_with("  ")
                    && (line.contains(&format!(" {kind}: $")) || line.contains(&format!(" {kind}s: $")))
            });
            if let Some(line) = line {
                let value: Usd = line.split_once('$').unwrap().1.replace(',', "").parse().unwrap();
                let sum = sums.entry(kind).or_default();
                *sum = sum.plus(value).unwrap();
            }
        }
        mails += 1;
        slot += TimeDelta::days(1);
    }
    assert_eq!(mails, 31, "one a day, whether or not there was anything");
    let own = alerts(&filings, SALES);
    let expected: BTreeSet<String> = own.iter().map(|alert| alert.accession.to_string()).collect();
    let found: BTreeSet<String> = in_digests.iter().cloned().collect();
    eprintln!("{} filings, {} alerts in {mails} digests, totals {sums:?}", filings.len(), own.len());
    assert_eq!(in_digests.len(), found.len(), "each in one digest");
    assert_eq!(found, expected);
    // Each total is to the cent, and so is the sum of a month's lots, but for what rounding leaves.
    let near = |sum: Usd, other: Usd| (sum.decimal() - other.decimal()).abs() < Decimal::ONE;
    let whole = sum_of(&own);
    for (kind, name) in [(Kind::Sale, "sale"), (Kind::Purchase, "purchase")] {
        assert!(near(whole[&kind], sums[name]), "{name}: {} and {}", whole[&kind], sums[name]);
    }
    world.finish().await;
}
