//! Indexes of history by owner, by name and by value: for people who look something up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::engine::{Range, Transaction};
use super::error::StoreError;
use super::handle::{Ended, Store};
use super::history::{HISTORY, place};
use super::ratios::moment;
use super::record::decode;
use super::table::{Single, Table};
use crate::filing::{Cik, Code, PastFiling, Usd, edgar_day};
use crate::text::{clip, fold, plain};

/// Owner, acceptance time, accession → the issuer of a filing in history.
pub(super) const BY_OWNER: Table<Cik> = Table::new("by_owner");
/// A name from one of its words on, owner → the name as filed.
pub(super) const INSIDERS: Table<String> = Table::new("insiders");
/// Day of acceptance, code, value (the largest first), accession → the place of a filing in history.
pub(super) const BY_VALUE: Table<String> = Table::new("by_value");
/// How far the history of an older version has been indexed.
const INDEXED: Single<Indexed> = Single::new("indexed");

/// The most words of a name that it is found by.
const MOST_WORDS: usize = 4;
/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 100;
/// Values sort in reverse below this many cents.
const HIGHEST: u64 = 1_000_000_000_000_000_000;
/// Filings indexed in one transaction.
const AT_ONCE: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Indexed {
    UpTo(String),
    All,
}

/// A filing in history, with its issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuersFiling {
    /// The issuer.
    pub issuer: Cik,
    /// The filing.
    pub filing: PastFiling,
}

/// Adds a filing to the indexes.
pub(super) async fn index(transaction: &Transaction, issuer: Cik, past: &PastFiling) -> Result<(), Ended> {
    for owner in &past.owners {
        let Some(cik) = owner.cik else { continue };
        BY_OWNER.put(
            transaction,
            &format!("{}/{}", moment(cik, past.accepted_at), past.accession),
            &issuer,
        )?;
        let name = clip(&plain(&owner.name), LONGEST_NAME).into_owned();
        for words in rotations(&name) {
            let key = format!("{words}\t{}", cik.number());
            if !INSIDERS.has(transaction, &key).await? {
                INSIDERS.put(transaction, &key, &name)?;
            }
        }
    }
    for code in [Code::SALE, Code::PURCHASE] {
        if let Some(key) = value_of(past, code).and_then(|value| ranked(past, code, value)) {
            BY_VALUE.put(transaction, &key, &place(issuer, past))?;
        }
    }
    Ok(())
}

/// The value of a filing's sales or purchases that count, in dollars; `None` if there are none.
fn value_of(past: &PastFiling, code: Code) -> Option<Usd> {
    let counted = past.lots.iter().enumerate().filter(|(number, _)| !past.not_counted.contains(number));
    let lots = counted.filter(|(_, lot)| lot.code == Some(code) && !lot.moved);
    let mut values = lots.filter_map(|(_, lot)| lot.counted_value());
    let first = values.next()?;
    values.try_fold(first, |sum, value| sum.plus(value))
}

fn ranked(past: &PastFiling, code: Code, value: Usd) -> Option<String> {
    let cents = u64::try_from((value.decimal() * rust_decimal::Decimal::ONE_HUNDRED).trunc()).ok()?;
    let below = HIGHEST.checked_sub(cents)?;
    Some(format!("{}{below:019}/{}", of_day(edgar_day(past.accepted_at), code), past.accession))
}

fn of_day(day: NaiveDate, code: Code) -> String {
    format!("{day}/{code}/")
}

/// A name in lower case from each of its first words on: `doe jane`, `jane doe`.
fn rotations(name: &str) -> Vec<String> {
    let words: Vec<String> = fold(name).to_lowercase().split(' ').map(str::to_owned).collect();
    let from = |first: usize| {
        let (before, after) = words.split_at(first);
        [after, before].concat().join(" ")
    };
    let firsts = 0..words.len().min(MOST_WORDS);
    firsts.map(from).filter(|words| !words.trim().is_empty()).collect()
}

impl Store {
    /// The newest filings in history of an owner, newest first.
    pub async fn filings_of(&self, owner: Cik, most: usize) -> Result<Vec<IssuersFiling>, StoreError> {
        let range = Range::prefix(&format!("{:010}/", owner.number()), most).backwards();
        let mut found = Vec::new();
        for (key, value) in self.stored(BY_OWNER.space, &range).await? {
            let Ok(issuer) = decode::<Cik>(&key, &value) else { continue };
            let Some((_, at)) = key.split_once('/') else { continue };
            let place = format!("{:010}/{at}", issuer.number());
            if let Some(filing) = self.get(&HISTORY, &place).await? {
                found.push(IssuersFiling { issuer, filing });
            }
        }
        Ok(found)
    }

    /// Owners in history with a word of their name, or all of it, that begins with `typed`: up to `most`, each
    /// with its name as filed.
    pub async fn insiders(&self, typed: &str, most: usize) -> Result<Vec<(Cik, String)>, StoreError> {
        let typed = fold(typed).to_lowercase();
        let mut found: BTreeMap<Cik, String> = BTreeMap::new();
        let mut order = Vec::new();
        // Each owner may be found by several words.
        let range = Range::prefix(&typed, most.saturating_mul(MOST_WORDS));
        for (key, value) in self.stored(INSIDERS.space, &range).await? {
            let cik = key.rsplit_once('\t').and_then(|(_, cik)| cik.parse().ok());
            let name = decode::<String>(&key, &value).ok();
            if let (Some(cik), Some(name)) = (cik, name)
                && order.len() < most
                && found.insert(cik, name).is_none()
            {
                order.push(cik);
            }
        }
        Ok(order.into_iter().filter_map(|cik| Some((cik, found.remove(&cik)?))).collect())
    }

    /// The filings accepted on a day with the largest value of sales or purchases that count, the largest
    /// first.
    pub async fn largest(
        &self,
        day: NaiveDate,
        code: Code,
        most: usize,
    ) -> Result<Vec<(Usd, IssuersFiling)>, StoreError> {
        let mut found = Vec::new();
        for (key, value) in self.stored(BY_VALUE.space, &Range::prefix(&of_day(day, code), most)).await? {
            let Ok(place) = decode::<String>(&key, &value) else { continue };
            let issuer = place.split('/').next().and_then(|issuer| issuer.parse().ok());
            let (Some(issuer), Some(filing)) = (issuer, self.get(&HISTORY, &place).await?) else { continue };
            // An amendment may have changed what counts since.
            if let Some(value) = value_of(&filing, code)
                && ranked(&filing, code, value).is_some_and(|now| now == key)
            {
                found.push((value, IssuersFiling { issuer, filing }));
            }
        }
        Ok(found)
    }

    /// Adds some of the history that an older version wrote to the indexes. Returns `true` once all of it is in
    /// them.
    pub async fn index_history(&self) -> Result<bool, StoreError> {
        let from = match self.single(&INDEXED).await? {
            Some(Indexed::All) => return Ok(true),
            Some(Indexed::UpTo(key)) => Range::first(AT_ONCE).after(&key),
            None => Range::first(AT_ONCE),
        };
        let page = &self.stored(HISTORY.space, &from).await?;
        let done = match page.last() {
            Some((last, _)) if page.len() == AT_ONCE => Indexed::UpTo(last.clone()),
            _ => Indexed::All,
        };
        let done = &done;
        self.transaction(|transaction| async move {
            for (key, value) in page {
                let issuer = key.split('/').next().and_then(|issuer| issuer.parse().ok());
                if let (Some(issuer), Ok(past)) = (issuer, decode::<PastFiling>(key, value)) {
                    index(&transaction, issuer, &past).await?;
                }
            }
            Ok(INDEXED.put(&transaction, done)?)
        })
        .await?;
        Ok(*done == Indexed::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_each_of_its_words() {
        assert_eq!(rotations("DOE  Jane M."), ["doe jane m.", "jane m. doe", "m. doe jane"]);
        assert_eq!(rotations(" "), [""; 0]);
    }
}
