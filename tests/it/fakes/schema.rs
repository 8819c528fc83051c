//! What Discord's own OpenAPI description says of a request's body, where that file is at hand.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Value, json};

const ADDRESS: &str = "https://discord.invalid/openapi.json";

/// A test may mark a webhook's address with this parameter, to find its requests again.
const MARK: &str = "life";

/// The description as it is.
static PARAMETERS: LazyLock<Option<Value>> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/discord/openapi.json");
    Some(serde_json::from_str(&fs::read_to_string(file).ok()?).unwrap())
});

static DESCRIPTION: LazyLock<Option<Registry<'static>>> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/discord/openapi.json");
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: requests are not held against {}, which is not here", file.display());
        return None;
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    let registry = Registry::new().draft(Draft::Draft202012).add(ADDRESS, document).unwrap();
    Some(registry.prepare().unwrap())
});

/// The compiled schemas, by their places in the description.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Every way in which `body` departs from the described request body of this operation.
pub(super) fn violations(method: &str, template: &str, body: &Value) -> Vec<String> {
    let Some(description) = &*DESCRIPTION else { return Vec::new() };
    let validator = validator(description, method, template);
    validator.iter_errors(&as_described(body)).map(|error| explain(&error)).collect()
}

fn validator(description: &'static Registry<'static>, method: &str, template: &str) -> Arc<Validator> {
    let path = template.replace('/', "~1").replace('{', "%7B").replace('}', "%7D");
    let place = format!("{ADDRESS}#/paths/{path}/{method}/requestBody/content/application~1json/schema");
    let mut validators = VALIDATORS.lock().unwrap();
    let known = validators.entry(place).or_insert_with_key(|place| {
        // `format` and `discriminator` stay annotations.
        let options = jsonschema::options().with_draft(Draft::Draft202012).with_registry(description);
        Arc::new(options.build(&json!({"$ref": place})).unwrap())
    });
    Arc::clone(known)
}

/// The body in the types of the description, which is narrower than Discord and its documentation in one place: it knows
/// permissions only as a number, and the documentation and Discord's own answers only as a number in a string.
fn as_described(body: &Value) -> Value {
    let mut body = body.clone();
    let commands = match &mut body {
        Value::Array(commands) => commands.iter_mut().collect(),
        command => vec![command],
    };
    for command in commands {
        if let Some(Ok(bits)) = command["default_member_permissions"].as_str().map(str::parse::<u64>) {
            command["default_member_permissions"] = json!(bits);
        }
    }
    body
}

/// The parameters of the query that the description does not have for this operation.
pub(super) fn unknown_parameters(method: &str, template: &str, query: &str) -> Vec<String> {
    let Some(description) = &*PARAMETERS else { return Vec::new() };
    let path = &description["paths"][template];
    let lists = [&path["parameters"], &path[method]["parameters"]];
    let known: Vec<&str> = lists
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap());
    names
        .filter(|name| *name != MARK && !known.contains(name))
        .map(|name| format!("there is no parameter `{name}`"))
        .collect()
}

/// An error in words. Of a choice of schemas, the errors of the one that was meant: it has the right `type`, or
/// else came furthest.
fn explain(error: &ValidationError<'_>) -> String {
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } =
        error.kind()
    {
        let meant = context.iter().min_by_key(|errors| {
            let misnamed = errors.iter().filter(|error| path(error).ends_with("/type")).count();
            (misnamed, Reverse(errors.iter().map(|error| path(error).matches('/').count()).max()))
        });
        if let Some(errors) = meant.filter(|errors| !errors.is_empty()) {
            return errors.iter().map(explain).collect::<Vec<_>>().join("; ");
        }
    }
    let value: String = error.instance().to_string().chars().take(80).collect();
    format!("{}: {}", path(error), error.masked_with(value))
}

fn path<'a>(error: &'a ValidationError<'_>) -> &'a str {
    error.instance_path().as_str()
}
