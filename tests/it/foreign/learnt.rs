//! The ratio of a company's ADS, once stated in one of its filings, serves its others.

use sellbell::backtest::Backtest;
use sellbell::problem::Source;
use sellbell::rules::{self, RuleSet};
use serde_json::{Value, json};

use super::{Filed, filed, row};
use crate::world::{World, at, deliver_all};

const ANY: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\", \"P\"]\nnotify = [\"jsonl\"]\n";
const STATED: &str = "Each American Depositary Share represents 10 Ordinary Shares.";

fn filings() -> [Filed; 5] {
    let filed = |accession, accepted, row| Filed { accession, accepted, ..filed(&[row]) };
    [
        filed(
            "0009990021-26-000001",
            "2026-08-10T16:05:00-04:00",
            row("Ordinary Shares", "11320", "43.27", "119480").note("price", "Price per ADS."),
        ),
        filed(
            "0009990021-26-000002",
            "2026-08-11T16:05:00-04:00",
            row("American Depositary Shares", "10", "43", "90").note("title", STATED),
        ),
        filed(
            "0009990021-26-000003",
            "2026-08-12T16:05:00-04:00",
            row("Ordinary Shares", "11330", "43.27", "119480").note("price", "Price per ADS."),
        ),
        filed(
            "0009990021-26-000004",
            "2026-08-13T16:05:00-04:00",
            row("Ordinary Shares", "5000", "43.27", "100000")
                .note(
                    "title",
                    "Effective August 12, 2026, each ADS represents 5 ordinary shares (previously 10).",
                )
                .note("price", "Price per ADS."),
        ),
        filed(
            "0009990021-26-000005",
            "2026-08-14T16:05:00-04:00",
            row("Ordinary Shares", "400", "43.27", "99600").note("price", "Price per ADS."),
        ),
    ]
}

/// Value, ratio, and the filing that it is from.
fn expected() -> Vec<Value> {
    vec![
        json!([null, null, null]),
        json!(["430", null, null]),
        json!(["49024.91", "10", "0009990021-26-000002"]),
        json!(["43270", "5", null]),
        json!(["3461.6", "5", "0009990021-26-000004"]),
    ]
}

fn said(alert: &Value) -> Value {
    let lot = &alert["lots"][0];
    json!([lot["value"], lot["ads_ratio"], lot["ads_ratio_from"]])
}

#[tokio::test]
async fn the_bot_learns_a_ratio_and_says_where_it_is_from() {
    let world = World::new().await;
    let app = world.app(ANY, Some("2026-08-01T00:00:00-04:00"));
    let mut alerts: Vec<Value> = Vec::new();
    for filed in filings() {
        world.edgar.publish(&filed.published());
        let now = at(filed.accepted) + chrono::TimeDelta::minutes(2);
        let report = app.intake.poll_once(now).await.unwrap();
        assert_eq!((report.settled, report.trouble), (1, None));
        let _ = (
            world.edgar.take_fetched(),
            world.edgar.take_feed_requests(),
            world.edgar.take_ticker_requests(),
        );
        deliver_all(&app, now).await;
        alerts.extend(world.take_output().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert_eq!(alerts.iter().map(said).collect::<Vec<_>>(), expected());
    let told = serde_json::from_value::<sellbell::alert::Alert>(alerts[2].clone()).unwrap();
    assert_eq!(
        told.pricing_lines(),
        [format!(
            "The row counts shares, and the price is per ADS. 1 ADS = 10 shares (F1: \"{STATED}\", filing 0009990021-26-000002)"
        )]
    );
    // What is known is bound to the time: an earlier filing that comes late has the ratio of its time.
    let cik = sellbell::filing::Cik::new(990_021).unwrap();
    let ratio = async |time: &str| {
        app.store.ads_ratio(cik, at(time)).await.unwrap().map(|ratio| ratio.shares.plain())
    };
    assert_eq!(ratio("2026-08-11T12:00:00-04:00").await, None);
    assert_eq!(ratio("2026-08-13T12:00:00-04:00").await, Some("10".into()));
    assert_eq!(ratio("2027-01-01T12:00:00-04:00").await, Some("5".into()));
    world.close(app);
    world.finish().await;
}

#[test]
fn a_backtest_learns_the_same() {
    let rules = rules::load_slice([Source { file: "a", text: ANY }], &|_| true, &[]).unwrap();
    let mut backtest = Backtest::new(RuleSet::new(rules), None).unwrap();
    let told: Vec<Value> = filings()
        .iter()
        .flat_map(|filed| backtest.take(&filed.read()).unwrap())
        .map(|alert| said(&serde_json::to_value(&alert).unwrap()))
        .collect();
    assert_eq!(told, expected());
}

#[test]
fn a_price_far_from_the_companys_other_filings_is_flagged_and_not_repaired() {
    let rules = rules::load_slice([Source { file: "a", text: ANY }], &|_| true, &[]).unwrap();
    let mut backtest = Backtest::new(RuleSet::new(rules), None).unwrap();
    let [first, second, ..] = filings();
    let usual = Filed { rows: vec![row("Ordinary Shares", "1001", "4.31", "9000")], ..first };
    let far = Filed { rows: vec![row("Ordinary Shares", "1001", "43.27", "7999")], ..second };
    backtest.take(&usual.read()).unwrap();
    let told = backtest.take(&far.read()).unwrap().remove(0);
    assert_eq!(told.value_usd.map(|value| value.plain()), Some("43313.27".into()));
    assert!(
        told.warnings.iter().any(|warning| warning.code == "price-far-from-history"),
        "{:?}",
        told.warnings
    );
}
