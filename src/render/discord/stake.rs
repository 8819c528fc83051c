//! The stake before and after, on a card and in its headline.

use rust_decimal::Decimal;

use super::glance::{and_more, cents, percent};
use super::words::escaped;
use crate::alert::{Alert, StakeChange};
use crate::filing::record::StakeRecord;
use crate::filing::{Direction, Shares, Table};
use crate::text::clip_words;

const LINE: usize = 300;
/// The longest title of a security.
const TITLE: usize = 34;
const MOST: usize = 3;

/// The change of the stake, in few words: `stake unchanged`, `stake down 12%`. `None` if it is unknown, for
/// several securities, and for a sale with a stake that grows, or a purchase with one that falls: other rows
/// outweigh the alert's.
pub(super) fn stake_remark(alert: &Alert) -> Option<String> {
    let [stake] = alert.stakes.as_slice() else { return None };
    let (before, after) = stake.before.zip(stake.after)?;
    let outweighed = match alert.main_direction() {
        Some(Direction::Disposed) => after > before,
        Some(Direction::Acquired) => after < before,
        None => false,
    };
    if outweighed {
        return None;
    }
    Some(match stake.change_kind()? {
        StakeChange::New => "new stake".to_owned(),
        StakeChange::All => "the whole stake".to_owned(),
        change => format!("stake {}", change_text(change)),
    })
}

/// `**Stake 52,609 → 52,609**, unchanged: exercised 29,136 options at $60.37 and sold them`; the share of the
/// holdings if no stake is known.
pub(super) fn stake(alert: &Alert) -> Option<String> {
    let known: Vec<StakeRecord> =
        alert.stakes.iter().filter(|stake| stake.after.is_some()).map(at_a_glance).collect();
    // A single source repeats the figures above.
    let says_sources = known.iter().any(|stake| stake.sources.len() > 1);
    let text = match known.as_slice() {
        [] => return holdings(alert),
        [only] if alert.stakes.len() == 1 => {
            let (figures, rest) = parts(only, says_sources);
            format!("**Stake {figures}**{rest}")
        }
        several => {
            let each = several.iter().take(MOST).map(|stake| {
                // An option's rows are those of the shares.
                let says_sources = says_sources && stake.table == Table::NonDerivative;
                let title = stake.security.as_deref().map(|title| escaped(&clip_words(title, TITLE)));
                let title = title.map_or_else(String::new, |title| format!("{title}: "));
                let (figures, rest) = parts(stake, says_sources);
                format!("{title}{figures}{rest}")
            });
            let mut texts: Vec<String> = each.collect();
            if several.len() > MOST {
                texts.push(and_more(several.len() - MOST, "security", "securities"));
            }
            format!("**Stake** {}", texts.join("; "))
        }
    };
    Some(clip_words(&text, LINE).into_owned())
}

/// `52,609 → 52,609`, and `, unchanged: exercised 29,136 options and sold them`.
fn parts(stake: &StakeRecord, says_sources: bool) -> (String, String) {
    let Some((before, after)) = stake.before.zip(stake.after) else {
        return ("not stated".to_owned(), String::new());
    };
    let across = if stake.is_across_split() { " across a split" } else { "" };
    let change = stake.change_kind().map(|change| format!(", {}", change_text(change))).unwrap_or_default();
    let came = if says_sources { came_from(stake) } else { String::new() };
    let rest = match came.is_empty() {
        true => change,
        // The figures say it.
        false if before == after => format!(": {came}"),
        false => format!("{change}: {came}"),
    };
    (format!("{before} → {after}{across}"), rest)
}

/// Where a stake came from, as short as `exercised options at $60.37 and sold them`: the number is above.
fn came_from(stake: &StakeRecord) -> String {
    let came = stake.came_from();
    match stake.sources.as_slice() {
        [one, sold] if one.shares.is_some() && one.shares == sold.shares && sold.what == "sold" => {
            let number = one.shares.map(|shares| format!("{shares} ")).unwrap_or_default();
            came.replacen(&number, "", 1)
        }
        _ => came,
    }
}

/// The same with whole shares, and prices to the cent.
fn at_a_glance(stake: &StakeRecord) -> StakeRecord {
    let mut stake = stake.clone();
    // What is not equal must not seem so.
    let rounded = (stake.before.map(Shares::whole), stake.after.map(Shares::whole));
    if stake.before == stake.after || rounded.0 != rounded.1 {
        (stake.before, stake.after) = rounded;
    }
    for source in &mut stake.sources {
        if let Some(shares) = source.shares {
            let whole = shares.whole();
            source.text = source.text.replace(&shares.to_string(), &whole.to_string());
            source.shares = Some(whole);
        }
        source.price = source.price.map(cents);
    }
    stake
}

fn change_text(change: StakeChange) -> String {
    match change {
        StakeChange::Unchanged => "unchanged".to_owned(),
        StakeChange::New => "new".to_owned(),
        StakeChange::All => "all of it".to_owned(),
        StakeChange::Up(fraction) => format!("up {}", percent(fraction)),
        // Something is left.
        StakeChange::Down(fraction) => match percent(fraction) {
            all if all == "100%" => "down over 99%".to_owned(),
            share => format!("down {share}"),
        },
    }
}

/// `**12%** of the holdings`.
fn holdings(alert: &Alert) -> Option<String> {
    let fraction: Decimal = alert.share_of_holdings.as_deref()?.parse().ok()?;
    let share = if fraction > Decimal::ONE { alert.holdings_text()? } else { percent(fraction) };
    Some(format!("**{share}** of the holdings"))
}
