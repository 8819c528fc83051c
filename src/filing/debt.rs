//! Which securities are debt: notes, debentures, bonds and loans. Their numbers are principal, not shares.

/// Whether a title names a debt security. The first word that says what it is decides: "Convertible Notes (right to buy Common
/// Stock)" are notes, "Common Stock, see Note 1" and "Warrants issued with Notes" are none.
pub(crate) fn is_debt(title: &str) -> bool {
    const DEBTS: [&str; 7] = ["debenture", "debentures", "bonds", "loan", "loans", "indebtedness", "debt"];
    const OTHERS: [&str; 32] = [
        "stock",
        "share",
        "shares",
        "common",
        "ordinary",
        "preferred",
        "preference",
        "unit",
        "units",
        "warrant",
        "warrants",
        "option",
        "options",
        "interest",
        "interests",
        "depositary",
        "depository",
        "ads",
        "adr",
        "adss",
        "adrs",
        "right",
        "rights",
        "swap",
        "forward",
        "put",
        "call",
        "etn",
        "linked",
        "phantom",
        "restricted",
        "performance",
    ];
    let words = || title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is = |word: &str, any: &[&str]| any.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut before = "";
    for (i, word) in words().enumerate() {
        let next = || words().nth(i + 1).unwrap_or_default();
        let found = if is(word, &["note", "notes"]) {
            // "See note 3", "(note 1)": a reference.
            !is(before, &["see", "per", "in"]) && !(next().len() <= 2 && is_number(next()))
        } else {
            // A company may be called Bond.
            is(word, &DEBTS)
                || is(word, &["bond"])
                    && (words().take(i).any(is_number) || words().any(|word| is(word, &["due"])))
        };
        if found {
            // "Note Warrants" are warrants.
            return !is(
                next(),
                &["warrant", "warrants", "option", "options", "unit", "units", "shares", "hedge"],
            );
        }
        if is(word, &OTHERS) {
            return false;
        }
        before = word;
    }
    false
}

/// `7` of "7% Bond", `625` of "6.625% Bond".
fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_debt;

    #[test]
    fn titles_of_debt_are_told_from_those_of_shares() {
        for debt in [
            "Convertible Notes",
            "7% Convertible Promissory Note due 2026",
            "20% Convertible Senior Note",
            "3.125% Exch. Senior Debentures due 2053 (obligation to sell)",
            "6.50% Senior Secured Notes due 2030",
            "Secured Bridge Note (conversion right)",
            "Convertible Notes (right to buy Common Stock)",
            "Term Loan",
            "4% Bonds",
            "6.625% Bond due 2031",
            "Subordinated Debt",
            "SUBORDINATED DEBENTURE",
            "Notes",
        ] {
            assert!(is_debt(debt), "{debt}");
        }
        for other in [
            "Common Stock",
            "Common Stock, see Note 1",
            "Common Stock (see notes)",
            "Warrants issued with Convertible Notes",
            "Option to purchase Notes",
            "Convertible Note Warrants",
            "Loan Shares",
            "Preferred Stock convertible into notes",
            "Bond Street Holdings Class A",
            "Class A Shares (Note 2)",
            "Depositary Shares",
            "Restricted Stock Units",
            "",
        ] {
            assert!(!is_debt(other), "{other}");
        }
    }
}
