//! Private authorities: from the system's store or a file, for mail servers, webhooks and EDGAR.

use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use sellbell::clock::Clock;
use sellbell::config::Settings;
use sellbell::delivery::{Batch, Body, Delivery};
use sellbell::notice::Notice;
use sellbell::notify::{Notifier, Retry, Secrets};
use sellbell::render::terminal::Colour;
use sellbell::source::{Client, Priority};
use sellbell::trust::Roots;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;

use crate::fakes::smtp::{Encryption, FakeSmtp, Manners};
use crate::search::Searched as _;
use crate::verbs::said;
use crate::world::at;

const NOW: &str = "2021-08-24T17:12:31-04:00";

/// An authority that nobody knows.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "a test's authority");
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }

    /// A server's set-up, with a certificate for a name from the first day of one year to that of another.
    pub fn server(&self, name: &str, years: (i32, i32)) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }

    /// A server's set-up that has an authority's own certificate, as `openssl req -x509` makes it, and that one.
    pub fn as_server() -> (Arc<ServerConfig>, Roots) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let roots = Roots::from_pem(certificate.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        (Arc::new(config.unwrap()), roots)
    }

    pub fn roots(&self) -> Roots {
        Roots::from_pem(self.pem.as_bytes()).unwrap()
    }
}

/// An HTTPS server that answers 204 to everything: its port, and how many requests it got.
async fn https(config: Arc<ServerConfig>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&got);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, got) = (TlsAcceptor::from(Arc::clone(&config)), Arc::clone(&counted));
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = Vec::new();
                while !is_whole(&request) {
                    if stream.read_buf(&mut request).await.unwrap() == 0 {
                        return;
                    }
                }
                got.fetch_add(1, Ordering::SeqCst);
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                stream.shutdown().await.unwrap();
            });
        }
    });
    (port, got)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

#[tokio::test]
async fn a_webhook_and_edgar_are_trusted_by_their_own_authorities_only() {
    let authority = Authority::new();
    let (port, got) = https(authority.server("127.0.0.1", (2000, 2999))).await;
    let settings = format!(
        "[edgar]\nbase_url = \"https://127.0.0.1:{port}\"\n[[webhook.endpoint]]\nname = \"own\"\n[[webhook.endpoint]]\nname = \"other\"\n"
    );
    let settings = Settings::read("settings", &settings, &[]).unwrap();
    let mut secrets = Secrets::default();
    for name in ["own", "other"] {
        let address = format!("https://127.0.0.1:{port}/hook/secret-path");
        secrets.webhook_urls.insert(name.into(), address.into());
    }
    secrets.webhook_roots.insert("own".into(), authority.roots());
    let output = Arc::new(std::sync::Mutex::new(Vec::new()));
    let notifier = Notifier::new(&settings, &secrets, &|_| true, output, Colour::Plain).unwrap();
    let send = async |to: &str| {
        let notice = Body::Notice(Box::new(Notice::written(at(NOW), "A title", "A text")));
        notifier.send(&Batch::one(Delivery::new(to.parse().unwrap(), notice, at(NOW))), at(NOW)).await
    };
    send("webhook:own").await.unwrap();
    let error = send("webhook:other").await.unwrap_err();
    assert!(error.to_string().contains("certificate") && error.retry == Retry::Closed, "{error}");
    assert!(error.advice.unwrap().contains("WEBHOOK_CA_FILE"));
    assert!(!error.to_string().contains("secret-path"));
    assert_eq!(got.load(Ordering::SeqCst), 1);

    let known = Client::trusting(&settings.edgar, Clock::wall(), &authority.roots()).unwrap();
    let asked = ("7".parse().unwrap(), "0000000007-21-000001".parse().unwrap(), Priority::Live);
    known.submission(asked.0, asked.1, asked.2).await.unwrap();
    assert_eq!(got.load(Ordering::SeqCst), 2);
    let unknown = Client::new(&settings.edgar, Clock::wall()).unwrap();
    assert!(unknown.submission(asked.0, asked.1, asked.2).await.is_err());
    assert_eq!(got.load(Ordering::SeqCst), 2);
}

/// A folder with settings, and what the environment may say there.
struct Shell {
    dir: tempfile::TempDir,
    url: String,
}

impl Shell {
    async fn run(&self, args: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sellbell"))
            .args(args)
            .args(["--config", "settings.toml"])
            .current_dir(self.dir.path())
            .env_clear()
            .env("SMTP_URL", &self.url)
            .envs(environment.iter().copied())
            .output()
            .await
            .unwrap()
            .searched()
    }
}

#[tokio::test]
async fn a_file_or_the_systems_store_names_an_authority_and_what_is_wrong_with_it_is_said() {
    let authority = Authority::new();
    let encryption = Encryption::AtOnce(authority.server("127.0.0.1", (2000, 2999)));
    let smtp = FakeSmtp::start_as(Manners { encryption, ..Manners::default() }).await;
    let url = format!("smtps://127.0.0.1:{}", smtp.port());
    let shell = Shell { dir: tempfile::tempdir().unwrap(), url };
    let path = |name: &str| shell.dir.path().join(name).display().to_string();
    let settings = "[edgar]\ncontact = \"Test test@example.org\"\n[email]\nfrom = \"bell@example.org\"\n\
        [[email.recipient]]\nname = \"desk\"\naddress = \"desk@example.org\"\n[[webhook.endpoint]]\nname = \"my-n8n\"\n";
    fs::write(path("settings.toml"), settings).unwrap();
    fs::write(path("own.pem"), &authority.pem).unwrap();
    fs::write(path("empty.pem"), "\n").unwrap();
    fs::write(path("no.pem"), "not a certificate").unwrap();
    let test = ["test-alert", "email:desk"];
    let (own, missing) = (path("own.pem"), path("missing.pem"));
    for environment in [
        &[("SMTP_CA_FILE", own.as_str())][..],
        // The system's store is what these say.
        &[("SSL_CERT_FILE", own.as_str())],
        &[
            ("SSL_CERT_FILE", missing.as_str()),
            ("SSL_CERT_DIR", "/nonexistent"),
            ("SMTP_CA_FILE", own.as_str()),
        ],
    ] {
        let output = shell.run(&test, environment).await;
        assert!(output.status.success(), "{environment:?}: {}", said(&output));
        smtp.next_mail().await;
    }
    for environment in [&[][..], &[("WEBHOOK_CA_FILE", own.as_str())]] {
        let output = shell.run(&test, environment).await;
        let text = said(&output);
        assert!(
            !output.status.success() && text.contains("What to do: ") && text.contains("SMTP_CA_FILE"),
            "{text}"
        );
    }
    fs::create_dir(path("rules")).unwrap();
    fs::write(
        path("rules/any.toml"),
        "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\nnotify = [\"email:desk\"]\n",
    )
    .unwrap();
    for variable in ["SMTP_CA_FILE", "WEBHOOK_CA_FILE", "WEBHOOK_CA_FILE_MY_N8N", "EDGAR_CA_FILE"] {
        for (file, words) in [
            ("missing.pem", "cannot read"),
            ("empty.pem", "the file is empty"),
            ("no.pem", "the file is not PEM"),
        ] {
            let file = path(file);
            for args in [&["run", "--once"][..], &["check"]] {
                let output = shell.run(args, &[(variable, &file)]).await;
                let text = said(&output);
                assert_eq!(output.status.code(), Some(1), "{variable} {args:?}: {text}");
                assert!(text.contains(&format!("{variable}: ")) && text.contains(words), "{text}");
                // A value that cannot be read as a file may be a secret.
                assert_eq!(text.contains(&file), words != "cannot read", "{text}");
            }
        }
    }
    smtp.finish().await;
}

#[tokio::test]
async fn check_warns_of_a_password_that_others_can_read_and_refuses_an_address_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("settings.toml"), "[edgar]\ncontact = \"Test test@example.org\"\n").unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(
        dir.path().join("rules/any.toml"),
        "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\nnotify = [\"terminal\"]\n",
    )
    .unwrap();
    let mut shell = Shell { dir, url: String::new() };
    for (url, code, words) in [
        ("smtp://jane:s3cret@mail.example.org", 1, Some("would send user and password unencrypted")),
        ("smtp://jane:s3cret@192.0.2.1:587", 1, Some("[email] allow_plain_password = true")),
        ("smtp://jane:s3cret@localhost.example.org", 1, Some("use smtps://")),
        (
            "smtp://jane:s3cret@mail.example.org?tls=opportunistic",
            0,
            Some("warning: user and password are sent unencrypted where the server"),
        ),
        ("smtp://mail.example.org", 0, None),
        ("smtp://jane:s3cret@[::1]:2525", 0, None),
        ("smtp://jane:s3cret@mail.example.org:587?tls=required", 0, None),
        ("smtp://jane:s3cret@127.0.0.1", 0, None),
        ("smtp://jane:s3#cret@mail.example.org", 1, Some("SMTP_URL cannot be used: expected smtps://")),
    ] {
        url.clone_into(&mut shell.url);
        let output = shell.run(&["check"], &[]).await;
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        match words {
            Some(words) => {
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(
                    line.contains(words) || line.contains(words.trim_start_matches("warning: ")),
                    "{text}"
                );
                assert!(text.contains("SMTP_URL"), "{text}");
            }
            None => assert!(!text.contains("SMTP_URL"), "{text}"),
        }
        assert!(!text.contains("s3") && !text.contains("cret@"), "{text}");
    }
    // It is meant so.
    let settings = "[edgar]\ncontact = \"Test test@example.org\"\n[email]\nallow_plain_password = true\n";
    fs::write(shell.dir.path().join("settings.toml"), settings).unwrap();
    "smtp://jane:s3cret@mail.example.org".clone_into(&mut shell.url);
    let output = shell.run(&["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("user and password are sent unencrypted"), "{}", said(&output));
}
