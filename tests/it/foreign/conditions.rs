//! Conditions on currencies, securities and companies; warnings on counts.

use sellbell::filing::record::FilingRecord;
use sellbell::rules::Truth;
use serde_json::{Value, json};

use super::{CALIFORNIAN, Filed, TAIWANESE, alert, explained, filed, row};
use crate::sums::alert_after;

fn holds(filed: &Filed, conditions: &str) -> Truth {
    explained(&filed.read(), conditions).holds
}

fn codes(filed: &Filed) -> Vec<String> {
    filed.read().warnings.into_iter().map(|warning| warning.code).collect()
}

#[test]
fn no_condition_in_dollars_holds_for_another_currency_and_explain_says_why() {
    let taiwanese = filed(&[row("Ordinary Shares", "3000000", "41.1", "9000000")
        .note("price", "The price is in New Taiwan dollars.")]);
    for conditions in
        ["min_value = 1", "max_value = 999_999_999_999", "min_price = 1", "max_price = 1_000_000"]
    {
        assert_eq!(holds(&taiwanese, conditions), Truth::Unknown, "{conditions}");
    }
    for (conditions, expected) in [
        ("currency = [\"TWD\"]", Truth::Yes),
        ("currency = [\"USD\", \"twd\"]", Truth::Yes),
        ("currency = [\"USD\"]", Truth::No),
        ("currency = [\"TWD\"]\nmin_shares = 3_000_000", Truth::Yes),
        ("when = \"currency == 'TWD' and securities[0].amount > 123000000 and value is none\"", Truth::Yes),
    ] {
        assert_eq!(holds(&taiwanese, conditions), expected, "{conditions}");
    }
    let found = explained(&taiwanese.read(), "min_value = 1").findings.into_iter();
    let found = found.filter(|finding| finding.condition == "min_value").map(|finding| finding.found);
    assert_eq!(found.collect::<Vec<_>>(), ["unknown, NT$123,300,000.00 is not in dollars"]);
    let told = alert(&taiwanese.read(), "currency = [\"TWD\"]");
    assert_eq!((told.value_usd, told.value_is_at_least, told.average_price), (None, true, None));
    assert!(told.text.contains("sold 3,000,000 INVT for NT$123,300,000.00 at NT$41.10, "), "{}", told.text);
    let unknown = filed(&[row("Preference shares - BBDC4", "100", "17.98", "")]);
    assert_eq!(holds(&unknown, "currency = [\"USD\"]"), Truth::Unknown);
    let free =
        filed(&[row("Ordinary Shares", "100", "0", "").code("M", "A").note("price", "In Canadian dollars.")]);
    assert_eq!(
        free.read().lots[0].value().map(|value| value.plain()),
        Some("0".into()),
        "nothing is nothing"
    );
}

#[test]
fn a_trade_of_two_securities_is_told_in_two_lines_and_one_sum() {
    let two = filed(&[
        row("Common Shares (2330.TW)", "1000", "70", "5000")
            .note("price", "Translated from NT$2,215.5 at NT$31.65 to US$1."),
        row("American Depositary Shares", "10", "391.8064", "30"),
        row("American Depositary Shares", "7", "400", "23"),
    ]);
    let told = alert(&two.read(), "min_value = 76_000");
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(
        (&json["shares"], &json["average_price"], &json["value_usd"]),
        (&Value::Null, &Value::Null, &json!("76718.064"))
    );
    let each: Vec<Value> = json["securities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|security| {
            json!([
                security["security"],
                security["unit"],
                security["shares"],
                security["value_usd"],
                security["direction"]
            ])
        })
        .collect();
    assert_eq!(
        each,
        [
            json!(["Common Shares (2330.TW)", "share", "1000", "70000", "disposed"]),
            json!(["American Depositary Shares", "ads", "17", "6718.064", "disposed"]),
        ]
    );
    for (conditions, expected) in [
        ("min_shares = 1_000", Truth::Yes),
        ("min_shares = 1_001", Truth::No),
        ("min_value = 76_718", Truth::Yes),
        ("min_value = 76_719", Truth::No),
        ("securities = [\"American Depositary Shares\"]\nmin_shares = 17", Truth::Yes),
    ] {
        assert_eq!(holds(&two, conditions), expected, "{conditions}");
    }
    assert!(
        told.text.contains(
            "sold 2 securities of INVT for $76,718.06 (Common Shares (2330.TW): 1,000 at $70.00, $70,000.00; \
        American Depositary Shares: 17 ADS at $395.18 per ADS, $6,718.06), 3 lots"
        ),
        "{}",
        told.text
    );
}

#[test]
fn what_the_header_says_of_the_company_is_kept_and_asked_for() {
    let abroad = Filed { foreign_symbol: "2330.TW".into(), ..filed(&[row("Common Shares", "10", "5", "")]) };
    let home = Filed { header: CALIFORNIAN.into(), ..filed(&[row("Common Stock", "10", "5", "")]) };
    let bare = Filed { header: String::new(), ..home.clone() };
    for (conditions, of_abroad, of_home, of_bare) in [
        ("sic = [\"3674\"]", Truth::Yes, Truth::No, Truth::Unknown),
        ("sic = [\"73\"]", Truth::No, Truth::Yes, Truth::Unknown),
        ("sector = [\"Semiconductors\"]", Truth::Yes, Truth::No, Truth::Unknown),
        ("sector = [\"prepackaged software\"]", Truth::No, Truth::Yes, Truth::Unknown),
        ("country = [\"Taiwan\"]", Truth::Yes, Truth::No, Truth::Unknown),
        ("country = [\"TW\"]", Truth::Yes, Truth::No, Truth::Unknown),
        ("country = [\"cayman islands\", \"Delaware\"]", Truth::Yes, Truth::Yes, Truth::Unknown),
        ("country = [\"USA\"]", Truth::No, Truth::Yes, Truth::Unknown),
        ("country = [\"US\", \"UK\"]", Truth::No, Truth::Yes, Truth::Unknown),
        ("foreign = true", Truth::Yes, Truth::No, Truth::Unknown),
        ("foreign = false", Truth::No, Truth::Yes, Truth::Unknown),
        ("not = { country = [\"China\"] }", Truth::Yes, Truth::Yes, Truth::Unknown),
    ] {
        let found = [&abroad, &home, &bare].map(|filed| holds(filed, conditions));
        assert_eq!(found, [of_abroad, of_home, of_bare], "{conditions}");
    }
    let record = serde_json::to_value(FilingRecord::new("a", &abroad.read())).unwrap();
    assert_eq!(
        record["issuer"],
        json!({
            "cik": 990_021, "name": "Invented Technology Co., Ltd.", "symbol": "INVT", "foreign_symbol": "2330.TW", "foreign": true,
            "sic": "3674", "sector": "SEMICONDUCTORS & RELATED DEVICES", "incorporated_in": "Cayman Islands", "located_in": "Taiwan",
            "country": "TW", "fiscal_year_end": "12-31", "ein": null,
        })
    );
    let address = &record["owners"][0]["address"];
    assert_eq!(
        (&address["outside_us"], &address["country"], &address["state_territory"]),
        (&json!(true), &json!("F5"), &json!("TAIWAN"))
    );
    let told = serde_json::to_value(alert(&home.read(), "min_value = 1")).unwrap();
    assert_eq!(
        (&told["issuer"]["ein"], &told["issuer"]["fiscal_year_end"]),
        (&json!("770534145"), &json!("01-31"))
    );
    assert_eq!(told["owners"][0]["country"], "TW");
    assert_eq!(TAIWANESE.matches("PROVINCE COUNTRY").count(), 1);
}

#[test]
fn a_mistyped_country_or_currency_is_a_mistake_of_the_rule() {
    for (conditions, help) in [
        ("country = [\"Taiwann\"]", "did you mean `Taiwan`?"),
        ("currency = [\"dollars\"]", "a code of ISO 4217"),
        ("sic = [\"software\"]", "four digits"),
    ] {
        let text = format!("[[rule]]\nname = \"a\"\n{conditions}\n");
        let source = sellbell::problem::Source { file: "a", text: &text };
        let error = sellbell::rules::load_slice([source], &|_| true, &[]).unwrap_err().to_string();
        assert!(error.contains(help), "{error}");
    }
}

#[test]
fn numbers_of_another_locale_are_flagged_with_both_readings() {
    let moved =
        filed(&[row("Common Shares", "1000", "5", "125218"), row("Common Shares", "36.000", "5", "89218")]);
    let read = moved.read();
    assert_eq!(read.lots[1].shares.value.unwrap().plain(), "36", "nothing is repaired");
    assert!(read.lots[1].odd_value && !read.lots[0].odd_value);
    let said: Vec<&str> = read.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(said.contains(&"the number is written `36.000`: it may be 36 or 36,000"), "{said:?}");
    assert!(
        said.iter().any(|said| said.ends_with("125,218 before and 89,218 after: it may be 36 or 36,000")),
        "{said:?}"
    );
    // Both are odd: neither is in a headline.
    assert!(!alert(&read, "min_shares = 1").text.contains('$'));
    for (shares, after, note, expected) in [
        ("36000", "89218", "", vec![]),
        ("3600", "89218", "", vec!["count-off-by-ten"]),
        ("36000.00", "89218", "", vec![]),
        ("35000", "89218", "", vec!["count-against-holdings"]),
        ("35000", "89218", "Includes 1,000 shares that were given away.", vec![]),
    ] {
        let mut second = row("Common Shares", shares, "5", after);
        if !note.is_empty() {
            second = second.note("after", note);
        }
        let filed = filed(&[row("Common Shares", "1000", "5", "125218"), second]);
        assert_eq!(codes(&filed), expected, "{shares} {after} {note}");
    }
}

#[test]
fn an_equity_linked_note_is_principal() {
    let note = filed(&[row("Equity Linked Notes", "150000", "", "0")]).read();
    assert_eq!(note.lots[0].principal().map(|principal| principal.plain()), Some("150000".into()));
}

#[test]
fn a_share_of_holdings_is_of_one_security() {
    let two = filed(&[
        row("Ordinary Shares", "1000", "5", "9000"),
        row("American Depositary Shares", "50", "50", "50"),
    ]);
    for (conditions, expected) in [
        ("min_share_of_holdings = \"50%\"", Truth::Yes),
        ("min_share_of_holdings = \"51%\"", Truth::No),
        ("securities = [\"Ordinary\"]\nmin_share_of_holdings = \"11%\"", Truth::No),
    ] {
        assert_eq!(holds(&two, conditions), expected, "{conditions}");
    }
    let told = alert(&two.read(), "min_value = 1");
    assert_eq!(told.share_of_holdings, None, "shares and ADS are not added");
    let each: Vec<Option<&str>> = told.holdings.iter().map(|line| line.share.as_deref()).collect();
    assert_eq!(each, [Some("0.1"), Some("0.5")]);
}

#[test]
fn one_security_in_two_currencies_has_one_number_and_an_amount_in_each() {
    let mixed = filed(&[
        row("Common Shares", "100", "50", "900"),
        row("Common Shares, no par value", "100", "52", "800").note("price", "In Canadian dollars."),
    ]);
    let told = alert(&mixed.read(), "min_value = 5_000");
    let json = serde_json::to_value(&told).unwrap();
    let [only] = json["securities"].as_array().unwrap().as_slice() else { panic!("{}", told.text) };
    assert_eq!(
        (&only["shares"], &only["currency"], &only["average_price"]),
        (&json!("200"), &Value::Null, &Value::Null)
    );
    let amounts = json!([{ "currency": "USD", "amount": "5000" }, { "currency": "CAD", "amount": "5200" }]);
    assert_eq!((&only["amounts"], &only["amounts_are_at_least"]), (&amounts, &json!(false)));
    assert_eq!((&json["value_usd"], &json["value_is_at_least"]), (&json!("5000"), &json!(true)));
    assert!(told.text.contains("sold 200 INVT for $5,000.00 and C$5,200.00"), "{}", told.text);
    assert_eq!(holds(&mixed, "min_shares = 200"), Truth::Yes);
    assert_eq!(holds(&mixed, "min_value = 5_001"), Truth::Unknown);
}

#[test]
fn a_sum_of_ads_counts_ads() {
    let sold = filed(&[row("American Depositary Shares", "17", "400", "23")]).read();
    let told = alert_after("cumulative = { within = \"30d\", min_value = 1_000 }", &[], &sold).unwrap();
    assert!(told.sums[0].text().starts_with("$6,800.00 and 17 ADS within 30 days"), "{}", told.text);
}

#[test]
fn a_par_value_makes_no_other_security_of_a_sum() {
    let sold = filed(&[
        row("Common Stock", "100", "20", "900"),
        row("Common Stock, par value $0.01", "50", "20", "850"),
    ]);
    let told =
        alert_after("cumulative = { within = \"30d\", min_value = 1_000 }", &[], &sold.read()).unwrap();
    assert!(told.sums[0].text().starts_with("$3,000.00 and 150 shares within 30 days"), "{}", told.text);
}
