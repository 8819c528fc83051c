//! Conclusions about each row from notes and boxes, and odd figures.

use super::super::read;
use super::document;
use crate::filing::{Filing, Lot};

/// A sale with these footnote ids on its date.
fn sale(price: &str, ids: &[&str]) -> String {
    let notes: String = ids.iter().map(|id| format!("<footnoteId id=\"{id}\"/>")).collect();
    format!(
        "<nonDerivativeTransaction><securityTitle><value>Common Stock</value></securityTitle>\
         <transactionDate><value>2023-03-08</value>{notes}</transactionDate>\
         <transactionCoding><transactionCode>S</transactionCode></transactionCoding><transactionAmounts>\
         <transactionShares><value>100</value></transactionShares>\
         <transactionPricePerShare><value>{price}</value></transactionPricePerShare>\
         <transactionAcquiredDisposedCode><value>D</value></transactionAcquiredDisposedCode></transactionAmounts>\
         </nonDerivativeTransaction>"
    )
}

fn noted(before: &str, sales: &[String], notes: &[(&str, &str)], remarks: &str) -> Filing {
    let notes: String =
        notes.iter().map(|(id, text)| format!("<footnote id=\"{id}\">{text}</footnote>")).collect();
    let xml = document(&format!(
        "{before}<nonDerivativeTable>{}</nonDerivativeTable><footnotes>{notes}</footnotes><remarks>{remarks}</remarks>",
        sales.concat()
    ));
    read(&xml).unwrap()
}

/// Plan, intent and evidence of each row.
fn concluded(filing: &Filing) -> Vec<(&'static str, &'static str, String)> {
    let words = |lot: &Lot| {
        let intent = lot.intent.as_ref().unwrap();
        (
            lot.plan.value.word(),
            intent.value.word(),
            intent.evidence.as_ref().map(ToString::to_string).unwrap_or_default(),
        )
    };
    filing.lots.iter().map(words).collect()
}

const PLAN: &str = "Sold under a Rule 10b5-1 plan adopted on June 1, 2022.";
const COVER: &str = "Sold to cover tax withholding on vesting of RSUs.";

#[test]
fn a_note_speaks_of_the_rows_that_refer_to_it() {
    let filing = noted(
        "",
        &[sale("10", &["F1"]), sale("10", &["F2"]), sale("10", &[])],
        &[("F1", PLAN), ("F2", COVER)],
        "",
    );
    assert_eq!(
        concluded(&filing),
        [
            ("yes", "plan", format!("F1: \"{PLAN}\"")),
            ("unknown", "sell-to-cover", format!("F2: \"{COVER}\"")),
            ("unknown", "unknown", String::new()),
        ]
    );
    let adopted = filing.lots[0].plan_adopted.as_ref().unwrap();
    assert_eq!(adopted.date.to_string(), "2022-06-01");
    assert_eq!(adopted.evidence.to_string(), "F1: \"Sold under a Rule 10b5-1 plan adopted on June 1, 2022\"");
    assert!(filing.lots[1..].iter().all(|lot| lot.plan_adopted.is_none()));
}

#[test]
fn what_speaks_of_the_whole_filing_speaks_of_all_rows_but_a_rows_own_note_comes_first() {
    let whole = "The sales reported on this Form 4 were made under a Rule 10b5-1 plan.";
    let filing = noted(
        "",
        &[sale("10", &["F1"]), sale("10", &["F2"]), sale("10", &[])],
        &[("F1", whole), ("F2", COVER)],
        "",
    );
    let told: Vec<_> = concluded(&filing).into_iter().map(|(plan, intent, _)| (plan, intent)).collect();
    assert_eq!(told, [("yes", "plan"), ("unknown", "sell-to-cover"), ("yes", "plan")]);
    // The remarks, and a note that no row refers to, apply to everything.
    for filing in
        [noted("", &[sale("10", &[])], &[], PLAN), noted("", &[sale("10", &[])], &[("F1", PLAN)], "")]
    {
        assert_eq!((concluded(&filing)[0].0, concluded(&filing)[0].1), ("yes", "plan"));
    }
    let filing = noted("", &[sale("10", &[])], &[], PLAN);
    assert_eq!(concluded(&filing)[0].2, format!("remarks: \"{PLAN}\""));
}

#[test]
fn a_plan_is_denied_in_many_words_and_not_by_a_denial_of_something_else() {
    let plan = |note: &str| concluded(&noted("", &[sale("10", &["F1"])], &[("F1", note)], "")).remove(0).0;
    for note in [
        "The sale wasn't pursuant to a 10b5-1 plan.",
        "These sales weren\u{2019}t made under a Rule 10b5-1 plan.",
        "No shares were sold under a Rule 10b5-1 plan.",
        "No part of this transaction was pursuant to Rule 10b5-1.",
        "The Reporting Person's Rule 10b5-1 trading plan was terminated on March 1, 2023, prior to these sales.",
        "Sold before he adopted a Rule 10b5-1 plan.",
        "Sold prior to the adoption of his Rule 10b5-1 plan.",
        "Sold upon early termination of a 10b5-1 plan",
        "Sold otherwise than under a Rule 10b5-1 plan",
        "Sold in the absence of a Rule 10b5-1 plan.",
        "Rule 10b5-1: N/A",
        "10b5-1 plan: none",
        "Rule 10b5-1 is not applicable to this sale",
    ] {
        assert_eq!(plan(note), "no", "{note}");
    }
    for note in [
        "Although not required, the sale was made under a Rule 10b5-1 plan.",
        "This Form 4 was not timely filed because the broker gave no notice of the sale under the Rule 10b5-1 plan.",
        "The shares have not been registered and were sold under a Rule 10b5-1 plan.",
        "Not previously reported sale pursuant to a Rule 10b5-1 plan.",
    ] {
        assert_eq!(plan(note), "yes", "{note}");
    }
    // The existence of a plan says less than that the sale was not made under it.
    let named =
        "A Rule 10b5-1 trading plan (the \"Plan\") was adopted by the Reporting Person on May 1, 2022.";
    for denial in ["This sale was not made under the Plan.", "Sold outside of the Plan."] {
        let filing = noted("", &[sale("10", &["F1", "F2"])], &[("F1", named), ("F2", denial)], "");
        assert_eq!(concluded(&filing)[0].0, "no", "{denial}");
    }
    // A ticked box names the plan whose adoption a note dates.
    let ticked = "<aff10b5One>1</aff10b5One>";
    let adopted = |note: &str| {
        let filing = noted(ticked, &[sale("10", &["F1"])], &[("F1", note)], "");
        filing.lots[0].plan_adopted.as_ref().map(|adopted| adopted.date.to_string())
    };
    assert_eq!(adopted("The plan was adopted on May 1, 2022."), Some("2022-05-01".into()));
    assert_eq!(adopted("The Agreement and Plan of Merger was entered into on August 31, 2022."), None);
}

#[test]
fn the_box_decides_where_no_note_does() {
    let boxed = |ticked: &str| format!("<aff10b5One>{ticked}</aff10b5One>");
    let plain = |before: &str| concluded(&noted(before, &[sale("10", &[])], &[], "")).remove(0);
    assert_eq!(plain(&boxed("1")), ("yes", "plan", "10b5-1 box: ticked".into()));
    assert_eq!(plain(&boxed("0")), ("no", "discretionary", "10b5-1 box: not ticked".into()));
    assert_eq!(plain(""), ("unknown", "unknown", String::new()));
    let noted_plan = noted(&boxed("false"), &[sale("10", &["F1"])], &[("F1", PLAN)], "");
    assert_eq!(concluded(&noted_plan)[0].0, "yes");
    let denied =
        noted("", &[sale("10", &["F1"])], &[("F1", "This sale was not made under a Rule 10b5-1 plan.")], "");
    assert_eq!((concluded(&denied)[0].0, concluded(&denied)[0].1), ("no", "discretionary"));
}

/// Plan, intent and evidence of the first row, in a filing with the box set to `ticked` and one note.
fn boxed(ticked: &str, note: &str) -> (&'static str, &'static str, String) {
    let before = format!("<aff10b5One>{ticked}</aff10b5One>");
    concluded(&noted(&before, &[sale("10", &["F1"])], &[("F1", note)], "")).remove(0)
}

#[test]
fn what_a_lender_a_broker_or_a_court_did_is_no_decision_whatever_the_box_says() {
    for note in [
        "Shares pledged as collateral were foreclosed upon and sold by the credit union.",
        "Sold by the broker in a margin call.",
        "Sold by the custodian in error.",
        "Sold under the terms of a divorce decree.",
    ] {
        for (ticked, plan) in [("0", "no"), ("1", "yes")] {
            assert_eq!(boxed(ticked, note), (plan, "involuntary", format!("F1: \"{note}\"")));
        }
    }
    // What others do without asking because of a plan or an award is part of the plan or the award.
    let unasked = "Sold under a Rule 10b5-1 plan by the broker without the reporting person's knowledge.";
    assert_eq!(boxed("0", unasked).1, "plan");
    let automatic = "Sold automatically to cover taxes on the vesting of RSUs, not at the discretion of the reporting person.";
    assert_eq!(boxed("0", automatic).1, "sell-to-cover");
    // A box alone says less than a note that nobody was asked.
    let unasked = "Sold by the broker without the reporting person's knowledge.";
    assert_eq!(boxed("1", unasked).1, "involuntary");
}

#[test]
fn a_sale_is_discretionary_only_where_nothing_says_otherwise() {
    let note = "The sale does not represent a discretionary trade.";
    assert_eq!(boxed("0", note), ("no", "unknown", format!("F1: \"{note}\"")));
    assert_eq!(boxed("0", "Sold to avoid a margin call.").1, "discretionary");
    assert_eq!(
        boxed("0", "The remaining shares are pledged and may be sold by the lender.").1,
        "discretionary"
    );
    // The other row has no note, and keeps its own reason.
    let filing = noted(
        "<aff10b5One>0</aff10b5One>",
        &[sale("10", &["F1"]), sale("10", &[])],
        &[("F1", "Sold by the lender upon foreclosure.")],
        "",
    );
    let intents: Vec<_> = concluded(&filing).into_iter().map(|(_, intent, _)| intent).collect();
    assert_eq!(intents, ["involuntary", "discretionary"]);
}

#[test]
fn a_ticked_box_that_a_note_denies_is_warned_of() {
    let warned =
        |ticked: &str, sales: &[String], notes: &[(&str, &str)], remarks: &str| -> Vec<(String, String)> {
            let before = format!("<aff10b5One>{ticked}</aff10b5One>");
            let filing = noted(&before, sales, notes, remarks);
            let denied = filing.warnings.into_iter().filter(|warning| warning.code == "plan-box-denied");
            denied.map(|warning| (warning.at, warning.message)).collect()
        };
    let one = [sale("10", &["F1"])];
    for denial in [
        "This sale was not made pursuant to a Rule 10b5-1 plan.",
        "No Rule 10b5-1 trading plan was in effect.",
        "The Rule 10b5-1 box was checked in error.",
        "The box above was inadvertently marked.",
        "The checkbox should not have been ticked.",
        "Sold outside of his Rule 10b5-1 plan.",
        "Due to a clerical error, the box for Rule 10b5-1 was ticked.",
        "The Rule 10b5-1 plan of the reporting person had expired before this sale.",
    ] {
        let at = "nonDerivativeTransaction[1]".to_owned();
        let message = format!("the 10b5-1 box is ticked, and a note says otherwise (F1: \"{denial}\")");
        assert_eq!(warned("1", &one, &[("F1", denial)], ""), [(at, message)]);
        assert!(warned("0", &one, &[("F1", denial)], "").is_empty(), "{denial}");
        assert_eq!(boxed("1", denial).0, "yes", "nothing is repaired: {denial}");
        // Also if the remarks say so; and only once for many rows.
        assert_eq!(warned("1", &[sale("10", &[])], &[], denial).len(), 1, "{denial}");
        let many = [sale("10", &["F1"]), sale("11", &["F1"]), sale("12", &["F1"])];
        assert_eq!(warned("1", &many, &[("F1", denial)], "").len(), 1, "{denial}");
    }
    for fine in [
        PLAN,
        COVER,
        "As the checkbox above indicates, the sale was made under a Rule 10b5-1 plan.",
        "The sale was made under a Rule 10b5-1 plan. The box was inadvertently left unchecked in an earlier report.",
        "The box for Section 16 was checked in error.",
        "The shares that were not sold under the Rule 10b5-1 plan remain available.",
        "The shares are kept in a safe deposit box.",
    ] {
        assert!(warned("1", &one, &[("F1", fine)], "").is_empty(), "{fine}");
    }
    // The box may be ticked for one row: the other row, whose note denies the plan, is named.
    let denied = "This sale was not made under a Rule 10b5-1 plan.";
    let two = warned("1", &[sale("10", &["F1"]), sale("11", &["F2"])], &[("F1", PLAN), ("F2", denied)], "");
    assert_eq!(two.len(), 1);
    assert_eq!(two[0].0, "nonDerivativeTransaction[2]");
}

#[test]
fn of_several_ranges_in_a_note_the_rows_own_is_taken() {
    let note =
        "Prices ranged from $10.00 to $10.50 in the first lot and from $12.00 to $12.75 in the second.";
    let notes = [("F1", note)];
    let filing = noted("", &[sale("10.2", &["F1"]), sale("12.3", &["F1"]), sale("14", &["F1"])], &notes, "");
    let ranges: Vec<_> = filing
        .lots
        .iter()
        .map(|lot| lot.actual_prices.as_ref().map(|prices| (prices.low.plain(), prices.high.plain())))
        .collect();
    let range = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
    assert_eq!(ranges, [range("10", "10.5"), range("12", "12.75"), None]);
    // Chosen by the row's date, March 8, whether the date comes before its range or after it.
    for note in [
        "Prices ranged on 03/07/2023 $9.00 - $11.00, and on 03/08/2023 $10.00 - $12.00.",
        "Prices ranged from $9.00 to $11.00 on March 7, 2023 and from $10.00 to $12.00 on March 8, 2023.",
    ] {
        let filing = noted("", &[sale("10.2", &["F1"])], &[("F1", note)], "");
        let prices = filing.lots[0].actual_prices.as_ref().unwrap();
        assert_eq!((prices.low.plain(), prices.high.plain()), ("10".into(), "12".into()), "{note}");
    }
}

#[test]
fn what_contradicts_itself_is_warned_of() {
    let codes = |filing: &Filing| -> Vec<String> {
        filing.warnings.iter().map(|warning| warning.code.clone()).collect()
    };
    let late = |xml: &str, accepted: &str| {
        let mut filing = super::super::parse(xml).unwrap();
        filing.accepted_at = Some(accepted.parse().unwrap());
        super::super::conclude(&mut filing);
        codes(&filing)
    };
    let one = document(&format!("<nonDerivativeTable>{}</nonDerivativeTable>", sale("10", &[])));
    let one = one.replace("<periodOfReport>2023-06-29-05:00<", "<periodOfReport>2023-03-08<");
    assert_eq!(late(&one, "2023-03-10T23:00:00Z"), Vec::<String>::new());
    assert_eq!(late(&one, "2023-03-13T13:00:00Z"), ["filed-late"]);
    assert_eq!(late(&one, "2023-03-07T13:00:00Z"), ["date-in-future"]);
    assert_eq!(
        late(&one.replace("<documentType>4<", "<documentType>4/A<"), "2023-04-13T13:00:00Z"),
        Vec::<String>::new()
    );

    let many = |prices: &[&str]| {
        noted("", &prices.iter().map(|price| sale(price, &[])).collect::<Vec<_>>(), &[], "")
    };
    assert_eq!(codes(&many(&["10", "10.4", "9.9"])), Vec::<String>::new());
    assert_eq!(codes(&many(&["10", "10.4", "1.04"])), ["price-far-from-siblings"]);
    // 1,000 dollars for 100 shares at 10.
    assert_eq!(codes(&many(&["10", "1000"])), ["price-like-total"]);
    assert_eq!(codes(&many(&["188139"])), ["price-like-total"]);
    assert_eq!(
        codes(
            &read(&document(
                &sale("10", &[])
                    .replace("<value>100</value>", "<value>0</value>")
                    .replacen(
                        "<nonDerivativeTransaction>",
                        "<nonDerivativeTable><nonDerivativeTransaction>",
                        1
                    )
                    .replace(
                        "</nonDerivativeTransaction>",
                        "</nonDerivativeTransaction></nonDerivativeTable>"
                    )
            ))
            .unwrap()
        ),
        ["zero-shares"]
    );
    let after = noted(
        "",
        &[sale("10", &["F1"])],
        &[("F1", "Sold under a Rule 10b5-1 plan adopted on June 1, 2024.")],
        "",
    );
    assert_eq!(codes(&after), ["plan-after-trade"]);
    assert_eq!(codes(&noted("", &[sale("10", &["F1"])], &[("F1", " ")], "")), ["footnote-missing"]);

    let symbol = |typed: &str| codes(&read(&one.replace(">ACME<", &format!(">{typed}<"))).unwrap());
    assert_eq!(symbol("hunter2!pass"), ["odd-ticker"]);
    for none in ["NONE", "N/A", "-", "Not applicable", "ACME"] {
        assert_eq!(symbol(none), Vec::<String>::new(), "{none}");
    }
    let secret = read(&one.replace(">ACME<", ">hunter2!pass<")).unwrap();
    assert!(!secret.warnings[0].message.contains("hunter2"));
    let titled = one.replace(
        "<isOfficer>0</isOfficer>",
        "<isOfficer>0</isOfficer><officerTitle>Chief Sorcerer</officerTitle>",
    );
    assert_eq!(codes(&read(&titled).unwrap()), ["title-without-office"]);
}
