//! What holds for any lots: unlike ones are never added, and what is told per security adds up to the whole.

use proptest::prelude::*;
use sellbell::filing::{Trade, Usd};

use super::{Row, filed, row};

const NOTES: [(&str, &str); 4] = [
    ("", ""),
    ("price", "Price in Canadian dollars."),
    ("price", "Translated from NT$ at the rate of NT$31.65 to US$1."),
    ("remarks", ""),
];
const TITLES: [&str; 4] =
    ["Common Stock", "Class A Common Stock", "American Depositary Shares", "Common Stock, par value $0.01"];

fn any_row() -> impl Strategy<Value = Row> {
    (0..TITLES.len(), 1..100_000_u32, 0..900_u32, 0..3_usize, any::<bool>()).prop_map(
        |(title, shares, price, note, sold)| {
            let price = if price == 0 { String::new() } else { format!("{price}.5") };
            let row = row(TITLES[title], &shares.to_string(), &price, "");
            let row = if sold { row } else { row.code("P", "A") };
            match NOTES[note] {
                ("", _) => row,
                (element, text) => row.note(element, text),
            }
        },
    )
}

fn dollars(rows: &[Row]) -> Vec<(Option<&'static str>, Option<Usd>)> {
    let filing = filed(rows).read();
    let trade = Trade::of_lots(&filing.lots);
    let mut ways: Vec<_> =
        trade.ways().map(|sums| (sums.direction.map(|direction| direction.word()), sums.value)).collect();
    ways.sort_by_key(|way| way.0);
    ways
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    #[test]
    fn a_lot_in_another_currency_never_changes_the_dollars_of_the_others(
        rows in prop::collection::vec(any_row(), 1..6),
        place in any::<prop::sample::Index>(),
    ) {
        let before = dollars(&rows);
        let beside = rows[place.index(rows.len())].clone();
        let other = row("Common Stock", "700", "41.5", "").note("price", "Price in Mexican Pesos (MXN).");
        let other = other.code(&beside.code, &beside.direction);
        let after = dollars(&[rows, vec![other]].concat());
        prop_assert_eq!(before, after);
    }

    #[test]
    fn each_security_by_itself_adds_up_to_the_whole(rows in prop::collection::vec(any_row(), 1..8)) {
        let filing = filed(&rows).read();
        let whole = Trade::of_lots(&filing.lots);
        for sums in whole.ways() {
            let sum = sums.securities.iter().filter_map(|security| security.value_usd);
            let sum = sum.fold(None, |sum: Option<Usd>, value| sum.unwrap_or_default().plus(value));
            prop_assert_eq!(sum, sums.value);
            let at_least = sums.securities.iter().any(|security| security.value_is_at_least);
            prop_assert_eq!(at_least, sums.value_is_at_least);
            // A part taken by itself says what it says beside the others.
            for security in &sums.securities {
                let lots = filing.lots.iter().filter(|lot| {
                    let figures = lot.figures();
                    let title = |text: Option<&str>| text.unwrap_or_default().split(',').next().unwrap().to_owned();
                    lot.direction.value == sums.direction
                        && title(figures.security) == title(security.security.as_deref())
                });
                let alone = Trade::of_lots(lots);
                let only = alone.sums.only().unwrap();
                prop_assert_eq!((only.shares, only.value_usd, &only.amounts, only.average_price),
                    (security.shares, security.value_usd, &security.amounts, security.average_price));
            }
        }
    }
}
