//! Every way in which a secret was found to survive, and words that are not secrets.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

const MOST: usize = 200;

fn redactor() -> Redactor {
    Redactor::new(["bell@example.org", "s3cr&t p/w", "MTIzNDU2Nzg5.GabcdE.f_ghIJklmnoPQRstuv-wxyz0123456789"])
}

#[test]
fn no_address_and_no_control_character_is_shown() {
    for (said, shown) in [
        ("5.1.1 <jane.doe@example.com>: User unknown", "5.1.1 <j•••@example.com>: User unknown"),
        ("no\r\n\t such\u{1b}[31m user\u{202e}", "no such[31m user"),
        ("\"jane doe\"@example.com", "\"•••@example.com"),
        ("see https://x.example/?e=jane%40example.com", "see https://x.example/?e=jane%40example.com"),
        ("jürgen@bücher.example", "j•••@bücher.example"),
        ("a@b", "•••@b"),
    ] {
        let clean = Redactor::default().clean(said, MOST);
        assert!(
            !clean.contains("jane.doe") && !clean.contains("jane%40") && !clean.contains("ürgen"),
            "{clean}"
        );
        if !said.contains("%40") {
            assert_eq!(clean, shown);
        }
    }
    let long = Redactor::default().clean(&"x".repeat(100_000), MOST);
    assert_eq!(long.chars().count(), MOST);
    // An address at the cut is not a whole one before the cut, either.
    let at_the_cut = format!("{} jane@example.com", "x".repeat(190));
    assert!(!Redactor::default().clean(&at_the_cut, MOST).contains("jane"));
}

#[test]
fn no_secret_is_shown_in_any_form() {
    let plain = format!("\0bell@example.org\0{}", "s3cr&t p/w");
    let shifted = format!("x{plain}");
    let hex: String = "s3cr&t p/w".bytes().map(|byte| format!("{byte:02x}")).collect();
    for said in [
        "535 bad password s3cr&t p/w for bell@example.org".to_owned(),
        "BELL@EXAMPLE.ORG: S3CR&T P/W".to_owned(),
        "s3cr%26t%20p%2Fw".to_owned(),
        "s3cr%2526t%2520p%252Fw".to_owned(),
        "p=s3cr%26t+p%2fw".to_owned(),
        "user=bell%40example.org".to_owned(),
        "s3cr&amp;t\\u0020p\\/w and bell&#64;example.org &#x62;ell@example.org".to_owned(),
        STANDARD.encode(&plain),
        format!("got <{}>", STANDARD.encode(&plain)),
        STANDARD.encode(&shifted),
        URL_SAFE_NO_PAD.encode(&plain),
        STANDARD.encode("s3cr&t p/w"),
        format!("535 bad initial-response={}", STANDARD.encode(&plain)),
        format!("auth={0}=={0}", STANDARD.encode(&plain)),
        format!("x{}", STANDARD.encode("bell@example.org")),
        format!("hex {hex} {}", hex.to_uppercase()),
        "no route /bot/MTIzNDU2Nzg5.GabcdE.f_ghIJklmnoPQRstuv-wxyz0123456789/x".to_owned(),
        "it ends f_ghIJklmnoPQRstuv-".to_owned(),
        "cut: …klmnoPQRstuv-wxyz01234".to_owned(),
    ] {
        for shown in [redactor().clean(&said, MOST), redactor().hide(&said)] {
            let folded = shown.to_lowercase();
            for secret in ["s3cr", "bell@", "bell%40", "bell&#", "f_gh", "pqrstu", &hex] {
                assert!(!folded.contains(secret), "{said}: {shown}");
            }
            assert!(shown.contains(HIDDEN), "{said}: {shown}");
        }
    }
    assert_eq!(
        redactor().clean("5.7.8 Username and Password not accepted", MOST),
        "5.7.8 Username and Password not accepted"
    );
    assert_eq!(redactor().hide("two\n  lines\t& more = 100%"), "two\n  lines\t& more = 100%");
    // A short secret hides no letters of other words.
    let short = Redactor::new(["me", "a"]);
    assert_eq!(short.clean("a message for me", MOST), "••• message for •••");
}

const USER: &str = "bell.user@mail.example";
const PASSWORD: &str = "hunter2-xyz";
const SLASHED: &str = "p4ss/w0rd&mor";
const KEY: &str = "abcdEFGHijkl/MNOPqrstUVWX+yz012345678";
const PHRASE: &str = "correct  horse  battery";
const UMLAUTS: &str = "p\u{e4}ssw\u{f6}rd99";

fn each(secret: &str, as_written: impl Fn(u32) -> String) -> String {
    secret.chars().map(|c| as_written(c.into())).collect()
}

fn joined(secret: &str, between: &str) -> String {
    secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

/// A secret, what a server says, and the parts that must not show.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn attacks() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let login = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    let (half, late) = (login.len() / 2, login.len() - 10);
    let slashes = STANDARD.encode(">>?>hunter2-xyz???>>");
    let percent = |text: &str| each(text, |c| format!("%{c:02X}"));
    let mut attacks = vec![
        // In part.
        (SLASHED, "bad p4ss/w0rd&mo".to_owned(), vec!["p4ss", "w0rd"]),
        (KEY, format!("bad {} z", &KEY[..36]), vec!["abcdEFGH", "yz01"]),
        (KEY, format!("bad {}", &KEY[3..20]), vec!["GHij", "MNOP"]),
        // Blanks, and invisible characters.
        (PHRASE, format!("bad {PHRASE}."), vec!["correct", "battery"]),
        (PHRASE, "bad CORRECT\r\n HORSE\u{a0}BATTERY".to_owned(), vec!["CORRECT", "HORSE"]),
        ("caf\u{a0}secret77", "bad caf\u{a0}secret77".to_owned(), vec!["secret77"]),
        ("soft\u{ad}secret77", "bad soft\u{ad}secret77, softsecret77".to_owned(), vec!["secret77"]),
        (PASSWORD, "hun\u{200b}ter2\u{2060}-x\u{ad}yz".to_owned(), vec!["hun", "ter2"]),
        (PASSWORD, "hun\u{fe0f}ter2\u{34f}-x\u{206a}y\u{e01ef}z".to_owned(), vec!["hun", "ter2"]),
        (PASSWORD, "hun\0ter2\u{8}-xyz".to_owned(), vec!["hun", "ter2"]),
        // Over several lines, or with something in between.
        (PASSWORD, "hunter\r\n2-xyz".to_owned(), vec!["hunter", "2-xyz"]),
        (PASSWORD, "h.u.n.t.e.r.2.-.x.y.z".to_owned(), vec!["h.u", "x.y"]),
        (PASSWORD, format!("{} {}", &login[..half], &login[half..]), vec!["Mi14", "eXo"]),
        (PASSWORD, format!("{}\r\n{}", &login[..late], &login[late..]), vec!["Mi14eXo", "eXo"]),
        // Base64, escaped.
        (PASSWORD, percent(&slashes), vec!["%6D%68", "%79%4D"]),
        (PASSWORD, slashes.replace('/', "%2F").replace('+', "%2B"), vec!["aHVudGVy", "HVudGVyMi"]),
        (PASSWORD, slashes.replace('/', "\\/"), vec!["aHVudGVy", "HVudGVyMi"]),
        // Hexadecimal.
        (PASSWORD, joined(PASSWORD, ":"), vec!["68:75", "79:7a"]),
        (PASSWORD, joined(PASSWORD, " ").to_uppercase(), vec!["68 75", "79 7A"]),
        (PASSWORD, format!("bad {}", joined(PASSWORD, "-")), vec!["68-75", "79-7a"]),
        (PASSWORD, format!("0x{}", joined(PASSWORD, ", 0x")), vec!["0x68", "0x7a"]),
        (PASSWORD, format!("\\x{}", joined(PASSWORD, "\\x")), vec!["x68", "x7a"]),
        (PASSWORD, each(PASSWORD, |c| format!("\\u{{{c:x}}}")), vec!["{68}", "{7a}"]),
        (PASSWORD, each(PASSWORD, |c| format!("\\u{c:04x}")), vec!["u0068", "u007a"]),
        (PASSWORD, each(PASSWORD, |c| format!("%u{c:04x}")), vec!["u0068", "u007a"]),
        (PASSWORD, each(PASSWORD, |c| format!("\\{c:03o}")), vec!["150", "172"]),
        // HTML.
        (PASSWORD, each(PASSWORD, |c| format!("&#{c}")), vec!["#104", "#122"]),
        (PASSWORD, each(PASSWORD, |c| format!("&#{c:09};")), vec!["104", "122"]),
        (PASSWORD, each(PASSWORD, |c| format!("&#X{c:06x}")), vec!["68", "7a"]),
        (SLASHED, "p4ss&sol;w0rd&ampmor".to_owned(), vec!["p4ss", "w0rd"]),
        ("to.se-9_x!:", "to&period;se&hyphen;9&lowbar;x&excl;&colon;".to_owned(), vec!["to&", "se&", "9&"]),
        // Several ways at once.
        (PASSWORD, each(PASSWORD, |c| format!("%25252525{c:02x}")), vec!["252568", "25257a"]),
        (PASSWORD, each(PASSWORD, |c| format!("\\\\u{c:04x}")), vec!["u0068", "u007a"]),
        (PASSWORD, each(PASSWORD, |c| format!("&amp;#{c};")), vec!["104", "122"]),
        (PASSWORD, STANDARD.encode(joined(PASSWORD, "")), vec!["Njg3"]),
        (PASSWORD, STANDARD.encode(STANDARD.encode(PASSWORD)), vec!["YUhWd"]),
        (SLASHED, STANDARD.encode(percent(SLASHED)), vec!["JTcwJTM0"]),
        (PASSWORD, percent(&STANDARD.encode(PASSWORD)), vec!["%61%48", "%61%6"]),
        (
            PASSWORD,
            STANDARD.encode(each(PASSWORD, |c| format!("{}\0", char::from_u32(c).unwrap()))),
            vec!["aAB1"],
        ),
        // Letters outside ASCII.
        (UMLAUTS, "P\u{c4}SSW\u{d6}RD99".to_owned(), vec!["SSW", "RD99"]),
        (UMLAUTS, "p%E4ssw%F6rd99".to_owned(), vec!["ssw", "rd99"]),
        (UMLAUTS, "p%c3%a4ssw%C3%B6rd99".to_owned(), vec!["ssw", "rd99"]),
        (UMLAUTS, "pa\u{308}sswo\u{308}rd99".to_owned(), vec!["ssw", "rd99"]),
        (UMLAUTS, "p\u{fffd}ssw\u{fffd}rd99".to_owned(), vec!["ssw", "rd99"]),
        (UMLAUTS, "p&auml;ssw&#246;rd99".to_owned(), vec!["ssw", "rd99"]),
        (
            PASSWORD,
            each(PASSWORD, |c| char::from_u32(c + 0xfee0).unwrap().into()),
            vec!["\u{ff48}", "\u{ff5a}"],
        ),
        ("a%2Fb-secret", "a/b-secret and a%2fb-secret".to_owned(), vec!["b-secret"]),
        ("back\\slash\\9", "back\\slash\\9 back\\\\slash\\\\9".to_owned(), vec!["slash"]),
        // At a cut.
        (PASSWORD, "bad hunter2-x\u{2026}".to_owned(), vec!["hunt"]),
        (PASSWORD, "bad hunt\u{2026}, and more".to_owned(), vec!["hunt"]),
        (KEY, format!("bad {}\u{2026}", &KEY[..7]), vec!["abcd"]),
        // Short ones.
        ("x9z", "bad x9z, %78%39%7a pass=x9z eDl6 78397a".to_owned(), vec!["x9z", "%39", "eDl6", "78397a"]),
        ("x9z", STANDARD.encode("\0bell\0x9z"), vec!["eDl6"]),
        ("x9z7", format!("x9z7 {} %78%39%7a%37", STANDARD.encode("x9z7")), vec!["x9z7", "eDl6", "%39"]),
    ];
    for before in (MOST * READ_FOR_ONE - 30)..(MOST * READ_FOR_ONE + 2) {
        let said = format!("{}{PASSWORD} and more", "\u{2022}".repeat(before));
        attacks.push((PASSWORD, said, vec!["hunt"]));
    }
    attacks
}

#[test]
fn a_secret_is_found_in_each_way_of_writing_it() {
    let mut shown_ones = Vec::new();
    for (secret, said, hidden) in attacks() {
        let redactor = Redactor::new([Secret::from(secret), Secret::address(USER)]);
        let said = format!("5.7.8 no: {said} .");
        for shown in [redactor.clean(&said, MOST), redactor.hide(&said)] {
            for part in &hidden {
                if shown.contains(part) || said.len() < 1_000 && !shown.contains(HIDDEN) {
                    shown_ones.push(format!("{secret:?} of {said:?}: {part:?} in {shown:?}"));
                }
            }
        }
    }
    assert!(shown_ones.is_empty(), "{}", shown_ones.join("\n"));
}

#[test]
fn ordinary_words_stay() {
    let address = "https://hooks.example.com/services/T0001/B0002/abcdefghijklmnop";
    let redactor = Redactor::new([
        PASSWORD.into(),
        SLASHED.into(),
        KEY.into(),
        PHRASE.into(),
        UMLAUTS.into(),
        "x9z".into(),
        "a".into(),
        Secret::address(USER),
        Secret::address(address),
        Secret::address("services/T0001/B0002/abcdefghijklmnop"),
    ]);
    let prose = "The server said: we do not accept that mail now, since the horse is correct but its battery is empty. Hunter 3 wrote to the \
                 office at half past nine; nobody answered, and the word was passed on to the next host in the list of servers.";
    for said in [
        prose,
        &prose.repeat(9),
        "see https://hooks.example.com/services/status?from=2021-08-24&to=2021-08-25#top",
        "https://support.google.com/mail/?p=BadCredentials a1-20020a05600c224100b0042bb1",
        "0001107843-21-000123 of 2021-08-24T16:30:05Z: 12,345,678.90 USD, 3.5 %, 1e-9",
        "123e4567-e89b-12d3-a456-426614174000",
        "hooks.example.com and mail.example take no mail from 192.0.2.17 [2001:db8::68:75:6e]",
        "two\n  lines\t& more = 100%, C:\\new\\table, AT&T, \u{fffd}, \u{1f514}, caf\u{e9}",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "dGhpcyBpcyBub3RoaW5nIGJ1dCBvbmUgdGVzdCBvZiB3b3Jkcw== password required \u{2026}",
    ] {
        let shown = redactor.hide(said);
        // "a" is one of the secrets, and is a word of its own.
        assert_eq!(shown, said.replace(" a ", " \u{2022}\u{2022}\u{2022} "), "{said}");
    }
}

#[test]
fn addresses_are_masked_however_their_at_is_written() {
    for at in [
        "@", "%40", "%2540", "%252540", "&#64;", "&#64", "&#x40;", "&commat;", "\\u0040", "\\x40", "\\u{40}",
        "\u{ff20}", "\u{fe6b}",
    ] {
        for said in [
            format!("no <jane.doe{at}example.com>"),
            format!("e=jane%2Edoe{at}example.com jane.doe{at}x.example"),
        ] {
            let shown = Redactor::default().clean(&said, MOST);
            assert!(
                !shown.contains("ane") && !shown.contains("doe") && shown.contains("example"),
                "{said}: {shown}"
            );
            assert_eq!(Redactor::default().clean(&shown, MOST), shown);
        }
    }
    assert_eq!(Redactor::default().clean("100%, AT&T, C:\\x, %41", MOST), "100%, AT&T, C:\\x, %41");
}

#[test]
fn a_search_takes_no_longer_than_the_text_is_long() {
    let keys: Vec<String> = (0..10).map(|at| format!("{at}{KEY}{at}-key")).collect();
    let redactor = Redactor::new(keys.iter().map(|key| Secret::from(key.as_str())));
    let nested = (0..12).fold("x".repeat(300), |text, _| STANDARD.encode(text));
    for said in [
        "The server said: we do not accept that mail now. ".repeat(400),
        "a".repeat(20_000),
        format!("{KEY} ").repeat(500),
        "%25".repeat(6_000),
        "%2525252525252525".repeat(1_200),
        "&#64;".repeat(4_000),
        "&".repeat(20_000),
        "\"@".repeat(10_000),
        "abcd\u{2026}".repeat(2_800),
        "\\".repeat(20_000),
        nested.chars().take(20_000).collect(),
    ] {
        let mut search = Search { redactor: &redactor, found: Vec::new(), left: usize::MAX };
        search.view(View::of(&said), MOST_NESTED).unwrap();
        let read = usize::MAX - search.left;
        assert!(read <= said.len() * SEARCHED_FOR_ONE, "{read} for {} of {:.20}", said.len(), said);
        assert!(!redactor.clean(&said, 2_000).contains(&KEY[..PART]));
    }
}
