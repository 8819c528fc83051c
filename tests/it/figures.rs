//! The figures of an alert as people file them: both directions, odd values, totals, debt, splits, and the stake.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sellbell::alert::{Alert, Key};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::digest::Digest;
use sellbell::filing::record::FilingRecord;
use sellbell::filing::{Direction, Filing, Ownership, PastFiling, Table};
use sellbell::problem::Source;
use sellbell::render::{discord, email};
use sellbell::rules::{History, Match, Rule, Subject};
use sellbell::summary::{Line, Summary, Why};
use sellbell::{reader, rules};
use serde_json::{Value, json};

use crate::shared::folder;
use crate::world::at;

/// A filing of these rows: code, direction, day of November 2026, shares, price, held after, `D` or the nature of indirect
/// ownership, and the rest: `title=…`, `note=…` (of the row), `total=…`, `holding`.
pub(crate) fn filing(rows: &[&str]) -> Filing {
    numbered(1, rows)
}

pub(crate) fn numbered(number: usize, rows: &[&str]) -> Filing {
    let (mut table, mut notes) = (String::new(), String::new());
    for (i, row) in rows.iter().enumerate() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [code, direction, day, shares, price, after, held] = cells[..7] else { panic!("{row}") };
        let rest = |name: &str| cells[7..].iter().find_map(|cell| cell.strip_prefix(name));
        let value = |name: &str, value: &str| {
            let note = if name == "transactionShares" && rest("note=").is_some() {
                format!("<footnoteId id=\"F{}\"/>", i + 1)
            } else {
                String::new()
            };
            let value = if value.is_empty() { String::new() } else { format!("<value>{value}</value>") };
            format!("<{name}>{value}{note}</{name}>")
        };
        if let Some(note) = rest("note=") {
            notes += &format!("<footnote id=\"F{}\">{note}</footnote>", i + 1);
        }
        let kind =
            if rest("holding").is_some() { "nonDerivativeHolding" } else { "nonDerivativeTransaction" };
        let (ownership, nature) = if held == "D" { ("D", "") } else { ("I", held) };
        let total = rest("total=").map(|total| value("transactionTotalValue", total)).unwrap_or_default();
        let transaction = format!(
            "{}<transactionCoding><transactionFormType>4</transactionFormType><transactionCode>{code}</transactionCode>\
             </transactionCoding><transactionAmounts>{}{total}{}{}</transactionAmounts>",
            value("transactionDate", &format!("2026-11-{day}")),
            value("transactionShares", shares),
            value("transactionPricePerShare", price),
            value("transactionAcquiredDisposedCode", direction),
        );
        table += &format!(
            "<{kind}>{}{}<postTransactionAmounts>{}</postTransactionAmounts><ownershipNature>{}{}</ownershipNature></{kind}>",
            value("securityTitle", rest("title=").unwrap_or("Common Stock")),
            if rest("holding").is_some() { "" } else { transaction.as_str() },
            value("sharesOwnedFollowingTransaction", after),
            value("directOrIndirectOwnership", ownership),
            value("natureOfOwnership", nature),
        );
    }
    let text = format!(
        "<SEC-DOCUMENT>a.txt : 20261127\n<SEC-HEADER>a.hdr.sgml : 20261127\n<ACCEPTANCE-DATETIME>20261127170000\n\
         ACCESSION NUMBER:\t\t0009990001-26-{number:06}\n</SEC-HEADER>\n<DOCUMENT>\n<TYPE>4\n<TEXT>\n<XML>\n\
         <ownershipDocument><schemaVersion>X0508</schemaVersion><documentType>4</documentType>\
         <issuer><issuerCik>{number}</issuerCik><issuerName>ACME CORP</issuerName>\
         <issuerTradingSymbol>ACME</issuerTradingSymbol></issuer><reportingOwner><reportingOwnerId>\
         <rptOwnerCik>77</rptOwnerCik><rptOwnerName>DOE JANE</rptOwnerName></reportingOwnerId>\
         <reportingOwnerRelationship><isDirector>1</isDirector></reportingOwnerRelationship></reportingOwner>\
         <nonDerivativeTable>{table}</nonDerivativeTable><footnotes>{notes}</footnotes></ownershipDocument>\n</XML>\n\
         </TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
    );
    let mut filing = reader::read(text.as_bytes()).unwrap();
    filing.issuer.listed = vec!["ACME".into()];
    filing
}

/// Of sales, where the conditions name no codes.
fn rule(conditions: &str) -> Rule {
    let codes = if conditions.contains("codes") { "" } else { "codes = [\"S\"]\n" };
    let text = format!("[[rule]]\nname = \"a\"\n{codes}{conditions}\n");
    rules::load_slice([Source { file: "a", text: &text }], &|_| true, &[]).unwrap().remove(0)
}

pub(crate) fn rings(filing: &Filing, conditions: &str) -> Option<Match> {
    rules::evaluate(&rule(conditions), &Subject::new(filing, History::default())).ok()
}

#[track_caller]
fn alert(filing: &Filing, conditions: &str) -> Alert {
    let matched = rings(filing, conditions).unwrap_or_else(|| panic!("{conditions} is silent"));
    Alert::new(&rule(conditions), filing, &matched, at("2026-11-27T17:01:00-05:00")).unwrap()
}

fn said(alert: &Alert) -> Value {
    serde_json::to_value(alert).unwrap()
}

fn card(alert: &Alert) -> Value {
    serde_json::to_value(discord::alert(alert, &Key::of(&["x"]))).unwrap()
}

fn mail(alert: &Alert) -> email::Email {
    let body = Body::Alert(Box::new(alert.clone()));
    let delivery = Delivery::new(Destination::Email("a".into()), body, at("2026-11-27T17:01:00-05:00"));
    email::email(&delivery, &email::Reader::PLAIN).unwrap()
}

fn codes(filing: &Filing) -> Vec<&str> {
    filing.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn a_gift_to_ones_own_trust_is_told_as_what_it_is() {
    let to_trust = filing(&["G|D|24|16210|0|36399|D", "G|A|24|16210|0|16210|By Trust"]);
    for (conditions, direction) in [
        ("codes = [\"G\"]", "disposed"),
        ("codes = [\"G\"]\ndirection = \"disposed\"", "disposed"),
        ("codes = [\"G\"]\ndirection = \"acquired\"", "acquired"),
        ("codes = [\"G\"]\ndirection = \"any\"", "both"),
    ] {
        let alert = alert(&to_trust, conditions);
        let json = said(&alert);
        assert_eq!(
            (&json["shares"], &json["direction"]),
            (&"16210".into(), &direction.into()),
            "{conditions}"
        );
        assert_eq!(json["stake_change"], "0");
        let start = "DOE JANE (director) moved 16,210 ACME within their holdings, ";
        assert!(alert.text.starts_with(start), "{}", alert.text);
        assert_eq!(
            card(&alert)["embeds"][0]["title"],
            "DOE JANE, director, moved shares within their holdings"
        );
        let mail = mail(&alert);
        assert!(mail.subject.contains("moved 16,210 shares within their holdings"), "{}", mail.subject);
        assert!(
            mail.text.contains("Stake: 52,609 → 52,609, unchanged: moved 16,210 within their holdings"),
            "{}",
            mail.text
        );
    }
    // In parts, and only some of it.
    let parts = filing(&["G|D|24|10000|0|6210|D", "G|D|24|6210|0|0|D", "G|A|24|16210|0|16210|By Trust"]);
    assert!(alert(&parts, "codes = [\"G\"]").text.contains("moved 16,210 ACME within their holdings"));
    let more = filing(&["G|D|24|20000|0|32609|D", "G|A|24|16210|0|16210|By Trust"]);
    let both = alert(&more, "codes = [\"G\"]\ndirection = \"any\"");
    let text = "DOE JANE (director) gave away 20,000 ACME and was given 16,210 ACME, 2 lots, 2026-11-24";
    assert_eq!(both.text, text);
    assert!(
        alert(&more, "codes = [\"G\"]").text.starts_with("DOE JANE (director) gave away 20,000 ACME, 1 lot")
    );
    let received = filing(&["G|A|24|500|0|500|D"]);
    assert!(rings(&received, "codes = [\"G\"]").is_none(), "a gift that comes in is not given away");
    let got = alert(&received, "codes = [\"G\"]\ndirection = \"acquired\"");
    assert!(got.text.starts_with("DOE JANE (director) was given 500 ACME, "), "{}", got.text);
}

#[test]
fn what_is_acquired_and_what_is_disposed_of_is_never_added() {
    let other = filing(&["J|D|24|10000|0|90000|D", "J|A|24|2500|0|2500|By Fund"]);
    let told = alert(&other, "codes = [\"J\"]");
    let json = said(&told);
    assert_eq!((&json["shares"], &json["direction"]), (&"10000".into(), &"both".into()));
    assert_eq!(
        (&json["opposite"]["shares"], &json["opposite"]["direction"]),
        (&"2500".into(), &"acquired".into())
    );
    assert!(
        told.text.starts_with("DOE JANE (director) disposed of 10,000 ACME and acquired 2,500 ACME, "),
        "{}",
        told.text
    );
    let card_of_it = card(&told);
    assert_eq!(card_of_it["embeds"][0]["title"], "DOE JANE, director, disposed of and acquired");
    let headline = "disposed of **10,000 shares** and acquired **2,500 shares**";
    assert!(card_of_it["content"].as_str().unwrap().contains(headline), "{card_of_it}");
    for (conditions, holds) in [
        ("min_shares = 10_000", true),
        ("min_shares = 10_001", false),
        ("min_shares = 2_501\ndirection = \"acquired\"", false),
    ] {
        assert_eq!(rings(&other, &format!("codes = [\"J\"]\n{conditions}")).is_some(), holds, "{conditions}");
    }
    let market = filing(&["S|D|24|100|20|900|D", "P|A|25|300|10|1200|D"]);
    for (conditions, holds) in [
        ("min_value = 3_000", true),
        ("min_value = 3_001", false),
        ("max_value = 3_000", true),
        ("max_value = 2_999", false),
    ] {
        let conditions = format!("codes = [\"S\", \"P\"]\n{conditions}");
        assert_eq!(rings(&market, &conditions).is_some(), holds, "{conditions}");
    }
    let told = alert(&market, "codes = [\"S\", \"P\"]");
    assert_eq!(
        (told.value_usd.unwrap().plain(), told.opposite.unwrap().value_usd.unwrap().plain()),
        ("3000".into(), "2000".into())
    );
    // A sale that is reported as acquired is not added to the others either.
    let wrong = filing(&["S|D|24|100|20|900|D", "S|A|24|40|20|860|D"]);
    let told = alert(&wrong, "codes = [\"S\"]");
    assert_eq!(
        (told.shares.unwrap().plain(), told.opposite.unwrap().shares.unwrap().plain()),
        ("100".into(), "40".into())
    );
    assert_eq!(codes(&wrong), ["direction-against-code"]);
}

#[test]
fn an_odd_value_is_in_no_headline_and_no_total_and_lists_say_so() {
    let absurd = numbered(1, &["S|D|25|100000000|24035774.40|5000000|D"]);
    let beside = numbered(2, &["S|D|25|500|20.10|1000|D", "S|D|25|700|14084|300|D"]);
    let sound = numbered(3, &["S|D|25|1000|50|0|D"]);
    let bought = numbered(4, &["P|A|25|1000|7|1000|D"]);
    let for_nothing = numbered(5, &["S|D|25|1000|0|0|D"]);
    let alerts: Vec<Alert> = [&absurd, &beside, &sound, &bought, &for_nothing]
        .map(|filing| alert(filing, "codes = [\"S\", \"P\"]"))
        .into();
    for odd in [&alerts[0], &alerts[1], &alerts[4]] {
        assert!(odd.value_is_odd, "{}", odd.text);
        let card = card(odd);
        let mail = mail(odd);
        let title = card["embeds"][0]["title"].as_str().unwrap();
        for headline in [title, mail.subject.as_str(), odd.text.as_str(), card["content"].as_str().unwrap()] {
            assert!(!headline.contains('$') && headline.contains("sold"), "{headline}");
        }
        let description = card["embeds"][0]["description"].as_str().unwrap();
        let (figures, _) = description.split_once('⚠').unwrap();
        assert!(figures.contains(" at an odd price, ") && !figures.contains('$'), "{figures}");
        assert!(odd.text.contains(" at an odd price, "), "{}", odd.text);
    }
    let window = (at("2026-11-26T17:00:00-05:00"), at("2026-11-27T17:30:00-05:00"));
    let digest =
        Digest::new("a", "2026-11-27T17:30".into(), "America/New_York".into(), window, alerts.clone());
    let totals: Vec<String> = digest.totals().iter().map(|total| total.usd.unwrap().to_string()).collect();
    assert_eq!(
        (totals.as_slice(), digest.left_out),
        (["$60,050.00".to_owned(), "$7,000.00".to_owned()].as_slice(), 3)
    );
    let body = Body::Digest(Box::new(digest));
    let delivery = Delivery::new(Destination::Email("a".into()), body, window.1);
    let mail = email::email(&delivery, &email::Reader::PLAIN).unwrap();
    assert!(
        mail.text.contains("3 filings have odd values, which are not in the total")
            && !mail.subject.contains("$24"),
        "{}",
        mail.subject
    );
    let flowing = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let place = |text: &str| flowing.find(text).unwrap_or_else(|| panic!("{text} is not in {flowing}"));
    assert!(place("for $50,000.00") < place("for $7,000.00"), "sorted by what is sound");
    assert!(place("for $7,000.00") < place("Odd: a sale at a price of zero"), "{flowing}");
    assert!(
        flowing.contains("Odd: $24,035,774.40 per share looks like the price of all of them"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("Odd:</b> $24,035,774.40 per share looks like the price of all of them"));

    let lines: Vec<Line> =
        alerts.iter().enumerate().map(|(i, alert)| Line::new(&Key::of(&[&i.to_string()]), alert)).collect();
    let summary =
        Summary { count: lines.len(), lines, ..Summary::new(&Key::of(&["x"]), Why::TooMany, window.1) };
    let delivery = Delivery::new(Destination::Channel(5), Body::Summary(Box::new(summary)), window.1);
    let message = discord::message(&[delivery]).unwrap();
    let embed = serde_json::to_value(&message.embeds[0]).unwrap();
    let together =
        embed["fields"].as_array().unwrap().iter().find(|field| field["name"] == "Value together").unwrap();
    assert_eq!(together["value"], "$50.00K disposed of, $7.00K acquired, leaving out 3 odd values");
    let largest = embed["description"].as_str().unwrap();
    assert!(
        largest.contains("**sold 100,000,000 shares**") && largest.contains("odd: $24,035,774.40 per share"),
        "{largest}"
    );
    assert!(
        !largest.contains("$2,403") && largest.find("$50.00K") < largest.find("100,000,000"),
        "{largest}"
    );
    let table = String::from_utf8(message.files[0].content.clone()).unwrap();
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        rows.deserialize().map(Result::unwrap).collect();
    let cells = |row: usize| ["value_is_odd", "direction", "warnings"].map(|name| rows[row][name].as_str());
    assert_eq!(cells(0), ["true", "disposed", "price-like-total"]);
    assert_eq!(cells(2), ["false", "disposed", ""]);
    assert_eq!(cells(3), ["false", "acquired", ""]);
    assert_eq!(cells(4), ["true", "disposed", "zero-price"]);
}

#[test]
fn prices_and_values_that_cannot_be_are_flagged() {
    for (rows, code, odd) in [
        (vec!["S|D|25|100|2500000|0|D"], "price-like-total", true),
        (vec!["S|D|25|600|12000|0|D", "F|D|25|50|20|0|D"], "price-like-total", true),
        (vec!["S|D|25|100|0|0|D"], "zero-price", true),
        (vec!["P|A|25|100|0|100|D"], "zero-price", true),
        (vec!["S|D|25|11129006050|120|0|D"], "value-too-large", true),
        (vec!["S|D|25|100|20|0|D|total=9000"], "total-against-price", false),
        (
            vec!["S|D|25|10|10|90|D", "S|D|25|10|10.4|80|D", "S|D|25|10|1.04|70|D"],
            "price-far-from-siblings",
            true,
        ),
        (
            vec!["S|D|25|10|10|90|D", "S|D|25|10|10.4|80|D", "S|D|25|10|30|70|D"],
            "price-far-from-siblings",
            false,
        ),
    ] {
        let filing = filing(&rows);
        assert_eq!(codes(&filing), [code], "{rows:?}");
        assert_eq!(filing.lots.iter().any(|lot| lot.odd_value), odd, "{rows:?}");
    }
    for rows in [
        vec!["S|D|25|100|14999|0|D"],
        vec!["G|D|25|100|0|0|D"],
        vec!["A|A|25|100|0|100|D"],
        vec!["S|D|25|100|20|0|D|total=2000"],
        vec!["S|D|25|100|20|0|D|total=2010"],
    ] {
        assert_eq!(codes(&filing(&rows)), [""; 0], "{rows:?}");
    }
}

#[test]
fn a_stated_total_is_the_value_where_price_times_shares_is_not_given() {
    for (rows, value, least) in [
        (vec!["S|D|25|||0|D|total=2500000"], "2500000", false),
        (vec!["S|D|25|1000||0|D|total=2500000"], "2500000", false),
        (vec!["S|D|25||20|0|D|total=2500000"], "2500000", false),
        (vec!["S|D|25|1000|20|0|D|total=20000"], "20000", false),
        (vec!["S|D|25|1000|20|900|D", "S|D|25|||0|D|total=2500000"], "2520000", false),
        (vec!["S|D|25|1000|20|900|D", "S|D|25|900||0|D"], "20000", true),
    ] {
        let alert = alert(&filing(&rows), "");
        assert_eq!(
            (alert.value_usd.unwrap().plain().as_str(), alert.value_is_at_least),
            (value, least),
            "{rows:?}"
        );
        assert!(!alert.value_is_odd, "{rows:?}");
    }
    let total = filing(&["S|D|25|||0|D|total=2500000"]);
    assert!(
        rings(&total, "min_value = 2_500_000").is_some() && rings(&total, "min_value = 2_500_001").is_none()
    );
}

#[test]
fn debt_is_recognised_and_its_principal_never_multiplied() {
    for row in [
        "S|D|25|25000000|98.75|0|D|title=Convertible Notes",
        "S|D|25|25000000|25000000|0|D|title=6.50% Senior Secured Notes due 2030",
        "S|D|25|25000000|0.9875|0|D|title=Debentures",
        "S|D|25|25000000|100|0|D|title=4% Bonds",
        "S|D|25|25000000|98.75|0|D|title=Series B Obligations|note=Represents principal amount in U.S. dollars.",
        "S|D|25|25000000|1|0|D|title=Term Loan",
    ] {
        let debt = filing(&[row]);
        let alert = alert(&debt, "");
        let json = said(&alert);
        assert_eq!(
            (&json["value_usd"], &json["shares"], &json["principal_usd"]),
            (&json!(null), &json!(null), &json!("25000000")),
            "{row}"
        );
        assert!(codes(&debt).contains(&"debt-security"), "{row}");
        assert!(
            alert.text.contains("sold $25,000,000.00 of principal of ACME for an unknown price"),
            "{}",
            alert.text
        );
        assert!(rings(&debt, "min_value = 1").is_none() && rings(&debt, "min_shares = 1").is_none(), "{row}");
        let headline = card(&alert)["content"].as_str().unwrap().to_owned();
        assert!(headline.contains("sold **$25,000,000.00 of principal**"), "{headline}");
        assert!(mail(&alert).subject.contains("sold $25,000,000.00 of principal"));
    }
    let stated = alert(&filing(&["S|D|25||12000000|0|D|title=Senior Note|total=12000000"]), "");
    assert_eq!((stated.value_usd.unwrap().plain(), stated.value_is_odd), ("12000000".into(), false));
    for row in [
        "S|D|25|1000|20|0|D|title=Common Stock, see Note 1",
        "S|D|25|1000|20|0|D|title=Common Stock|note=Acquired on conversion of notes in the principal amount of $1,000,000.",
        "S|D|25|1000|20|0|D|title=Warrants issued with Notes",
    ] {
        assert_eq!(alert(&filing(&[row]), "").value_usd.unwrap().plain(), "20000", "{row}");
    }
}

#[test]
fn lots_from_both_sides_of_a_split_have_no_average() {
    let by_row = ["S|D|23|1000|500|9000|D", "J|A|24|81000|0|90000|D", "S|D|25|1000|50|89000|D"];
    let reverse = ["S|D|23|1000|5|9000|D", "J|D|24|8100|0|900|D", "S|D|25|100|50|800|D"];
    let three_for_two = [
        "S|D|23|100|90|200|D",
        "J|A|24|100||300|D|note=Shares received in a 3-for-2 stock split.",
        "S|D|25|100|60|200|D",
    ];
    let by_note = [
        "S|D|23|1000|500|9000|D",
        "S|D|25|1000|50|89000|D|note=Reflects a ten-for-one stock split of November 24.",
    ];
    for rows in [&by_row[..], &reverse, &three_for_two, &by_note] {
        let filing = filing(rows);
        let alert = alert(&filing, "");
        assert_eq!((alert.average_price, alert.price_low), (None, None), "{rows:?}");
        assert!(codes(&filing).contains(&"split-in-filing"), "{rows:?}");
        assert!(!codes(&filing).contains(&"price-far-from-siblings"), "{rows:?}");
        assert!(alert.value_usd.is_some() && !alert.text.contains("average"), "{}", alert.text);
    }
    let stake = said(&alert(&filing(&by_row), ""));
    assert_eq!(
        (&stake["stake_before"], &stake["stake_after"], &stake["stake_change"]),
        (&"10000".into(), &"89000".into(), &"-0.11".into())
    );
    assert!(rings(&filing(&by_row), "min_stake_reduction = \"11%\"").is_some());
    assert!(rings(&filing(&by_row), "min_stake_reduction = \"11.1%\"").is_none());
    // After the split alone there is an average; and what only doubles a holding is no split.
    let after =
        ["J|A|24|81000|0|90000|D|note=A stock split.", "S|D|25|1000|50|89000|D", "S|D|25|1000|51|88000|D"];
    assert_eq!(alert(&filing(&after), "").average_price.unwrap().plain(), "50.5");
    let doubled = ["S|D|23|1000|50|9000|D", "J|A|24|9000|0|18000|D", "S|D|25|1000|51|17000|D"];
    assert_eq!(alert(&filing(&doubled), "").average_price.unwrap().plain(), "50.5");
}

#[test]
fn the_stake_is_over_all_rows_and_lines_of_a_security() {
    let change = |rows: &[&str]| {
        let json = said(&alert(&filing(rows), "codes = [\"S\", \"P\", \"G\", \"F\", \"M\", \"A\"]"));
        let text = |key: &str| json[key].as_str().unwrap_or("?").to_owned();
        [text("stake_before"), text("stake_after"), text("stake_change")].join(" ")
    };
    let exercised = ["M|A|24|29136|60.37|81745|D", "S|D|24|29136|240|52609|D"];
    for (rows, expected) in [
        (&exercised[..], "52609 52609 0"),
        (&["S|D|24|10|20|90|D"], "100 90 -0.1"),
        (&["S|D|24|10|20|0|D"], "10 0 -1"),
        (&["P|A|24|10|20|10|D"], "0 10 ?"),
        (&["S|D|24|10|20|90|D", "x|x|24|||900|By Trust|holding"], "1000 990 -0.01"),
        (&["S|D|24|10|20|90|D", "S|D|24|10|20|890|By Trust"], "1000 980 -0.02"),
        (&["S|D|24|10|20|90|D", "x|x|24|||900|D|holding|title=Preferred"], "100 90 -0.1"),
        (&["S|D|24|10|20|90|D", "S|D|25|10|20|80|D", "x|x|24|||80|D|holding"], "100 80 -0.2"),
        (&["M|A|24|100||150|D", "F|D|24|40|20|110|D", "S|D|25|10|20|100|D"], "50 100 1"),
        (&["S|D|25|10|20|80|D", "S|D|24|10|20|90|D"], "100 80 -0.2"),
        (&["S|D|24|10|20|80|D", "S|D|24|10|20|80|D"], "100 80 -0.2"),
        (
            &["S|D|24|100|20|900|By Trust", "S|D|24|100|20|800|by trust", "S|D|24|100|20|700|By Trust (1)"],
            "1000 700 -0.3",
        ),
        (&["S|D|24|100|20|900|By Trust (1)", "S|D|24|100|20|700|By Trust (2)"], "1800 1600 -0.11111111"),
        (&["S|D|24|100|20|500|By GRAT (1)", "S|D|24|100|20|500|By GRAT (2)"], "1200 1000 -0.16666667"),
        (
            &[
                "S|D|24|10|20|90|D|title=Common Stock",
                "S|D|24|10|20|80|D|title=common stock, par value $0.01",
            ],
            "100 80 -0.2",
        ),
        // Contradictions, and what is not stated.
        (&["S|D|24|10|20|90|D", "S|D|24|10|20|70|D", "S|D|24|10|20|95|D"], "? ? ?"),
        (&["S|D|24|10|20||D"], "? ? ?"),
        (&["P|A|24|10|20|5|D"], "? ? ?"),
        (&["S|D|24|10|20|90|D", "x|x|24||||By Trust|holding"], "? ? ?"),
    ] {
        assert_eq!(change(rows), expected, "{rows:?}");
    }
    let alert = alert(&filing(&exercised), "");
    let stake = "52,609 → 52,609, unchanged: exercised 29,136 options at $60.37 and sold them";
    let description = card(&alert)["embeds"][0]["description"].as_str().unwrap().to_owned();
    let line = "\n**Stake 52,609 → 52,609**: exercised options at $60.37 and sold them";
    assert!(description.contains(line), "{description}");
    let text = mail(&alert).text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("Stake: {stake} ")), "{text}");
    assert_eq!(alert.share_of_holdings.as_deref(), Some("0.55382159"), "of what was held before, as ever");
}

#[test]
fn a_stake_that_falls_is_asked_for() {
    let filing_of = filing;
    let check = |rows: &[&str], cases: &[(&str, bool)]| {
        for (wanted, holds) in cases {
            let conditions = format!("min_stake_reduction = \"{wanted}%\"");
            assert_eq!(rings(&filing_of(rows), &conditions).is_some(), *holds, "{rows:?} {wanted}");
        }
    };
    check(&["S|D|24|10|20|90|D"], &[("9.99", true), ("10", true), ("10.01", false)]);
    check(&["M|A|24|29136|60.37|81745|D", "S|D|24|29136|240|52609|D"], &[("1", false)]);
    check(&["S|D|24|10|20|0|D"], &[("100", true)]);
    // Of two securities one is enough, and only those of the lots that count are looked at.
    let two = ["S|D|24|10|20|990|D", "S|D|24|50|20|50|D|title=Class B", "G|D|24|90|0|10|D|title=Preferred"];
    check(&two, &[("50", true), ("51", false)]);
    // What is not known does not ring, and does not make `not` ring.
    let untold = filing(&["S|D|24|10|20||D"]);
    assert!(rings(&untold, "min_stake_reduction = \"1%\"").is_none());
    assert!(rings(&untold, "not = { min_stake_reduction = \"1%\" }").is_none());
    let when = "when = \"stake_before == 100 and stake_after == 90 and stake_change < -0.09\"";
    assert!(rings(&filing(&["S|D|24|10|20|90|D"]), when).is_some());
}

#[test_with::path("../shared/cases")]
#[test]
fn the_recorded_cases_are_told_right() {
    let case = |name: &str| reader::read(&std::fs::read(folder().join("cases").join(name)).unwrap()).unwrap();
    let told = |name: &str, conditions: &str| said(&alert(&case(name), conditions));
    let gift = told("gift-to-trust-then-trust-sells.txt", "codes = [\"G\"]");
    assert_eq!((&gift["shares"], &gift["lots"][0]["moved"]), (&"5000".into(), &true.into()));
    let sale = told("gift-to-trust-then-trust-sells.txt", "");
    assert_eq!((&sale["stake_before"], &sale["stake_after"]), (&"10000".into(), &"5000".into()));
    let nature = told("nature-spelling.txt", "");
    assert_eq!((&nature["stake_change"], nature["holdings"].as_array().unwrap().len()), (&"-0.3".into(), 1));
    assert_eq!(told("nd-total.txt", "")["value_usd"], "2500000");
    let notes = told("notes-footnote.txt", "");
    assert_eq!((&notes["value_usd"], &notes["principal_usd"]), (&json!(null), &json!("25000000")));
    for name in ["reemf.txt", "two-lots-one-total.txt"] {
        let odd = told(name, "");
        assert!(
            odd["value_is_odd"] == true && !odd["text"].as_str().unwrap().contains('$'),
            "{}",
            odd["text"]
        );
    }
    let split = told("split-between.txt", "");
    assert_eq!((&split["average_price"], &split["stake_change"]), (&json!(null), &json!("-0.11")));
}

#[test_with::path("../shared/corpus")]
#[test]
fn the_stake_after_is_what_each_line_of_the_corpus_states_last() {
    assert!(stakes_that_equal_the_last_rows(8) > 200);
}

#[test_with::path("../shared/corpus")]
#[test]
#[ignore = "the whole corpus"]
fn the_stake_after_is_what_each_line_of_the_corpus_states_last_at_length() {
    assert!(stakes_that_equal_the_last_rows(1) > 2_000);
}

/// Of one filing in `nth`, how many securities have the stake afterwards that their lines' last rows state; none may have another.
/// Only those count of which each row leaves what the one before it left, more or less its own shares.
fn stakes_that_equal_the_last_rows(nth: usize) -> usize {
    type Row = (Option<Decimal>, Option<Decimal>);
    let (mut equal, mut unlike) = (0, Vec::new());
    for folder in [folder().join("corpus"), folder().join("corpus-2026")] {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().step_by(nth) {
            let Ok(filing) = reader::read(&std::fs::read(&path).unwrap()) else { continue };
            let record = FilingRecord::new("a", &filing);
            for stake in record.stakes.iter().filter(|stake| stake.table == Table::NonDerivative) {
                let fold = |title: Option<&str>| -> Vec<char> {
                    let lower = title.unwrap_or_default().to_lowercase();
                    lower.chars().filter(|c| c.is_alphanumeric()).collect()
                };
                let own = |security: &Option<String>, table: Table| {
                    table == stake.table && fold(security.as_deref()) == fold(stake.security.as_deref())
                };
                let mut lines: BTreeMap<(bool, String), Vec<Row>> = BTreeMap::new();
                for row in record.transactions.iter().filter(|row| own(&row.security, row.table)) {
                    let change = row.shares.map(|shares| match row.acquired_disposed {
                        Some(Direction::Acquired) => shares.decimal(),
                        _ => -shares.decimal(),
                    });
                    let nature = row.nature.clone().unwrap_or_default().to_lowercase();
                    let line = (row.ownership == Some(Ownership::Indirect), nature);
                    lines
                        .entry(line)
                        .or_default()
                        .push((change, row.shares_after.map(|shares| shares.decimal())));
                }
                let consistent = lines.values().all(|rows| {
                    let stated = rows.iter().all(|(change, after)| change.is_some() && after.is_some());
                    let follows = |pair: &[Row]| {
                        pair[0].1.zip(pair[1].0).map(|(after, change)| after + change) == pair[1].1
                    };
                    let first = rows[0].1.zip(rows[0].0).map(|(after, change)| after - change);
                    stated
                        && rows.windows(2).all(follows)
                        && first.is_some_and(|first| first >= Decimal::ZERO)
                });
                let mut held = Vec::new();
                for row in record.holdings.iter().filter(|row| own(&row.security, row.table)) {
                    let line = (
                        row.ownership == Some(Ownership::Indirect),
                        row.nature.clone().unwrap_or_default().to_lowercase(),
                    );
                    // One that repeats what a line's last row leaves is that.
                    let last = lines.get(&line).and_then(|rows| rows.last()).and_then(|(_, after)| *after);
                    let own = row.shares_after.map(|shares| shares.decimal());
                    if own != last {
                        held.push(own);
                    }
                }
                // Titles that differ by more than their case are the unit test's matter.
                let others = record
                    .transactions
                    .iter()
                    .map(|row| &row.security)
                    .chain(record.holdings.iter().map(|row| &row.security));
                let par = others.flatten().any(|title| title.to_lowercase().contains("par value"));
                let Some(held) = held.into_iter().collect::<Option<Vec<Decimal>>>() else { continue };
                if !consistent || par {
                    continue;
                }
                let last: Decimal = lines.values().filter_map(|rows| rows.last()?.1).sum();
                let stated = last + held.iter().sum::<Decimal>();
                if stake.after.map(|after| after.decimal()) == Some(stated) {
                    equal += 1;
                } else {
                    unlike.push(format!("{}: {stated}, not {:?}", path.display(), stake.after));
                }
            }
        }
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
    equal
}

#[test]
fn sums_over_filings_are_of_one_way_and_without_odd_values() {
    let accepted = at("2026-11-20T17:00:00-05:00");
    let since = Some(at("2020-01-01T00:00:00-05:00"));
    let now = numbered(9, &["S|D|25|100|20|900|D"]);
    let check = |past: &[&str], conditions: &str, holds: bool| {
        // All filings are of the issuer 9 and of one owner.
        let mut earlier = numbered(9, past);
        earlier.accession = Some("0009990001-26-000008".parse().unwrap());
        let filings = [PastFiling::of(&earlier, accepted).unwrap()];
        let history = History { filings: &filings, since, counted_in: None };
        let rings = rules::evaluate(&rule(conditions), &Subject::new(&now, history)).is_ok();
        assert_eq!(rings, holds, "{past:?} {conditions}");
    };
    let both = "codes = [\"S\", \"P\"]\n";
    let sum = |least: &str| format!("{both}cumulative = {{ within = \"30d\", min_value = {least} }}");
    check(&["S|D|20|50|20|1000|D"], &sum("3_000"), true);
    check(&["P|A|20|50|20|1000|D"], &sum("2_000"), true);
    check(&["P|A|20|50|20|1000|D"], &sum("2_001"), false);
    // An odd value is as good as none in a sum, and is not what a later filing must exceed.
    check(&["S|D|20|1000|24035774|1000|D"], &sum("2_001"), false);
    check(&["S|D|20|1000|24035774|1000|D"], &sum("2_000"), true);
    let largest = format!("{both}largest_in = \"12mo\"");
    check(&["P|A|20|5000|20|1000|D"], &largest, true);
    check(&["S|D|20|5000|20|1000|D"], &largest, false);
    check(&["S|D|20|100|0.5|1000|D"], &largest, true);
    let two = numbered(9, &["S|D|25|100|20|900|D", "P|A|25|10|20|910|D"]);
    let history = History { filings: &[], since, counted_in: None };
    let sum_of = |least: &str| rules::evaluate(&rule(&sum(least)), &Subject::new(&two, history));
    let matched = sum_of("2_000").unwrap();
    assert_eq!(matched.sums[0].value_usd.unwrap().plain(), "2000");
    assert!(sum_of("2_001").is_err());
}

#[test]
fn shares_that_only_move_are_found_beside_others_and_added_to_nothing() {
    // To an own trust and to a charity on one day.
    let mixed = ["G|D|24|5000|0|15000|D", "G|D|24|2000|0|13000|D", "G|A|24|5000|0|5000|By Trust"];
    let split_up = [
        "G|D|24|5000|0|15000|D",
        "G|D|24|2000|0|13000|D",
        "G|A|24|4000|0|4000|By Trust",
        "G|A|24|1000|0|1000|By Spouse",
    ];
    for rows in [&mixed[..], &split_up] {
        let alert = alert(&filing(rows), "codes = [\"G\"]");
        let start =
            "DOE JANE (director) gave away 2,000 ACME and moved 5,000 ACME within their holdings, 2 lots, ";
        assert!(alert.text.starts_with(start), "{}", alert.text);
        assert_eq!((said(&alert)["shares"].clone(), alert.opposite.is_none()), (json!("2000"), true));
        let headline = "gave away 2,000 shares and moved 5,000 shares within their holdings";
        let card_headline = card(&alert)["content"].as_str().unwrap().replace("**", "");
        assert!(card_headline.contains(headline), "{card_headline}");
        assert!(mail(&alert).subject.contains(headline), "{}", mail(&alert).subject);
    }
    // What is moved first and then sold is one sale.
    let sold = ["G|D|24|5000|0|5000|D", "G|A|24|5000|0|5000|By Trust", "S|D|25|5000|50|0|By Trust"];
    let alert = alert(&filing(&sold), "codes = [\"G\", \"S\"]");
    let json = said(&alert);
    assert_eq!(
        (&json["shares"], &json["average_price"], &json["direction"]),
        (&json!("5000"), &json!("50"), &json!("disposed"))
    );
    let start =
        "DOE JANE (director) sold 5,000 ACME for $250,000.00 and moved 5,000 ACME within their holdings, ";
    assert!(alert.text.starts_with(start), "{}", alert.text);
    // What passes through one line is moved to no other.
    let through = ["J|D|24|9000|0|0|By Fund", "J|A|24|200|0|200|By GP", "J|D|24|200|0|0|By GP"];
    assert!(filing(&through).lots.iter().all(|lot| !lot.moved));
    // In a digest it is in no total.
    let moved = self::alert(&filing(&["I|D|24|9|50|0|By Plan", "I|A|24|9|50|9|By Trust"]), "codes = [\"I\"]");
    let window = (at("2026-11-26T17:00:00-05:00"), at("2026-11-27T17:30:00-05:00"));
    let digest =
        Digest::new("a", "2026-11-27T17:30".into(), "America/New_York".into(), window, vec![alert, moved]);
    let totals: Vec<String> = digest.totals().iter().map(|total| total.usd.unwrap().to_string()).collect();
    assert_eq!(totals, ["$250,000.00"]);
}

#[test]
fn splits_are_told_by_their_way_in_either_table_and_beside_a_price() {
    let note = "note=Reverse stock split, one for ten.";
    let reverse = ["S|D|23|1000|5|9000|D", &format!("J|D|24|8100|0|900|D|{note}"), "S|D|25|100|50|800|D"];
    let alert_of = |rows: &[&str]| alert(&filing(rows), "");
    let text = alert_of(&reverse).stakes[0].text();
    assert_eq!(text, "10,000 → 800 across a split, down 20%: sold 1,100, has 8,100 fewer by a reverse split");
    let priced = [
        "S|D|23|1000|100|9000|D",
        "J|A|24|9000|50|18000|D|note=Two-for-one stock split.",
        "S|D|25|1000|50|17000|D",
    ];
    let alert = alert_of(&priced);
    assert_eq!((alert.average_price, alert.stake_change.as_deref()), (None, Some("-0.15")));
}

#[test]
fn absurd_totals_are_odd_as_absurd_prices_are() {
    for (rows, code) in [
        (vec!["S|D|25|10||0|D|total=60000000"], Some("value-too-large")),
        (vec!["S|D|25|1000|20|900|D", "S|D|25|900||0|D|total=1800000"], Some("value-too-large")),
        (vec!["S|D|25|1000||0|D|total=0"], Some("zero-price")),
        (vec!["S|D|25|1000|20|900|D", "S|D|25|900||0|D|total=18000"], None),
        (vec!["S|D|25|10||0|D|total=60000000|title=Preferred Stock"], None),
        (vec!["G|D|25|10||0|D|total=0"], None),
    ] {
        let filing = filing(&rows);
        assert_eq!(codes(&filing), code.into_iter().collect::<Vec<_>>(), "{rows:?}");
        assert_eq!(filing.lots.iter().any(|lot| lot.odd_value), code.is_some(), "{rows:?}");
    }
}

#[test]
fn a_direct_holding_that_says_so_is_no_other_line() {
    let rows = ["S|D|24|100|20|900|D", "S|D|24|100|20|800|D"];
    let mut filing = filing(&rows);
    filing.lots[0].line.nature.value = Some("Direct".into());
    let record = FilingRecord::new("a", &filing);
    assert_eq!(record.stakes[0].text(), "1,000 → 800, down 20%: sold 200");
}
