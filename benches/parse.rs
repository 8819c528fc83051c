//! Filings parsed a second, beside bare tokenising of the same bytes.
fn main() {}
