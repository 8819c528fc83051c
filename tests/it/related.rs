//! Filings that belong together: amendments, blocks that a chain of owners reports twice, and the tickers of their issuer.

use chrono::{DateTime, Utc};
use sellbell::filing::Cik;
use sellbell::mute::Mute;
use sellbell::runtime::App;
use serde_json::Value;

use crate::fakes::edgar::Published;
use crate::world::{World, at, deliver_all};

const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
const ISSUER: u64 = 70;

/// A filing as a test describes it: every field has a usual value.
#[derive(Clone)]
pub struct Filed {
    pub accession: &'static str,
    pub form: &'static str,
    /// EDGAR's clock, `2025-12-12T16:05:09-05:00`.
    pub accepted: &'static str,
    pub owner: (u64, &'static str),
    pub boxes: &'static str,
    pub original: Option<&'static str>,
    pub symbol: &'static str,
    /// Shares, price, held after, `D` or the nature of indirect ownership.
    pub sales: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    /// Further rows, as XML.
    pub rows: &'static str,
    pub remarks: &'static str,
}

const WITHHELD: &str = "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
    <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding><transactionCode>F</transactionCode>\
    </transactionCoding><transactionAmounts><transactionShares><value>3</value></transactionShares>\
    <transactionPricePerShare><value>10</value></transactionPricePerShare><transactionAcquiredDisposedCode><value>D</value>\
    </transactionAcquiredDisposedCode></transactionAmounts></nonDerivativeTransaction>";
const FOUNDER: &str =
    "<isDirector>1</isDirector><isOfficer>1</isOfficer><isTenPercentOwner>1</isTenPercentOwner>";
const DIRECTOR: &str = "<isDirector>1</isDirector>";
pub const TEN_PERCENT: &str = "<isTenPercentOwner>1</isTenPercentOwner>";

pub fn filed(accession: &'static str, accepted: &'static str) -> Filed {
    Filed {
        accession,
        form: "4",
        accepted,
        owner: (7, "DOE JANE"),
        boxes: DIRECTOR,
        original: None,
        symbol: "ACME",
        sales: vec![("100", "10", "900", "D")],
        rows: "",
        remarks: "",
    }
}

impl Filed {
    pub fn published(&self) -> Published {
        let time: DateTime<Utc> = at(self.accepted);
        let header = time.with_timezone(&chrono_tz::America::New_York).format("%Y%m%d%H%M%S");
        let mut rows = String::new();
        for (shares, price, after, held) in &self.sales {
            let nature = if *held == "D" {
                "<directOrIndirectOwnership><value>D</value></directOrIndirectOwnership>".to_owned()
            } else {
                format!(
                    "<directOrIndirectOwnership><value>I</value></directOrIndirectOwnership>\
                     <natureOfOwnership><value>{held}</value></natureOfOwnership>"
                )
            };
            rows += &format!(
                "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
                 <transactionDate><value>2025-12-10</value></transactionDate><transactionCoding>\
                 <transactionFormType>4</transactionFormType><transactionCode>S</transactionCode></transactionCoding>\
                 <transactionAmounts><transactionShares><value>{shares}</value></transactionShares>\
                 <transactionPricePerShare><value>{price}</value></transactionPricePerShare>\
                 <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
                 <postTransactionAmounts><sharesOwnedFollowingTransaction><value>{after}</value>\
                 </sharesOwnedFollowingTransaction></postTransactionAmounts><ownershipNature>{nature}</ownershipNature>\
                 </nonDerivativeTransaction>"
            );
        }
        let original = self
            .original
            .map(|day| format!("<dateOfOriginalSubmission>{day}</dateOfOriginalSubmission>"))
            .unwrap_or_default();
        let Filed { accession, form, owner: (cik, name), boxes, symbol, rows: more, remarks, .. } = self;
        let body = format!(
            "<SEC-DOCUMENT>\n<SEC-HEADER>\n<ACCEPTANCE-DATETIME>{header}\nACCESSION NUMBER:\t\t{accession}\n\
             </SEC-HEADER>\n<DOCUMENT>\n<TYPE>{form}\n<TEXT>\n<XML>\n<ownershipDocument>\
             <documentType>{form}</documentType><periodOfReport>2025-12-10</periodOfReport>{original}\
             <issuer><issuerCik>{ISSUER:010}</issuerCik><issuerName>Acme Corp</issuerName>\
             <issuerTradingSymbol>{symbol}</issuerTradingSymbol></issuer><reportingOwner><reportingOwnerId>\
             <rptOwnerCik>{cik:010}</rptOwnerCik><rptOwnerName>{name}</rptOwnerName></reportingOwnerId>\
             <reportingOwnerRelationship>{boxes}</reportingOwnerRelationship></reportingOwner>\
             <nonDerivativeTable>{rows}{more}</nonDerivativeTable><remarks>{remarks}</remarks></ownershipDocument>\n\
             </XML>\n</TEXT>\n</DOCUMENT>\n"
        );
        Published {
            accession: self.accession,
            form: self.form,
            issuer: ISSUER,
            owner: *cik,
            accepted: self.accepted,
            body: body.into_bytes(),
        }
    }
}

/// Publishes filings and polls.
pub async fn publish(world: &World, app: &App, filings: &[&Filed], now: &str) {
    for filing in filings {
        world.edgar.publish(&filing.published());
    }
    let report = app.intake.poll_once(at(now)).await.unwrap();
    assert_eq!((report.settled, report.trouble), (filings.len(), None));
    let _ =
        (world.edgar.take_fetched(), world.edgar.take_feed_requests(), world.edgar.take_ticker_requests());
}

/// Publishes filings, polls, delivers; the alerts that came out.
async fn ring(world: &World, app: &App, filings: &[&Filed], now: &str) -> Vec<Value> {
    publish(world, app, filings, now).await;
    deliver_all(app, at(now)).await;
    world.take_output().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub const SINCE: Option<&str> = Some("2025-12-01T00:00:00-05:00");
pub const FIRST: &str = "2025-12-11T16:05:00-05:00";
pub const SECOND: &str = "2025-12-12T16:05:00-05:00";
pub const NOON: &str = "2025-12-12T17:00:00-05:00";

#[tokio::test]
async fn owners_of_one_chain_are_named_in_one_alert_and_different_people_in_two() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let fund = Filed {
        owner: (21, "FUND LP"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "D")],
        ..filed("0000000070-25-000001", FIRST)
    };
    let partner = Filed {
        owner: (22, "PARTNER LLC"),
        sales: vec![("5000", "12.5", "40000", "By Fund LP")],
        ..filed("0000000070-25-000002", "2025-12-11T16:06:00-05:00")
    };
    let alerts = ring(&world, &app, &[&fund, &partner], NOON).await;
    let names: Vec<&str> =
        alerts[0]["owners"].as_array().unwrap().iter().map(|owner| owner["name"].as_str().unwrap()).collect();
    assert_eq!((alerts.len(), names), (1, vec!["FUND LP", "PARTNER LLC"]));
    assert_eq!(alerts[0]["accession"], "0000000070-25-000001");
    assert_eq!(alerts[0]["also_in"], serde_json::json!(["0000000070-25-000002"]));
    assert_eq!((&alerts[0]["shares"], &alerts[0]["value_usd"]), (&"5000".into(), &"62500".into()));
    assert!(
        alerts[0]["text"].as_str().unwrap().starts_with("FUND LP (10% owner) and PARTNER LLC sold 5,000")
    );

    // The same block once more, days later: told already.
    let late = Filed {
        owner: (23, "MANAGER JOHN"),
        sales: vec![("5000", "12.5", "40000", "See footnote")],
        ..filed("0000000070-25-000003", SECOND)
    };
    assert_eq!(ring(&world, &app, &[&late], "2025-12-12T18:00:00-05:00").await, Vec::<Value>::new());

    // Two directors who sell alike for themselves are two people, and so is anybody with something else left.
    let one = filed("0000000070-25-000004", "2025-12-12T18:05:00-05:00");
    let two =
        Filed { owner: (8, "ROE RICHARD"), ..filed("0000000070-25-000005", "2025-12-12T18:06:00-05:00") };
    let other = Filed {
        owner: (24, "OTHER LP"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "41000", "D")],
        ..filed("0000000070-25-000006", "2025-12-12T18:07:00-05:00")
    };
    let alerts = ring(&world, &app, &[&one, &two, &other], "2025-12-12T19:00:00-05:00").await;
    let told: Vec<&str> = alerts.iter().map(|alert| alert["owners"][0]["name"].as_str().unwrap()).collect();
    assert_eq!(told, ["DOE JANE", "ROE RICHARD", "OTHER LP"]);
    assert!(alerts.iter().all(|alert| alert["also_in"] == serde_json::json!([])));

    // History counts each lot once.
    let (history, _) =
        app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).await.unwrap();
    let counted: Vec<usize> = history.iter().map(|past| past.lots.len() - past.not_counted.len()).collect();
    assert_eq!(counted, [1, 0, 0, 1, 1, 1]);
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_says_what_it_amends_and_what_changed_row_by_row() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let original = Filed {
        sales: vec![("100", "10", "900", "D"), ("50", "11", "850", "D")],
        ..filed("0000000070-25-000011", FIRST)
    };
    let amended = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("100", "10", "900", "D"), ("60", "11.5", "840", "D"), ("5", "12", "835", "D")],
        ..filed("0000000070-25-000012", SECOND)
    };
    let first = ring(&world, &app, &[&original], "2025-12-11T17:00:00-05:00").await;
    assert_eq!((first.len(), &first[0]["amends"]), (1, &Value::Null));
    let alerts = ring(&world, &app, &[&amended], NOON).await;
    assert_eq!(alerts.len(), 1);
    let alert = &alerts[0];
    assert_eq!(
        (&alert["amends"], &alert["restated"]),
        (&"0000000070-25-000011".into(), &serde_json::json!([0, 1]))
    );
    assert_eq!(alert["may_amend"], serde_json::json!([]));
    assert_eq!(
        alert["changes"],
        serde_json::json!([
            "row 2: shares 50 → 60, price $11.00 → $11.50, held after 850 → 840",
            "row 3 is new: 2025-12-10 S 5 at $12.00",
        ])
    );
    assert_ne!(alert["key"], first[0]["key"]);

    // One that repeats the sales as they are, and one of holdings only, are nothing new.
    let repeated = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: amended.sales.clone(),
        remarks: "To correct a signature.",
        ..filed("0000000070-25-000013", "2025-12-12T18:00:00-05:00")
    };
    let holdings = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: Vec::new(),
        ..filed("0000000070-25-000014", "2025-12-12T18:01:00-05:00")
    };
    let none = ring(&world, &app, &[&repeated, &holdings], "2025-12-12T19:00:00-05:00").await;
    assert_eq!(none, Vec::<Value>::new());

    // Each lot counts in one version only, and the holdings-only one takes no place.
    let (history, _) =
        app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).await.unwrap();
    let counted: Vec<(String, usize)> = history
        .iter()
        .map(|past| (past.accession.to_string(), past.lots.len() - past.not_counted.len()))
        .collect();
    let short: Vec<(&str, usize)> = counted.iter().map(|(a, n)| (&a[18..], *n)).collect();
    assert_eq!(short, [("11", 0), ("12", 0), ("13", 3), ("14", 0)]);
    assert!(history[1..].iter().all(|past| past.amends == Some("0000000070-25-000011".parse().unwrap())));
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_of_one_of_two_filings_says_that_it_is_not_clear_which() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let one = filed("0000000070-25-000021", FIRST);
    let two = Filed {
        sales: vec![("7", "9", "893", "D")],
        ..filed("0000000070-25-000022", "2025-12-11T16:07:00-05:00")
    };
    ring(&world, &app, &[&one, &two], "2025-12-11T17:00:00-05:00").await;
    let unclear = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("31", "8", "862", "D")],
        ..filed("0000000070-25-000023", SECOND)
    };
    let alerts = ring(&world, &app, &[&unclear], NOON).await;
    assert_eq!(
        (alerts.len(), &alerts[0]["amends"], &alerts[0]["changes"]),
        (1, &Value::Null, &serde_json::json!([]))
    );
    assert_eq!(alerts[0]["may_amend"], serde_json::json!(["0000000070-25-000021", "0000000070-25-000022"]));

    // What repeats a row of one of them amends that one, and one of another day is not clear either.
    let clear = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("7", "9", "893", "D"), ("1", "8", "892", "D")],
        ..filed("0000000070-25-000024", "2025-12-12T18:00:00-05:00")
    };
    let elsewhere = Filed {
        form: "4/A",
        original: Some("2025-11-11"),
        owner: (7, "DOE JANE"),
        sales: vec![("32", "8", "861", "D")],
        ..filed("0000000070-25-000025", "2025-12-12T18:10:00-05:00")
    };
    let alerts = ring(&world, &app, &[&clear, &elsewhere], "2025-12-12T19:00:00-05:00").await;
    assert_eq!(alerts[0]["amends"], "0000000070-25-000022");
    assert_eq!(alerts[0]["changes"], serde_json::json!(["row 2 is new: 2025-12-10 S 1 at $8.00"]));
    assert_eq!(alerts[1]["amends"], Value::Null);
    world.close(app);
    world.finish().await;
}

#[tokio::test(start_paused = true)]
async fn the_issuers_listed_tickers_are_shown_and_ring_whatever_the_filer_typed() {
    let world = World::new().await;
    world.edgar.list_tickers("{\"0\":{\"cik_str\":70,\"ticker\":\"ACM\",\"title\":\"Acme\"},\"1\":{\"cik_str\":70,\"ticker\":\"ACMB\",\"title\":\"Acme\"}}");
    let rules = "[[rule]]\nname = \"acme\"\ntickers = [\"ACMB\"]\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, SINCE);
    let typed = |accession, accepted, symbol| Filed { symbol, ..filed(accession, accepted) };
    let secret = typed("0000000070-25-000031", FIRST, "hunter2!pass");
    world.edgar.publish(&secret.published());
    let noon = at(NOON);
    app.intake.poll_once(noon).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 1);
    let now = |hours: i64| noon + chrono::TimeDelta::hours(hours);
    app.intake.poll_once(now(1)).await.unwrap();
    world.close(app);
    // Kept over a restart, fetched anew after a day; where it cannot be had then, the old list stays.
    let app = world.app(rules, None);
    app.intake.poll_once(now(23)).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 0);
    world.edgar.list_tickers("<html>not today</html>");
    app.intake.poll_once(now(25)).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 4, "asked for again by itself, a few times");
    app.intake.poll_once(now(25) + chrono::TimeDelta::minutes(9)).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 0, "then only after ten minutes");
    let bee = typed("0000000070-25-000032", "2025-12-13T18:05:00-05:00", "acmb");
    world.edgar.publish(&bee.published());
    app.intake.poll_once(now(26)).await.unwrap();
    deliver_all(&app, now(26)).await;
    let told: Vec<Value> =
        world.take_output().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tickers: Vec<&Value> = told.iter().map(|alert| &alert["issuer"]["tickers"]).collect();
    assert_eq!(tickers, [&serde_json::json!(["ACM", "ACMB"])]);
    let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
    world.close(app);
    world.finish().await;
}

fn names(alerts: &[Value]) -> Vec<Vec<&str>> {
    alerts
        .iter()
        .map(|alert| {
            alert["owners"].as_array().unwrap().iter().map(|owner| owner["name"].as_str().unwrap()).collect()
        })
        .collect()
}

#[tokio::test]
async fn equal_figures_of_different_people_are_two_alerts() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    // Founders who sell alike in an offering, and two trusts that sell all that they have.
    let ann = Filed {
        owner: (31, "ANN"),
        boxes: FOUNDER,
        sales: vec![("50", "20", "5000", "D")],
        ..filed("0000000070-25-000041", FIRST)
    };
    let bob = Filed {
        owner: (32, "BOB"),
        accession: "0000000070-25-000042",
        accepted: "2025-12-11T16:06:00-05:00",
        ..ann.clone()
    };
    let one = Filed {
        owner: (33, "ONE"),
        sales: vec![("60", "20", "0", "By trust")],
        ..filed("0000000070-25-000043", "2025-12-11T16:07:00-05:00")
    };
    let two = Filed {
        owner: (34, "TWO"),
        accession: "0000000070-25-000044",
        accepted: "2025-12-11T16:08:00-05:00",
        ..one.clone()
    };
    let alerts = ring(&world, &app, &[&ann, &bob, &one, &two], NOON).await;
    assert_eq!(names(&alerts), [["ANN"], ["BOB"], ["ONE"], ["TWO"]]);
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn a_part_of_a_told_block_and_a_husbands_report_of_it_are_not_told_again() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let partner = Filed {
        owner: (41, "GP LLC"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "By Fund I"), ("300", "12.5", "2500", "By Fund II")],
        ..filed("0000000070-25-000051", FIRST)
    };
    let fund = Filed {
        owner: (42, "FUND I LP"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "D")],
        ..filed("0000000070-25-000052", "2025-12-11T16:06:00-05:00")
    };
    let wife = Filed { owner: (43, "WIFE"), ..filed("0000000070-25-000053", "2025-12-11T16:07:00-05:00") };
    let husband = Filed {
        owner: (44, "HUSBAND"),
        sales: vec![("100", "10", "900", "By spouse")],
        ..filed("0000000070-25-000054", "2025-12-11T16:08:00-05:00")
    };
    let alerts = ring(&world, &app, &[&partner, &fund, &wife, &husband], NOON).await;
    assert_eq!(names(&alerts), [["GP LLC", "FUND I LP"], ["WIFE", "HUSBAND"]]);
    assert_eq!(alerts[0]["shares"], "5300");
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_that_only_adds_a_trade_takes_nothing_away() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let original = Filed {
        sales: vec![("1000", "10", "9000", "D")],
        rows: WITHHELD,
        ..filed("0000000070-25-000061", FIRST)
    };
    ring(&world, &app, &[&original], "2025-12-11T17:00:00-05:00").await;
    let omitted = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("500", "11", "8500", "D")],
        ..filed("0000000070-25-000062", SECOND)
    };
    let alerts = ring(&world, &app, &[&omitted], NOON).await;
    assert_eq!(alerts[0]["changes"], serde_json::json!(["row 1 is new: 2025-12-10 S 500 at $11.00"]));
    assert_eq!(
        (&alerts[0]["restated"], &alerts[0]["replaces"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let (history, _) =
        app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).await.unwrap();
    assert!(history.iter().all(|past| past.not_counted.is_empty()), "both trades count");
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn a_row_left_out_that_no_rule_counted_is_no_news_of_the_sale() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let original = Filed { rows: WITHHELD, ..filed("0000000070-25-000064", FIRST) };
    assert_eq!(ring(&world, &app, &[&original], "2025-12-11T17:00:00-05:00").await.len(), 1);
    let without = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        rows: "",
        accession: "0000000070-25-000065",
        accepted: SECOND,
        ..original.clone()
    };
    assert_eq!(ring(&world, &app, &[&without], NOON).await, Vec::<Value>::new());
    let (history, _) =
        app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).await.unwrap();
    let counted: Vec<usize> = history.iter().map(|past| past.lots.len() - past.not_counted.len()).collect();
    assert_eq!(counted, [0, 1], "the amendment's version counts");
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_amendment_tells_what_its_original_did_not() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"acme\"\ntickers = [\"ACME\"]\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, SINCE);
    // The rule was silent on the original, whose symbol was mistyped: its rows are as they were, and news all the same.
    let mistyped = Filed { symbol: "ACNE", ..filed("0000000070-25-000071", FIRST) };
    assert_eq!(ring(&world, &app, &[&mistyped], "2025-12-11T17:00:00-05:00").await.len(), 0);
    let corrected =
        Filed { form: "4/A", original: Some("2025-12-11"), ..filed("0000000070-25-000072", SECOND) };
    let alerts = ring(&world, &app, &[&corrected], NOON).await;
    assert_eq!((alerts.len(), &alerts[0]["amends"]), (1, &"0000000070-25-000071".into()));
    // Which one it amends is not clear, and what it says is not what was said: news.
    let planned = Filed {
        form: "4/A",
        original: Some("2025-12-10"),
        remarks: "The sale was made under a Rule 10b5-1 plan.",
        ..filed("0000000070-25-000073", "2025-12-12T18:00:00-05:00")
    };
    let alerts = ring(&world, &app, &[&planned], "2025-12-12T19:00:00-05:00").await;
    assert_eq!((alerts.len(), &alerts[0]["plan"], &alerts[0]["amends"]), (1, &"yes".into(), &Value::Null));
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn an_original_that_comes_after_its_amendment_says_so() {
    let world = World::new().await;
    let app = world.app(ANY_SALE, SINCE);
    let amended = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("100", "11", "900", "D")],
        ..filed("0000000070-25-000082", SECOND)
    };
    let first = ring(&world, &app, &[&amended], NOON).await;
    assert_eq!((first.len(), &first[0]["amends"]), (1, &Value::Null));
    let original = filed("0000000070-25-000081", FIRST);
    let second = ring(&world, &app, &[&original], "2025-12-12T18:00:00-05:00").await;
    assert_eq!(second[0]["amended_by"], "0000000070-25-000082");
    let (history, _) =
        app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).await.unwrap();
    let counted: Vec<usize> = history.iter().map(|past| past.lots.len() - past.not_counted.len()).collect();
    assert_eq!((counted, history[1].amends), (vec![0, 1], Some("0000000070-25-000081".parse().unwrap())));
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn a_block_of_one_digest_is_not_in_the_next_one_again() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"email:digest\"]\n";
    let app = world.app(rules, SINCE);
    let fund = Filed {
        owner: (21, "FUND LP"),
        boxes: TEN_PERCENT,
        sales: vec![("5000", "12.5", "40000", "D")],
        ..filed("0000000070-25-000091", FIRST)
    };
    let partner = Filed {
        owner: (22, "PARTNER LLC"),
        sales: vec![("5000", "12.5", "40000", "By Fund LP")],
        ..filed("0000000070-25-000092", SECOND)
    };
    app.outbox.digests.digest_once(at("2025-12-11T12:00:00-05:00")).await.unwrap();
    world.edgar.publish(&fund.published());
    app.intake.poll_once(at("2025-12-11T17:00:00-05:00")).await.unwrap();
    assert_eq!(app.outbox.digests.digest_once(at("2025-12-11T17:31:00-05:00")).await.unwrap(), 1);
    world.edgar.publish(&partner.published());
    app.intake.poll_once(at("2025-12-12T17:00:00-05:00")).await.unwrap();
    assert_eq!(app.outbox.digests.digest_once(at("2025-12-12T17:31:00-05:00")).await.unwrap(), 0);
    deliver_all(&app, at("2025-12-12T17:32:00-05:00")).await;
    drop(world.smtp.next_mail().await);
    assert_eq!(world.smtp.unread(), 0);
    let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
    world.close(app);
    world.finish().await;
}

#[tokio::test]
async fn what_an_amendment_takes_back_is_told_as_withdrawn() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"large\"\nmin_value = 1_000\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, SINCE);
    let original = Filed { rows: WITHHELD, ..filed("0000000070-25-000101", FIRST) };
    let first = ring(&world, &app, &[&original], "2025-12-11T17:00:00-05:00").await;
    assert_eq!((first.len(), &first[0]["withdrawn"]), (1, &false.into()));
    let mistaken = Filed {
        form: "4/A",
        original: Some("2025-12-11"),
        sales: vec![("100", "1", "900", "D")],
        ..Filed { accession: "0000000070-25-000102", accepted: SECOND, ..original.clone() }
    };
    let alerts = ring(&world, &app, &[&mistaken], NOON).await;
    assert_eq!((alerts.len(), &alerts[0]["withdrawn"]), (1, &true.into()));
    assert_eq!(alerts[0]["changes"], serde_json::json!(["row 1: price $10.00 → $1.00"]));
    let text = alerts[0]["text"].as_str().unwrap();
    assert!(text.contains("sold 100 ACME for $1,000.00") && text.ends_with("(withdrawn)"), "{text}");
    // It is taken back once.
    let again = Filed {
        accession: "0000000070-25-000103",
        accepted: "2025-12-12T18:00:00-05:00",
        ..mistaken.clone()
    };
    assert_eq!(ring(&world, &app, &[&again], "2025-12-12T19:00:00-05:00").await.len(), 0);
    world.close(app);
    world.finish().await;
}

/// A rule by ticker, one by size, and filings of a company that types a symbol; what rings and what the alerts show.
async fn typed_symbol(list: Option<&str>, symbol: &'static str, issuer: u64) -> Vec<Value> {
    let world = World::new().await;
    if let Some(list) = list {
        world.edgar.list_tickers(list);
    }
    let rules = "[[rule]]\nname = \"apple\"\ntickers = [\"AAPL\", \"BRK.B\", \"BRK-B\", \"XYZQ\"]\nnotify = [\"jsonl\"]\n\
        [[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, SINCE);
    let base = Filed { symbol, ..filed("0000000070-25-000041", FIRST) }.published();
    let body = String::from_utf8(base.body.clone()).unwrap();
    let own = format!("<issuerCik>{issuer:010}</issuerCik>");
    let (before, rest) = body.split_once("<issuerCik>").unwrap();
    let (_, behind) = rest.split_once("</issuerCik>").unwrap();
    world.edgar.publish(&Published { issuer, body: format!("{before}{own}{behind}").into_bytes(), ..base });
    app.intake.poll_once(at(NOON)).await.unwrap();
    while app.intake.settler.settle_once(at(NOON)).await.unwrap().settled > 0 {}
    deliver_all(&app, at(NOON)).await;
    let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
    let told = world.take_output().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    world.close(app);
    world.finish().await;
    told
}

fn codes(alert: &Value) -> Vec<&str> {
    alert["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_symbol_of_another_company_is_not_the_issuers_whoever_types_it() {
    let list = "{\"0\":{\"cik_str\":320193,\"ticker\":\"AAPL\",\"title\":\"Apple\"},\
        \"1\":{\"cik_str\":1067983,\"ticker\":\"BRK-B\",\"title\":\"Berkshire\"},\"2\":{\"cik_str\":80,\"ticker\":\"OWN\",\"title\":\"Own\"}}";
    // Unlisted, or listed under another ticker; however it is spelt.
    for (symbol, issuer) in [
        ("AAPL", 70),
        ("aapl", 70),
        ("NASDAQ:AAPL", 70),
        ("AAPL.O", 70),
        ("AAPL-", 70),
        ("BRK.B", 70),
        ("BRKB", 70),
        ("(AAPL)", 80),
        ("OWN/AAPL", 80),
    ] {
        let told = typed_symbol(Some(list), symbol, issuer).await;
        let rules: Vec<&Value> = told.iter().map(|alert| &alert["rule"]).collect();
        assert_eq!(rules, ["any"], "{symbol}");
        let own = if issuer == 80 { serde_json::json!(["OWN"]) } else { serde_json::json!([]) };
        assert_eq!(told[0]["issuer"]["tickers"], own, "{symbol}");
        assert_eq!(codes(&told[0])[0], "ticker-of-another", "{symbol}");
        let line = told[0]["text"].as_str().unwrap();
        assert!(!line.contains("AAPL") && !line.contains("BRK"), "{line}");
    }
    // Its own, in its own spelling, and one that nobody has.
    for (symbol, issuer) in [("AAPL", 320_193), ("BRK.B", 1_067_983), ("brk-b", 1_067_983), ("XYZQ", 70)] {
        let told = typed_symbol(Some(list), symbol, issuer).await;
        assert_eq!(told.len(), 2, "{symbol}");
        assert!(!codes(&told[0]).contains(&"ticker-of-another"), "{symbol}");
        assert!(!codes(&told[0]).contains(&"unconfirmed-ticker"), "{symbol}");
    }
    // Without the list it is the filer's own word, and the alert says so first.
    let told = typed_symbol(None, "AAPL", 70).await;
    assert_eq!(told.len(), 2);
    for alert in &told {
        assert_eq!(codes(alert)[0], "unconfirmed-ticker");
        assert!(alert["warnings"][0]["message"].as_str().unwrap().contains("AAPL is not confirmed"));
    }
    // What is no ticker needs no warning.
    assert!(!codes(&typed_symbol(None, "NONE", 70).await[0]).contains(&"unconfirmed-ticker"));
}

const SPELLINGS: [&str; 5] = ["XYZ.B", "XYZ-B", "XYZ/B", "XYZB", "XYZ B"];

/// The wanted tickers whose rules ring for a filing in which a symbol is typed; each has a rule of its own.
async fn rung_by(list: Option<&str>, wanted: &[&str], symbol: &'static str, issuer: u64) -> Vec<String> {
    let world = World::new().await;
    if let Some(list) = list {
        world.edgar.list_tickers(list);
    }
    let rule =
        |(n, ticker)| format!("[[rule]]\nname = \"r{n}\"\ntickers = [\"{ticker}\"]\nnotify = [\"jsonl\"]\n");
    let rules: String = wanted.iter().enumerate().map(rule).collect();
    let app = world.app(&rules, SINCE);
    let base = Filed { symbol, ..filed("0000000070-25-000041", FIRST) }.published();
    let body = String::from_utf8(base.body.clone()).unwrap();
    let (before, rest) = body.split_once("<issuerCik>").unwrap();
    let (_, behind) = rest.split_once("</issuerCik>").unwrap();
    let body = format!("{before}<issuerCik>{issuer:010}</issuerCik>{behind}").into_bytes();
    world.edgar.publish(&Published { issuer, body, ..base });
    app.intake.poll_once(at(NOON)).await.unwrap();
    while app.intake.settler.settle_once(at(NOON)).await.unwrap().settled > 0 {}
    deliver_all(&app, at(NOON)).await;
    let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
    let alert = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let told: Vec<Value> = world.take_output().lines().map(alert).collect();
    world.close(app);
    world.finish().await;
    let number = |alert: &Value| alert["rule"].as_str().unwrap()[1..].parse::<usize>().unwrap();
    let mut rung: Vec<String> = told.iter().map(|alert| wanted[number(alert)].to_owned()).collect();
    rung.sort_unstable();
    rung
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test(start_paused = true)]
async fn each_spelling_of_a_share_class_rings_for_each_other_with_and_without_the_list() {
    let list = "{\"0\":{\"cik_str\":70,\"ticker\":\"XYZ-A\",\"title\":\"X\"},\"1\":{\"cik_str\":70,\"ticker\":\"XYZ-B\",\"title\":\"X\"},\
        \"2\":{\"cik_str\":80,\"ticker\":\"OWN\",\"title\":\"O\"}}";
    let dotted = list.replace("XYZ-", "XYZ.");
    let wanted: Vec<&str> = SPELLINGS.into_iter().chain(["XYZ", "XYZ.C", "B", "OWN"]).collect();
    for symbol in SPELLINGS {
        for list in [None, Some(list), Some(dotted.as_str())] {
            assert_eq!(rung_by(list, &wanted, symbol, 70).await, sorted(&SPELLINGS), "{symbol} {list:?}");
        }
        // It is another's.
        assert_eq!(rung_by(Some(list), &wanted, symbol, 80).await, ["OWN"], "{symbol}");
        assert!(rung_by(Some(list), &wanted, symbol, 90).await.is_empty(), "{symbol}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_companies_whose_tickers_have_the_same_letters_are_kept_apart() {
    let list = "{\"0\":{\"cik_str\":70,\"ticker\":\"XYZ-B\",\"title\":\"X\"},\"1\":{\"cik_str\":80,\"ticker\":\"XYZB\",\"title\":\"Y\"},\
        \"2\":{\"cik_str\":90,\"ticker\":\"T-PC\",\"title\":\"T\"},\"3\":{\"cik_str\":91,\"ticker\":\"TPC\",\"title\":\"U\"}}";
    let wanted: Vec<&str> = SPELLINGS.into_iter().chain(["T-PC", "T.PRC", "TPC"]).collect();
    let parted = sorted(&["XYZ.B", "XYZ-B", "XYZ/B", "XYZ B"]);
    for symbol in SPELLINGS {
        assert_eq!(rung_by(Some(list), &wanted, symbol, 70).await, parted, "{symbol}");
        assert_eq!(rung_by(Some(list), &wanted, symbol, 80).await, ["XYZB"], "{symbol}");
    }
    assert_eq!(rung_by(Some(list), &wanted, "T PR C", 90).await, ["T-PC", "T.PRC"]);
    assert_eq!(rung_by(Some(list), &wanted, "TPC", 91).await, ["TPC"]);
    // A company whose only ticker is XYZB: nobody else's is XYZ-B, and who asks for it means this one.
    let alone = "{\"1\":{\"cik_str\":80,\"ticker\":\"XYZB\",\"title\":\"Y\"}}";
    assert_eq!(rung_by(Some(alone), &wanted, "XYZB", 80).await, sorted(&SPELLINGS));
}

#[tokio::test(start_paused = true)]
async fn words_beside_a_symbol_ring_for_nothing() {
    let wanted = [
        "XYZ", "XYZW", "GS", "GM", "PR", "A", "US", "UN", "AND", "PINK", "TSX", "ASX", "LSE", "CBOE", "NEO",
        "NO", "II", "V",
    ];
    for (symbol, rings) in [
        ("NASDAQ GS: XYZ", &["XYZ"][..]),
        ("TSX: XYZ; NYSE: XYZ", &["XYZ"]),
        ("OTC Pink: XYZ", &["XYZ"]),
        ("CBOE:XYZ", &["XYZ"]),
        ("TSX-V XYZ", &["XYZ"]),
        ("XYZ PR A", &["XYZ"]),
        ("XYZ US", &["XYZ"]),
        ("XYZ UN Equity", &["XYZ"]),
        ("XYZ and XYZW", &["XYZ", "XYZW"]),
        ("XYZ Cl A", &["XYZ"]),
        ("No ticker", &[]),
        ("Fund II", &[]),
        ("pending", &[]),
        ("NYSE: GS", &["GS"]),
        ("PR", &["PR"]),
        ("PR US", &["PR"]),
        ("OTC: Pink - XYZ", &["XYZ"]),
        ("XYZ, CSE", &["XYZ"]),
        ("XYZ.A and B", &[]),
        ("XYZ (fka: GS)", &["XYZ"]),
    ] {
        assert_eq!(rung_by(None, &wanted, symbol, 70).await, rings, "{symbol}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_class_that_is_typed_in_words_is_no_other_companys_ticker() {
    let list = "{\"0\":{\"cik_str\":80,\"ticker\":\"XYZA\",\"title\":\"O\"}}";
    let wanted = ["XYZ", "XYZ-A", "XYZA", "A"];
    assert_eq!(rung_by(Some(list), &wanted, "XYZ Class A", 70).await, ["XYZ"]);
    let told = typed_symbol(Some(list), "XYZ Class A", 70).await;
    let warnings = told[0]["warnings"].as_array().unwrap();
    assert!(!warnings.iter().any(|warning| warning["code"] == "ticker-of-another"), "{warnings:?}");
    // Where nobody has it, it is this one's.
    assert_eq!(rung_by(None, &wanted, "XYZ Class A", 70).await, sorted(&["XYZ", "XYZ-A", "XYZA"]));
}

#[tokio::test(start_paused = true)]
async fn a_listed_issuers_tickers_alone_count_and_what_was_typed_is_shown() {
    let list = "{\"0\":{\"cik_str\":70,\"ticker\":\"META\",\"title\":\"M\"}}";
    for (symbol, differs) in
        [("FB", true), ("META", false), ("NASDAQ: META", false), ("META.O", false), ("none", false)]
    {
        assert_eq!(rung_by(Some(list), &["FB", "META"], symbol, 70).await, ["META"], "{symbol}");
        let told = typed_symbol(Some(list), symbol, 70).await;
        let warnings = told[0]["warnings"].as_array().unwrap();
        let said = warnings.iter().find(|warning| warning["code"] == "unlisted-ticker");
        assert_eq!(said.is_some(), differs, "{symbol}");
        if let Some(said) = said {
            let said = said["message"].as_str().unwrap();
            assert!(said.contains("typed FB") && said.contains("META"), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_mute_of_a_share_class_keeps_back_alerts_in_each_of_its_spellings() {
    for (muted, symbol, told) in [
        ("ticker:xyz/b", "XYZ.B", 0),
        ("ticker:XYZ B", "XYZ-B", 0),
        ("ticker:XYZB", "XYZ B", 0),
        ("ticker:XYZ", "XYZ.B", 1),
    ] {
        let world = World::new().await;
        let app = world.app("[[rule]]\nname = \"a\"\ntickers = [\"XYZ-B\"]\nnotify = [\"jsonl\"]\n", SINCE);
        let until = at(NOON) + chrono::TimeDelta::hours(2);
        app.outbox
            .mutes
            .mute(&Mute::new(muted.parse().unwrap(), at(NOON), until).unwrap())
            .await
            .unwrap()
            .unwrap();
        world.edgar.publish(&Filed { symbol, ..filed("0000000070-25-000041", FIRST) }.published());
        assert_eq!(app.intake.poll_once(at(NOON)).await.unwrap().alerted, 1);
        deliver_all(&app, at(NOON)).await;
        let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
        assert_eq!(world.take_output().lines().count(), told, "{muted} {symbol}");
        world.close(app);
        world.finish().await;
    }
}
