//! Files with one mistake each: what a person reads of it, as a snapshot.

use sellbell::config::Settings;
use sellbell::destination::Destination;
use sellbell::problem::{Problem, Source, report};
use sellbell::rules::{self, RuleSet};

/// Name, and a rule file with one mistake.
const RULES: &[(&str, &str)] = &[
    ("an unknown key", "[[rule]]\nname = \"a\"\nticker = [\"QLYS\"]\nmin_value = 1\n"),
    ("a key that is like none", "[[rule]]\nname = \"a\"\nmin_value = 1\ncolour = \"red\"\n"),
    ("a text where a list must be", "[[rule]]\nname = \"a\"\ntickers = \"QLYS\"\n"),
    ("a number where a text must be", "[[rule]]\nname = 5\nmin_value = 1\n"),
    ("no name", "[[rule]]\nmin_value = 1\n"),
    ("a name with blanks", "[[rule]]\nname = \"Large Sales\"\nmin_value = 1\n"),
    (
        "a name that is taken",
        "[[rule]]\nname = \"a\"\nmin_value = 1\n\n[[rule]]\nname = \"a\"\nmin_shares = 1\n",
    ),
    ("no condition", "[[rule]]\nname = \"a\"\nnotify = [\"terminal\"]\n"),
    ("no rule", "# nothing yet\n"),
    ("one bracket", "[rule]\nname = \"a\"\nmin_value = 1\n"),
    ("keys above the rule", "min_value = 1\n[[rule]]\nname = \"a\"\nmin_shares = 1\n"),
    (
        "a table of its own for any",
        "[[rule]]\nname = \"a\"\n\n[[any]]\nroles = [\"ceo\"]\n\n[[rule]]\nname = \"b\"\nmin_value = 1\n[rule.not]\nroles = [\"ceo\"]\n",
    ),
    ("a quote that does not end", "[[rule]]\nname = \"a\ntickers = [\"QLYS\"]\n"),
    ("a list that does not end", "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"\nmin_value = 5\n"),
    ("a key twice", "[[rule]]\nname = \"a\"\nmin_value = 1\nmin_value = 2\n"),
    ("a thousands comma", "[[rule]]\nname = \"a\"\nmin_value = 1,000\n"),
    ("a number with a point", "[[rule]]\nname = \"a\"\nmin_value = 0.5\n"),
    ("a comma in quotes", "[[rule]]\nname = \"a\"\nmin_value = \"1,000,000\"\n"),
    ("dollars", "[[rule]]\nname = \"a\"\nmin_value = \"$1M\"\n"),
    ("zero", "[[rule]]\nname = \"a\"\nmin_value = 0\n"),
    ("a negative number", "[[rule]]\nname = \"a\"\nmin_shares = -5\n"),
    ("too many digits", "[[rule]]\nname = \"a\"\nmax_value = \"123456789012345678901234567890\"\n"),
    ("an empty list", "[[rule]]\nname = \"a\"\ntickers = []\n"),
    ("no ticker", "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\", \"Qualys Inc\"]\n"),
    ("a CIK of zero", "[[rule]]\nname = \"a\"\nciks = [0]\n"),
    ("a CIK in quotes", "[[rule]]\nname = \"a\"\nciks = [\"0000320193\"]\n"),
    ("an owner without a letter", "[[rule]]\nname = \"a\"\nowners = [\"...\"]\n"),
    ("an owner that is a table", "[[rule]]\nname = \"a\"\nowners = [{ name = \"Doe\" }]\n"),
    ("a form that is none", "[[rule]]\nname = \"a\"\nforms = [\"Form 4\"]\n"),
    ("a word that is none of them", "[[rule]]\nname = \"a\"\namendments = \"none\"\n"),
    ("a word that is nearly one", "[[rule]]\nname = \"a\"\nplan = [\"unknow\"]\n"),
    ("a role that is none", "[[rule]]\nname = \"a\"\nroles = [\"CEOs\"]\n"),
    ("an intent in other words", "[[rule]]\nname = \"a\"\nintents = [\"sell to cover\"]\n"),
    ("a currency by another code", "[[rule]]\nname = \"a\"\ncurrency = [\"NTD\"]\n"),
    ("a country that is none", "[[rule]]\nname = \"a\"\ncountry = [\"Isreal\"]\n"),
    ("a code in words", "[[rule]]\nname = \"a\"\ncodes = [\"sale\"]\n"),
    ("a code in lower case", "[[rule]]\nname = \"a\"\ncodes = [\"s\"]\n"),
    ("a code that no filing states", "[[rule]]\nname = \"a\"\ncodes = [\"V\"]\n"),
    ("a code that is not on the list", "[[rule]]\nname = \"a\"\ncodes = [\"B\"]\n"),
    ("a share without its sign", "[[rule]]\nname = \"a\"\nmin_share_of_holdings = \"0.1\"\n"),
    ("a share above all", "[[rule]]\nname = \"a\"\nmin_share_of_holdings = \"150%\"\n"),
    ("a span in words", "[[rule]]\nname = \"a\"\nfirst_in = \"a year\"\n"),
    ("a span of m", "[[rule]]\nname = \"a\"\nlargest_in = \"12m\"\n"),
    ("a cluster of one", "[[rule]]\nname = \"a\"\ncluster = { insiders = 1, within = \"7d\" }\n"),
    ("a cluster without a span", "[[rule]]\nname = \"a\"\ncluster = { insiders = 3 }\n"),
    (
        "a cluster with another key",
        "[[rule]]\nname = \"a\"\ncluster = { insider = 3, insiders = 3, within = \"7d\" }\n",
    ),
    ("a sum without a bound", "[[rule]]\nname = \"a\"\ncumulative = { per = \"owner\", within = \"30d\" }\n"),
    (
        "a sum per another thing",
        "[[rule]]\nname = \"a\"\ncumulative = { per = \"company\", within = \"30d\", min_value = 5 }\n",
    ),
    ("a branch that is empty", "[[rule]]\nname = \"a\"\nany = [{ roles = [\"ceo\"] }, {}]\n"),
    ("any that is no list", "[[rule]]\nname = \"a\"\nany = { roles = [\"ceo\"] }\n"),
    (
        "a name in a branch",
        "[[rule]]\nname = \"a\"\nany = [{ roles = [\"ceo\"], notify = [\"terminal\"] }]\n",
    ),
    ("groups that nest too deep", "[[rule]]\nname = \"a\"\nnot.not.not.not.not.not.not.min_value = 1\n"),
    ("an expression with another name", "[[rule]]\nname = \"a\"\nwhen = \"valeu > 5\"\n"),
    ("an expression that does not end", "[[rule]]\nname = \"a\"\nwhen = \"value > \"\n"),
    ("an expression that adds a text", "[[rule]]\nname = \"a\"\nwhen = \"value + form > 5\"\n"),
    (
        "an expression that takes too long",
        "[[rule]]\nname = \"a\"\nmin_value = 1\ntemplate = \"{% for a in range(999) %}{% for b in range(999) %}{{ value }}{% endfor %}{% endfor %}\"\n",
    ),
    (
        "a template with another name",
        "[[rule]]\nname = \"a\"\nmin_value = 1\ntemplate = \"{{ ticker }} sold\"\n",
    ),
    (
        "a template with an unknown filter",
        "[[rule]]\nname = \"a\"\nmin_value = 1\ntemplate = \"{{ value | dollars }}\"\n",
    ),
    ("a template that does not end", "[[rule]]\nname = \"a\"\nmin_value = 1\ntemplate = \"{{ value\"\n"),
    ("a template that says nothing", "[[rule]]\nname = \"a\"\nmin_value = 1\ntemplate = \"{# todo #}\"\n"),
    (
        "a destination that is not defined",
        "[[rule]]\nname = \"a\"\nmin_value = 1\nnotify = [\"discord:alert\"]\n",
    ),
    (
        "a destination of another kind",
        "[[rule]]\nname = \"a\"\nmin_value = 1\nnotify = [\"slack:general\"]\n",
    ),
    ("notify that is no list", "[[rule]]\nname = \"a\"\nmin_value = 1\nnotify = \"terminal\"\n"),
    ("nobody to mention", "[[rule]]\nname = \"a\"\nmin_value = 1\nmention = [\"@traders\"]\n"),
    ("a flag in quotes", "[[rule]]\nname = \"a\"\nmin_value = 1\nenabled = \"no\"\n"),
    ("a cooldown without a unit", "[[rule]]\nname = \"a\"\nmin_value = 1\ncooldown = \"24\"\n"),
    (
        "a test without what must happen",
        "[[rule]]\nname = \"a\"\nmin_value = 1\n[[rule.test]]\nfiling = \"0009900001-21-000001\"\n",
    ),
    (
        "a test that rings because",
        "[[rule]]\nname = \"a\"\nmin_value = 1\n[[rule.test]]\nfiling = \"x.txt\"\nalerts = true\nbecause = \"min_value\"\n",
    ),
];

/// Name, and a settings file with one mistake.
const SETTINGS: &[(&str, &str)] = &[
    ("an unknown section", "[edgr]\ncontact = \"\"\n"),
    ("a key without its section", "contact = \"Jane Doe jane@example.org\"\n"),
    ("an unknown key", "[edgar]\nbaseurl = \"https://www.sec.gov\"\n"),
    ("a contact without address", "[edgar]\ncontact = \"Jane Doe\"\n"),
    ("too many requests", "[edgar]\nrequests_per_second = 50\n"),
    ("requests in quotes", "[edgar]\nrequests_per_second = \"8\"\n"),
    ("an address without scheme", "[edgar]\nbase_url = \"www.sec.gov\"\n"),
    ("a cron expression in words", "[schedule]\npoll = \"every two minutes\"\n"),
    ("weekdays by number", "[schedule]\npoll = \"*/2 * * * 1-5\"\n"),
    ("a time zone by abbreviation", "[schedule]\ntime_zone = \"EST5\"\n"),
    ("a look back that is too long", "[schedule]\nlook_back = \"1y\"\n"),
    ("a channel id without quotes", "[[discord.channel]]\nname = \"a\"\nchannel_id = 1103812345678901234\n"),
    ("a channel by name", "[[discord.channel]]\nname = \"a\"\nchannel_id = \"#alerts\"\n"),
    (
        "a channel both ways",
        "[[discord.channel]]\nname = \"a\"\nchannel_id = \"1103812345678901234\"\nwebhook = true\n",
    ),
    ("a channel with one bracket", "[discord.channel]\nname = \"a\"\nwebhook = true\n"),
    ("a recipient without address", "[[email.recipient]]\nname = \"desk\"\n"),
    (
        "a recipient with a bad address",
        "[[email.recipient]]\nname = \"desk\"\naddress = \"jane.doe@@example.org\"\n",
    ),
    (
        "a schedule without digest",
        "[[email.recipient]]\nname = \"desk\"\naddress = \"jane.doe@example.org\"\nschedule = \"0 7 * * *\"\n",
    ),
    (
        "a mode that is none",
        "[[email.recipient]]\nname = \"desk\"\naddress = \"jane@example.org\"\nmode = \"daily\"\n",
    ),
    ("operators who are not defined", "[operators]\nnotify = [\"discord:ops\"]\n"),
];

fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| report(problem, false)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_mistake_in_a_rule_file_is_told_as_a_person_would_understand_it() {
    let mut all = String::new();
    for (name, text) in RULES {
        let known = |destination: &Destination| destination.to_string() != "discord:alert";
        let defined = ["terminal", "jsonl", "discord:alerts"].map(str::to_owned);
        let problems =
            rules::load_slice([Source { file: "rules/a.toml", text }], &known, &defined).unwrap_err().0;
        assert!(!problems.is_empty());
        all.push_str(&format!("## {name}\n\n{}\n", told(&problems)));
    }
    assert!(RULES.len() >= 46);
    insta::assert_snapshot!("broken_rules", all);
}

#[test]
fn a_mistake_in_the_settings_is_told_as_a_person_would_understand_it() {
    let mut all = String::new();
    for (name, text) in SETTINGS {
        let problems = Settings::read("config/sellbell.toml", text, &[]).map(|_| ()).unwrap_err().0;
        all.push_str(&format!("## {name}\n\n{}\n", told(&problems)));
    }
    assert!(!all.contains("jane.doe@"), "no whole mail address in an error");
    insta::assert_snapshot!("broken_settings", all);
}

#[test]
fn what_is_compiled_is_bounded_in_length() {
    for (key, length) in [("when", 1_000), ("template", 2_000)] {
        let text = |chars: usize| {
            let filler = "x".repeat(chars - 10);
            let value =
                if key == "when" { format!("1 == '{filler}'...") } else { format!("..........{filler}") };
            let value = value.replace("...", if key == "when" { " or" } else { "..." });
            format!(
                "[[rule]]\nname = \"a\"\nmin_value = 1\n{key} = \"{}\"\n",
                &value[..chars.min(value.len())]
            )
        };
        let read = |text: &str| rules::load_slice([Source { file: "a", text }], &|_| true, &[]);
        let long = read(&text(length + 1)).unwrap_err().to_string();
        assert!(long.contains(&format!("`{key}` is too long: at most {length} characters")), "{long}");
        if key == "template" {
            assert!(read(&text(length)).is_ok());
        }
    }
    // As deep as its length allows, on the small stack of a task.
    let deep = format!("[[rule]]\nname = \"a\"\nwhen = \"{}1\"\n", "1 or ".repeat(199));
    let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let read =
        small.spawn(move || rules::load_slice([Source { file: "a", text: &deep }], &|_| true, &[]).is_ok());
    assert!(read.unwrap().join().unwrap());
}

#[test]
fn no_secret_and_no_whole_address_stands_in_what_is_told() {
    let rules = r#"
[[rule]]
name = "a"
min_value = 1
notify = ["ops.secret@example.com", "https://discord.com/api/webhooks/123/SECRETTOKEN", "email:john.doe@example.com"]
plan = ["john.doe@example.com"]
"#;
    let problems = rules::load_slice([Source { file: "a", text: rules }], &|_| false, &[]).unwrap_err();
    let settings = "[discord]\ntoken = \"MTIzSECRETTOKEN\"\nDISCORD_WEBHOOK_ALERTS = \"https://discord.com/api/webhooks/1/SECRETTOKEN\"\n\
                    smtp_url = \"smtp://user:pa:ssSECRETTOKEN@host\"\n[edgar]\nbase_url = \"x://user:SECRETTOKEN@host/path\"\n";
    let others = Settings::read("s", settings, &[]).map(|_| ()).unwrap_err();
    for all in [told(&problems.0), problems.to_string(), told(&others.0), others.to_string()] {
        for secret in ["SECRETTOKEN", "ops.secret", "john.doe@", "user:pa"] {
            assert!(!all.contains(secret), "{secret}\n{all}");
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "[[rule]]\nname = \"A b\"\ntickers = [\"TOO LONG\"]\ncodes = [\"sell\", \"B\"]\nmin_value = 0\ncolor = 1\n\
                any = [{ rols = [\"ceo\"], roles = [\"boss\"] }]\n[[rule]]\nmin_shares = \"x\"\n";
    let problems = rules::load_slice([Source { file: "a", text }], &|_| true, &[]).unwrap_err().0;
    let lines: Vec<usize> = problems.iter().map(|problem| problem.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [6, 2, 3, 4, 4, 5, 7, 7, 8, 9], "{problems:#?}");
}

#[test]
fn rules_that_are_hardly_meant_are_warned_of() {
    let text = r#"
[[rule]]
name = "all-sales"
codes = ["S"]
[[rule]]
name = "form-3"
forms = ["3"]
min_value = 1
[[rule]]
name = "upside-down"
min_price = 10
max_price = 5
[[rule]]
name = "nobody"
roles = ["ceo"]
exclude_roles = ["ceo", "cfo"]
[[rule]]
name = "purchase-intents"
codes = ["P"]
intents = ["plan"]
[[rule]]
name = "branches"
any = [{ min_value = 5, max_value = 4 }, { when = "1 > 2" }]
[[rule]]
name = "fine"
min_value = 5
notify = ["terminal"]
[[rule]]
name = "fine-again"
min_value = 5
notify = ["terminal"]
[[rule]]
name = "sales-but-sales"
tickers = ["QLYS"]
not = { codes = ["S"] }
[[rule]]
name = "also-fine"
tickers = ["QLYS"]
not = { codes = ["M"] }
[[rule]]
name = "amendments"
amendments = "only"
forms = ["4"]
[[rule]]
name = "dollars-in-another-currency"
currency = ["TWD"]
min_value = 5
"#;
    let rules = rules::load_slice([Source { file: "rules/a.toml", text }], &|_| true, &[]).unwrap();
    insta::assert_snapshot!("warnings", told(&rules::lint(&rules)));
    assert_eq!(RuleSet::new(rules).len(), 12);
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema = jsonschema::validator_for(&rules::schema()).unwrap();
    let json = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "rules/qualys.toml",
        "rules/watchlist.toml",
        "rules/large-sales.toml",
        "rules/signals.toml",
        "src/replay/bundled/rules.toml",
    ] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let errors: Vec<String> = schema.iter_errors(&json(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    }
    // What only the reader can know: names that are taken, destinations, expressions, places, and what numbers and codes are worth.
    let beyond = [
        "taken",
        "destination that is not",
        "expression",
        "template",
        "too deep",
        "zero",
        "negative",
        "digits",
        "above all",
        "because",
        "without a letter",
        "country",
        "another code",
    ];
    let (mut refused, mut taken) = (0, Vec::new());
    for (name, text) in RULES {
        let Ok(table) = text.parse::<toml::Table>() else { continue };
        if beyond.iter().any(|beyond| name.contains(beyond)) || *name == "no rule" || *name == "no condition"
        {
            continue;
        }
        refused += 1;
        let value = serde_json::to_value(table).unwrap();
        if schema.is_valid(&value) {
            taken.push(*name);
        }
    }
    assert_eq!(taken, [""; 0]);
    assert!(refused >= 35, "{refused}");
}

#[test]
fn the_schema_takes_each_kind_of_destination_that_the_reader_takes() {
    let schema = jsonschema::validator_for(&rules::schema()).unwrap();
    for name in [
        "terminal",
        "jsonl",
        "jsonl:out/a b.jsonl",
        "discord:a-b_2",
        "email:desk",
        "webhook:n8n",
        "terminal:x",
        "discord:",
        "discord:No Name",
        "email:desk@example.org",
        "sms:me",
    ] {
        let rule = serde_json::json!({ "rule": [{ "name": "a", "codes": ["S"], "notify": [name] }] });
        assert_eq!(schema.is_valid(&rule), name.parse::<Destination>().is_ok(), "{name}");
    }
}

#[test]
fn the_old_name_of_a_tests_key_is_understood_and_named() {
    let text = "[[rule]]\nname = \"a\"\ntickers = [\"QLYS\"]\n\n[[rule.test]]\nfiling = \"0009900001-21-000001\"\nrings = true\n";
    let rules = rules::load_slice([Source { file: "a.toml", text }], &|_| true, &[]).unwrap();
    assert!(rules[0].tests[0].alerts);
    assert_eq!(
        rules::lint(&rules)[0].to_string(),
        "a.toml:7:1: warning: `rings` is now `alerts`: rename it; the old name still works"
    );
    let both = text.replace("rings = true", "rings = true\nalerts = true");
    let error = rules::load_slice([Source { file: "a.toml", text: &both }], &|_| true, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.toml:7:1: `rings` is the old name of `alerts`, which is set, too: remove it"
    );
}
