//! Any bytes, as a submission text or a bare document.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sellbell::reader;
use sellbell_fuzz::{refused, tell};

fuzz_target!(|bytes: &[u8]| {
    match reader::read(bytes) {
        Ok(filing) => tell(&filing),
        Err(error) => refused(error.kind, &error.message, &error.at),
    }
});
