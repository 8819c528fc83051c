//! Secrets as people set them: how `check` and `run` report missing and mistaken ones.

use crate::search::Searched as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const SETTINGS: &str = "[[discord.channel]]\nname = \"alerts\"\nchannel_id = \"1103812345678901234\"\n\
    [[discord.channel]]\nname = \"hook\"\nwebhook = true\n[[discord.channel]]\nname = \"idle\"\nwebhook = true\n\
    [[email.recipient]]\nname = \"desk\"\naddress = \"desk@example.org\"\n[[webhook.endpoint]]\nname = \"n8n\"\n\
    [operators]\nnotify = [\"email:desk\"]\n[edgar]\ncontact = \"Test test@example.org\"\n";
const RULES: &str = "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\n\
    notify = [\"discord:alerts\", \"discord:hook\", \"webhook:n8n\"]\n";
const TOKEN: &str = "MTEwMzgxMjM0NTY3ODkwMTIzNA.GfAkEd.an-invented-one-for-tests-of-sellbell_";
const HOOK: &str =
    "https://discord.com/api/webhooks/1103812345678901234/an-invented-one-for-tests-of-sellbell";
const ALL: [(&str, &str); 4] = [
    ("DISCORD_TOKEN", TOKEN),
    ("DISCORD_WEBHOOK_HOOK", HOOK),
    ("WEBHOOK_URL_N8N", "https://example.org/hook-s3cret"),
    ("SMTP_URL", "smtps://user:passw0rd@mail.example.org"),
];

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rules")).unwrap();
    fs::write(dir.path().join("rules/a.toml"), RULES).unwrap();
    fs::write(dir.path().join("settings.toml"), SETTINGS).unwrap();
    dir
}

/// A verb's exit status and messages. No secret is ever in them.
fn said(dir: &Path, verb: &[&str], set: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::cargo_bin("sellbell").unwrap();
    command.current_dir(dir).env_clear().args(verb).args(["--config", "settings.toml"]);
    command.timeout(std::time::Duration::from_secs(20));
    let output = command.envs(set.iter().copied()).output().unwrap().searched();
    let said = String::from_utf8(output.stderr).unwrap();
    for secret in ["an-invented", "s3cret", "passw0rd", "0123456789abcdef", "QWERTZ"] {
        assert!(!said.contains(secret), "{said}");
    }
    // Long lines are wrapped, with a bar at the left.
    let said = said.replace('\u{2502}', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code().unwrap(), said)
}

fn check(set: &[(&str, &str)]) -> (i32, String) {
    said(folder().path(), &["check"], set)
}

/// All secrets, but for one.
fn with<'s>(name: &'s str, value: &'s str) -> Vec<(&'s str, &'s str)> {
    let others = ALL.iter().copied().filter(|(other, _)| *other != name);
    others.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty())).collect()
}

#[test]
fn what_is_set_and_right_is_not_spoken_of() {
    assert_eq!(check(&ALL), (0, String::new()));
    for (name, value) in [
        ("DISCORD_TOKEN", format!("\"{TOKEN}\"")),
        ("DISCORD_TOKEN", format!("Bot {TOKEN}")),
        ("DISCORD_WEBHOOK_HOOK", format!("'{HOOK}/'")),
        ("DISCORD_WEBHOOK_HOOK", format!(" {HOOK}?thread_id=77\n")),
        ("SMTP_URL", "\"smtps://user:passw0rd@mail.example.org\"".to_owned()),
        ("WEBHOOK_URL_N8N", "'https://example.org/hook-s3cret'".to_owned()),
    ] {
        assert_eq!(check(&with(name, &value)), (0, String::new()), "{name}");
    }
}

#[test]
fn what_is_missing_is_a_warning_where_it_is_needed() {
    let (status, said) = check(&[]);
    assert_eq!(status, 0, "rules are checked also where no secret is: {said}");
    for part in [
        "discord:alerts needs the bot, and DISCORD_TOKEN is not set",
        "discord:hook is a webhook, and DISCORD_WEBHOOK_HOOK is not set",
        "webhook:n8n needs an address, and WEBHOOK_URL_N8N is not set",
        "SMTP_URL is not set: e-mails are written to sellbell-mail",
        "0 errors, 4 warnings",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    assert!(!said.contains("IDLE"), "nothing goes there: {said}");
    let (status, said) = self::said(folder().path(), &["run", "--once"], &[]);
    assert!(status == 1 && said.contains("DISCORD_TOKEN is not set"), "{said}");
}

#[test]
fn what_is_something_else_is_an_error_for_check_and_run() {
    let public_key = "0123456789abcdef".repeat(4);
    for (name, value, words) in [
        ("DISCORD_TOKEN", public_key.as_str(), "public key"),
        ("DISCORD_TOKEN", "QWERTZ-_xyzaB3-_xyzaB3-_xyzaB3-_", "client secret"),
        ("DISCORD_TOKEN", "1103812345678901234", "the id of an application or channel"),
        ("DISCORD_TOKEN", HOOK, "a webhook's belongs into DISCORD_WEBHOOK_<NAME>"),
        ("DISCORD_TOKEN", "QWERTZ", "three parts"),
        ("DISCORD_WEBHOOK_HOOK", "https://discord.com/api/webhooks/11/QWERTZ/slack", "remove /slack"),
        ("DISCORD_WEBHOOK_HOOK", "https://discord.com/api/webhooks/11/QWERTZ/github", "remove /github"),
        ("DISCORD_WEBHOOK_HOOK", "https://discord.com/api/webhooks/11/QWERTZ/messages/5", "remove /messages"),
        ("DISCORD_WEBHOOK_HOOK", "https://discord.com/api/webhooks/11", "ends before the webhook's token"),
        (
            "DISCORD_WEBHOOK_HOOK",
            "https://discord.com/channels/1/2",
            "create a webhook in the channel's settings",
        ),
        ("DISCORD_WEBHOOK_HOOK", "https://status.discord.com/api/webhooks/11/QWERTZ", "use discord.com"),
        ("DISCORD_WEBHOOK_HOOK", TOKEN, "is not a webhook URL"),
        ("DISCORD_WEBHOOK_IDLE", "QWERTZ", "DISCORD_WEBHOOK_IDLE is not a webhook URL"),
        ("WEBHOOK_URL_N8N", "QWERTZ", "WEBHOOK_URL_N8N is not an address"),
        ("WEBHOOK_URL_N8N", HOOK, "webhook = true"),
        ("WEBHOOK_SECRET_N8N", "whsec_QWERTZ!", "WEBHOOK_SECRET_N8N"),
        ("SMTP_URL", "mail.example.org QWERTZ", "SMTP_URL cannot be used"),
    ] {
        let (status, said) = check(&with(name, value));
        assert!(
            status == 1 && said.contains(words) && said.contains("1 error, 0 warnings"),
            "{name}: {said}"
        );
        let (status, said) = self::said(folder().path(), &["run", "--once"], &with(name, value));
        assert!(status == 1 && said.contains(words), "run, {name}: {said}");
    }
}

#[test]
fn a_misspelt_variable_is_a_warning_that_proposes_the_right_one() {
    for (missing, set, words) in [
        (
            "DISCORD_WEBHOOK_HOOK",
            "DISCORD_WEBHOOK_HOK",
            "no channel of the settings uses it help: did you mean DISCORD_WEBHOOK_HOOK?",
        ),
        ("DISCORD_WEBHOOK_HOOK", "DISCORD_WEBHOOK_HOOKS_FILE", "did you mean DISCORD_WEBHOOK_HOOK?"),
        ("DISCORD_WEBHOOK_HOOK", "discord_webhook_hook", "did you mean DISCORD_WEBHOOK_HOOK?"),
        (
            "DISCORD_WEBHOOK_HOOK",
            "DISCORD_WEBHOOK_URL",
            "the settings use DISCORD_WEBHOOK_HOOK, DISCORD_WEBHOOK_IDLE",
        ),
        (
            "DISCORD_WEBHOOK_HOOK",
            "DISCORD_WEBHOOK",
            "the settings use DISCORD_WEBHOOK_HOOK, DISCORD_WEBHOOK_IDLE",
        ),
        ("DISCORD_WEBHOOK_HOOK", "DISCORD_WEBHOK_HOOK", "did you mean DISCORD_WEBHOOK_HOOK?"),
        ("DISCORD_WEBHOOK_IDLE", "DISCORD_WEBHOOK_IDEL", "did you mean DISCORD_WEBHOOK_IDLE?"),
        (
            "DISCORD_WEBHOOK_IDLE",
            "DISCORD_WEBHOOK_ALERTS",
            "the bot sends to discord:alerts; write webhook = true",
        ),
        (
            "WEBHOOK_URL_N8N",
            "WEBHOOK_URL_N88",
            "no endpoint of the settings uses it help: did you mean WEBHOOK_URL_N8N?",
        ),
        ("WEBHOOK_URL_N8N", "WEBHOOK_URL", "did you mean WEBHOOK_URL_N8N?"),
        ("WEBHOOK_URL_N8N", "WEBHOOK_ULR_N8N", "did you mean WEBHOOK_URL_N8N?"),
        ("WEBHOOK_SECRET_N8N", "WEBHOOK_SECRET_NBN", "did you mean WEBHOOK_SECRET_N8N?"),
        ("WEBHOOK_CA_FILE_N8N", "WEBHOOK_CA_FILE_N9N", "did you mean WEBHOOK_CA_FILE_N8N?"),
        ("DISCORD_TOKEN", "DISCORD_BOT_TOKEN", "nothing uses it help: did you mean DISCORD_TOKEN?"),
        ("DISCORD_TOKEN", "DICSORD_TOKEN_FILE", "did you mean DISCORD_TOKEN?"),
        ("SMTP_URL", "SMTP_ULR", "did you mean SMTP_URL?"),
        ("EDGAR_CA_FILE", "EDGAR_CA_FIEL", "did you mean EDGAR_CA_FILE?"),
        ("HTTP_TOKEN", "HTTP_TOKN", "did you mean HTTP_TOKEN?"),
    ] {
        let set_so: Vec<_> = with(missing, "").into_iter().chain([(set, "QWERTZ s3cret passw0rd")]).collect();
        let (status, said) = check(&set_so);
        let expected = format!("the environment variable {set} is set, and ");
        assert!(status == 0 && said.contains(&expected) && said.contains(words), "{set}: {said}");
        assert_eq!(said.matches("the environment variable").count(), 1, "{set}: {said}");
        // It ends before anything is asked for.
        let no_store = [("SELLBELL_STORE__DIR", "settings.toml")];
        let set_so: Vec<_> = set_so.into_iter().chain(no_store).collect();
        let (status, said) = self::said(folder().path(), &["run", "--once"], &set_so);
        assert_eq!(status, 1, "{said}");
        let words = words.replace(" help", "");
        assert!(
            said.contains("WARN") && said.contains(&expected) && said.contains(&words),
            "run, {set}: {said}"
        );
    }
}

#[test]
fn a_bot_that_is_for_every_server_is_said_to_be_so() {
    let shown = |settings: &str, token: &str| {
        let dir = folder();
        fs::write(dir.path().join("settings.toml"), settings).unwrap();
        let mut command = Command::cargo_bin("sellbell").unwrap();
        command.current_dir(dir.path()).env_clear().args(["check", "--config", "settings.toml"]);
        let output = command.env("DISCORD_TOKEN", token).output().unwrap().searched();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().contains("[discord] servers is not set, so members")
    };
    let named = format!("[discord]\nservers = [\"1103812345678901234\"]\n{SETTINGS}");
    assert!(shown(SETTINGS, TOKEN) && !shown(&named, TOKEN) && !shown(SETTINGS, ""));
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    let others = [
        ("WEBHOOK_URL", "https://example.org/QWERTZ"),
        ("WEBHOOK_SECRET", "QWERTZ"),
        ("DISCORD_WEBHOOK", ""),
        ("DISCORD_WEBHOOK_ALRETS", " "),
        ("DISCORD_CLIENT_ID", "11"),
        ("DISCORD_BOT_TOKEN", "QWERTZ"),
        ("SMTP_HOST", "mail"),
        ("SMTP_USER", "user"),
        ("SMTP_PORT", "25"),
        ("HTTP_PROXY_", "QWERTZ"),
        ("EDGAR_CONTACT", "QWERTZ"),
        ("SSL_CERT_DIR", "/"),
        ("PATH", "/bin"),
        ("DISCORD_WEBHOOK_IDLE", HOOK),
        ("WEBHOOK_SECRET_N8N", "QWERTZ"),
    ];
    let set: Vec<_> = ALL.iter().chain(&others).copied().collect();
    assert_eq!(check(&set), (0, String::new()));
}

#[test]
fn secrets_in_files_count_and_all_mistakes_are_told_at_once() {
    let dir = folder();
    fs::write(dir.path().join("token"), format!("{TOKEN}\n")).unwrap();
    fs::write(dir.path().join("hook"), "https://discord.com/api/webhooks/11/QWERTZ/slack\n").unwrap();
    let set = [
        ("DISCORD_TOKEN_FILE", "token"),
        ("DISCORD_WEBHOOK_HOOK_FILE", "hook"),
        ("WEBHOOK_URL_N8N_FILE", "none"),
        ("SMTP_URL", "smtps://user:passw0rd@mail.example.org"),
        ("SMTP_URL_FILE", "mail"),
    ];
    let (status, said) = said(dir.path(), &["check"], &set);
    assert_eq!(status, 1);
    for part in [
        "remove /slack",
        "WEBHOOK_URL_N8N_FILE: cannot read the file that it names",
        "both SMTP_URL and SMTP_URL_FILE are set",
        "3 errors",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    assert!(!said.contains("DISCORD_TOKEN"), "{said}");
}

#[test]
fn a_channel_id_that_is_none_says_what_to_write() {
    for (id, words) in [
        ("0", "a channel id is a number in quotes"),
        ("alerts", "a channel id is a number in quotes"),
        ("555", "17 to 20 digits"),
        ("<#1103812345678901234>", "write channel_id = \"1103812345678901234\""),
        ("https://discord.com/channels/1/1103812345678901234/5", "write the id of its channel"),
    ] {
        let dir = folder();
        fs::write(dir.path().join("settings.toml"), SETTINGS.replace("1103812345678901234", id)).unwrap();
        let (status, said) = said(dir.path(), &["check"], &ALL);
        assert!(status == 1 && said.contains("is not a channel id") && said.contains(words), "{id}: {said}");
    }
}

/// Every variable that names a file.
const FILES: [&str; 10] = [
    "DISCORD_TOKEN_FILE",
    "DISCORD_WEBHOOK_HOOK_FILE",
    "SMTP_URL_FILE",
    "WEBHOOK_URL_N8N_FILE",
    "WEBHOOK_SECRET_N8N_FILE",
    "HTTP_TOKEN_FILE",
    "SMTP_CA_FILE",
    "WEBHOOK_CA_FILE",
    "WEBHOOK_CA_FILE_N8N",
    "EDGAR_CA_FILE",
];

/// All secrets, and a file for one of them.
fn with_file<'s>(name: &'s str, value: &'s str) -> Vec<(&'s str, &'s str)> {
    with(name.strip_suffix("_FILE").unwrap_or(name), "").into_iter().chain([(name, value)]).collect()
}

#[test]
fn a_secret_that_is_set_as_the_path_of_its_file_is_never_shown() {
    let long = "QWERTZ".repeat(2_000);
    let dir = folder();
    for name in FILES {
        for value in ["QWERTZ", "/QWERTZ/s3cret", "Bot QWERTZ", " QWERTZ.s3cret ", &long] {
            for verb in [&["check"][..], &["run", "--once"]] {
                let (status, said) = said(dir.path(), verb, &with_file(name, value));
                let words = format!("{name}: cannot read the file that it names");
                assert!(status == 1 && said.contains(&words), "{name}: {said}");
            }
        }
    }
    // An address in the place of a path, and a file of another kind.
    let (status, said) =
        said(dir.path(), &["check"], &with_file("SMTP_URL_FILE", "smtps://user:passw0rd@mail.example.org"));
    assert!(status == 1 && said.contains("put that into SMTP_URL"), "{said}");
}

#[test]
fn what_never_ends_or_is_no_file_is_refused_at_once() {
    let dir = folder();
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(dir.path().join("large"), "x".repeat(5 * 1024 * 1024)).unwrap();
    fs::set_permissions(dir.path().join("large"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(dir.path().join("latin"), b"sm\xf6rg\xe5s").unwrap();
    fs::set_permissions(dir.path().join("latin"), fs::Permissions::from_mode(0o600)).unwrap();
    for (path, words) in [
        ("/dev/zero", "it is a device, not a file"),
        ("pipe", "it is a pipe, not a file"),
        ("rules", "it is a folder, not a file"),
        ("large", "which is too many"),
        ("latin", "it is not UTF-8 text"),
    ] {
        // What certificates are read from is no text.
        let files = FILES.iter().filter(|name| path != "latin" || !name.contains("_CA_FILE"));
        for name in files {
            let (status, said) = said(dir.path(), &["check"], &with_file(name, path));
            assert!(status == 1 && said.contains(words) && said.contains(name), "{name}={path}: {said}");
        }
        for verb in ["check", "run", "status", "show"] {
            let mut command = Command::cargo_bin("sellbell").unwrap();
            command.current_dir(dir.path()).env_clear().args([verb, "--config", path]);
            if verb == "show" {
                command.arg("0000000007-21-000001");
            }
            let output = command.timeout(std::time::Duration::from_secs(20)).output().unwrap().searched();
            let said = String::from_utf8(output.stderr).unwrap();
            let place = format!("cannot read the settings in {path}");
            assert!(
                output.status.code() == Some(1) && said.contains(words) && said.contains(&place),
                "{said}"
            );
        }
    }
    // The default file likewise.
    fs::create_dir(dir.path().join("config")).unwrap();
    fs::rename(pipe, dir.path().join("config/sellbell.toml")).unwrap();
    let mut command = Command::cargo_bin("sellbell").unwrap();
    command.current_dir(dir.path()).env_clear().arg("check");
    let output = command.timeout(std::time::Duration::from_secs(20)).output().unwrap().searched();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot read the settings in config/sellbell.toml"), "{said}");
}
