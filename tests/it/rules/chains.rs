//! Chains of amendments: each is a version of one filing, whichever version's day it names and whenever it came.

use sellbell::alert::Alert;
use sellbell::filing::{Accession, Cik, Filing, PastFiling};

use super::decided::Row;
use super::{day, evening, noted, other_sale, with_lot};

type Sale = (&'static str, &'static str, &'static str);

const A: Sale = ("100", "10", "900");
const B: Sale = ("50", "20", "850");

fn accession(number: u32) -> Accession {
    format!("0000000007-25-{number:06}").parse().unwrap()
}

/// A filing of sales on December 8: shares, price, held after.
fn original(number: u32, accepted: &str, sales: &[Sale]) -> Filing {
    let mut filing = other_sale(number, 7, "2025-12-08", "1");
    let lot = |filing: &mut Filing, i: usize, sale: &Sale| {
        let lot = &mut filing.lots[i];
        (lot.shares, lot.price, lot.line.shares_after) = (noted(sale.0), noted(sale.1), noted(sale.2));
    };
    for (i, sale) in sales.iter().enumerate() {
        if i > 0 {
            filing = with_lot(filing, |_| {});
        }
        lot(&mut filing, i, sale);
    }
    filing.accepted_at = Some(evening(accepted));
    filing.period = Some(day("2025-12-08"));
    filing
}

/// An amendment of what was filed on a day.
fn amendment(number: u32, accepted: &str, of: &str, sales: &[Sale]) -> Filing {
    let mut filing = original(number, accepted, sales);
    filing.form = "4/A".parse().unwrap();
    filing.date_of_original_submission = Some(day(of));
    filing
}

fn kept(row: &Row, number: u32) -> &PastFiling {
    row.known.iter().find(|past| past.accession == accession(number)).unwrap()
}

/// How many lots of each filing count.
fn counted(row: &Row) -> Vec<(u32, usize)> {
    let number = |past: &PastFiling| past.accession.to_string()[14..].parse().unwrap();
    let mut all: Vec<(u32, usize)> =
        row.known.iter().map(|past| (number(past), past.lots.len() - past.not_counted.len())).collect();
    all.sort_unstable();
    all
}

#[track_caller]
fn assert_follows(alert: &Alert, head: u32, follows: u32, supersedes: &Alert) {
    assert_eq!(
        (alert.amends, alert.follows),
        (Some(accession(head)), Some(accession(follows))),
        "{alert:#?}"
    );
    assert_eq!(alert.supersedes.as_ref(), Some(&supersedes.key), "{alert:#?}");
}

#[test]
fn each_amendment_follows_the_newest_version_whichever_day_it_names() {
    // The second and the third name the original's day, or that of an amendment before them.
    for (second, third) in [
        ("2025-12-09", "2025-12-09"),
        ("2025-12-11", "2025-12-09"),
        ("2025-12-11", "2025-12-12"),
        ("2025-12-11", "2025-12-11"),
    ] {
        let mut row = Row::of("min_value = 10");
        let first = row.alert(&original(1, "2025-12-09", &[A, B]));
        let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900"), B]));
        assert_follows(&one, 1, 1, &first);
        let two = row.alert(&amendment(3, "2025-12-12", second, &[("100", "12", "900"), B]));
        assert_follows(&two, 1, 2, &one);
        assert_eq!(
            (&two.changes[..], &two.replaces[..]),
            (&["row 1: price $11.00 → $12.00".to_owned()][..], &[0, 1][..])
        );
        let three =
            row.alert(&amendment(4, "2025-12-15", third, &[("100", "12", "900"), ("50", "21", "850")]));
        assert_follows(&three, 1, 3, &two);
        assert_eq!(three.changes, ["row 2: price $20.00 → $21.00"]);
        assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 0), (4, 2)]);
        // And one that repeats it is nothing new.
        let again = amendment(5, "2025-12-16", "2025-12-15", &[("100", "12", "900"), ("50", "21", "850")]);
        assert_eq!(row.take(&again), "told before");
        assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 0), (4, 0), (5, 2)]);
    }
}

#[test]
fn a_withdrawal_takes_back_the_newest_alert_of_the_chain_once() {
    let cheap = [("100", "1", "900")];
    // By the second amendment, which names the first's day or the original's.
    for of in ["2025-12-09", "2025-12-11"] {
        let mut row = Row::of("min_value = 1_000");
        row.alert(&original(1, "2025-12-09", &[A]));
        let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
        let back = row.alert(&amendment(3, "2025-12-12", of, &cheap));
        assert!(back.withdrawn);
        assert_follows(&back, 1, 2, &one);
        assert_eq!(back.lots[0].price_text().unwrap(), "$11.00", "what was told");
        assert_eq!(
            row.take(&amendment(4, "2025-12-15", "2025-12-12", &cheap)),
            "min_value",
            "taken back once"
        );
        // Told anew, it takes the place of the withdrawal.
        let anew = row.alert(&amendment(5, "2025-12-16", "2025-12-15", &[A]));
        assert_follows(&anew, 1, 4, &back);
        assert!(!anew.withdrawn && !anew.is_reported_before());
        let back = row.alert(&amendment(6, "2025-12-17", "2025-12-09", &cheap));
        assert!(back.withdrawn);
        assert_follows(&back, 1, 5, &anew);
    }
}

#[test]
fn a_version_in_between_that_sent_nothing_is_passed_over() {
    // It does not say the price: nothing is known to fail, and nothing is sent.
    let silent = |number: u32, accepted: &str| {
        let mut filing = amendment(number, accepted, "2025-12-09", &[A]);
        filing.lots[0].price.value = None;
        filing
    };
    for (price, expected) in [("1", "withdrawn"), ("11", "rings"), ("10", "told before")] {
        let mut row = Row::of("min_value = 1_000");
        let first = row.alert(&original(1, "2025-12-09", &[A]));
        assert_eq!(row.take(&silent(2, "2025-12-11")), "min_value");
        assert_eq!(row.take(&silent(3, "2025-12-12")), "min_value");
        let mut next = row.clone();
        let filing = amendment(4, "2025-12-15", "2025-12-12", &[("100", price, "900")]);
        assert_eq!(row.take(&filing), expected);
        let alert = next.alert(&filing);
        if expected == "told before" {
            assert_eq!((&alert.key, &alert.supersedes), (&first.key, &None));
        } else {
            assert_follows(&alert, 1, 3, &first);
        }
        assert_eq!(counted(&next), [(1, 0), (2, 0), (3, 0), (4, 1)]);
    }
    // One that speaks of holdings only changes nothing.
    let mut row = Row::of("min_value = 1_000");
    let first = row.alert(&original(1, "2025-12-09", &[A]));
    let mut holdings = amendment(2, "2025-12-11", "2025-12-09", &[A]);
    holdings.lots.clear();
    assert_eq!(row.take(&holdings), "codes");
    let next = row.alert(&amendment(3, "2025-12-12", "2025-12-11", &[("100", "11", "900")]));
    assert_follows(&next, 1, 1, &first);
}

#[test]
fn a_version_that_comes_out_of_order_finds_its_place() {
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    // Number 2 names the day of number 1, which was not seen.
    let two = row.alert(&amendment(3, "2025-12-12", "2025-12-11", &[("100", "12", "900")]));
    assert_eq!((two.amends, &two.may_amend[..]), (None, &[accession(1)][..]));
    let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
    assert_eq!((one.amends, one.follows), (Some(accession(1)), Some(accession(1))));
    // It is not the newest, and takes the place of nothing.
    assert_eq!((one.amended_by, &one.supersedes, one.withdrawn), (Some(accession(3)), &None, false));
    assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 1)]);
    assert_eq!(kept(&row, 3).amends, Some(accession(1)), "its place is known now");
    let three = row.alert(&amendment(4, "2025-12-15", "2025-12-09", &[("100", "13", "900")]));
    assert_follows(&three, 1, 3, &two);
    // One of before that no longer meets the rule takes nothing back, and one that says what a later one says is told already.
    let mut strict = Row::of("min_value = 1_000");
    strict.alert(&original(1, "2025-12-09", &[A]));
    let two = strict.alert(&amendment(3, "2025-12-15", "2025-12-09", &[("100", "12", "900")]));
    let mut same = strict.clone();
    assert_eq!(strict.take(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "1", "900")])), "min_value");
    assert_eq!(counted(&strict), [(1, 0), (2, 0), (3, 1)]);
    let one = same.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "12", "900")]));
    assert_eq!((one.is_reported_before(), &one.key), (true, &two.key));
    assert_eq!(counted(&same), [(1, 0), (2, 0), (3, 1)]);
}

#[test]
fn where_the_original_is_not_known_the_first_amendment_heads_the_chain() {
    for of in ["2025-12-09", "2025-12-11"] {
        let mut row = Row::of("min_value = 1_000");
        let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[A]));
        assert_eq!((one.amends, one.follows, &one.supersedes), (None, None, &None));
        let two = row.alert(&amendment(3, "2025-12-12", of, &[("100", "11", "900")]));
        assert_follows(&two, 2, 2, &one);
        let mut late = row.clone();
        let back = row.alert(&amendment(4, "2025-12-15", of, &[("100", "1", "900")]));
        assert!(back.withdrawn);
        assert_follows(&back, 2, 3, &two);
        // The original comes at last: it heads the chain from here on, and is amended already.
        let first = late.alert(&original(1, "2025-12-09", &[("100", "12", "900")]));
        assert_eq!((first.amended_by, &first.supersedes), (Some(accession(3)), &None));
        assert_eq!(counted(&late), [(1, 0), (2, 0), (3, 1)]);
        let three = late.alert(&amendment(4, "2025-12-15", of, &[("100", "13", "900")]));
        assert_follows(&three, 1, 3, &two);
        assert_eq!(counted(&late), [(1, 0), (2, 0), (3, 0), (4, 1)]);
    }
}

#[test]
fn a_corrected_period_and_added_owners_do_not_break_a_chain() {
    for of in ["2025-12-09", "2025-12-11"] {
        let mut row = Row::of("min_value = 10");
        let first = row.alert(&original(1, "2025-12-09", &[A]));
        let corrected = |mut filing: Filing| {
            filing.period = Some(day("2025-12-07"));
            filing.lots[0].date.value = Some(day("2025-12-07"));
            let mut owner = filing.owners[0].clone();
            (owner.cik, owner.name) = (Cik::new(8), "FUND LP".into());
            filing.owners.push(owner);
            filing
        };
        let one = row.alert(&corrected(amendment(2, "2025-12-11", "2025-12-09", &[A])));
        assert_follows(&one, 1, 1, &first);
        // By the added owner alone.
        let mut alone = corrected(amendment(3, "2025-12-12", of, &[("100", "12", "900")]));
        alone.owners.remove(0);
        let two = row.alert(&alone);
        assert_follows(&two, 1, 2, &one);
        assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 1)]);
    }
}

#[test]
fn two_chains_of_one_owner_on_one_day_stay_apart() {
    let other: Sale = ("7", "300", "5000");
    for (of_first, of_second) in [("2025-12-09", "2025-12-09"), ("2025-12-11", "2025-12-11")] {
        let mut row = Row::of("min_value = 10");
        let a0 = row.alert(&original(1, "2025-12-09", &[A]));
        let b0 = row.alert(&original(2, "2025-12-09", &[other]));
        // Each corrects the price of its only row.
        let a1 = row.alert(&amendment(3, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
        assert_follows(&a1, 1, 1, &a0);
        let b1 = row.alert(&amendment(4, "2025-12-11", "2025-12-09", &[("7", "310", "5000")]));
        assert_follows(&b1, 2, 2, &b0);
        let b2 = row.alert(&amendment(5, "2025-12-12", of_second, &[("7", "320", "5000")]));
        assert_follows(&b2, 2, 4, &b1);
        let a2 = row.alert(&amendment(6, "2025-12-12", of_first, &[("100", "12", "900")]));
        assert_follows(&a2, 1, 3, &a1);
        assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (6, 1)]);
    }
    // One that fits neither of two originals is followed by the next of its kind.
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    row.alert(&original(2, "2025-12-09", &[other]));
    let unclear = row.alert(&amendment(3, "2025-12-11", "2025-12-09", &[("31", "8", "862")]));
    assert_eq!((unclear.amends, unclear.may_amend.len()), (None, 2));
    let next = row.alert(&amendment(4, "2025-12-12", "2025-12-09", &[("31", "9", "862")]));
    assert_follows(&next, 3, 3, &unclear);
    // Another filing on the day of an amendment is not what a later amendment of that day amends.
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
    let mut new = original(3, "2025-12-11", &[other]);
    new.period = Some(day("2025-12-10"));
    row.alert(&new);
    let two = row.alert(&amendment(4, "2025-12-12", "2025-12-11", &[("100", "12", "900")]));
    assert_follows(&two, 1, 2, &one);
}

#[test]
fn rows_that_an_amendment_only_added_are_amended_by_themselves() {
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    let one = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[B]));
    assert_eq!(counted(&row), [(1, 1), (2, 1)]);
    // It corrects what was added, and leaves the original's row alone.
    let mut of_added = row.clone();
    let two = of_added.alert(&amendment(3, "2025-12-12", "2025-12-11", &[("50", "21", "850")]));
    assert_follows(&two, 1, 2, &one);
    assert_eq!(
        (&two.changes[..], counted(&of_added)),
        (&["row 1: price $20.00 → $21.00".to_owned()][..], vec![(1, 1), (2, 0), (3, 1)])
    );
    // The same again changes nothing, and takes nothing away.
    assert_eq!(
        of_added.take(&amendment(4, "2025-12-15", "2025-12-12", &[("50", "21", "850")])),
        "told before"
    );
    assert_eq!(counted(&of_added), [(1, 1), (2, 0), (3, 0), (4, 1)]);
    // It restates all: each row takes the place of its own.
    let all =
        row.alert(&amendment(3, "2025-12-12", "2025-12-09", &[("100", "11", "900"), ("50", "21", "850")]));
    assert_eq!(all.changes, ["row 1: price $10.00 → $11.00", "row 2: price $20.00 → $21.00"]);
    assert_eq!((all.replaces.len(), &all.replaces_earlier), (1, &vec![replaced(1, &[0])]));
    assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 2)]);
}

fn replaced(number: u32, lots: &[usize]) -> sellbell::alert::ReplacedLots {
    sellbell::alert::ReplacedLots { accession: accession(number), lots: lots.to_vec() }
}

#[test]
fn of_alerts_that_stand_the_one_whose_rows_are_amended_is_taken_back() {
    let mut row = Row::of("min_value = 1_000");
    let first = row.alert(&original(1, "2025-12-09", &[A]));
    let added = row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[B]));
    let back = row.alert(&amendment(3, "2025-12-12", "2025-12-09", &[("100", "1", "900")]));
    assert!(back.withdrawn);
    assert_follows(&back, 1, 2, &first);
    let back = row.alert(&amendment(4, "2025-12-15", "2025-12-11", &[("50", "2", "850")]));
    assert!(back.withdrawn);
    assert_follows(&back, 1, 3, &added);
}

#[test]
fn records_of_before_in_which_a_chain_was_not_seen_are_read_as_one() {
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
    let two = row.alert(&amendment(3, "2025-12-12", "2025-12-11", &[("100", "12", "900")]));
    // As the version before kept them: the second amendment hung in the air, and both counted.
    for past in &mut row.known {
        if past.accession == accession(3) {
            past.amends = None;
        }
        if past.accession == accession(2) {
            (past.not_counted, past.counted_in) = Default::default();
        }
    }
    assert_eq!(counted(&row), [(1, 0), (2, 1), (3, 1)]);
    let three = row.alert(&amendment(4, "2025-12-15", "2025-12-12", &[("100", "13", "900")]));
    assert_follows(&three, 1, 3, &two);
    assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 0), (4, 1)]);
}

#[test]
fn history_is_read_back_to_where_a_chain_began() {
    let mut row = Row::of("min_value = 10");
    let early = |mut filing: Filing| {
        filing.period = Some(day("2025-03-03"));
        filing.lots[0].date.value = Some(day("2025-03-03"));
        filing
    };
    let first = row.alert(&early(original(1, "2025-03-04", &[A])));
    // In between the bot sent nothing.
    let mut silent = early(amendment(2, "2025-06-05", "2025-03-04", &[A]));
    silent.lots[0].price.value = None;
    assert_eq!(row.take(&silent), "min_value");
    let all = row.known.clone();
    let next = early(amendment(3, "2025-12-12", "2025-06-05", &[("100", "11", "900")]));
    let accepted_at = next.accepted_at.unwrap();
    let since = sellbell::decide::since([], &next, accepted_at);
    let read = |since| -> Result<_, ()> {
        Ok((all.iter().filter(|past| past.accepted_at >= since).cloned().collect::<Vec<_>>(), since))
    };
    assert_eq!(read(since).unwrap().0.len(), 1);
    row.known = sellbell::decide::read_history(&next, since, read).unwrap().0;
    assert_follows(&row.alert(&next), 1, 2, &first);
}

#[test]
fn in_whatever_order_versions_come_the_last_one_counts() {
    let versions = [
        original(1, "2025-12-09", &[A, B]),
        amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900"), B]),
        amendment(3, "2025-12-12", "2025-12-11", &[("100", "12", "900"), B]),
        amendment(4, "2025-12-15", "2025-12-12", &[("100", "12", "900"), ("50", "21", "850")]),
    ];
    let mut orders = vec![Vec::new()];
    for _ in 0..versions.len() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let rest = (0..versions.len()).filter(|i| !order.contains(i)).collect::<Vec<_>>();
                rest.into_iter().map(move |i| order.iter().copied().chain([i]).collect::<Vec<_>>())
            })
            .collect();
    }
    assert_eq!(orders.len(), 24);
    for order in orders {
        let mut row = Row::of("min_value = 10");
        let alerts: Vec<(usize, Alert)> = order.iter().map(|&i| (i, row.alert(&versions[i]))).collect();
        assert_eq!(counted(&row), [(1, 0), (2, 0), (3, 0), (4, 2)], "{order:?}");
        let amends = |number: u32| kept(&row, number).amends;
        assert_eq!([2, 3, 4].map(amends), [Some(accession(1)); 3], "{order:?}");
        assert!(alerts.iter().all(|(_, alert)| !alert.withdrawn), "{order:?}");
        let newest = &alerts.iter().find(|(i, _)| *i == 3).unwrap().1;
        let next = amendment(5, "2025-12-16", "2025-12-12", &[("100", "13", "900"), ("50", "21", "850")]);
        assert_follows(&row.alert(&next), 1, 4, newest);
    }
}

#[test]
fn amendments_of_other_owners_and_forms_are_no_part_of_a_chain() {
    let mut row = Row::of("min_value = 10");
    row.alert(&original(1, "2025-12-09", &[A]));
    row.alert(&amendment(2, "2025-12-11", "2025-12-09", &[("100", "11", "900")]));
    let mut of_other = amendment(3, "2025-12-12", "2025-12-11", &[("100", "12", "900")]);
    of_other.owners[0].cik = Cik::new(8);
    let mut of_form = amendment(4, "2025-12-12", "2025-12-11", &[("100", "12", "900")]);
    of_form.form = "5/A".parse().unwrap();
    for filing in [&of_other, &of_form] {
        let alert = row.clone().alert(filing);
        assert_eq!((alert.amends, alert.follows, &alert.supersedes), (None, None, &None));
    }
    // A day that is a typing error is no day.
    let mut typed = amendment(5, "2025-12-12", "2025-12-11", &[("100", "12", "900")]);
    typed.date_of_original_submission = Some(day("0025-12-11"));
    assert_eq!(row.alert(&typed).follows, Some(accession(2)));
}
