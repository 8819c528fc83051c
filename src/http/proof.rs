//! How a bot proves to a caller on its machine that it has the store: with the token in the store's folder,
//! without revealing it.

use std::io;
use std::net::SocketAddr;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The number of hexadecimal digits of a nonce.
const DIGITS: usize = 64;
/// States the direction of the proof, so that it cannot be used for anything else.
const PURPOSE: &str = "sellbell: the bot at this address proves itself to the caller";

/// A random number that a caller chooses for one proof.
#[derive(Debug)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new() -> io::Result<Self> {
        let mut bytes = [0; DIGITS / 2];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(hex(&bytes)))
    }

    /// A caller's nonce, if it has the right form.
    pub(super) fn of(text: &str) -> Option<Self> {
        let is_shaped = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_shaped.then(|| Self(text.to_owned()))
    }

    /// The nonce as it is sent.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// True if an answer proves that whoever listens there has the token. The address is part of it, so
    /// passing the nonce on to the bot at its own address gains nothing.
    pub fn is_proved(&self, token: &SecretString, listens: SocketAddr, proof: &str) -> bool {
        let proof = unhex(proof);
        let mac = mac(token, &self.0, listens);
        proof.zip(mac).is_some_and(|(proof, mac)| mac.verify_slice(&proof).is_ok())
    }

    /// The proof, made by the program that has the token and listens at this address.
    pub(super) fn prove(&self, token: &SecretString, listens: SocketAddr) -> Option<String> {
        mac(token, &self.0, listens).map(|mac| hex(&mac.finalize().into_bytes()))
    }
}

fn mac(token: &SecretString, nonce: &str, listens: SocketAddr) -> Option<Hmac<Sha256>> {
    // Keys of any length are accepted.
    let mut mac = Hmac::<Sha256>::new_from_slice(token.expose_secret().as_bytes()).ok()?;
    mac.update(format!("{PURPOSE}\n{listens}\n{nonce}\n").as_bytes());
    Some(mac)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != DIGITS {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_holds_for_its_token_nonce_and_address_alone() {
        let token = SecretString::from("0123456789abcdef");
        let here: SocketAddr = "127.0.0.1:8085".parse().unwrap();
        let nonce = Nonce::new().unwrap();
        let proof = Nonce::of(nonce.text()).unwrap().prove(&token, here).unwrap();
        assert!(nonce.is_proved(&token, here, &proof));
        assert!(!nonce.is_proved(&token, "127.0.0.1:8086".parse().unwrap(), &proof));
        assert!(!nonce.is_proved(&"0123456789abcdee".into(), here, &proof));
        assert!(!Nonce::new().unwrap().is_proved(&token, here, &proof));
        for wrong in ["", "00", &proof[1..], &format!("{proof}00"), &"é".repeat(32), &"+1".repeat(32)] {
            assert!(!nonce.is_proved(&token, here, wrong), "{wrong}");
        }
        for wrong in ["", "12", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
            assert!(Nonce::of(wrong).is_none(), "{wrong}");
        }
    }
}
