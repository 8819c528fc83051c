//! The JSON Schema of a rule file, for editors, built from the same keys that the reader accepts.

use serde_json::{Map, Value, json};

use super::condition::ConditionKey;
use super::keys::{ClusterKey, CumulativeKey, Key, RuleKey, Shape, TestKey, names};
use crate::destination::PATTERN;

/// The JSON Schema (draft 2020-12) of a rule file.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "sellbell-rules.schema.json",
        "title": "sellbell rules",
        "description": "What to look for in a Form 4, and where to send alerts. docs/RULES.md specifies the format.",
        "type": "object",
        "additionalProperties": false,
        "properties": { "rule": { "type": "array", "items": { "$ref": "#/$defs/rule" } } },
        "required": ["rule"],
        "$defs": {
            "rule": object(RuleKey::keys().chain(ConditionKey::keys()), RuleKey::REQUIRED.iter().map(|key| key.key())),
            "group": object(ConditionKey::keys(), []),
            "test": object(TestKey::keys(), TestKey::REQUIRED.iter().map(|key| key.key())),
        },
    })
}

fn object(keys: impl IntoIterator<Item = Key>, required: impl IntoIterator<Item = Key>) -> Value {
    let required = names(required);
    let properties: Map<String, Value> = keys
        .into_iter()
        .map(|key| {
            let mut value = of_shape(key.shape);
            value["description"] = key.about.into();
            (key.name.to_owned(), value)
        })
        .collect();
    let least = usize::from(required.is_empty());
    json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": least,
        "required": required,
        "properties": properties,
    })
}

fn of_shape(shape: Shape) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let number = || {
        let exact = "^[0-9_]*(\\.[0-9_]+|[0-9])$";
        json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, text(exact)] })
    };
    let cik = || json!({ "type": "integer", "minimum": 1, "maximum": 9_999_999_999_u64 });
    match shape {
        Shape::Name => text("^[a-z0-9_-]{1,64}$"),
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Tickers => list(text("^\\s*[A-Za-z0-9][A-Za-z0-9.-]{0,7}\\s*$")),
        Shape::Ciks => list(cik()),
        Shape::Owners => list(json!({ "anyOf": [{ "type": "string", "minLength": 1 }, cik()] })),
        Shape::Forms => list(json!({ "enum": ["3", "3/A", "4", "4/A", "5", "5/A"] })),
        Shape::Codes => list(text("^[ACDEFGHIJLMOPSUWXZ]$")),
        Shape::Texts => list(json!({ "type": "string", "minLength": 1 })),
        Shape::Sics => list(text("^[0-9]{1,4}$")),
        Shape::Countries => list(json!({ "type": "string", "minLength": 1 })),
        Shape::Currencies => list(text("^\\s*[A-Za-z]{3}\\s*$")),
        Shape::Destinations => json!({ "type": "array", "items": text(PATTERN) }),
        Shape::Mentions => list(text("^(here|everyone|(role|user):[1-9][0-9]*)$")),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Words(words) => list(json!({ "enum": words })),
        Shape::Number => number(),
        Shape::Percent => text("^\\s*[0-9]+(\\.[0-9]+)?\\s*%$"),
        Shape::Span => text("^\\s*[0-9]+\\s*(h|d|w|mo|y)\\s*$"),
        Shape::Insiders => json!({ "type": "integer", "minimum": 2, "maximum": 1_000 }),
        Shape::Cluster => object(ClusterKey::keys(), ClusterKey::REQUIRED.iter().map(|key| key.key())),
        Shape::Cumulative => {
            object(CumulativeKey::keys(), CumulativeKey::REQUIRED.iter().map(|key| key.key()))
        }
        Shape::Group => json!({ "$ref": "#/$defs/group" }),
        Shape::Groups => list(json!({ "$ref": "#/$defs/group" })),
        Shape::Tests => json!({ "type": "array", "items": { "$ref": "#/$defs/test" } }),
    }
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": items })
}
