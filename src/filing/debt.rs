//! Which securities are debt: notes, debentures, bonds and loans. Their numbers are principal, not shares.

/// True if a title names a debt security. The first word that says what it is decides: "Convertible Notes
/// (right to buy Common Stock)" are notes, "Common Stock, see Note 1" and "Warrants issued with Notes" are
/// not.
pub(crate) fn is_debt(title: &str) -> bool {
    // Most titles say right away that they are of shares.
    let first = title.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if SHARES.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return false;
    }
    let lower = title.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for (i, word) in words.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| words[i]);
        // "See note 3", "(note 1)": a reference.
        let refers = matches!(before, Some("see" | "per" | "in"))
            || words
                .get(i + 1)
                .is_some_and(|next| next.len() <= 2 && next.bytes().all(|b| b.is_ascii_digit()));
        let is = match *word {
            "notes" | "note" | "nts" => !refers,
            "debenture" | "debentures" | "debs" | "bonds" | "loan" | "loans" | "indebtedness" | "debt" => {
                true
            }
            // A company may have such a name.
            "bond" => {
                words.contains(&"due")
                    || words[..i]
                        .iter()
                        .any(|word| is_number(word) || matches!(*word, "mortgage" | "convertible"))
            }
            // Equity-linked notes.
            "linked" if matches!(words.get(i + 1), Some(&("note" | "notes"))) => false,
            _ if SHARES.contains(word) && words.get(i + 1) != Some(&"linked") => return false,
            _ => false,
        };
        if is {
            return !is_of_another(&words[i + 1..]);
        }
    }
    false
}

/// Words that say that a security is a share, or a right to one.
const SHARES: [&str; 34] = [
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
    "etns",
    "linked",
    "traded",
    "etf",
    "fund",
    "hedge",
];

/// True if the words after "note" or "loan" show that it only names something else: "Note Warrants" are
/// warrants, "Senior Loan Fund Common Shares" and "Note Holdings Inc. Common Stock" are shares. "Notes (right
/// to buy Common Stock)" are notes.
fn is_of_another(after: &[&str]) -> bool {
    const NAMES: [&str; 10] = [
        "fund",
        "funds",
        "trust",
        "holdings",
        "inc",
        "corp",
        "corporation",
        "company",
        "strategies",
        "income",
    ];
    let right_behind =
        ["warrant", "warrants", "option", "options", "unit", "units", "shares", "hedge", "linked"];
    let first = after.first().copied().unwrap_or_default();
    right_behind.contains(&first)
        || first == "note" && after.get(1).is_some_and(|word| right_behind.contains(word))
        || NAMES.contains(&first)
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
            "First Mortgage Bond",
            "7.25% Sr Nts 2029",
            "Conv. Sr. Nts due 2027",
            "4.5% Debs",
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
            "Loan Note Warrants",
            "Notes Fund Common Shares",
            "Exchange Traded Notes",
            "Note Holdings Inc. Common Stock",
            "Debt Strategies Fund Common",
            "Senior Loan Fund Common Shares",
            "Bank Loan Income Fund",
            "Index Notes-linked Trust Certificates",
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
