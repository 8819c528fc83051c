//! Keys of the settings that were renamed. Their old names are still accepted.

/// The old names of keys: section, old name, new name. They are still accepted.
const BEFORE: [(&str, &str, &str); 3] = [
    ("schedule", "ring_within", "late_after"),
    ("email", "hello_name", "ehlo_name"),
    ("email", "plain_password", "allow_plain_password"),
];

/// The old names of a section's keys.
pub(super) fn of_section(section: &str) -> Vec<&'static str> {
    BEFORE.iter().filter(|(of, _, _)| *of == section).map(|(_, before, _)| *before).collect()
}

/// The current name of a key, and the given name if that is an old one.
pub(super) fn named_now(section: &str, key: String) -> (String, Option<String>) {
    let renamed = BEFORE.iter().find(|(of, before, _)| *of == section && *before == key);
    match renamed {
        Some((_, _, now)) => ((*now).to_owned(), Some(key)),
        None => (key, None),
    }
}

/// The old name of a key, if it has one.
pub(super) fn before(key: &str) -> Option<&'static str> {
    BEFORE.iter().find(|(_, _, now)| *now == key).map(|(_, before, _)| *before)
}
