//! `SMTP_URL`: the mail server, how to reach it and how to log in.

use std::net::IpAddr;

use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::is_host_name;
use crate::notify::secret_parts::{SHORTEST_PART, piece};
use crate::notify::setup_error::SetupError;
use crate::text::redact::Secret;

/// The usual ports: between servers, for submission with STARTTLS, and for submission with TLS from the
/// start.
const PORTS: (u16, u16, u16) = (25, 587, 465);

/// When the conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// Never.
    Off,
    /// If the server offers it.
    Offered,
    /// With STARTTLS, or no mail is sent.
    Required,
    /// From the start.
    Wrapped,
}

/// A mail server.
pub(super) struct Server {
    /// An ASCII name, or an IP address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) login: Option<Login>,
    /// The name to greet with, from the path of the address.
    pub(super) hello: Option<String>,
}

pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl Server {
    /// Parses the address. It holds the password, so no error repeats any part of it.
    ///
    /// # Errors
    /// [`SetupError::Smtp`]
    pub(super) fn parse(address: &SecretString) -> Result<Self, SetupError> {
        let refused = |what: &str| SetupError::Smtp(what.to_owned());
        let shape = "expected smtps://user:password@host, or smtp://user:password@host:587?tls=required; in user and password \
                     write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25";
        let url = Url::parse(address.expose_secret().trim()).map_err(|_| refused(shape))?;
        // In a URL, a password with `#`, `?` or `/` ends there, and the part before it is parsed as host and
        // port.
        let is_cut = |part: &str| part.contains('@');
        if url.fragment().is_some() || is_cut(url.path()) || url.query().is_some_and(is_cut) {
            return Err(refused(shape));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| refused(shape))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let host = match decoded(host) {
            Ok(host) if host.parse::<IpAddr>().is_ok() => host,
            Ok(host) => idna::domain_to_ascii(&host).map_err(|_| refused("its host is not a host name"))?,
            Err(_) => return Err(refused("its host is not a host name")),
        };
        let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => Tls::Off,
            ("smtp", Some("required")) => Tls::Required,
            ("smtp", Some("opportunistic")) => Tls::Offered,
            ("smtps", _) => Tls::Wrapped,
            ("smtp", Some(_)) => return Err(refused("`tls` is `required` or `opportunistic`")),
            _ => return Err(refused(shape)),
        };
        let usual = match tls {
            Tls::Off => PORTS.0,
            Tls::Offered | Tls::Required => PORTS.1,
            Tls::Wrapped => PORTS.2,
        };
        let login = match url.password() {
            Some(password) => {
                let not_text = |_| refused("its user or password is not UTF-8");
                let password = SecretString::from(decoded(password).map_err(not_text)?);
                Some(Login { user: decoded(url.username()).map_err(not_text)?, password })
            }
            None => None,
        };
        let hello = url.path().trim_matches('/');
        let hello = (!hello.is_empty()).then(|| hello.to_owned());
        Ok(Self { host, port: url.port().unwrap_or(usual), tls, login, hello })
    }

    /// The name this machine greets with: the one set, else the one in the address, else the machine's own.
    pub(super) fn ehlo_name(&self, set: Option<&str>) -> ClientId {
        let given = set.or(self.hello.as_deref());
        match given {
            Some(name) => ClientId::Domain(name.to_owned()),
            // A machine's name may not be a valid host name.
            None => match ClientId::default() {
                ClientId::Domain(name) if is_host_name(&name) => ClientId::Domain(name),
                _ => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
            },
        }
    }

    /// True if the password may be sent over a network that others can read.
    pub(super) fn shows_password(&self) -> bool {
        let is_local = match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => {
                let name = self.host.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
        };
        self.login.is_some() && !is_local && matches!(self.tls, Tls::Off | Tls::Offered)
    }
}

/// The secrets in the mail server's address. A short user name is treated as an ordinary word.
pub(in crate::notify) fn secrets_in(address: &SecretString) -> Vec<Secret> {
    let login = Server::parse(address).ok().and_then(|server| server.login);
    let is_secret = |user: &String| user.contains('@') || user.len() >= SHORTEST_PART;
    let parts = login.into_iter().flat_map(|login| {
        let user = Some(login.user).filter(is_secret).map(|name| piece(&name));
        user.into_iter().chain([login.password.into()])
    });
    parts.chain([Secret::address(address.clone())]).collect()
}

/// Parses the mail server's address and returns a warning if it is unsafe.
///
/// # Errors
/// [`SetupError::Smtp`] if the address cannot be used.
pub fn check_server(address: &SecretString) -> Result<Option<&'static str>, SetupError> {
    let server = Server::parse(address)?;
    Ok(match server.tls {
        _ if !server.shows_password() => None,
        Tls::Off => Some(
            "user and password are sent unencrypted, for others on the way to read: use smtp://…?tls=required, or smtps://",
        ),
        _ => Some(
            "user and password are sent unencrypted where the server, or somebody on the way, offers no STARTTLS: use tls=required instead of \
             tls=opportunistic, or smtps://",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<Server, SetupError> {
        Server::parse(&address.into())
    }

    #[test]
    fn addresses_are_read_with_their_usual_ports() {
        for (address, host, port, tls) in [
            ("smtp://mail.example.org", "mail.example.org", 25, Tls::Off),
            ("smtp://mail.example.org?tls=required", "mail.example.org", 587, Tls::Required),
            ("smtp://mail.example.org:2525?tls=opportunistic", "mail.example.org", 2525, Tls::Offered),
            ("smtps://u:p@mail.example.org", "mail.example.org", 465, Tls::Wrapped),
            ("smtps://mail.bücher.example", "mail.xn--bcher-kva.example", 465, Tls::Wrapped),
            ("smtp://[::1]:25", "::1", 25, Tls::Off),
            ("smtp://127.0.0.1", "127.0.0.1", 25, Tls::Off),
        ] {
            let server = read(address).unwrap();
            assert_eq!((server.host.as_str(), server.port, server.tls), (host, port, tls), "{address}");
        }
        let server = read("smtps://j%40x.org:p%2F%25@h/bell.example.org").unwrap();
        let login = server.login.as_ref().unwrap();
        assert_eq!((login.user.as_str(), login.password.expose_secret()), ("j@x.org", "p/%"));
        assert_eq!(server.ehlo_name(None).to_string(), "bell.example.org");
        assert_eq!(server.ehlo_name(Some("[192.0.2.1]")).to_string(), "[192.0.2.1]");
    }

    #[test]
    fn an_address_that_cannot_be_used_says_what_to_write_and_not_what_it_is() {
        for address in [
            "mail.example.org",
            "smtp://user:s3cr#t@host",
            "smtp://user:12#s3cr@host",
            "smtp://user:12?s3cr@host",
            "smtp://user:12/s3cr@host",
            "smtp://",
            "http://user:s3crt@host",
            "smtp://user:s3crt@host?tls=maybe",
            "smtp://user:s3crt@ho st",
            "smtps://u:%ff@host",
        ] {
            let error = read(address).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with("SMTP_URL cannot be used: "), "{error}");
            assert!(!error.contains("s3cr") && !error.contains("host?"), "{error}");
        }
    }

    #[test]
    fn a_password_is_warned_of_that_others_can_read() {
        for (address, shows) in [
            ("smtp://u:p@mail.example.org", true),
            ("smtp://u:p@mail.example.org:587?tls=opportunistic", true),
            ("smtp://u:p@192.0.2.1", true),
            ("smtp://u:p@mail.example.org?tls=required", false),
            ("smtps://u:p@mail.example.org", false),
            ("smtp://mail.example.org", false),
            ("smtp://u:p@localhost", false),
            ("smtp://u:p@127.0.0.2:2525", false),
            ("smtp://u:p@[::1]", false),
        ] {
            assert_eq!(read(address).unwrap().shows_password(), shows, "{address}");
        }
    }

    #[test]
    fn a_machine_that_is_named_as_no_host_says_its_address() {
        for (name, is) in [
            ("bell", true),
            ("bell.example.org", true),
            ("my_box", false),
            ("", false),
            ("a..b", false),
            ("-a", false),
        ] {
            assert_eq!(is_host_name(name), is, "{name}");
        }
    }
}
