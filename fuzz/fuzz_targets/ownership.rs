//! The XML of an ownership document. Bytes that are not UTF-8 are replaced, so no run is spent on encodings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sellbell::form4;
use sellbell_fuzz::{refused, tell};

fuzz_target!(|bytes: &[u8]| {
    match form4::read(&String::from_utf8_lossy(bytes)) {
        Ok(filing) => tell(&filing),
        Err(error) => refused(error.kind, &error.message, &error.at),
    }
});
