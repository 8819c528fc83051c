//! The token that a change over HTTP needs: the one of the environment, or the one that is made for each run,
//! in a file that only its owner can read.

use std::io;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::proof::hex;
use crate::private;

/// The file in the store's folder that holds the token of the bot that is using the store.
pub fn token_file(store: &Path) -> PathBuf {
    store.join("token")
}

/// The hash of the token that a change must carry. Comparing hashes does not reveal how much of a guess was
/// right.
#[derive(Clone)]
pub(super) struct Token([u8; 32]);

impl Token {
    pub(super) fn of(token: &SecretString) -> Self {
        Self(hash(token.expose_secret().trim()))
    }

    /// True if a request carries the token.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        given.is_some_and(|given| hash(given.trim()) == self.0)
    }
}

/// Creates a new token in a file that only the owner of the store can read.
pub(super) fn made(file: &Path) -> io::Result<SecretString> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let token = hex(&bytes);
    private::write(file, token.as_bytes())?;
    Ok(token.into())
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
