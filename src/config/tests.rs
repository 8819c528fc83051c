use std::path::PathBuf;
use std::time::Duration;

use super::*;

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let problems = Settings::read("sellbell.toml", text, &[]).map(|_| ()).unwrap_err();
    let told: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
}

#[test]
fn nothing_set_is_the_defaults() {
    let settings = Settings::read("sellbell.toml", "", &[]).unwrap();
    assert_eq!(settings.edgar.base_url, "https://www.sec.gov");
    assert!(settings.edgar.is_live() && settings.edgar.contact.is_empty());
    assert_eq!(settings.edgar.requests_per_second, 8);
    assert_eq!(settings.schedule.look_back, Duration::ZERO);
    assert_eq!(settings.destinations(), ["terminal", "jsonl"]);
}

#[test]
fn every_mistake_is_told_with_its_line() {
    refused(
        "[edgar]\nbase_url = \"sec\"\nrequests_per_second = 0\ncontact = \"me\"\n[schedule]\npoll = \"often\"\n",
        &[
            "sellbell.toml:2:12: `sec` is not an address: expected something like https://www.sec.gov",
            "sellbell.toml:3:23: 0 requests a second: expected 1 to 10000",
            "sellbell.toml:4:11: the contact must contain an e-mail address and be plain ASCII: expected something like \"Jane Doe jane@example.org\"",
            "sellbell.toml:6:8: `often` is not a valid cron expression: expected 5 fields (minute hour day month weekday), or 6 with seconds first, each within its range",
        ],
    );
    refused(
        "[schedule]\nlook_back = \"300000years\"\n",
        &["sellbell.toml:2:13: `look_back` cannot be 300000years: expected at most 365d"],
    );
    refused(
        "[edgar]\nrequests_per_second = 11\n",
        &["sellbell.toml:2:23: 11 requests a second: expected 1 to 10"],
    );
    refused(
        "[email]\nmessages_per_minute = -1\n",
        &["sellbell.toml:2:23: -1 messages a minute: expected 0 to 100000; 0 sets no limit"],
    );
}

#[test]
fn a_schedule_that_is_over_or_a_clock_without_a_place_is_told_once_with_its_line() {
    let now = "2026-11-28T12:00:00Z".parse().unwrap();
    let told = |text: &str, overrides: &[(String, String)]| {
        let problems = Settings::read_at(now, "f", text, overrides).map(|_| ()).unwrap_err();
        problems.0.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let over = "[schedule]\npoll = \"0 0 7 * * * 2020-2025\"\n";
    let words = "`0 0 7 * * * 2020-2025` is over: it has no time after 2026-11-28; leave the years out, or give later ones";
    assert_eq!(told(over, &[]), [format!("f:2:8: {words}")]);
    let digest = "[[email.recipient]]\nname = \"a\"\naddress = \"a@b.c\"\nmode = \"digest\"\nschedule = \"0 0 7 1 1 * 2026\"\n";
    assert!(told(digest, &[])[0].starts_with("f:5:12: `0 0 7 1 1 * 2026` is over"));
    let own = ("SELLBELL_SCHEDULE__POLL".to_owned(), "0 0 7 * * * 2020-2025".to_owned());
    assert_eq!(told("", &[own]), [format!("environment variable SELLBELL_SCHEDULE__POLL: {words}")]);
    for fine in [over.replace("2025", "2099"), digest.replace("2026", "2026,2030")] {
        assert!(Settings::read_at(now, "f", &fine, &[]).is_ok(), "{fine}");
    }
    // Without a given moment, no schedule is over.
    assert!(Settings::read("f", over, &[]).is_ok());
    let zone = told("[schedule]\ntime_zone = \"EST\"\n", &[]);
    let words = "`EST` cannot be used as a time zone: it has no daylight saving time; write America/New_York, or Etc/GMT+5 if you want the same offset all year";
    assert_eq!(zone, [format!("f:2:13: {words}")]);
}

#[test]
fn unknown_keys_are_errors() {
    refused(
        "[edgar]\nbaseurl = \"x\"\n",
        &["sellbell.toml:2:1: [edgar] has no key `baseurl`: did you mean `base_url`?"],
    );
}

#[test]
fn destinations_are_checked() {
    refused(
        "[[discord.channel]]\nname = \"a\"\n[[discord.channel]]\nname = \"a\"\nwebhook = true\n\
         [[discord.channel]]\nname = \"b\"\nchannel_id = \"general\"\n\
         [[email.recipient]]\nname = \"No\"\naddress = \"nobody\"\nschedule = \"0 7 * * *\"\n",
        &[
            "sellbell.toml:2:8: channel `a` has neither of channel_id and webhook: give either channel_id (sent by the bot) or webhook = true",
            "sellbell.toml:4:8: there is another Discord channel named `a`: give one of them another name",
            "sellbell.toml:8:14: `general` is not a channel id: a channel id is a number in quotes, like \"1103812345678901234\"",
            "sellbell.toml:10:8: `No` is not a name: use a-z, 0-9, - and _, at most 64 of them",
            "sellbell.toml:11:11: this is not an e-mail address: expected `jane@example.org` or `Jane Doe <jane@example.org>`",
            "sellbell.toml:12:12: `schedule` is for digests: add mode = \"digest\", or remove it",
        ],
    );
}

#[test]
fn overrides_win_and_are_blamed_by_name() {
    let set = |name: &str, value: &str| {
        Settings::read("f", "[edgar]\ncontact = \"a a@b.c\"\n", &[(name.into(), value.into())])
    };
    let settings = set("SELLBELL_EDGAR__BASE_URL", "http://127.0.0.1:8080/").unwrap();
    assert_eq!(
        (settings.edgar.base_url.as_str(), settings.edgar.is_live()),
        ("http://127.0.0.1:8080", false)
    );
    assert_eq!(settings.edgar.contact, "a a@b.c");
    assert_eq!(set("SELLBELL_EDGAR__REQUESTS_PER_SECOND", "3").unwrap().edgar.requests_per_second, 3);
    assert_eq!(set("SELLBELL_STORE__DIR", "/data").unwrap().store_dir, PathBuf::from("/data"));
    let told = set("SELLBELL_EDGAR_BASE_URL", "3").map(|_| ()).unwrap_err().to_string();
    assert!(
        told.starts_with(
            "environment variable SELLBELL_EDGAR_BASE_URL: it sets nothing: did you mean SELLBELL_EDGAR__BASE_URL?"
        ),
        "{told}"
    );
    // Kubernetes sets these variables for a service of that name.
    for strange in ["SELLBELL_PORT", "SELLBELL_SERVICE_HOST", "SELLBELL_PORT_80_TCP_ADDR"] {
        assert_eq!(set(strange, "tcp://10.0.0.1:80").unwrap().edgar.contact, "a a@b.c", "{strange}");
    }
    let told = set("SELLBELL_EDGAR__SPEED", "3").map(|_| ()).unwrap_err().to_string();
    assert!(
        told.starts_with("environment variable SELLBELL_EDGAR__SPEED: [edgar] has no key `speed`"),
        "{told}"
    );
    let told = set("SELLBELL_EDGAR__REQUESTS_PER_SECOND", "abc").map(|_| ()).unwrap_err().to_string();
    assert!(
        told.starts_with(
            "environment variable SELLBELL_EDGAR__REQUESTS_PER_SECOND: `requests_per_second` is a text"
        ),
        "{told}"
    );
    let told = set("SELLBELL_EDGAR__REQUESTS_PER_SECOND", "11").map(|_| ()).unwrap_err().to_string();
    assert!(told.ends_with(": expected 1 to 10"), "{told}");
    assert_eq!(set("SELLBELL_STORE__DIR", "2024").unwrap().store_dir, PathBuf::from("2024"));
    // A value in the file that is valid only together with the override.
    let fast = "[edgar]\nrequests_per_second = 50\n";
    let own = ("SELLBELL_EDGAR__BASE_URL".to_owned(), "http://127.0.0.1:1".to_owned());
    assert!(Settings::read("f", fast, &[]).is_err() && Settings::read("f", fast, &[own]).is_ok());
    // A mistake in the file keeps its place.
    let contact = ("SELLBELL_EDGAR__CONTACT".to_owned(), "a a@b.c".to_owned());
    let told =
        Settings::read("f", "[store]\ndirr = \"x\"\n", &[contact]).map(|_| ()).unwrap_err().to_string();
    assert!(told.starts_with("f:2:1: [store] has no key `dirr`"), "{told}");
}

#[test]
fn old_names_of_keys_are_understood_and_named() {
    let told = |settings: &Settings| settings.renamed.iter().map(ToString::to_string).collect::<Vec<_>>();
    let text = "[schedule]\nring_within = \"2d\"\n[email]\nhello_name = \"bell.example.org\"\nplain_password = true\n";
    let settings = Settings::read("f", text, &[]).unwrap();
    assert_eq!(settings.schedule.late_after, Duration::from_secs(2 * 24 * 60 * 60));
    assert_eq!(settings.email.ehlo_name.as_deref(), Some("bell.example.org"));
    assert!(settings.email.allow_plain_password);
    assert_eq!(
        told(&settings),
        [
            "f:2:1: warning: `ring_within` is now `late_after`: rename it; the old name still works",
            "f:4:1: warning: `hello_name` is now `ehlo_name`: rename it; the old name still works",
            "f:5:1: warning: `plain_password` is now `allow_plain_password`: rename it; the old name still works",
        ]
    );

    // A variable with either name replaces a key with either name.
    for (text, name) in [
        ("[schedule]\nlate_after = \"7d\"\n", "SELLBELL_SCHEDULE__RING_WITHIN"),
        ("[schedule]\nring_within = \"7d\"\n", "SELLBELL_SCHEDULE__LATE_AFTER"),
    ] {
        let settings = Settings::read("f", text, &[(name.into(), "2d".into())]).unwrap();
        assert_eq!(settings.schedule.late_after, Duration::from_secs(2 * 24 * 60 * 60), "{name}");
        let expected = usize::from(name.ends_with("RING_WITHIN"));
        assert_eq!(settings.renamed.len(), expected, "{:?}", told(&settings));
    }
    let both = ["SELLBELL_SCHEDULE__LATE_AFTER", "SELLBELL_SCHEDULE__RING_WITHIN"];
    let error =
        Settings::read("f", "", &both.map(|name| (name.into(), "2d".into()))).unwrap_err().to_string();
    assert!(error.contains("`ring_within` is the old name of `late_after`, which is set, too"), "{error}");
    // An override that adds a line shifts no place.
    let text = "[edgar]\nrequests_per_second = 5\n[schedule]\nring_within = \"2d\"\n";
    let contact = ("SELLBELL_EDGAR__CONTACT".into(), "Jane Doe jane@example.org".into());
    let settings = Settings::read("f", text, &[contact]).unwrap();
    assert!(told(&settings)[0].starts_with("f:4:1: "), "{:?}", told(&settings));
    refused(
        "[schedule]\nlate_after = \"7d\"\nring_within = \"2d\"\n",
        &["sellbell.toml:3:1: `ring_within` is the old name of `late_after`, which is set, too: remove it"],
    );
}
