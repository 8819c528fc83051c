//! What ships with the project is loaded: example rules, annotated settings, the bundled archive.

use std::fs;
use std::path::Path;

use sellbell::config::Settings;
use sellbell::replay::Archive;
use sellbell::rules;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_shipped_settings_name_every_key_and_are_the_defaults() {
    let text = fs::read_to_string(root().join("config/sellbell.toml")).unwrap();
    let shipped = Settings::read("config/sellbell.toml", &text, &[]).unwrap();
    let built_in = Settings::read("none", "", &[]).unwrap();
    assert_eq!(format!("{shipped:?}"), format!("{built_in:?}"));
    // The keys that are examples stand behind a `#`: with them in force the file is valid too.
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix("#: ") {
            Some(example) => format!("{example}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let all_set = Settings::read("config/sellbell.toml", &all, &[]).unwrap();
    assert_eq!(
        all_set.destinations(),
        ["terminal", "jsonl", "discord:alerts", "discord:partners", "email:me", "email:desk"]
    );
    for key in [
        "base_url",
        "contact",
        "requests_per_second",
        "timeout_seconds",
        "poll",
        "time_zone",
        "look_back",
        "dir",
        "api_base",
        "name",
        "channel_id",
        "webhook",
        "from",
        "out_dir",
        "address",
        "mode",
        "schedule",
    ] {
        assert!(
            all.lines().any(|line| line.starts_with(&format!("{key} = "))),
            "{key} is not in config/sellbell.toml"
        );
    }
}

#[test]
fn the_shipped_rules_load_with_the_shipped_settings() {
    let settings = Settings::read("none", "", &[]).unwrap();
    let rules = rules::load_path(
        &root().join("rules"),
        &|destination| settings.knows(destination),
        &settings.destinations(),
    )
    .unwrap();
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["large-sales", "qualys-sales", "watchlist-sales", "watchlist-purchases"]);
}

#[test]
fn the_bundled_archive_is_whole() {
    assert_eq!(Archive::bundled().unwrap().len(), 13);
}
