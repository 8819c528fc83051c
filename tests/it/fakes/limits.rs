//! Discord's limits of a message, and its way to say which was broken.
//!
//! <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>

use serde_json::{Value, json};

const CONTENT: usize = 2000;
const NONCE: usize = 25;
const EMBEDS: usize = 10;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4096;
const FIELDS: usize = 25;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1024;
const FOOTER: usize = 2048;
const AUTHOR: usize = 256;
const ROWS: usize = 5;
const BUTTONS: usize = 5;
const LABEL: usize = 80;
const CUSTOM_ID: usize = 100;
const URL: usize = 512;
const OPTIONS: usize = 25;
/// Over all embeds of a message together.
const TOTAL: usize = 6000;

/// A limit that a message breaks.
#[derive(Debug, PartialEq)]
pub struct Violation {
    /// Where: `embeds.0.title`.
    path: String,
    code: &'static str,
    message: String,
}

pub fn violations(message: &Value, files: usize) -> Vec<Violation> {
    let mut found = Violations::default();
    found.check_text("content", &message["content"], CONTENT);
    found.check_text("nonce", &message["nonce"], NONCE);
    let embeds = items(&message["embeds"]);
    found.check_count("embeds", embeds, EMBEDS);
    let total: usize = embeds.iter().enumerate().map(|(i, embed)| found.check_embed(i, embed)).sum();
    if total > TOTAL {
        found.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", format!("Embed size exceeds maximum size of {TOTAL}"));
    }
    found.check_components(items(&message["components"]));
    let others = ["components", "sticker_ids"].iter().any(|key| !items(&message[key]).is_empty());
    let is_empty = embeds.is_empty() && length(&message["content"]) == 0 && files == 0;
    if is_empty && !others && message["poll"].is_null() {
        found.add("content", "BASE_TYPE_REQUIRED", "Cannot send an empty message".to_owned());
    }
    found.0
}

/// The `errors` tree of Discord's answer.
pub(super) fn errors(violations: &[Violation]) -> Value {
    let mut tree = json!({});
    for violation in violations {
        let place = violation.path.split('.').fold(&mut tree, |node, key| &mut node[key]);
        let error = json!({"code": violation.code, "message": violation.message});
        match place["_errors"].as_array_mut() {
            Some(errors) => errors.push(error),
            None => place["_errors"] = json!([error]),
        }
    }
    tree
}

#[derive(Default)]
struct Violations(Vec<Violation>);

impl Violations {
    /// Checks one embed and tells how many characters it has.
    fn check_embed(&mut self, i: usize, embed: &Value) -> usize {
        let at = |key: &str| format!("embeds.{i}.{key}");
        let fields = items(&embed["fields"]);
        self.check_count(&at("fields"), fields, FIELDS);
        let texts = self.check_text(&at("title"), &embed["title"], TITLE)
            + self.check_text(&at("description"), &embed["description"], DESCRIPTION)
            + self.check_text(&at("footer.text"), &embed["footer"]["text"], FOOTER)
            + self.check_text(&at("author.name"), &embed["author"]["name"], AUTHOR);
        let fields = fields.iter().enumerate().map(|(j, field)| {
            let at = |key: &str| format!("embeds.{i}.fields.{j}.{key}");
            self.check_present(&at("name"), &field["name"]);
            self.check_present(&at("value"), &field["value"]);
            self.check_text(&at("name"), &field["name"], FIELD_NAME)
                + self.check_text(&at("value"), &field["value"], FIELD_VALUE)
        });
        texts + fields.sum::<usize>()
    }

    /// <https://docs.discord.com/developers/components/reference>
    fn check_components(&mut self, rows: &[Value]) {
        self.check_count("components", rows, ROWS);
        let mut ids = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            let buttons = items(&row["components"]);
            let at = |j: usize, key: &str| format!("components.{i}.components.{j}.{key}");
            self.check_count(&format!("components.{i}.components"), buttons, BUTTONS);
            if buttons.is_empty() || row["type"] != 1 {
                self.add(&format!("components.{i}"), "BASE_TYPE_REQUIRED", "a row of one to five".to_owned());
            }
            for (j, button) in buttons.iter().enumerate() {
                self.check_text(&at(j, "label"), &button["label"], LABEL);
                self.check_text(&at(j, "custom_id"), &button["custom_id"], CUSTOM_ID);
                self.check_text(&at(j, "url"), &button["url"], URL);
                let (is_link, has_id) = (button["style"] == 5, button["custom_id"].is_string());
                if is_link == has_id || is_link != button["url"].is_string() {
                    self.add(
                        &at(j, "custom_id"),
                        "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
                        "id or url".to_owned(),
                    );
                }
                if ids.contains(&&button["custom_id"]) && has_id {
                    self.add(&at(j, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "duplicated".to_owned());
                }
                ids.push(&button["custom_id"]);
                if button["type"] == 3 {
                    let options = items(&button["options"]);
                    self.check_count(&at(j, "options"), options, OPTIONS);
                    let mut values: Vec<&Value> = options.iter().map(|option| &option["value"]).collect();
                    for (k, option) in options.iter().enumerate() {
                        for key in ["label", "value"] {
                            let path = at(j, &format!("options.{k}.{key}"));
                            self.check_present(&path, &option[key]);
                            self.check_text(&path, &option[key], 100);
                        }
                        self.check_text(
                            &at(j, &format!("options.{k}.description")),
                            &option["description"],
                            100,
                        );
                    }
                    values.dedup();
                    if values.len() < options.len() || buttons.len() > 1 || options.is_empty() {
                        self.add(
                            &at(j, "options"),
                            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                            "alike".to_owned(),
                        );
                    }
                } else {
                    self.check_present(&at(j, "label"), &button["label"]);
                }
            }
        }
    }

    fn check_text(&mut self, path: &str, text: &Value, limit: usize) -> usize {
        let length = length(text);
        if length > limit {
            self.add(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {limit} or fewer in length."));
        }
        length
    }

    fn check_count(&mut self, path: &str, items: &[Value], limit: usize) {
        if items.len() > limit {
            self.add(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {limit} or fewer in length."));
        }
    }

    fn check_present(&mut self, path: &str, text: &Value) {
        if length(text) == 0 {
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required".to_owned());
        }
    }

    fn add(&mut self, path: &str, code: &'static str, message: String) {
        self.0.push(Violation { path: path.to_owned(), code, message });
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Discord trims white space before it counts.
fn length(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.trim().chars().count())
}
