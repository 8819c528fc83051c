//! The most memory that the running bot takes where it reads what is hostile. `docs/SECURITY.md` has the figures.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Duration, timeout};

use crate::fakes::discord::FakeDiscord;
use crate::fakes::edgar::Published;
use crate::verbs::Running;
use crate::world::{World, qualys, small_sale};

/// Bytes that the bot may take at most, also as a debug build.
const MOST: u64 = 100 * 1024 * 1024;
const MB: usize = 1024 * 1024;
const USER: &str = "{\"id\":\"4242\",\"username\":\"sellbell\",\"discriminator\":\"0000\",\"avatar\":null}";
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server says.
#[derive(Clone)]
struct Flood {
    begins: Vec<u8>,
    goes_on: Vec<u8>,
    /// How often the second part comes; without end where it is `None`.
    times: Option<usize>,
    ends: Vec<u8>,
}

impl Flood {
    fn endless(begins: &str, goes_on: &[u8]) -> Self {
        Self {
            begins: begins.into(),
            goes_on: goes_on.repeat(64 * 1024 / goes_on.len() + 1),
            times: None,
            ends: Vec::new(),
        }
    }

    /// An answer whose body has a part again and again, up to so many bytes.
    fn filled(status: u16, begins: &str, part: &str, size: usize, ends: &str) -> Self {
        let times = size / part.len();
        let length = begins.len() + times * part.len() + ends.len();
        let begins = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{begins}");
        Self { begins: begins.into(), goes_on: part.into(), times: Some(times), ends: ends.into() }
    }

    /// Three gigabytes in three megabytes.
    fn gzip() -> Self {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..3_000 {
            packed.write_all(&[b' '; MB]).unwrap();
        }
        let ends = packed.finish().unwrap();
        let begins =
            format!("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", ends.len());
        Self { begins: begins.into(), goes_on: Vec::new(), times: Some(0), ends }
    }

    async fn pour(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(&self.begins).await?;
        let mut left = self.times;
        while left != Some(0) {
            stream.write_all(&self.goes_on).await?;
            left = left.map(|left| left - 1);
        }
        stream.write_all(&self.ends).await?;
        stream.shutdown().await?;
        // The bot has read it all when it hangs up.
        while stream.read(&mut [0; 1024]).await? > 0 {}
        Ok(())
    }
}

/// A server on a port of its own: it answers requests that have this in their head, and counts those that are over.
struct Hostile {
    address: String,
    over: watch::Receiver<usize>,
}

impl Hostile {
    async fn start(wanted: &'static str, flood: Flood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (count, over) = watch::channel(0);
        let (count, flood) = (Arc::new(count), Arc::new(flood));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (count, flood) = (Arc::clone(&count), Arc::clone(&flood));
                tokio::spawn(async move {
                    let mut head = vec![0; 64 * 1024];
                    let length =
                        if wanted.is_empty() { 0 } else { stream.read(&mut head).await.unwrap_or_default() };
                    let head = String::from_utf8_lossy(&head[..length]);
                    if !head.contains(wanted) {
                        // Discord is asked who the bot is before a channel is read.
                        let (status, body) =
                            if head.contains("/users/@me ") { (200, USER) } else { (404, "") };
                        let head = format!(
                            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                            body.len()
                        );
                        let _ = stream.write_all((head + body).as_bytes()).await;
                        return;
                    }
                    // It breaks where the bot has enough.
                    let _ = flood.pour(&mut stream).await;
                    count.send_modify(|count| *count += 1);
                });
            }
        });
        Self { address, over }
    }

    async fn is_over(&mut self, name: &str, world: &World) {
        let over = timeout(PATIENCE, self.over.wait_for(|count| *count > 0)).await;
        assert!(over.is_ok(), "{name}: nobody asks: {}", fs::read_to_string(world.path("log")).unwrap());
    }
}

/// The bot; it ends with this.
struct Bot(Running);

impl Bot {
    fn start(world: &World, settings: &str, rules: &str, secrets: &[(&str, String)]) -> Self {
        fs::write(world.path("settings.toml"), settings).unwrap();
        fs::create_dir_all(world.path("rules")).unwrap();
        fs::write(world.path("rules/any.toml"), rules).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_sellbell"))
            .args(["run", "--config", "settings.toml", "--since", "2021-08-24"])
            .current_dir(world.dir.path())
            .env_clear()
            .envs(secrets.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::null())
            .stderr(fs::File::create(world.path("log")).unwrap())
            .spawn();
        Self(Running(child.unwrap()))
    }

    fn peak(&self) -> u64 {
        peak_of(&self.0.0)
    }
}

/// The most bytes that a process took up to now.
pub fn peak_of(process: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn rule(destination: &str) -> String {
    format!("[[rule]]\nname = \"any\"\ncodes = [\"S\"]\nnotify = [\"{destination}\"]\n")
}

fn note(name: &str, peak: u64) {
    eprintln!("{name}: {} MB", peak / 1024 / 1024);
    assert!(peak < MOST, "{name}: {peak} bytes");
}

/// A server takes the place of EDGAR, Discord, an endpoint or the mail server.
async fn poured(name: &str, place: &str, wanted: &'static str, flood: Flood) {
    let world = World::new().await;
    world.edgar.publish(&qualys());
    let mut hostile = Hostile::start(wanted, flood).await;
    let (fake, there) = (world.settings(), format!("http://{}", hostile.address));
    let settings = match place {
        "edgar" => fake.replace(world.edgar.base_url(), &there),
        "discord:alerts" => fake.replace(&world.discord.base(), &there),
        _ => fake + "[[webhook.endpoint]]\nname = \"n8n\"\n",
    };
    let secrets = match place {
        "discord:alerts" => vec![("DISCORD_TOKEN", FakeDiscord::TOKEN.to_owned())],
        "discord:hook" => vec![("DISCORD_WEBHOOK_HOOK", format!("{there}/api/webhooks/5/token-5"))],
        "webhook:n8n" => vec![("WEBHOOK_URL_N8N", format!("{there}/hook"))],
        "email:desk" => vec![("SMTP_URL", format!("smtp://{}", hostile.address))],
        _ => Vec::new(),
    };
    let destination = if place == "edgar" { "terminal" } else { place };
    let settings = settings.replace(
        "[[discord.channel]]\nname = \"hook\"\nwebhook = true\n",
        match place {
            "discord:hook" => "[[discord.channel]]\nname = \"hook\"\nwebhook = true\n",
            _ => "",
        },
    );
    let bot = Bot::start(&world, &settings, &rule(destination), &secrets);
    hostile.is_over(name, &world).await;
    note(name, bot.peak());
    drop(bot);
    world.edgar.take_fetched();
    world.finish().await;
}

/// A filing, and one behind it that rings; this one rings, too, where it can be read.
async fn filed(name: &str, body: Vec<u8>, rings: bool, template: &str) {
    const HOSTILE: &str = "0000000007-21-000001";
    const BEHIND: &str = "0000000007-21-000002";
    let world = World::new().await;
    let filing = small_sale(HOSTILE, 70, "2021-08-24T17:12:09-04:00");
    world.edgar.publish(&Published { body, ..filing });
    world.edgar.publish(&small_sale(BEHIND, 71, "2021-08-24T17:12:19-04:00"));
    let secrets = [("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))];
    let settings = world.settings().replace("name = \"alerts\"\nchannel_id = \"555\"\n", "");
    let settings = settings.replace("[[discord.channel]]\n[[discord.channel]]", "[[discord.channel]]");
    let rules = format!("{}when = \"lots|length > 0\"\n{template}", rule("discord:hook"));
    let bot = Bot::start(&world, &settings, &rules, &secrets);
    let mut awaited = if rings { vec![HOSTILE, BEHIND] } else { vec![BEHIND] };
    while !awaited.is_empty() {
        let message = world.discord.next_message().await.body.to_string();
        awaited.retain(|accession| !message.contains(accession));
    }
    note(name, bot.peak());
    drop(bot);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "many"]
async fn a_server_that_says_too_much_takes_little_memory_at_length() {
    let body = "HTTP/1.1 200 X\r\n\r\n{\"message\":\"";
    let refused = "HTTP/1.1 500 X\r\n\r\n{\"message\":\"";
    let headers = Flood::endless("HTTP/1.1 200 X\r\n", format!("X-A: {}\r\n", "z".repeat(60_000)).as_bytes());
    for (place, wanted) in [
        ("edgar", "getcurrent"),
        ("discord:hook", "/api/webhooks/5"),
        ("discord:alerts", "/channels/555"),
        ("webhook:n8n", "/hook"),
    ] {
        poured(&format!("{place}: a body without end"), place, wanted, Flood::endless(body, b"y")).await;
        poured(&format!("{place}: a refusal without end"), place, wanted, Flood::endless(refused, b"y"))
            .await;
        poured(&format!("{place}: headers without end"), place, wanted, headers.clone()).await;
        poured(&format!("{place}: three gigabytes, compressed"), place, wanted, Flood::gzip()).await;
    }
    let tree = Flood::filled(
        400,
        "{\"code\":50035,\"message\":\"m\",\"errors\":{\"embeds\":{\"_errors\":[",
        "{\"code\":\"\",\"message\":\"\"},",
        12 * MB,
        "{\"code\":\"\",\"message\":\"\"}]}}}",
    );
    poured("discord:hook: errors within errors", "discord:hook", "/api/webhooks/5", tree).await;
    // Each of these would be a long path for its many errors.
    let errors = "{\"code\":\"\",\"message\":\"m\"},".repeat(4_000);
    let begins = format!(
        "{{\"code\":50035,\"message\":\"m\",\"errors\":{{\"{}\":{{\"_errors\":[",
        "k".repeat(100_000)
    );
    let path = Flood::filled(400, &begins, &errors, errors.len(), "0]}}}");
    poured("discord:hook: a long path of errors", "discord:hook", "/api/webhooks/5", path).await;
    let list = |part: &str, size: usize| Flood::filled(200, "[", &format!("{part},"), size, "0]");
    poured("discord:alerts: a list for a channel", "discord:alerts", "/channels/555", list("0", 12 * MB))
        .await;
    let cards = list(
        "{\"id\":\"1\",\"author\":{\"id\":\"4242\"},\"embeds\":[{},{},{},{},{},{},{},{},{},{}]}",
        8 * MB - 1_000,
    );
    poured("discord:alerts: 80,000 messages", "discord:alerts", "/channels/555", cards).await;
    let cards = Flood::filled(
        200,
        "[{\"id\":\"1\",\"author\":{\"id\":\"4242\"},\"embeds\":[",
        "{},",
        8 * MB - 1_000,
        "{}]}]",
    );
    poured("discord:alerts: a message with millions of cards", "discord:alerts", "/channels/555", cards)
        .await;
    poured("discord: a list for the gateway", "discord:alerts", "/gateway/bot", list("0", 12 * MB)).await;
    let tickers = Flood::filled(
        200,
        "{",
        "\"1\":{\"cik_str\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"ticker\":\"A\"},",
        15 * MB,
        "\"1\":{}}",
    );
    poured("edgar: tickers with lists in them", "edgar", "company_tickers", tickers).await;
    let tickers = Flood::filled(200, "{", "\"1\":{\"cik_str\":1,\"ticker\":\"A\"},", 15 * MB, "\"1\":{}}");
    poured("edgar: a list of tickers of 15 MB", "edgar", "company_tickers", tickers).await;
    let entry = "<entry><title>4 - A (0000000070) (Issuer)</title><updated>2021-08-24T17:12:09-04:00</updated></entry>";
    let feed = Flood::filled(
        200,
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">",
        entry,
        4 * MB - 1_000,
        "</feed>",
    );
    poured("edgar: a feed of 4 MB", "edgar", "getcurrent", feed).await;
    poured("email: a line without end", "email:desk", "", Flood::endless("220 ", b"x")).await;
    poured("email: an answer without end", "email:desk", "", Flood::endless("", b"220-x\r\n")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "many"]
async fn a_filing_that_says_too_much_takes_little_memory_at_length() {
    let sale =
        String::from_utf8(small_sale("0000000007-21-000001", 70, "2021-08-24T17:12:09-04:00").body).unwrap();
    let schema = "<schemaVersion>X0508</schemaVersion>";
    let long = "a".repeat(6 * MB);
    let with = |place: &str, content: String| sale.replacen(place, &content, 1).into_bytes();
    let note = "note ".repeat(5_000);
    let notes: String = (0..1_000).map(|n| format!("<footnote id=\"F{n}\">{note}</footnote>")).collect();
    let row = sale
        .split_once("<nonDerivativeTransaction>")
        .unwrap()
        .1
        .split_once("</nonDerivativeTransaction>")
        .unwrap()
        .0;
    let row = format!("<nonDerivativeTransaction>{row}</nonDerivativeTransaction>");
    let ids = "<footnoteId id=\"F1\"/>".repeat(100);
    let referring = row.replace("</value>", &format!("</value>{ids}")).repeat(900);
    let noted = row.replace("<value>10</value>", &format!("<value>10</value>{ids}")).repeat(900);
    assert_ne!(noted, row.repeat(900));
    let titled = row
        .replace("<securityTitle><value>", &format!("<securityTitle><value>{}", "t".repeat(20_000)))
        .repeat(900);
    for (name, body, rings) in [
        ("an element's name of 6 MB", with(schema, format!("<{long}/>")), true),
        ("a value of 6 MB", with(schema, format!("<periodOfReport>{long}</periodOfReport>")), true),
        ("a name of 6 MB", with("DOE JANE", long.clone()), true),
        ("an issuer of 6 MB", with("Issuer 70", long), true),
        ("a million elements", with(schema, "<abc/>".repeat(1_000_000)), true),
        ("a thousand notes of 25 kB", with(schema, format!("<footnotes>{notes}</footnotes>")), true),
        ("900 rows with titles of 20 kB", with(&row, titled), true),
        ("900 rows with a hundred references each", with(&row, noted), true),
        ("900 rows with many hundreds of references each", with(&row, referring), false),
    ] {
        filed(name, body, rings, "").await;
    }
    // `check` refuses one that does so for each filing.
    let when_hostile = |source: &str| {
        format!("template = \"{{% if issuer.cik == 70 %}}{source}{{% else %}}well{{% endif %}}\"\n")
    };
    let cycle = when_hostile("{% set a = namespace() %}{% set a.a = a %}{{ a }}");
    filed("a template that contains itself", sale.clone().into_bytes(), true, &cycle).await;
    let growth = when_hostile("{{ [1]*100000000 }}");
    filed("a template that grows", sale.into_bytes(), true, &growth).await;
}
