//! Six alerts of foreign companies, as people see them.

use std::fmt::Write as _;

use sellbell::alert::{Alert, Key};
use sellbell::delivery::{Body, Delivery};
use sellbell::destination::Destination;
use sellbell::filing::{AdsRatio, Filing};
use sellbell::render::terminal::{self, Colour};
use sellbell::render::{discord, email};

use super::{Filed, alert, filed, row};
use crate::world::at;

fn seen(alert: &Alert) -> String {
    let mut text = terminal::alert(alert, Colour::Plain);
    let card = serde_json::to_value(discord::alert(alert, &Key::of(&["x"]))).unwrap();
    let embed = &card["embeds"][0];
    writeln!(
        text,
        "Discord: {}\n{}",
        embed["title"].as_str().unwrap(),
        embed["description"].as_str().unwrap()
    )
    .unwrap();
    for field in embed["fields"].as_array().unwrap() {
        writeln!(text, "  {}: {}", field["name"].as_str().unwrap(), field["value"].as_str().unwrap())
            .unwrap();
    }
    let body = Body::Alert(Box::new(alert.clone()));
    let delivery = Delivery::new(Destination::Email("a".into()), body, at("2026-08-20T16:06:00-04:00"));
    let mail = email::email(&delivery, &email::Reader::PLAIN).unwrap();
    writeln!(text, "\nMail: {}\n{}", mail.subject, mail.text).unwrap();
    text
}

fn told(name: &str, symbol: &str, foreign_symbol: &str, rows: &[super::Row]) -> Filing {
    let filed = Filed {
        name: name.into(),
        symbol: symbol.into(),
        foreign_symbol: foreign_symbol.into(),
        ..filed(rows)
    };
    let mut filing = filed.read();
    filing.issuer.listed = vec![symbol.into()];
    filing
}

#[test]
fn two_securities_of_one_company() {
    let rate =
        "The price was translated from New Taiwan dollars, NT$2,215, at the rate of NT$31.650 to US$1.";
    let filing = told(
        "ISLAND SEMICONDUCTOR CO LTD",
        "ISC",
        "2330.TW",
        &[
            row("Common Shares (2330.TW)", "1000", "69.98", "12000").code("P", "A").note("price", rate),
            row("American Depositary Shares (ISC)", "10", "391.8064", "27").code("P", "A"),
            row("American Depositary Shares (ISC)", "7", "400", "34").code("P", "A"),
        ],
    );
    insta::assert_snapshot!(seen(&alert(&filing, "min_value = 1")));
}

#[test]
fn a_price_in_new_taiwan_dollars() {
    let filing = told(
        "STRAIT TECHNOLOGY HOLDING CO",
        "STX",
        "",
        &[row("Ordinary Shares", "3000000", "41.1", "9000000")
            .code("M", "A")
            .note("price", "The option exercise price reflects New Taiwan dollars.")],
    );
    insta::assert_snapshot!(seen(&alert(&filing, "currency = [\"TWD\"]")));
}

#[test]
fn a_price_that_was_converted() {
    let note = "Sold on the Tokyo Stock Exchange at JPY 3,721. The price was converted into US dollars at JPY 148.84 per US$1.00.";
    let filing = told(
        "PACIFIC FINANCIAL GROUP, INC.",
        "PFGI",
        "TYO:8316",
        &[row("Common Stock", "400", "25", "3600").note("price", note)],
    );
    insta::assert_snapshot!(seen(&alert(&filing, "min_value = 1")));
}

#[test]
fn a_ratio_that_another_filing_stated() {
    let mut filing = told(
        "CERRO CEMENT SAB DE CV",
        "CCM",
        "CERRO.CPO",
        &[row("Ordinary Participation Certificates (CERRO.CPO)", "212680", "10.68", "289490")
            .note("price", "Price per ADS.")],
    );
    filing.learn(&AdsRatio {
        shares: 10.into(),
        stated: "F1: \"Each ADS represents 10 Ordinary Participation Certificates.\"".into(),
        learnt_from: "0009990021-26-000002".parse().ok(),
    });
    insta::assert_snapshot!(seen(&alert(&filing, "min_value = 1")));
}

#[test]
fn a_price_of_a_share_or_of_an_ads() {
    let note = "The Class A ordinary shares are held in the form of ADSs. Each ADS represents sixty Class A ordinary shares.";
    let filing = told(
        "LESSONS ONLINE GROUP",
        "LOG",
        "",
        &[row("Class A Ordinary Shares", "60000", "16", "27455280").note("title", note)],
    );
    insta::assert_snapshot!(seen(&alert(&filing, "min_shares = 1")));
}

#[test]
fn a_symbol_of_a_home_market_and_no_word_of_money() {
    let filing = told(
        "BANCO INVENTADO",
        "BIV",
        "",
        &[row("Preference shares - BBDC4", "31266", "17.98", "31266").code("P", "A")],
    );
    insta::assert_snapshot!(seen(&alert(&filing, "min_shares = 1")));
}

#[test]
fn an_alert_that_an_older_version_stored_reads_as_before() {
    let filing = told(
        "ACME CORP",
        "ACME",
        "",
        &[row("Common Stock", "100", "20", "900"), row("Common Stock", "50", "21", "850")],
    );
    let alert = alert(&filing, "min_value = 1");
    let mut stored = serde_json::to_value(&alert).unwrap();
    let of_alert = stored.as_object_mut().unwrap();
    of_alert.remove("securities");
    for lot in of_alert["lots"].as_array_mut().unwrap() {
        let lot = lot.as_object_mut().unwrap();
        for new in [
            "currency",
            "price_in_hundredths",
            "currency_evidence",
            "amount",
            "unit",
            "priced_by",
            "ads_ratio",
            "ads_ratio_evidence",
            "ads_ratio_from",
        ] {
            assert!(lot.remove(new).is_some(), "{new}");
        }
    }
    let of_issuer = of_alert["issuer"].as_object_mut().unwrap();
    of_issuer.retain(|key, _| ["cik", "name", "tickers"].contains(&key.as_str()));
    of_alert["owners"][0].as_object_mut().unwrap().remove("country");
    let read: Alert = serde_json::from_value(stored).unwrap();
    assert_eq!(seen(&read), seen(&alert));
}
