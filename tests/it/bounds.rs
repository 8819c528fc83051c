//! What a filing holds in masses: texts of errors stay short, and time grows with size.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use sellbell::edgar::{company, feed, index, tickers};
use sellbell::filing::record::FilingRecord;
use sellbell::reader;
use sellbell::store::Standing;

use crate::search::Searched as _;
use crate::world::{World, at, reopened, small_sale};

/// As much as nothing that is said of one filing may exceed.
const SHORT: usize = 600;
const HUGE: usize = 6 * 1024 * 1024;

const ACCESSION: &str = "0000000007-21-000001";

/// A submission with something else where its document has `<schemaVersion>X0508</schemaVersion>`.
fn with(content: &str) -> Vec<u8> {
    let body = small_sale(ACCESSION, 70, "2021-08-24T17:12:09-04:00").body;
    let body = String::from_utf8(body).unwrap();
    body.replacen("<schemaVersion>X0508</schemaVersion>", content, 1).into_bytes()
}

/// Submissions of some megabytes that cannot be read, or hardly.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let long = "a".repeat(HUGE);
    let rows = "<nonDerivativeTransaction><transactionAmounts><transactionShares><value>x1</value>\
        </transactionShares></transactionAmounts></nonDerivativeTransaction>";
    let many = |n: usize, row: &str| format!("<nonDerivativeTable>{}</nonDerivativeTable>", row.repeat(n));
    let numbered: String = (0..400_000).map(|n| format!("<e{n}/>")).collect();
    vec![
        ("an element's name that is not closed", with(&format!("<{long}></b>"))),
        ("an end that has no beginning", with(&format!("</{long}>"))),
        ("an unknown element", with(&format!("<{long}/>"))),
        (
            "an element in the issuer's place",
            with(&format!("<issuer><issuerCik>{long}</issuerCik></issuer>")),
        ),
        ("an attribute", with(&format!("<footnotes><footnote id=\"{long}\">x</footnote></footnotes>"))),
        (
            "attributes",
            with(&format!("<footnotes><footnote {}>x</footnote></footnotes>", "id=\"1\" ".repeat(900_000))),
        ),
        ("an attribute without end", with(&format!("<footnotes><footnote id=\"{long}"))),
        ("a value", with(&format!("<dateOfOriginalSubmission>{long}</dateOfOriginalSubmission>"))),
        ("a form", with(&format!("<documentType>{long}</documentType>"))),
        ("a reference", with(&format!("<remarks>&#{long};</remarks>"))),
        ("an entity", with(&format!("<remarks>&{long};</remarks>"))),
        ("a comment without end", with(&format!("<!--{long}"))),
        ("an instruction without end", with(&format!("<?{long}"))),
        ("unknown elements", with(&numbered)),
        ("the same unknown element", with(&"<abc/>".repeat(1_000_000))),
        ("elements within each other", with(&"<a>".repeat(2_000_000))),
        ("bad numbers", with(&many(40_000, rows))),
        ("as many bad numbers as are read", with(&many(900, rows))),
        ("bad flags", with(&format!("<aff10b5One>{long}</aff10b5One>"))),
    ]
}

/// The longest text in a JSON value.
fn longest(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(all) => all.iter().map(longest).max().unwrap_or(0),
        serde_json::Value::Object(all) => all.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn an_error_or_warning_of_a_huge_filing_is_short() {
    for (name, bytes) in malformed() {
        match reader::read(&bytes) {
            Err(error) => assert!(error.to_string().len() <= SHORT, "{name}: {}", error.to_string().len()),
            Ok(filing) => {
                assert!(filing.warnings.len() <= 120, "{name}: {} warnings", filing.warnings.len());
                let record = FilingRecord::new("x", &filing);
                let warnings = serde_json::to_value(&filing.warnings).unwrap();
                assert!(longest(&warnings) <= SHORT, "{name}: {}", longest(&warnings));
                // What is read is bounded, too.
                let json = serde_json::to_string(&record).unwrap();
                assert!(json.len() < 2_000_000, "{name}: {}", json.len());
            }
        }
    }
}

#[test]
fn show_says_what_is_wrong_with_a_huge_filing_in_a_few_lines() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in malformed().into_iter().step_by(3) {
        fs::write(dir.path().join("f.txt"), &bytes).unwrap();
        for args in [&["show", "f.txt"][..], &["show", "--json", "f.txt"]] {
            let output =
                Command::cargo_bin("sellbell").unwrap().current_dir(&dir).env_clear().args(args).output();
            let output = output.unwrap();
            let said = output.stdout.len() + output.stderr.len();
            assert!(said > 0 && said < 8_000, "{name} {args:?}: {said} bytes");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_keeps_and_reports_little_of_huge_filings() {
    let rules = "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"jsonl\"]\n";
    let world = World::new().await;
    let app = world.app(rules, Some("2021-08-24T00:00:00-04:00"));
    let cases: Vec<_> = malformed().into_iter().filter(|(_, bytes)| reader::read(bytes).is_err()).collect();
    assert!(cases.len() >= 5);
    let mut count = 0;
    for (n, (_, bytes)) in cases.into_iter().enumerate().take(3) {
        let accession: &'static str = Box::leak(format!("0000000007-21-{:06}", n + 1).into_boxed_str());
        let mut huge = small_sale(accession, 70, "2021-08-24T17:12:09-04:00");
        huge.body = String::from_utf8(bytes).unwrap().replace(ACCESSION, accession).into_bytes();
        world.edgar.publish(&huge);
        count += 1;
    }
    let mut unreadable = 0;
    for minute in 13..40 {
        let report = app.intake.poll_once(at(&format!("2021-08-24T17:{minute}:00-04:00"))).await.unwrap();
        unreadable += report.unreadable;
    }
    assert_eq!(unreadable, count);
    world.edgar.take_fetched();
    world.close(app);
    let store = reopened(&world.path("store"));
    for one in store.quarantined(100).await.unwrap() {
        assert!(one.reason.len() <= SHORT, "{}", one.reason.len());
        assert_eq!(store.standing(one.filing.accession).await.unwrap(), Standing::Unreadable);
    }
    drop(store);
    world.take_output();
    world.finish().await;
}

#[test]
fn what_is_said_of_lists_that_cannot_be_read_is_short() {
    let long = "a".repeat(HUGE);
    let feed_of = |entry: &str| format!("<?xml version=\"1.0\"?><feed>{entry}</feed>").into_bytes();
    let entry = "<entry><id>accession-number=0000000007-21-000001</id><updated>2021-08-24T17:12:09-04:00</updated>\
        <title>4 - X (0000000070) (Issuer)</title><category term=\"T\"/></entry>";
    let feeds = [
        format!("<{long}></b>"),
        format!("<entry><id>{long}</id></entry>"),
        entry.replace("2021-08-24T17:12:09-04:00", &long),
        entry.replace("0000000007-21-000001", &long),
        format!("<entry><title>&{long};</title></entry>"),
        entry.replace("term=\"T\"", &format!("term=\"{long}\"")),
    ];
    for feed_text in feeds {
        match feed::read(&feed_of(&feed_text)) {
            Err(error) => assert!(error.to_string().len() <= SHORT),
            Ok(page) => {
                assert!(page.unreadable.iter().all(|reason| reason.len() <= SHORT));
                assert!(page.entries.iter().all(|entry| entry.form.len() <= SHORT));
            }
        }
    }
    for json in [
        format!("{{\"0\":\"{long}\"}}"),
        format!("{{\"0\":{{\"cik_str\":{{\"{long}\":1}},\"ticker\":\"A\"}}}}"),
        format!("{{\"0\":{{\"ticker\":[\"{long}\"]}}}}"),
        format!("\"{long}\""),
    ] {
        assert!(tickers::Tickers::read(json.as_bytes()).unwrap_err().to_string().len() <= SHORT);
    }
    let columns = |accession: &str, filed: &str| {
        format!("{{\"accessionNumber\":[\"{accession}\"],\"filingDate\":[\"{filed}\"],\"form\":[\"4\"]}}")
    };
    for json in [
        columns(&long, "2021-08-24"),
        columns(ACCESSION, &long),
        format!(
            "{{\"filings\":{{\"recent\":{},\"files\":[{{\"name\":\"{long}\"}}]}}}}",
            columns(ACCESSION, "2021-08-24")
        ),
        format!("\"{long}\""),
    ] {
        assert!(company::read(json.as_bytes()).unwrap_err().to_string().len() <= SHORT);
    }
    assert!(index::read(format!("{long}\n").as_bytes()).unwrap_err().to_string().len() <= SHORT);
    let lines = format!("{long}\n").repeat(3) + &"x\n".repeat(100_000);
    let head = "CIK|Company Name|Form Type|Date Filed|File Name\n";
    let index = index::read(format!("{head}{lines}").as_bytes()).unwrap();
    assert!(index.unreadable.len() <= 20 && index.unreadable.iter().all(|line| line.len() <= SHORT));
}

#[test]
fn what_is_said_of_settings_and_rules_is_short() {
    let long = "a".repeat(HUGE / 6);
    let dir = tempfile::tempdir().unwrap();
    for text in [
        format!("[[rule]]\n{long} = 1\n"),
        format!("[[rule]]\nname = \"{long}\"\n{long}\n"),
        format!("[[rule]]\nname = \"a\"\ncodes = [\"{long}\"]\nnotify = [\"{long}\"]\n"),
        long.clone(),
        format!(
            "[[rule]]\nname = \"a\"\nnotify = [\"jsonl\"]\n{}",
            (0..9_000).map(|n| format!("k{n}=1\n")).collect::<String>()
        ),
    ] {
        fs::write(dir.path().join("rules.toml"), &text).unwrap();
        let error = sellbell::rules::load_path(&dir.path().join("rules.toml"), &|_| true, &[]).unwrap_err();
        assert!(error.to_string().len() < 120_000, "{}", error.to_string().len());
        let first = error.to_string().lines().next().unwrap().len();
        assert!(first < 3_500, "{first}");
    }
}

/// Notes that each speak of plans, prices and purposes, and rows that refer to them.
fn noted(notes: usize, bytes: usize, rows: usize, tied: bool) -> String {
    let words = "Sold at prices ranging from $1.00 to $2.00, pursuant to a Rule 10b5-1 plan adopted on May 1, 2022, \
        to cover taxes. The purchase was reported on this Form 4. ";
    let note = words.repeat(bytes / words.len() + 1);
    let note = &note[..bytes];
    let footnotes: String = (0..notes).map(|n| format!("<footnote id=\"F{n}\">{note}</footnote>")).collect();
    let ids: String =
        (0..if tied { 90.min(notes) } else { 0 }).map(|n| format!("<footnoteId id=\"F{n}\"/>")).collect();
    let row = format!(
        "<nonDerivativeTransaction><transactionDate><value>2023-05-01</value></transactionDate><transactionCoding>\
         <transactionCode>S</transactionCode></transactionCoding><transactionAmounts><transactionPricePerShare>\
         <value>1.5</value>{ids}</transactionPricePerShare></transactionAmounts></nonDerivativeTransaction>"
    );
    format!(
        "<ownershipDocument><documentType>4</documentType><issuer><issuerCik>1</issuerCik></issuer><reportingOwner>\
         <reportingOwnerId><rptOwnerCik>2</rptOwnerCik></reportingOwnerId></reportingOwner><nonDerivativeTable>{}\
         </nonDerivativeTable><footnotes>{footnotes}</footnotes></ownershipDocument>",
        row.repeat(rows)
    )
}

/// Each row once looked through all notes, and each note was read whole.
#[test]
fn masses_of_notes_and_rows_are_read_soon_and_what_is_not_read_is_said() {
    for (notes, bytes, rows, tied) in [
        (1_000, 10_000, 1, false),
        (1_000, 10_000, 1_000, false),
        (1_000, 2_000, 1_000, true),
        (40, 90_000, 3, false),
    ] {
        let filing = reader::read(noted(notes, bytes, rows, tied).as_bytes()).unwrap();
        assert_eq!(filing.lots.len(), rows);
        let said =
            filing.warnings.iter().filter(|warning| warning.code == "too-long" && warning.at == "footnotes");
        assert_eq!(said.count(), 1, "{notes} notes of {bytes}");
        assert!(filing.lots.iter().all(|lot| lot.actual_prices.is_some() == tied || !tied));
    }
    // As many as EDGAR takes are read whole.
    let filing = reader::read(noted(99, 1_000, 30, true).as_bytes()).unwrap();
    assert!(!filing.warnings.iter().any(|warning| warning.code == "too-long"), "{:?}", filing.warnings);
}

#[test]
fn what_never_ends_is_refused_by_its_kind() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe.txt");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for (name, device) in [("zero.txt", "/dev/zero"), ("null.zip", "/dev/null")] {
        std::os::unix::fs::symlink(device, dir.path().join(name)).unwrap();
    }
    fs::write(
        dir.path().join("rules.toml"),
        "[[rule]]\nname = \"a\"\nmin_value = 1\nnotify = [\"terminal\"]\n",
    )
    .unwrap();
    for file in ["pipe.txt", "zero.txt", "null.zip"] {
        for args in [
            &["show", file][..],
            &["show", "--json", file],
            &["explain", "--rules", "rules.toml", file],
            &["backtest", "--rules", "rules.toml", file],
            &["replay", file],
        ] {
            let mut command = Command::cargo_bin("sellbell").unwrap();
            let output =
                command.current_dir(&dir).env_clear().args(args).timeout(std::time::Duration::from_secs(30));
            let output = output.output().unwrap().searched();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
            assert!(said.contains("a pipe, a device or a socket"), "{args:?}: {said}");
        }
    }
    assert!(!Path::new(&dir.path().join("store")).exists());
}
