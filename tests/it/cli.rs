//! The program as a user runs it.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use crate::shared;
use crate::world::QUALYS;

fn sellbell(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("sellbell").unwrap();
    command.current_dir(dir).env_clear().args(args).output().unwrap()
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
        "13 filings were new, rules rang for 7, 11 messages were sent.",
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
    assert_eq!((checked.status.code(), text(&checked.stdout).as_str()), (Some(0), "rules: 1 rule: a\n"));
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
        command.current_dir(dir.path()).env_clear().env(name, odd).args(["check", "a.toml"]).output().unwrap()
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

#[test]
fn show_agrees_with_the_facts_in_every_key_of_every_filing() {
    let Some(folder) = shared::folder() else { return };
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
