//! Every filing of the corpus agrees with what an independent reader found in it.

use std::fs;

use sellbell::filing::record::FilingRecord;
use sellbell::reader;
use serde_json::Value;

use crate::shared;

#[test]
fn every_key_of_every_filing_agrees_with_the_facts() {
    let Some(folder) = shared::folder() else { return };
    let facts = fs::read_to_string(folder.join("corpus-facts.jsonl")).unwrap();
    let mut differences = Vec::new();
    let mut files = 0;
    for line in facts.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let name = expected["file"].as_str().unwrap();
        let bytes = fs::read(folder.join("corpus").join(name)).unwrap();
        files += 1;
        match reader::read(&bytes) {
            Ok(filing) => {
                let actual = serde_json::to_value(FilingRecord::new(name, &filing)).unwrap();
                compare(name, &expected, &actual, &mut differences);
            }
            Err(error) => differences.push(format!("{name}: {error}")),
        }
    }
    assert_eq!(files, 3512);
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// Every key of `expected` is in `actual` with the same value; `holdings` and `footnotes` of a filing are counts.
fn compare(path: &str, expected: &Value, actual: &Value, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(keys), Value::Object(_)) => {
            for (key, value) in keys {
                compare(&format!("{path}/{key}"), value, &actual[key], differences);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (i, (item, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{path}[{i}]"), item, other, differences);
            }
        }
        (Value::Number(count), Value::Array(items)) if count.as_u64() == Some(items.len() as u64) => {}
        (Value::Number(count), Value::Object(keys)) if count.as_u64() == Some(keys.len() as u64) => {}
        (expected, actual) if expected == actual => {}
        (expected, actual) => differences.push(format!("{path}: expected {expected}, found {actual}")),
    }
}
