//! The line about earlier trades of the same owners.

use sellbell::alert::{Alert, Key, TradeKind};
use sellbell::filing::{Code, Filing, Lot, PastFiling};
use sellbell::render::{discord, terminal};

use crate::rules::{evening, noted, other_sale, past};
use crate::sums::alert_after;
use crate::world::{World, at, deliver_all, qualys};

/// The alert about the last of these filings, with what history knows of the others.
fn alert_with(before: &[Filing], filing: &Filing, whole_since: Option<&str>) -> Alert {
    let mut alert = alert_after("min_value = 1", before, filing).unwrap();
    let past: Vec<PastFiling> = before.iter().map(past).collect();
    alert.take_history(&past, whole_since.map(evening));
    alert
}

fn line(before: &[Filing], whole_since: Option<&str>) -> Option<String> {
    alert_with(before, &other_sale(900, 7, "2025-12-10", "100"), whole_since).history_text()
}

/// A filing with another lot in place of its own.
fn with(mut filing: Filing, change: impl Fn(&mut Lot)) -> Filing {
    change(&mut filing.lots[0]);
    filing
}

const WHOLE: Option<&str> = Some("2023-01-01");

#[test]
fn own_sales_of_the_last_month_or_year_are_counted_and_added_up() {
    let sale = |number: u32, date: &str| other_sale(number, 7, date, "50");
    assert_eq!(line(&[], WHOLE).as_deref(), Some("first sale in 2 years"));
    assert_eq!(
        line(&[sale(1, "2025-03-03")], WHOLE).as_deref(),
        Some("2nd sale in 12 months, $1.50K together")
    );
    let month = [sale(1, "2025-03-03"), sale(2, "2025-11-20"), sale(3, "2025-12-01")];
    assert_eq!(line(&month, WHOLE).as_deref(), Some("3rd sale in 30 days, $2.00K together"));
    assert_eq!(line(&month[..2], WHOLE).as_deref(), Some("3rd sale in 12 months, $2.00K together"));
    assert_eq!(
        line(&month[..2], Some("2025-11-01")).as_deref(),
        Some("at least the 3rd sale in 12 months, at least $2.00K together")
    );
    assert_eq!(line(&[sale(1, "2024-06-03")], WHOLE).as_deref(), Some("first sale since Jun 2024"));
    assert_eq!(line(&[], Some("2025-11-01")), None, "what history does not reach is not claimed");
    assert_eq!(line(&[], None), None);
}

#[test]
fn sales_of_others_purchases_and_rows_that_are_reported_twice_do_not_count() {
    let own = other_sale(1, 7, "2025-11-20", "50");
    let others = other_sale(2, 8, "2025-11-21", "50");
    let bought = with(other_sale(3, 7, "2025-11-22", "50"), |lot| lot.code = noted("P"));
    assert_eq!(line(&[others.clone(), bought.clone()], WHOLE).as_deref(), Some("first sale in 2 years"));
    let all = [own.clone(), others, bought];
    assert_eq!(line(&all, WHOLE).as_deref(), Some("2nd sale in 12 months, $1.50K together"));
    let mut repeated = past(&own);
    repeated.count_in("0000000007-25-000077".parse().unwrap(), [0]);
    let now = other_sale(900, 7, "2025-12-10", "100");
    let mut alert = alert_after("min_value = 1", &[], &now).unwrap();
    alert.take_history(&[repeated], WHOLE.map(evening));
    assert_eq!(alert.history_text().as_deref(), Some("first sale in 2 years"));
}

#[test]
fn an_unknown_price_makes_the_sum_a_least_one_and_gifts_have_no_line() {
    let unpriced = with(other_sale(1, 7, "2025-11-20", "50"), |lot| lot.price.value = None);
    assert_eq!(line(&[unpriced], WHOLE).as_deref(), Some("2nd sale in 12 months, at least $1.00K together"));
    let gift = with(other_sale(900, 7, "2025-12-10", "100"), |lot| {
        lot.code.value = Some("G".parse::<Code>().unwrap());
    });
    let alert = alert_after("codes = [\"G\"]", &[], &gift).unwrap();
    assert_eq!((alert.history_since(), alert.history), (None, None));
}

#[test]
fn each_medium_shows_the_line_and_stored_alerts_keep_it() {
    let before = [other_sale(1, 7, "2025-11-20", "50"), other_sale(2, 7, "2025-11-30", "50")];
    let alert = alert_with(&before, &other_sale(900, 7, "2025-12-10", "100"), WHOLE);
    let words = "3rd sale in 30 days, $2.00K together";
    let card = discord::alert(&alert, &Key::of(&["x"])).unwrap();
    assert!(card.embeds[0].description.contains(&format!("📈 {words}")), "{}", card.embeds[0].description);
    assert!(terminal::alert(&alert, terminal::Colour::Plain).contains(&format!("\n  {words}\n")));
    let stored = serde_json::to_value(&alert).unwrap();
    assert_eq!(stored["history"]["kind"], "sale");
    assert_eq!(stored["history"]["months_12"]["filings"], 3);
    let history = serde_json::from_value::<Alert>(stored).unwrap().history.unwrap();
    assert_eq!((history.kind, history.previous), (TradeKind::Sale, Some("2025-11-30".parse().unwrap())));
}

#[tokio::test]
async fn the_bot_reads_it_from_its_history() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"sales\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
    world.edgar.publish(&qualys());
    let app = world.app(rules, Some("2019-08-01T00:00:00-04:00"));
    let now = at("2021-08-24T17:12:31-04:00");
    assert_eq!(app.intake.poll_once(now).await.unwrap().alerted, 1);
    world.edgar.take_fetched();
    assert_eq!(deliver_all(&app, now).await, (1, 0, 0));
    let alert: serde_json::Value = serde_json::from_str(world.take_output().trim()).unwrap();
    assert_eq!(alert["history"]["months_12"]["value_usd"], "2661359.1015");
    assert_eq!(
        (&alert["history"]["until"], &alert["history"]["previous"]),
        (&"2021-08-23".into(), &().into())
    );
    drop(app);
    world.finish().await;
}
