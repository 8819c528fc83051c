//! The token that a change over HTTP needs: from the environment, or made for this run in a file that only its owner reads.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The file in the store's folder that has the token of the bot that has the store, where the environment gives none.
pub fn token_file(store: &Path) -> PathBuf {
    store.join("token")
}

/// What a change must carry, as its hash: comparing that tells nothing of how much of a guess was right.
#[derive(Clone)]
pub(super) struct Token([u8; 32]);

impl Token {
    pub(super) fn of(token: &SecretString) -> Self {
        Self(hash(token.expose_secret().trim()))
    }

    /// A new one, written where only the owner of the store reads it.
    pub(super) fn made(file: &Path) -> io::Result<Self> {
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // One that an earlier run left may be readable by others.
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        file.write_all(token.as_bytes())?;
        Ok(Self(hash(&token)))
    }

    /// Whether a request carries it.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        given.is_some_and(|given| hash(given.trim()) == self.0)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
