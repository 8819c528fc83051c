//! Keys of the settings that had another name before, which is still read.

/// Names that keys had before: section, name before, name now. They are still read.
const BEFORE: [(&str, &str, &str); 3] = [
    ("schedule", "ring_within", "late_after"),
    ("email", "hello_name", "ehlo_name"),
    ("email", "plain_password", "allow_plain_password"),
];

/// The names before of a section's keys.
pub(super) fn of_section(section: &str) -> Vec<&'static str> {
    BEFORE.iter().filter(|(of, _, _)| *of == section).map(|(_, before, _)| *before).collect()
}

/// The name that a key has now, and the one that it was given where that is the one before.
pub(super) fn named_now(section: &str, key: String) -> (String, Option<String>) {
    let renamed = BEFORE.iter().find(|(of, before, _)| *of == section && *before == key);
    match renamed {
        Some((_, _, now)) => ((*now).to_owned(), Some(key)),
        None => (key, None),
    }
}

/// The name that a key had before, where it had another.
pub(super) fn before(key: &str) -> Option<&'static str> {
    BEFORE.iter().find(|(_, _, now)| *now == key).map(|(_, before, _)| *before)
}
