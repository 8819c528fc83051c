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
        ["terminal", "jsonl", "discord:alerts", "discord:partners", "email:me", "email:desk", "webhook:n8n"]
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
        "readable_by",
        "address",
        "addresses",
        "rules",
        "mode",
        "at_once",
        "empty",
        "max_items",
        "language",
        "schedule",
        "notify",
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
    assert_eq!(
        names,
        [
            "large-sales",
            "qualys-sales",
            "cluster",
            "chief-leaves-no-plan",
            "turn",
            "watchlist-sales",
            "watchlist-purchases"
        ]
    );
    assert!(rules.iter().all(|rule| !rule.tests.is_empty() || !rule.enabled), "each has a test");
    assert_eq!(rules::lint(&rules), []);
}

#[test]
fn the_rules_document_has_every_key_and_its_examples_are_valid() {
    let text = fs::read_to_string(root().join("docs/RULES.md")).unwrap();
    let schema = rules::schema();
    let mut keys = 0;
    for of in ["rule", "group", "test"] {
        for key in schema["$defs"][of]["properties"].as_object().unwrap().keys() {
            keys += 1;
            assert!(
                text.contains(&format!("`{key}`")) || text.contains(&format!("\n{key} = ")),
                "{key} is not in RULES.md"
            );
        }
    }
    assert!(keys > 60);
    // Examples stand in the last column of tables, and in blocks.
    let in_tables = text
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.rsplit_once("| `").map(|(_, example)| example));
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut examples = 0;
    for example in in_tables.chain(blocks).filter(|example| example.contains(" = ")) {
        examples += 1;
        let rule = if example.starts_with("[[rule]]") {
            example.to_owned()
        } else {
            format!("[[rule]]\nname = \"example\"\nmin_price = 1\n{example}")
                .replace("min_price = 1\nmin_price", "min_price")
        };
        let source = sellbell::problem::Source { file: "docs/RULES.md", text: &rule };
        rules::load_slice([source], &|_| true, &[]).unwrap_or_else(|problems| panic!("{problems}\n{rule}"));
    }
    assert!(examples >= 30, "{examples}");
}

#[test]
fn the_bundled_archive_is_whole() {
    assert_eq!(Archive::bundled().unwrap().len(), 13);
}
