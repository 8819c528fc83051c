//! The program as a user runs it.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use crate::search::Searched as _;
use crate::shared;
use crate::world::QUALYS;
use sellbell::edgar::tickers::Tickers;
use sellbell::store::Store;

fn sellbell(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("sellbell").unwrap();
    command.current_dir(dir).env_clear().args(args).output().unwrap().searched()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_demo_rings_for_qualys_and_tells_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let first = sellbell(dir.path(), &["demo"]);
    let said = text(&first.stdout);
    assert!(first.status.success(), "{}", text(&first.stderr));
    for part in [
        "[QLYS] QUALYS, INC.",
        "Philippe Courtot Family Trust",
        "24,133 shares",
        "$2,661,359.10, average $110.28 (2 lots on 2 days)",
        "13 filings were new, 7 matched rules, 11 alerts were delivered.",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    for ending in [".eml", ".html", ".json"] {
        let file = said.lines().find(|line| line.ends_with(ending)).unwrap();
        let (_, path) = file.rsplit_once(": ").unwrap();
        assert!(dir.path().join(path).is_file(), "{path}");
    }
    let again = sellbell(dir.path(), &["demo"]);
    assert!(again.status.success());
    assert!(text(&again.stdout).contains("Nothing is new"), "{}", text(&again.stdout));
    assert!(!text(&again.stdout).contains("[QLYS]"));
}

#[test]
fn without_a_contact_it_does_not_go_live_and_says_what_to_set() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(
        dir.path().join("rules/a.toml"),
        "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\nnotify = [\"terminal\"]\n",
    )
    .unwrap();
    let refused = sellbell(dir.path(), &["run", "--once"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("contact = \"Your Name you@example.org\" under [edgar]"), "{said}");
    assert!(said.contains("SELLBELL_EDGAR__CONTACT"), "{said}");
    assert!(!dir.path().join("sellbell-data").exists(), "nothing was begun");
}

#[test]
fn check_tells_every_mistake_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(
        dir.path().join("rules/a.toml"),
        "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\nnotify = [\"email:me\"]\n",
    )
    .unwrap();
    fs::write(dir.path().join("rules/b.toml"), "[[rule]]\nname = \"a\"\n").unwrap();
    let checked = sellbell(dir.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    insta::assert_snapshot!("check", text(&checked.stderr));
    fs::remove_file(dir.path().join("rules/b.toml")).unwrap();
    fs::write(
        dir.path().join("s.toml"),
        "[[email.recipient]]\nname = \"me\"\naddress = \"me@example.org\"\n",
    )
    .unwrap();
    let checked = sellbell(dir.path(), &["check", "--config", "s.toml"]);
    assert_eq!((checked.status.code(), text(&checked.stdout).as_str()), (Some(0), "rules: 1 rule (a)\n"));
}

#[test]
fn check_reads_the_rules_also_where_the_settings_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("s.toml"), "[edgar]\nspeed = 1\n").unwrap();
    fs::write(dir.path().join("one.toml"), "[[rule]]\nname = \"a\"\nnotify = [\"email:me\"]\n").unwrap();
    let checked = sellbell(dir.path(), &["check", "--config", "s.toml", "one.toml"]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stderr);
    assert!(
        said.contains("[edgar] has no key `speed`") && said.contains("rule `a` has no condition"),
        "{said}"
    );
    assert!(!said.contains("email:me"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_disturbs_only_where_it_is_ours() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.toml"), "[[rule]]\nname = \"a\"\nciks = [1]\n").unwrap();
    let run = |name: &str| {
        let mut command = Command::cargo_bin("sellbell").unwrap();
        command
            .current_dir(dir.path())
            .env_clear()
            .env(name, odd)
            .args(["check", "a.toml"])
            .output()
            .unwrap()
            .searched()
    };
    assert!(run("FOO").status.success());
    let refused = run("SELLBELL_STORE__DIR");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("SELLBELL_STORE__DIR is not UTF-8"), "{}", text(&refused.stderr));
}

#[test]
fn wrong_usage_is_status_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["ring"][..], &["show"], &["run", "--since", "soon"], &[]] {
        assert_eq!(sellbell(dir.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn show_tells_what_a_filing_says_and_goes_on_after_one_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("broken.xml"), "<?xml version=\"1.0\"?>\n<ownershipDocument>\n<issuer>")
        .unwrap();
    fs::write(dir.path().join("block.txt"), "<!DOCTYPE html><html>blocked</html>").unwrap();
    fs::write(dir.path().join("qualys.txt"), QUALYS).unwrap();
    let files = ["broken.xml", "missing.txt", "block.txt", "qualys.txt"];
    let shown = sellbell(dir.path(), &[&["show", "--json"], &files[..]].concat());
    assert_eq!(shown.status.code(), Some(1));
    let lines: Vec<Value> =
        text(&shown.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["error"]["kind"], "not-well-formed");
    assert_eq!(lines[0]["error"]["where"], "line 3, column 9");
    assert_eq!(
        (&lines[1]["error"]["kind"], &lines[2]["error"]["kind"]),
        (&"io".into(), &"not-a-filing".into())
    );
    assert_eq!(lines[3]["transactions"][0]["value"], "2551984.1127");
    assert_eq!(lines[3]["accepted_at"], "2021-08-24T21:12:09Z");

    let shown = sellbell(dir.path(), &["show", "qualys.txt"]);
    assert!(shown.status.success());
    insta::assert_snapshot!(text(&shown.stdout));
}

#[test_with::path("../shared/corpus")]
#[test]
fn show_agrees_with_the_facts_in_every_key_of_every_filing() {
    let folder = shared::folder();
    let facts = fs::read_to_string(folder.join("corpus-facts.jsonl")).unwrap();
    let facts: Vec<Value> = facts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = facts.iter().map(|fact| fact["file"].as_str().unwrap()).collect();
    let shown = sellbell(&folder.join("corpus"), &[&["show", "--json"], &names[..]].concat());
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    let records: Vec<Value> =
        text(&shown.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((facts.len(), records.len()), (3512, 3512));
    let mut differences = Vec::new();
    for (fact, record) in facts.iter().zip(&records) {
        compare(fact["file"].as_str().unwrap(), fact, record, &mut differences);
    }
    let first: Vec<&String> = differences.iter().take(20).collect();
    assert!(differences.is_empty(), "{} differences: {first:#?}", differences.len());
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

#[test]
fn explain_tells_every_condition_and_what_comes_next() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(
        dir.path().join("rules/a.toml"),
        "[[rule]]\nname = \"rings\"\ntickers = [\"QLYS\"]\nany = [{ roles = [\"ceo\"] }, { min_value = 2_000_000 }]\n\
         notify = [\"terminal\"]\n\
         [[rule]]\nname = \"small\"\nmin_value = 5_000_000\n\
         [[rule]]\nname = \"first\"\nfirst_in = \"1y\"\n",
    )
    .unwrap();
    let told = sellbell(dir.path(), &["explain", "0009900001-21-000001"]);
    assert!(told.status.success(), "{}", text(&told.stderr));
    insta::assert_snapshot!("explain", text(&told.stdout));
    let json = sellbell(dir.path(), &["explain", "--json", "--rule", "small", "0009900001-21-000001"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["rules"][0]["outcome"], "no alert, because of min_value");
    assert_eq!(json["rules"][0]["findings"][2]["found"], "$2,661,359.1015");
    let wrong = sellbell(dir.path(), &["explain", "--rule", "smal", "0009900001-21-000001"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("there is no rule `smal`; there are rings, small, first"));
    let nothing = sellbell(dir.path(), &["explain", "nothing.txt"]);
    assert!(text(&nothing.stderr).contains("neither an accession"), "{}", text(&nothing.stderr));
}

#[test]
fn explain_knows_what_the_bot_sent() {
    let dir = tempfile::tempdir().unwrap();
    assert!(sellbell(dir.path(), &["demo"]).status.success());
    let settings = "[store]\ndir = \"sellbell-demo/store\"\n[[discord.channel]]\nname = \"alerts\"\nwebhook = true\n\
                    [[email.recipient]]\nname = \"desk\"\naddress = \"desk@localhost\"\n";
    fs::write(dir.path().join("s.toml"), settings).unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/replay/bundled/rules.toml");
    let args = ["explain", "--config", "s.toml", "--rules", rules.to_str().unwrap(), "0009900001-21-000001"];
    let told = sellbell(dir.path(), &args);
    let said = text(&told.stdout);
    assert!(told.status.success(), "{}", text(&told.stderr));
    for destination in ["terminal", "discord:alerts", "email:desk"] {
        assert!(said.contains(&format!("{destination}: was sent 20")), "{said}");
    }
    assert!(said.contains("(when the bot read it, it sent an alert)"), "{said}");
    assert!(said.contains("no alert, because of min_value (when the bot read it, it sent none)"), "{said}");
}

#[test]
fn check_runs_the_tests_of_the_rules() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules/filing.txt"), QUALYS).unwrap();
    let rule = |tests: &str| {
        format!(
            "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\nmin_value = 2_000_000\nfirst_in = \"1y\"\ncooldown = \"1d\"\n{tests}"
        )
    };
    let test = |text: &str| format!("[[rule.test]]\nfiling = \"filing.txt\"\n{text}\n");
    let good = test("alerts = true\nvalue = \"2661359.1015\"\nshares = 24_133")
        + "[[rule.test]]\nfiling = \"0009900203-21-000007\"\nalerts = false\nbecause = \"tickers\"\n";
    fs::write(dir.path().join("rules/a.toml"), rule(&good)).unwrap();
    let checked = sellbell(dir.path(), &["check"]);
    assert_eq!(text(&checked.stderr), "");
    assert_eq!(text(&checked.stdout), "rules: 1 rule (a); 2 of 2 tests passed\n");
    let bad = test("alerts = false")
        + &test("alerts = true\nvalue = 5")
        + &test("alerts = true\nshares = 5")
        + "[[rule.test]]\nfiling = \"0009900203-21-000007\"\nalerts = false\nbecause = \"first_in\"\n\
           [[rule.test]]\nfiling = \"0009900203-21-000007\"\nalerts = true\n\
           [[rule.test]]\nfiling = \"nowhere.txt\"\nalerts = true\n";
    fs::write(dir.path().join("rules/a.toml"), rule(&bad)).unwrap();
    let checked = sellbell(dir.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    insta::assert_snapshot!("failed_tests", text(&checked.stderr));
    assert!(text(&checked.stdout).ends_with("0 of 6 tests passed\n"), "{}", text(&checked.stdout));
}

#[test]
fn the_schema_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let printed = sellbell(dir.path(), &["schema", "rules"]);
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(schema, sellbell::rules::schema());
}

/// Names with what a terminal would obey.
#[test]
fn nothing_of_a_filing_steers_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let hostile = "QUALYS\u{1b}[31m\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\u{2066}\u{200b}\u{e0041}";
    let filing = String::from_utf8_lossy(QUALYS)
        .replace("QUALYS", hostile)
        .replace("COURTOT", hostile)
        .replace("Courtot", hostile);
    fs::write(dir.path().join("hostile.txt"), filing).unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(
        dir.path().join("rules/rule.toml"),
        "[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"terminal\"]\n",
    )
    .unwrap();
    for args in [
        &["show", "hostile.txt"][..],
        &["show", "--json", "hostile.txt"],
        &["explain", "hostile.txt"],
        &["explain", "--json", "hostile.txt"],
        &["backtest", "--rules", "rules", "--json", "hostile.txt"],
        &["backtest", "--rules", "rules", "hostile.txt"],
    ] {
        let output = sellbell(dir.path(), args);
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8(all).unwrap();
        assert!(all.contains("QUALYS"), "{args:?}: {all}");
        let steers = |c: char| {
            c != '\n' && c != '\t' && c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
        };
        let found: Vec<char> = all.chars().filter(|&c| steers(c)).collect();
        assert!(found.is_empty(), "{args:?}: {found:?} in {all}");
    }
}

#[test]
fn names_of_files_steer_no_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let odd = "a\u{1b}]0;x\u{7}\nINFO all is well\r\u{202e}\u{9b}31m\u{8}.toml";
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules").join(odd), "[[rule]]\nname = 1\n").unwrap();
    fs::write(dir.path().join(odd), "[edgar]\ncontact = 1\n").unwrap();
    let filing = "0009900001-21-000001";
    for args in [
        &["check"][..],
        &["check", "--config", odd],
        &["check", odd],
        &["explain", filing],
        &["show", odd],
        &["run", "--config", odd],
        &["store", "export", &format!("{odd}/none/none")],
        &["backtest", odd],
    ] {
        let output = sellbell(dir.path(), args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(!said.is_empty() && !output.status.success(), "{args:?}: {said:?}");
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!said.contains(steers) && !said.contains("\nINFO"), "{args:?}: {said:?}");
    }
}

#[tokio::test]
async fn check_proposes_the_spelling_of_a_ticker_with_and_without_edgars_list() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    let rule = |tickers: &str| {
        let text = format!("[[rule]]\nname = \"a\"\ntickers = [{tickers}]\nnotify = [\"terminal\"]\n");
        fs::write(dir.path().join("rules/a.toml"), text).unwrap();
        let checked = sellbell(dir.path(), &["check"]);
        (checked.status.code(), text_of(&checked))
    };
    for spelling in ["BRK.B", "brk/b", "BRK B", "BRKB"] {
        let (code, said) = rule(&format!("\"{spelling}\""));
        let upper = spelling.to_uppercase();
        assert!(said.contains(&format!("{upper} is BRK-B in EDGAR's spelling")), "{said}");
        assert!(code == Some(0) && !said.contains("warning"), "{said}");
    }
    for spelling in ["BRK-B", "QLYS", "XYZB"] {
        assert_eq!(rule(&format!("\"{spelling}\"")).1, "rules: 1 rule (a)\n");
    }
    for (unknown, meant) in [("BRK", "BRK-A or BRK-B"), ("bf", "BF-A or BF-B")] {
        let (code, said) = rule(&format!("\"{unknown}\""));
        assert!(code == Some(0) && said.contains(&format!("did you mean {meant}?")), "{said}");
    }
    for (former, help) in [
        ("FB", "write META, its current ticker, or `ciks = [1326801]`"),
        ("twtr", "its shares have no ticker now: write `ciks = [1418091]`"),
    ] {
        let (code, said) = rule(&format!("\"{former}\""));
        assert!(code == Some(0) && said.contains("is a former ticker of") && said.contains(help), "{said}");
    }
    let (code, said) = rule("\"NYSE: QLYS\"");
    assert!(code == Some(1) && said.contains("did you mean QLYS?"), "{said}");
    let list = br#"{"0":{"cik_str":1,"ticker":"BRK-A"},"1":{"cik_str":1,"ticker":"BRK-B"},"2":{"cik_str":2,"ticker":"WXYZA"},
        "3":{"cik_str":3,"ticker":"QLYS"},"4":{"cik_str":1326801,"ticker":"METZ"},"5":{"cik_str":5,"ticker":"SQ"}}"#;
    let store = Store::open(&dir.path().join("sellbell-data")).unwrap();
    store.set_tickers(chrono::DateTime::UNIX_EPOCH, &Tickers::read(list).unwrap()).await.unwrap();
    drop(store);
    let (code, said) = rule("\"BRK.B\", \"BRK A\", \"WXYZ-A\", \"qlys\"");
    for (written, listed) in [("BRK.B", "BRK-B"), ("BRK A", "BRK-A"), ("WXYZ-A", "WXYZA")] {
        assert!(said.contains(&format!("{written} is {listed} in")), "{said}");
    }
    assert!(code == Some(0) && !said.contains("QLYS is") && !said.contains("EDGAR lists no"), "{said}");
    // The list knows of later changes, and who has a former ticker today.
    assert!(rule("\"FB\"").1.contains("write METZ, its current ticker"));
    assert!(rule("\"TWTR\"").1.contains("write `ciks = [1418091]`"));
    assert!(!rule("\"SQ\"").1.contains("former"));
    for (unknown, meant) in
        [("BRK", "BRK-A or BRK-B"), ("BRK.C", "BRK-A or BRK-B"), ("QLYS.A", "QLYS"), ("QLYZ", "QLYS")]
    {
        let (code, said) = rule(&format!("\"{unknown}\""));
        assert!(said.contains(&format!("no company with the ticker {unknown}")), "{said}");
        assert!(code == Some(0) && said.contains(&format!("did you mean {meant}?")), "{said}");
    }
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stderr) + &text(&output.stdout)
}
