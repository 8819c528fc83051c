use super::super::tests::{FUND, QUALYS, UNPRICED, alert_of, hostile};
use super::{Email, Reader, email};
use crate::alert::Alert;
use crate::delivery::{Body, Delivery};
use crate::destination::Destination;
use crate::digest::Digest;
use crate::render::terminal;

fn mail_of(body: Body) -> Email {
    email(&delivery(body), &Reader::PLAIN).unwrap()
}

/// The totals of a digest in words: `Sale 2: at least $39,769,184.07`.
fn totals(digest: &Digest) -> String {
    let each = digest.totals().into_iter().map(|total| {
        let least = if total.is_at_least { "at least " } else { "" };
        let usd = total.usd.map_or("nothing".to_owned(), |usd| format!("{least}{usd}"));
        format!("{:?} {}: {usd}", total.kind, total.filings)
    });
    each.collect::<Vec<_>>().join(", ")
}

fn delivery(body: Body) -> Delivery {
    Delivery::new(Destination::Email("desk".into()), body, "2021-08-24T21:12:31Z".parse().unwrap())
}

#[test]
fn a_hostile_filing_injects_neither_markup_nor_headers() {
    let mail = mail_of(Body::Alert(Box::new(hostile())));
    assert!(!mail.subject.contains(['\r', '\n', '\u{202e}']) && mail.subject.chars().count() <= 150);
    assert!(!mail.html.contains("<script") && mail.html.contains("&lt;script&gt;"));
    assert!(mail.html.len() < 80_000, "{}", mail.html.len());
    let lines = terminal::alert(&hostile(), terminal::Colour::Plain);
    assert!(!lines.contains(['\r', '\u{1b}', '\u{202e}']));
}

#[test]
fn mails_of_an_alert_read_well_as_text() {
    let alert = alert_of(QUALYS, "qualys-sales");
    let mail = mail_of(Body::Alert(Box::new(alert)));
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
    assert!(mail.html.contains("$2,661,359.10") && mail.html.contains("24,133 shares at $110.28 on average"));
}

fn digest(alerts: Vec<Alert>) -> Digest {
    let window = ("2021-08-23T21:30:00Z".parse().unwrap(), "2021-08-24T21:30:00Z".parse().unwrap());
    Digest::new("desk", "2021-08-24T17:30".into(), "America/New_York".into(), window, alerts)
}

#[test]
fn a_digest_counts_a_lot_once_and_sorts_by_value() {
    let mut half = alert_of(QUALYS, "half");
    half.lots.truncate(1);
    half.lot_numbers.truncate(1);
    let alerts = vec![alert_of(UNPRICED, "all"), half, alert_of(QUALYS, "all"), alert_of(FUND, "all")];
    let digest = digest(alerts);
    let shown: Vec<_> = digest.entries.iter().map(|e| (e.alert.ticker_or_name(), e.rules.len())).collect();
    assert_eq!(shown, [("QLMK", 1), ("QLYS", 2), ("PNDX", 1)]);
    assert_eq!(digest.entries[1].alert.value_usd.unwrap().plain(), "2661359.1015");
    assert_eq!(totals(&digest), "Sale 3: at least $39,769,184.07");
    let mail = mail_of(Body::Digest(Box::new(digest)));
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

#[test]
fn a_digest_counts_an_amended_trade_once() {
    let original = alert_of(QUALYS, "all");
    let mut amended = original.clone();
    amended.accession = "0009900001-21-000099".parse().unwrap();
    amended.form = "4/A".parse().unwrap();
    amended.accepted_at = amended.accepted_at.map(|time| time + chrono::TimeDelta::days(1));
    (amended.amends, amended.follows) = (Some(original.accession), Some(original.accession));
    (amended.restated, amended.replaces) = (vec![0, 1], vec![0, 1]);
    amended.changes = vec!["row 2: shares 50 → 60".into()];
    // With both in one digest, the amended version counts. With only the amendment, its original was in an
    // earlier total.
    let both = digest(vec![original.clone(), amended.clone()]);
    assert_eq!(totals(&both), "Sale 1: $2,661,359.10");
    let counted: Vec<(bool, bool)> =
        both.entries.iter().map(|entry| (entry.alert.form.is_amendment(), entry.counted > 0)).collect();
    assert!(counted.contains(&(true, true)) && counted.contains(&(false, false)), "{counted:?}");
    let alone = digest(vec![amended.clone()]);
    assert_eq!(totals(&alone), "");
    let mail = mail_of(Body::Digest(Box::new(alone)));
    assert!(
        mail.text.contains("Not in the total") && mail.subject.contains("1 filing without a new trade"),
        "{}",
        mail.text
    );
    // A corrected row counts in place of the original; a row that the amendment leaves alone counts as it is.
    (amended.restated, amended.replaces) = (vec![1], vec![1]);
    amended.lot_numbers.remove(0);
    amended.lots.remove(0);
    amended.refigure();
    let part = digest(vec![original.clone(), amended.clone()]);
    assert_eq!(totals(&part), "Sale 2: $2,661,359.10");
    let mail = mail_of(Body::Digest(Box::new(part)));
    assert!(mail.text.contains("In part in the total"), "{}", mail.text);
    // New rows add to the total; rows that another filing reported do not.
    amended.restated.clear();
    assert_eq!(totals(&digest(vec![amended.clone()])), "Sale 1: $109,374.99");
    amended.reported_before = amended.lot_numbers.clone();
    assert_eq!(totals(&digest(vec![amended.clone()])), "");
    let told = terminal::alert(&amended, terminal::Colour::Plain);
    assert!(told.contains("amends 0009900001-21-000001") && told.contains("row 2: shares 50 → 60"), "{told}");
    amended.also_in = vec![original.accession; 6];
    let mail = mail_of(Body::Alert(Box::new(amended)));
    assert!(
        mail.text.contains("Amends 0009900001-21-000001.") && mail.html.contains("row 2: shares 50 → 60")
    );
    assert!(mail.text.contains("and 2 more") || mail.text.contains(", 2 more"), "{}", mail.text);
}

#[test]
fn a_huge_digest_stays_below_the_size_that_mail_readers_clip() {
    let mut alerts = Vec::new();
    for n in 0..500_u32 {
        let mut alert = hostile();
        alert.accession = format!("0000000007-21-{n:06}").parse().unwrap();
        alert.issuer.name = "'/".repeat(2_000);
        alert.issuer.tickers = vec!["&".repeat(6); 10];
        alerts.push(alert);
    }
    let mail = mail_of(Body::Digest(Box::new(digest(alerts))));
    assert!((40_000..80_000).contains(&mail.html.len()), "{}", mail.html.len());
    assert!(mail.html.contains(" more filings, which are in the totals above"));
    let table = mail.table.unwrap();
    assert_eq!(table.csv.iter().filter(|byte| **byte == b'\n').count(), 501, "a head and all filings");
}
