//! What rule files say in minijinja, with the real program: whatever it builds, it ends nothing but itself.

use std::fs;
use std::process::{Command, Output};

use sellbell::rules::{Evaluate as _, Kind, Task};
use sellbell::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::search::Searched as _;
use crate::verbs::said;
use crate::world::{World, qualys};

/// By which most of these grow.
fn repeated(part: &str, most: usize) -> String {
    part.repeat(most / part.len())
}

fn sellbell(dir: &std::path::Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .output()
        .unwrap()
        .searched()
}

/// Whether a bound on time, memory, depth or steps was met.
fn is_bounded(said: &str) -> bool {
    said.contains("was stopped") || said.contains("out of fuel")
}

fn rule(key: &str, source: &str) -> String {
    format!(
        "[[rule]]\nname = \"own\"\nmin_value = 1\nnotify = [\"terminal\"]\n{key} = {}\n",
        Value::from(source)
    )
}

/// Values that contain themselves, go deep, are large, or take long to show, compare or count.
fn hostile() -> Vec<String> {
    let doubled = |step: &str, end: &str| format!("{{% set a = [1, 1] %}}{}{end}", repeated(step, 1_800));
    vec![
        "{% set a = namespace() %}{% set a.a = a %}{{ a }}".to_owned(),
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.b = [b] %}{% set b.a = {1: a} %}{{ b|string|length }}".to_owned(),
"{% set a = namespace(a=1) %}{% for i in range(15000) %}{% set a.a = [a.a] %}{% endfor %}{{ a.a }}".to_owned(),
        doubled("{% set a=[a,a] %}", "{{ a }}"),
        doubled("{% set a=[a,a] %}", "{% set b = a %}{{ [a] == [[b]] }}{{ 'x' in a|string }}"),
        doubled("{% set a={1:a,2:a} %}", "{{ a|items|list }}"),
        doubled("{% set a=a+a %}", "{{ a|length }}"),
        doubled("{% set a=a|zip(a) %}", "{{ a|list|length }}"),
        "{% for a in [[1]] recursive %}{{ loop([a+a]) }}{% endfor %}".to_owned(),
        "{{ [1]*100000000 }}".to_owned(),
        "{{ 5 in ([1]*100000000) }}".to_owned(),
    ]
}

#[test]
fn a_template_that_exhausts_everything_is_a_mistake_that_check_shows() {
    check_shows(&hostile().into_iter().step_by(6).collect::<Vec<_>>());
}

#[test]
#[ignore = "each"]
fn each_template_that_exhausts_everything_is_a_mistake_that_check_shows_at_length() {
    check_shows(&hostile());
}

fn check_shows(hostile: &[String]) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rule.toml");
    for source in hostile {
        fs::write(&file, rule("template", source)).unwrap();
        let checked = sellbell(dir.path(), &["check", "rule.toml"]);
        assert_eq!(checked.status.code(), Some(1), "{source}: {}", said(&checked));
        assert!(is_bounded(&said(&checked)), "{source}: {}", said(&checked));
    }
    // The same as an expression, where it is one.
    fs::write(&file, rule("when", "5 in ([1]*100000000)")).unwrap();
    assert!(said(&sellbell(dir.path(), &["check", "rule.toml"])).contains("was stopped"));
}

/// The sample does not meet the condition; the filing does.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_whose_template_exhausts_everything_comes_without_its_words_and_says_so() {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let dir = world.dir.path().to_owned();
    let sources: Vec<String> = hostile().into_iter().take(3).collect();
    let rules = sources.iter().enumerate().map(|(number, source)| {
        let source = format!("{{% if lots|length > 1 %}}{source}{{% else %}}well{{% endif %}}");
        rule("template", &source)
            .replace("\"own\"", &format!("\"own-{number}\""))
            .replace("terminal", "jsonl:alerts.jsonl")
    });
    fs::create_dir_all(dir.join("rules")).unwrap();
    fs::write(dir.join("rules/own.toml"), rules.collect::<String>()).unwrap();
    fs::write(dir.join("settings.toml"), world.settings()).unwrap();
    let once = tokio::task::spawn_blocking(move || {
        let checked = sellbell(&dir, &["check", "--config", "settings.toml"]);
        assert!(checked.status.success(), "{}", said(&checked));
        let args = ["run", "--once", "--config", "settings.toml", "--since", "2021-08-24"];
        let once = sellbell(&dir, &args);
        (once, fs::read_to_string(dir.join("alerts.jsonl")).unwrap())
    });
    let (once, alerts) = once.await.unwrap();
    assert!(once.status.success(), "{}", said(&once));
    assert_eq!(alerts.lines().count(), sources.len());
    for line in alerts.lines() {
        let alert: Value = serde_json::from_str(line).unwrap();
        assert_eq!(alert["message"], Value::Null);
        assert!(is_bounded(alert["warnings"][0]["message"].as_str().unwrap()), "{line}");
    }
    assert_eq!(said(&once).matches("its template fails: ").count(), sources.len(), "{}", said(&once));
    world.edgar.take_fetched();
    world.finish().await;
}

/// A value that contains itself is never freed: what it leaves behind is not held against the evaluations that follow.
#[test]
fn what_evaluations_leave_behind_ends_no_later_one() {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_sellbell").as_ref(), "evaluate");
    let task = |kind, source: &str| Task { kind, source: source.to_owned(), names: Some(json!({})) };
    let leak =
        "{% set a = namespace() %}{% set a.big = range(90000)|list %}{% set a.a = a %}{{ a.big|length }}";
    for _ in 0..60 {
        assert_eq!(sandbox.evaluate(&task(Kind::Template, leak)).unwrap().text, "90000");
    }
    let grown = sandbox.evaluate(&task(Kind::When, "range(90000)|list|length == 90000"));
    assert!(grown.unwrap().is_true);
}
