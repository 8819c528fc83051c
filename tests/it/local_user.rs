//! What another user of the machine can do, and how the bot ends.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use sellbell::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::search::Searched as _;
use crate::verbs::{Running, asked, at_once, ended, prepare, running, said, send, started, stop};
use crate::world::{World, released};

const LISTEN: &str = "listen = \"127.0.0.1:0\"";
const STATUS: &[&str] = &["status", "--config", "settings.toml"];
const MUTE: &[&str] = &["mute", "rule:any", "--for", "2h", "--config", "settings.toml"];
const UNMUTE: &[&str] = &["unmute", "rule:any", "--config", "settings.toml"];
const RETRY: &[&str] = &["retry", "--all", "--config", "settings.toml"];

/// A bot that a shell starts, after these commands.
fn started_by_shell(world: &World, before: &str, after: &str) -> Running {
    let program = env!("CARGO_BIN_EXE_sellbell");
    let run = format!(
        "{before}; exec {program} run --config settings.toml --since 2021-08-24 >/dev/null 2>log {after}"
    );
    let child = Command::new("sh")
        .args(["-c", &run])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .spawn();
    Running(child.unwrap())
}

/// The mode of a file or folder and of all in it, by path.
fn modes(path: &Path) -> BTreeMap<String, u32> {
    let about = fs::symlink_metadata(path).unwrap();
    let mut modes = BTreeMap::from([(path.display().to_string(), about.permissions().mode() & 0o777)]);
    if about.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| modes.extend(self::modes(&entry.unwrap().path())));
    }
    modes
}

#[track_caller]
fn assert_modes(path: &Path, folder: u32, file: u32) {
    for (path, mode) in modes(path) {
        let expected = if Path::new(&path).is_dir() { folder } else { file };
        assert_eq!(mode, expected, "{path} has {mode:o}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_belongs_to_its_user_alone_whatever_the_umask_and_whoever_made_it() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    let store = world.path("store");
    // As an older version left it.
    drop(Store::open(&store).unwrap());
    released(&store);
    fs::write(store.join("token"), "old").unwrap();
    fs::create_dir_all(store.join("blobs")).unwrap();
    fs::write(store.join("blobs/7"), "").unwrap();
    modes(&store).keys().for_each(|path| set_mode(Path::new(path), 0o777));
    let bot = started_by_shell(&world, "umask 000", "");
    world.discord.next_message().await;
    assert_modes(&store, 0o700, 0o600);
    assert!(store.join("token").exists() && store.join("address").exists());
    stop(bot).await;
    assert_modes(&store, 0o700, 0o600);
    // So does reading one that is stopped, and writing a smaller one.
    modes(&store).keys().for_each(|path| set_mode(Path::new(path), 0o755));
    assert!(at_once(world.dir.path(), STATUS).await.status.success());
    assert_modes(&store, 0o700, 0o600);
    let compact: &[&str] = &["store", "compact", "--config", "settings.toml"];
    assert!(at_once(world.dir.path(), compact).await.status.success());
    assert_modes(&store, 0o700, 0o600);
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_all_users_share_is_no_place_for_a_store() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    let rules = "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\nnotify = [\"terminal\"]\n";
    fs::write(world.path("rules/any.toml"), rules).unwrap();
    fs::create_dir(world.path("store")).unwrap();
    set_mode(&world.path("store"), 0o1777);
    let refused = at_once(world.dir.path(), &["run", "--once", "--config", "settings.toml"]).await;
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("shared by all users"), "{}", said(&refused));
    assert_eq!(modes(&world.path("store")).len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_lines_are_readable_by_whom_the_settings_name() {
    for (setting, folder, file) in [
        ("", 0o700, 0o600),
        ("[files]\nreadable_by = \"group\"\n", 0o750, 0o640),
        ("[files]\nreadable_by = \"everyone\"\n", 0o755, 0o644),
    ] {
        let world = World::new().await;
        prepare(&world, LISTEN);
        let text = fs::read_to_string(world.path("settings.toml")).unwrap();
        let out = format!("[email]\nout_dir = \"{}\"\n", world.path("mail").display());
        fs::write(world.path("settings.toml"), text.replace("[email]\n", &out) + setting).unwrap();
        let rules = "[[rule]]\nname = \"any\"\ntickers = [\"QLYS\"]\n\
            notify = [\"jsonl:lines.jsonl\", \"email:desk\", \"discord:hook\"]\n";
        fs::write(world.path("rules/any.toml"), rules).unwrap();
        // As an older version left them.
        fs::create_dir(world.path("mail")).unwrap();
        set_mode(&world.path("mail"), 0o777);
        fs::write(world.path("mail/qlys-5261cbc83841c892a3b07110.eml"), "").unwrap();
        fs::write(world.path("lines.jsonl"), "").unwrap();
        for path in ["mail/qlys-5261cbc83841c892a3b07110.eml", "lines.jsonl"] {
            set_mode(&world.path(path), 0o666);
        }
        let bot = started_by_shell(&world, "umask 000", "");
        world.discord.next_message().await;
        let text = || fs::read_to_string(world.path("lines.jsonl")).unwrap();
        let mails = || fs::read_dir(world.path("mail")).unwrap().count();
        while text().is_empty() || mails() < 3 {
            tokio::task::yield_now().await;
        }
        stop(bot).await;
        assert_modes(&world.path("mail"), folder, file);
        assert_modes(&world.path("lines.jsonl"), folder, file);
        assert_modes(&world.path("store"), 0o700, 0o600);
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// Answers everything with these bodies at an address, and keeps all that it gets.
async fn stranger(address: &str, status: String) -> Arc<Mutex<String>> {
    let listener = TcpListener::bind(address).await.unwrap();
    let got: Arc<Mutex<String>> = Arc::default();
    let kept = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            kept.lock().unwrap().push_str(&request);
            let body = match request.contains("/proof") {
                true => format!("{{\"proof\":\"{}\"}}", "0".repeat(64)),
                false => status.clone(),
            };
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    });
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_at_a_dead_bots_address_is_not_believed_and_gets_no_token() {
    let world = World::new().await;
    let mut bot = running(&world, LISTEN).await;
    let dir = world.dir.path();
    let address = fs::read_to_string(world.path("store/address")).unwrap().trim().to_owned();
    let token = fs::read_to_string(world.path("store/token")).unwrap();
    // What it has not noted as sent, the next bot sends again.
    let status = loop {
        let answered = asked(&address, "/status", &address).await;
        let status = answered.split_once("\r\n\r\n").unwrap().1.to_owned();
        if status.contains("\"delivered\":1") {
            break status.replace("\"rules\":1", "\"rules\":4711");
        }
    };
    send(&bot, "KILL");
    tokio::task::spawn_blocking(move || bot.0.wait().unwrap()).await.unwrap();
    assert!(world.path("store/address").exists(), "a kill leaves it");
    let got = stranger(&address, status).await;
    let text = fs::read_to_string(world.path("settings.toml")).unwrap();
    let file = File::open(world.path("store/db")).unwrap();
    // Somebody of the same user has the store, so that a bot may seem to run.
    file.lock().unwrap();
    for output in join_all([STATUS, MUTE, UNMUTE, RETRY].map(|args| at_once(dir, args))).await {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("cannot prove that it is this bot"), "{said}");
        assert!(!said.contains("4711") && !said.contains(&token), "{said}");
    }
    file.unlock().unwrap();
    let asked = std::mem::take(&mut *got.lock().unwrap());
    assert!(asked.contains("GET /proof?nonce="), "{asked}");
    for secret in [token.as_str(), "authorization", "Bearer", "POST", "DELETE"] {
        assert!(!asked.to_lowercase().contains(&secret.to_lowercase()), "{asked}");
    }
    // Where nobody has the store, the stranger is not even asked.
    let stopped = at_once(dir, STATUS).await;
    assert!(said(&stopped).contains(", not running, "), "{}", said(&stopped));
    assert!(at_once(dir, MUTE).await.status.success());
    assert_eq!(*got.lock().unwrap(), "");
    // The next bot has an address and a token of its own.
    assert_eq!(fs::read_to_string(world.path("settings.toml")).unwrap(), text);
    assert!(at_once(dir, UNMUTE).await.status.success());
    let bot = started(&world);
    while fs::read_to_string(world.path("store/address")).is_ok_and(|left| left.trim() == address) {
        tokio::task::yield_now().await;
    }
    let status = at_once(dir, STATUS).await;
    assert!(said(&status).contains(", running, "), "{}", said(&status));
    assert_ne!(fs::read_to_string(world.path("store/token")).unwrap(), token);
    assert_ne!(fs::read_to_string(world.path("store/address")).unwrap().trim(), address);
    stop(bot).await;
    world.edgar.take_fetched();
    // A webhook gets an alert once more where the kill came before its record was on the disk: status counts it sooner.
    assert!(world.discord.take_messages().len() <= 1);
    world.finish().await;
}

/// The token of the environment lasts, so that nobody is sent it, and none of its traces are shown.
#[tokio::test(flavor = "multi_thread")]
async fn the_environments_token_allows_changes_and_no_command_sends_it() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    let command = |args: &[&str], token: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sellbell"));
        command.args(args).current_dir(world.dir.path()).env_clear().env("HTTP_TOKEN", token);
        command.env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5));
        command
    };
    let run = ["run", "--config", "settings.toml", "--since", "2021-08-24"];
    let bot = Running(command(&run, "of-the-environment").stderr(Stdio::null()).spawn().unwrap());
    world.discord.next_message().await;
    let address = fs::read_to_string(world.path("store/address")).unwrap();
    let url = format!("http://{}/mutes?what=rule:any", address.trim());
    let made = fs::read_to_string(world.path("store/token")).unwrap();
    let client = reqwest::Client::new();
    for (token, status) in [("of-the-environment", 404), (made.as_str(), 404), ("another", 401), ("", 401)] {
        let answer = client.delete(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), status, "{token}: nothing is muted, or the token is wrong");
    }
    // By the token in the folder, whatever the environment of the command has.
    let mut mute = command(MUTE, "of-another-time");
    let muted = tokio::task::spawn_blocking(move || mute.output().unwrap().searched()).await.unwrap();
    assert!(muted.status.success(), "{}", said(&muted));
    // A proof is made by the folder's token alone.
    let nonce = sellbell::http::Nonce::new().unwrap();
    let proof = client.get(format!("http://{}/proof?nonce={}", address.trim(), nonce.text()));
    let proof: serde_json::Value = proof.send().await.unwrap().json().await.unwrap();
    let proves = |token: &str| {
        nonce.is_proved(&token.into(), address.trim().parse().unwrap(), proof["proof"].as_str().unwrap())
    };
    assert!(proves(&made) && !proves("of-the-environment"));
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_or_little_starve_nobody() {
    let world = World::new().await;
    let bot = running(&world, LISTEN).await;
    let dir = world.dir.path();
    let address = fs::read_to_string(world.path("store/address")).unwrap().trim().to_owned();
    for little in [
        "",
        "GET /healthz HTTP/1.1\r\nHost: ",
        "POST /mutes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{",
    ] {
        let mut silent = Vec::new();
        for _ in 0..48 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let _ = stream.write_all(little.as_bytes()).await;
            silent.push(stream);
        }
        assert!(asked(&address, "/healthz", &address).await.ends_with("{\"status\":\"ok\"}"));
        for args in [STATUS, MUTE, UNMUTE] {
            let output = at_once(dir, args).await;
            assert!(output.status.success(), "{}", said(&output));
            assert!(args != STATUS || said(&output).contains(", running, "), "{}", said(&output));
        }
    }
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_signal_that_can_be_caught_leaves_nothing_behind() {
    let signals = [
        ("HUP", 1, 0),
        ("INT", 2, 0),
        ("QUIT", 3, 0),
        ("USR1", 10, 1),
        ("ALRM", 14, 1),
        ("XCPU", 24, 1),
        ("XFSZ", 25, 1),
    ];
    // What starts the tests in the background may have them ignored, which a bot then respects.
    let ignored = ignored_signals();
    let caught = signals.into_iter().filter(|(_, number, _)| ignored & (1 << (number - 1)) == 0);
    let ends = caught.map(|(signal, _, code)| async move {
        let world = World::new().await;
        let bot = running(&world, LISTEN).await;
        let status = ended(bot, signal).await;
        let log = fs::read_to_string(world.path("log")).unwrap();
        assert_eq!(status.code(), Some(code), "{signal}: {log}");
        assert!(code == 0 || log.contains(&format!("ended by SIG{signal}")), "{log}");
        assert!(!world.path("store/address").exists() && !world.path("store/token").exists(), "{signal}");
        let check: &[&str] = &["store", "check", "--config", "settings.toml"];
        let checked = at_once(world.dir.path(), check).await;
        assert!(checked.status.success(), "{signal}: {}", said(&checked));
        world.edgar.take_fetched();
        world.finish().await;
    });
    join_all(ends).await;
}

/// The signals that this process ignores, and so those that it starts: a bit each, the first for signal 1.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(ignored.trim(), 16).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_file_sizes_is_an_end_with_words() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    let mut bot = started_by_shell(&world, "ulimit -f 256", "");
    let status = tokio::task::spawn_blocking(move || bot.0.wait().unwrap()).await.unwrap();
    let log = fs::read_to_string(world.path("log")).unwrap();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the store in") || log.contains("SIGXFSZ"), "{log}");
    assert!(!world.path("store/address").exists() && !world.path("store/token").exists());
    // Without the limit it goes on. What was sent, and could not be written down, is sent by the webhook once more.
    let sent = world.discord.take_messages().len();
    let bot = started(&world);
    if sent == 0 {
        world.discord.next_message().await;
    }
    while !world.path("store/address").exists() {
        tokio::task::yield_now().await;
    }
    stop(bot).await;
    world.discord.take_messages();
    let check: &[&str] = &["store", "check", "--config", "settings.toml"];
    let checked = at_once(world.dir.path(), check).await;
    assert!(checked.status.success(), "{}", said(&checked));
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_that_is_ignored_ends_nothing() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    let bot = started_by_shell(&world, "trap '' HUP", "");
    world.discord.next_message().await;
    send(&bot, "HUP");
    let status = at_once(world.dir.path(), STATUS).await;
    assert!(said(&status).contains(", running, "), "{}", said(&status));
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_streams_that_are_closed_full_or_broken_change_nothing() {
    for (streams, is_broken) in
        [("<&- >&- 2>&-", false), ("</dev/null >/dev/full 2>/dev/full", false), ("", true)]
    {
        let world = World::new().await;
        prepare(&world, LISTEN);
        let program = env!("CARGO_BIN_EXE_sellbell");
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {program} run --config settings.toml --since 2021-08-24 {streams}")])
            .current_dir(world.dir.path())
            .env_clear()
            .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let unread = (child.stdout.take(), child.stderr.take());
        if is_broken {
            drop(unread);
        }
        let bot = Running(child);
        world.discord.next_message().await;
        let status = ended(bot, "TERM").await;
        assert!(status.success(), "{streams}: {status}");
        assert!(!world.path("store/address").exists() && !world.path("store/token").exists(), "{streams}");
        let check: &[&str] = &["store", "check", "--config", "settings.toml"];
        let checked = at_once(world.dir.path(), check).await;
        assert!(checked.status.success(), "{streams}: {}", said(&checked));
        world.edgar.take_fetched();
        world.finish().await;
    }
}

/// Runs a verb while the store is in use, waits for its words, frees the store: its exit status is awaited by the caller.
fn waiting(world: &World, args: &[&str]) -> Running {
    let file = File::open(world.path("store/db")).unwrap();
    file.lock().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_sellbell"))
        .args(args)
        .args(["--config", "settings.toml"])
        .current_dir(world.dir.path())
        .env_clear()
        .env("DISCORD_WEBHOOK_HOOK", world.discord.webhook_url(5))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().unwrap().contains("is in use: waiting up to"));
    assert!(line.is_some(), "{args:?} did not wait");
    file.unlock().unwrap();
    // The rest is read, so that the program is not held up.
    std::thread::spawn(move || lines.count());
    Running(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_in_use_for_a_moment_is_waited_for() {
    let world = World::new().await;
    prepare(&world, LISTEN);
    drop(Store::open(&world.path("store")).unwrap());
    released(&world.path("store"));
    for args in [
        &["status"][..],
        &["mute", "rule:any", "--for", "2h"],
        &["unmute", "rule:any"],
        &["store", "check"],
        &["store", "compact"],
    ] {
        let mut verb = tokio::task::block_in_place(|| waiting(&world, args));
        let status = tokio::task::spawn_blocking(move || verb.0.wait().unwrap()).await.unwrap();
        assert!(status.success(), "{args:?}");
    }
    // Those that only look do not stand in each other's way, nor in a start's.
    let dir = world.dir.path();
    let all = join_all([STATUS; 6].map(|args| at_once(dir, args))).await;
    assert!(all.iter().all(|output| output.status.success()), "{}", all.iter().map(said).collect::<String>());
    let bot = tokio::task::block_in_place(|| waiting(&world, &["run", "--since", "2021-08-24"]));
    let looks = join_all([STATUS; 4].map(|args| at_once(dir, args))).await;
    assert!(
        looks.iter().all(|output| output.status.success()),
        "{}",
        looks.iter().map(said).collect::<String>()
    );
    world.discord.next_message().await;
    stop(bot).await;
    world.edgar.take_fetched();
    world.finish().await;
}

#[test]
fn a_pipe_or_device_in_the_stores_folder_is_an_error_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (dir.path().join("pipe"), dir.path().join("device"));
    for folder in [&store, &other] {
        fs::create_dir(folder).unwrap();
    }
    assert!(Command::new("mkfifo").arg(store.join("db")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", other.join("conf")).unwrap();
    for folder in [&store, &other] {
        let error = sellbell::store::Store::open(folder).map(drop).unwrap_err().to_string();
        assert!(error.contains("is a pipe, a device or a socket: remove it"), "{error}");
    }
}
