//! The table of real rows: what a correct reader concludes of each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rust_decimal::Decimal;
use sellbell::filing::record::LotRecord;
use sellbell::filing::share_of_holdings;
use sellbell::reader;
use serde_json::Value;

use super::{Filed, filed, row};
use crate::shared::folder;

/// A row of which only title, figures and notes could be had.
fn rebuilt(found: &Value) -> Filed {
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    let code = text("code");
    let direction = if matches!(code, "P" | "M" | "A") { "A" } else { "D" };
    let mut row =
        row(text("security"), text("shares"), text("price"), text("shares_after")).code(code, direction);
    for note in found["footnotes_of_row"].as_object().unwrap().values() {
        row = row.note("price", note.as_str().unwrap());
    }
    Filed { symbol: text("symbol").to_owned(), header: String::new(), ..filed(&[row]) }
}

#[test_with::path("../shared/foreign")]
#[test]
fn every_row_of_the_table_is_concluded_as_it_says() {
    let rows = fs::read_to_string(folder().join("foreign/rows.jsonl")).unwrap();
    let rows: BTreeMap<String, Value> = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| (row["accession"].as_str().unwrap().to_owned(), row))
        .collect();
    let table = fs::read_to_string(folder().join("foreign/expected.tsv")).unwrap();
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in lines {
        let cells: BTreeMap<&str, &str> = names.iter().copied().zip(line.split('\t')).collect();
        let accession = cells["accession"];
        let (filing, lot) = match rows.get(accession) {
            Some(row) => (rebuilt(row).read(), 0),
            None => {
                let found = ["corpus", "corpus-2026"].iter().find_map(|corpus| {
                    let path = |ending| folder().join(format!("{corpus}/{accession}.{ending}"));
                    ["txt", "xml"].into_iter().map(path).find(|path| Path::exists(path))
                });
                let Some(path) = found else { continue };
                (reader::read(&fs::read(path).unwrap()).unwrap(), cells["row"].parse().unwrap())
            }
        };
        checked += 1;
        let record = LotRecord::from(&filing.lots[lot]);
        let stated = cells["value_usd_from_filing"].split(' ').next().unwrap();
        let expected: Option<Decimal> = stated.parse().ok();
        assert!(expected.is_some() || stated == "unknown", "{stated}");
        let value = record.value.map(|value| value.decimal());
        if value != expected && value.zip(expected).is_none_or(|(a, b)| (a - b).abs() >= Decimal::new(2, 2)) {
            wrong.push(format!("{accession} {}: {value:?}, expected {expected:?}", cells["row"]));
        }
        let stated = cells["price_currency"].trim_matches('"').split(' ').next().unwrap();
        let currency = record.pricing.currency.map(|currency| currency.to_string());
        let named =
            ["USD", "TWD", "CAD"].contains(&stated) && !record.price.is_none_or(|price| price.is_zero());
        if named && currency.as_deref() != Some(stated) || stated == "NOT" && currency.is_some() {
            wrong.push(format!("{accession} {}: {currency:?}, expected {stated}", cells["row"]));
        }
        if let Some((_, fraction)) = cells["holdings_share"].split_once(" = ") {
            let fraction: Decimal = fraction.split(' ').next().unwrap().parse().unwrap();
            let found = share_of_holdings(&filing.lots, &[lot]).unwrap().fraction.round_dp(6);
            if found != fraction {
                wrong.push(format!("{accession} {}: {found} of what was held, not {fraction}", cells["row"]));
            }
        }
    }
    assert!(checked >= 36, "only {checked} rows were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
