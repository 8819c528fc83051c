//! Filings that belong together: amendments, blocks that a chain of owners reports twice, and the tickers of their issuer.

use chrono::{DateTime, Utc};
use sellbell::app::App;
use sellbell::filing::Cik;
use serde_json::Value;

use crate::fakes::edgar::Published;
use crate::world::{World, at, deliver_all};

const ANY_SALE: &str = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
const ISSUER: u64 = 70;

/// A filing as a test describes it: every field has a usual value.
#[derive(Clone)]
struct Filed {
    accession: &'static str,
    form: &'static str,
    /// EDGAR's clock, `2025-12-12T16:05:09-05:00`.
    accepted: &'static str,
    owner: (u64, &'static str),
    boxes: &'static str,
    original: Option<&'static str>,
    symbol: &'static str,
    /// Shares, price, held after, `D` or the nature of indirect ownership.
    sales: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    remarks: &'static str,
}

const DIRECTOR: &str = "<isDirector>1</isDirector>";
const TEN_PERCENT: &str = "<isTenPercentOwner>1</isTenPercentOwner>";

fn filed(accession: &'static str, accepted: &'static str) -> Filed {
    Filed {
        accession,
        form: "4",
        accepted,
        owner: (7, "DOE JANE"),
        boxes: DIRECTOR,
        original: None,
        symbol: "ACME",
        sales: vec![("100", "10", "900", "D")],
        remarks: "",
    }
}

impl Filed {
    fn published(&self) -> Published {
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
        let Filed { accession, form, owner: (cik, name), boxes, symbol, remarks, .. } = self;
        let body = format!(
            "<SEC-DOCUMENT>\n<SEC-HEADER>\n<ACCEPTANCE-DATETIME>{header}\nACCESSION NUMBER:\t\t{accession}\n\
             </SEC-HEADER>\n<DOCUMENT>\n<TYPE>{form}\n<TEXT>\n<XML>\n<ownershipDocument>\
             <documentType>{form}</documentType><periodOfReport>2025-12-10</periodOfReport>{original}\
             <issuer><issuerCik>{ISSUER:010}</issuerCik><issuerName>Acme Corp</issuerName>\
             <issuerTradingSymbol>{symbol}</issuerTradingSymbol></issuer><reportingOwner><reportingOwnerId>\
             <rptOwnerCik>{cik:010}</rptOwnerCik><rptOwnerName>{name}</rptOwnerName></reportingOwnerId>\
             <reportingOwnerRelationship>{boxes}</reportingOwnerRelationship></reportingOwner>\
             <nonDerivativeTable>{rows}</nonDerivativeTable><remarks>{remarks}</remarks></ownershipDocument>\n\
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

/// Publishes filings, polls, delivers; the alerts that came out.
async fn ring(world: &World, app: &App, filings: &[&Filed], now: &str) -> Vec<Value> {
    for filing in filings {
        world.edgar.publish(&filing.published());
    }
    let report = app.poll_once(at(now)).await.unwrap();
    assert_eq!((report.settled, report.trouble), (filings.len(), None));
    deliver_all(app, at(now)).await;
    let _ =
        (world.edgar.take_fetched(), world.edgar.take_feed_requests(), world.edgar.take_ticker_requests());
    world.take_output().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const SINCE: Option<&str> = Some("2025-12-01T00:00:00-05:00");
const FIRST: &str = "2025-12-11T16:05:00-05:00";
const SECOND: &str = "2025-12-12T16:05:00-05:00";
const NOON: &str = "2025-12-12T17:00:00-05:00";

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
    let history = app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).unwrap();
    let counted: Vec<usize> = history.iter().map(|past| past.lots.len() - past.not_counted.len()).collect();
    assert_eq!(counted, [1, 0, 0, 1, 1, 1]);
    drop(app);
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
    assert_eq!((&alert["amends"], &alert["restates"]), (&"0000000070-25-000011".into(), &true.into()));
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
    let history = app.store.history(Cik::new(ISSUER).unwrap(), at("2025-12-01T00:00:00-05:00")).unwrap();
    let counted: Vec<(String, usize)> = history
        .iter()
        .map(|past| (past.accession.to_string(), past.lots.len() - past.not_counted.len()))
        .collect();
    let short: Vec<(&str, usize)> = counted.iter().map(|(a, n)| (&a[18..], *n)).collect();
    assert_eq!(short, [("11", 0), ("12", 0), ("13", 3), ("14", 0)]);
    assert!(history[1..].iter().all(|past| past.amends == Some("0000000070-25-000011".parse().unwrap())));
    drop(app);
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
    drop(app);
    world.finish().await;
}

#[tokio::test]
async fn the_issuers_listed_tickers_are_shown_and_ring_whatever_the_filer_typed() {
    let world = World::new().await;
    world.edgar.list_tickers("{\"0\":{\"cik_str\":70,\"ticker\":\"ACM\",\"title\":\"Acme\"},\"1\":{\"cik_str\":70,\"ticker\":\"ACMB\",\"title\":\"Acme\"}}");
    let rules = "[[rule]]\nname = \"acme\"\ntickers = [\"ACMB\"]\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, SINCE);
    let typed = |accession, accepted, symbol| Filed { symbol, ..filed(accession, accepted) };
    let secret = typed("0000000070-25-000031", FIRST, "hunter2!pass");
    world.edgar.publish(&secret.published());
    let noon = at(NOON);
    app.poll_once(noon).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 1);
    let now = |hours: i64| noon + chrono::TimeDelta::hours(hours);
    app.poll_once(now(1)).await.unwrap();
    drop(app);
    // Kept over a restart, fetched anew after a day; where it cannot be had then, the old list stays.
    let app = world.app(rules, None);
    app.poll_once(now(23)).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 0);
    world.edgar.list_tickers("<html>not today</html>");
    app.poll_once(now(25)).await.unwrap();
    app.poll_once(now(25) + chrono::TimeDelta::minutes(30)).await.unwrap();
    assert_eq!(world.edgar.take_ticker_requests(), 1, "asked for again only after an hour");
    let bee = typed("0000000070-25-000032", "2025-12-13T18:05:00-05:00", "acmb");
    world.edgar.publish(&bee.published());
    app.poll_once(now(26)).await.unwrap();
    deliver_all(&app, now(26)).await;
    let told: Vec<Value> =
        world.take_output().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tickers: Vec<&Value> = told.iter().map(|alert| &alert["issuer"]["tickers"]).collect();
    assert_eq!(tickers, [&serde_json::json!(["ACM", "ACMB"])]);
    let _ = (world.edgar.take_fetched(), world.edgar.take_ticker_requests());
    drop(app);
    world.finish().await;
}
