//! Items of lists: tickers, forms, codes and the like, each read from its text.

use super::values::Item;
use crate::filing::{Code, Currency, CurrencyError, Form, Jurisdiction, wanted_ticker};
use crate::problem::nearest;
use crate::rules::fold::phrase;

pub(super) fn ticker(text: &str) -> Item<String> {
    wanted_ticker(text).map_err(|meant| {
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        (
            format!("`{text}` is not a ticker"),
            format!("expected 1 to 6 letters or digits, like QLYS or BRK.B{meant}"),
        )
    })
}

pub(super) fn form(text: &str) -> Item<Form> {
    let wrong = || (format!("`{text}` is not an ownership form"), "expected 3, 4, 5, 3/A, 4/A or 5/A".into());
    text.parse().map_err(|_| wrong())
}

pub(super) fn security(text: &str) -> Item<String> {
    let folded = phrase(text);
    if folded.is_empty() {
        return Err((
            format!("`{text}` names no security"),
            "give words of its title, like Common Stock".into(),
        ));
    }
    Ok(folded)
}

pub(super) fn sic(text: &str) -> Item<String> {
    let digits = text.trim();
    if (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits.to_owned());
    }
    let help =
        "expected four digits, or the first of them: 7372 is prepackaged software, 73 business services";
    Err((format!("`{text}` is not a Standard Industrial Classification"), help.to_owned()))
}

pub(super) fn sector(text: &str) -> Item<String> {
    let folded = phrase(text);
    if folded.is_empty() {
        return Err((format!("`{text}` names no sector"), "give words of its title, like software".into()));
    }
    Ok(folded)
}

pub(super) fn country(text: &str) -> Item<String> {
    let name = text.trim();
    if Jurisdiction::names().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(name.to_owned());
    }
    let help = match nearest(name, Jurisdiction::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "give its name, like Israel, or its ISO code, like IL".to_owned(),
    };
    Err((format!("`{text}` is not a country or state that EDGAR knows"), help))
}

pub(super) fn currency(text: &str) -> Item<Currency> {
    let usual = match text.trim().to_ascii_uppercase().as_str() {
        "NTD" => Some("TWD"),
        "RMB" | "CNH" => Some("CNY"),
        "GBX" => Some("GBP, which has rows in pence, too"),
        "ZAC" => Some("ZAR, which has rows in cents, too"),
        "ILA" | "NIS" => Some("ILS"),
        _ => None,
    };
    if let Some(usual) = usual {
        return Err((format!("`{text}` is no code of ISO 4217"), format!("write {usual}")));
    }
    text.parse().map_err(|error: CurrencyError| {
        (error.to_string(), "expected a code of ISO 4217, like USD or TWD".into())
    })
}

pub(super) fn code(text: &str) -> Item<Code> {
    let help = "S is a sale and P a purchase; docs/RULES.md lists them all";
    let wrong = |what: String| (what, help.to_owned());
    let code: Code = text.parse().map_err(|_| wrong(format!("`{text}` is not a transaction code")))?;
    match code.letter() {
        // Marks of the paper form, which the XML keeps in elements of their own.
        'K' | 'V' => Err(wrong(format!("no filing states code {code}: EDGAR keeps it apart"))),
        _ if code.meaning().is_none() => Err(wrong(format!("`{code}` is not an SEC transaction code"))),
        _ => Ok(code),
    }
}
