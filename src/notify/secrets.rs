//! Secrets, and their parts that an answer may repeat.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::email;
use super::secret_parts::secrets_in_address;
use crate::text::redact::{Redactor, Secret};
use crate::trust::Roots;

/// The secrets, read from the environment or from files.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// `DISCORD_TOKEN`
    pub discord_token: Option<SecretString>,
    /// `DISCORD_WEBHOOK_<NAME>`, by the channel's name.
    pub discord_webhooks: BTreeMap<String, SecretString>,
    /// `SMTP_URL`
    pub smtp_url: Option<SecretString>,
    /// `HTTP_TOKEN`, which signs links in e-mails.
    pub http_token: Option<SecretString>,
    /// `WEBHOOK_URL_<NAME>`, by the endpoint's name.
    pub webhook_urls: BTreeMap<String, SecretString>,
    /// `WEBHOOK_SECRET_<NAME>`, by the endpoint's name: the key that signs its messages.
    pub webhook_secrets: BTreeMap<String, SecretString>,
    /// Authorities for the mail server's certificate besides the built-in ones: the system's and
    /// `SMTP_CA_FILE`.
    pub smtp_roots: Roots,
    /// The same for endpoints, by name: the system's, and `WEBHOOK_CA_FILE_<NAME>` or `WEBHOOK_CA_FILE`.
    pub webhook_roots: BTreeMap<String, Roots>,
}

impl Secrets {
    /// Each secret, and its parts that an answer may repeat: tokens, passwords and paths of addresses.
    fn parts(&self) -> Vec<Secret> {
        let mut parts: Vec<Secret> =
            self.discord_token.iter().map(|token| bare_token(token).into()).collect();
        parts.extend(self.smtp_url.iter().flat_map(email::secrets_in));
        for address in self.discord_webhooks.values().chain(self.webhook_urls.values()) {
            parts.extend(secrets_in_address(address));
        }
        parts.extend(self.http_token.iter().map(|token| token.expose_secret().into()));
        for secret in self.webhook_secrets.values() {
            let text = secret.expose_secret();
            parts.extend([text.into(), text.trim_start_matches("whsec_").into()]);
        }
        parts
    }

    /// A redactor that hides all secrets, and `others`.
    pub fn redactor(&self, others: impl IntoIterator<Item = Secret>) -> Redactor {
        Redactor::new(self.parts().into_iter().chain(others))
    }
}

/// A token without quotes, blanks and `Bot `, which people copy along.
fn bare_token(token: &SecretString) -> SecretString {
    let text = token.expose_secret().trim().trim_matches(['"', '\'', ' ']);
    let scheme = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("bot "));
    text[if scheme { 4 } else { 0 }..].trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_address_are_secret_but_not_its_host_or_plain_words() {
        let address = "https://hooks.example.com/services/T0001ab/kJh7%2FgTf5RdEsWq2/post?key=Zx9/Cv8@Bn7+Ml6==&to=https://desk.example.com/in";
        let secrets = Secrets {
            discord_token: Some("Bot abcdEFGHijkl/MNOPqrst@UVWX+yz0123".into()),
            webhook_urls: [("desk".to_owned(), address.into())].into(),
            ..Secrets::default()
        };
        let redactor = secrets.redactor([]);
        for said in [
            address,
            "no token abcdEFGHijkl/MN",
            "no token kl/MNOPqrst@UV",
            "no route kJh7/gTf5RdEsWq2",
            "no route kJh7%2FgTf5RdEs",
            "no route T0001ab",
            "no key Zx9/Cv8@Bn7+M",
            "sent to https://desk.example.com/in",
        ] {
            let shown = redactor.clean(said, 200);
            assert!(shown.contains("•••"), "{said}: {shown}");
            for part in ["abcd", "MNOP", "kJh7", "gTf5", "T0001", "Cv8", "/in"] {
                assert!(!shown.contains(part), "{said}: {shown}");
            }
        }
        for said in [
            "hooks.example.com has no such services",
            "https://desk.example.com/status",
            "post it to desk.example.com",
        ] {
            assert_eq!(redactor.clean(said, 200), said);
        }
    }
}
