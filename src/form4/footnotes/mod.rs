//! Reads footnotes by language rules: prices, plans, and why something was sold.
//!
//! A note is searched for keywords once; only if some are found, the patterns of their kind are tried,
//! sentence by sentence.

mod adoption;
pub(super) mod ads;
mod currencies;
mod currency;
mod date;
mod forced;
mod happened;
mod keyword_list;
mod keywords;
mod mistake;
pub(super) mod money;
mod otherwise;
mod pattern;
mod plan;
mod price;
mod purpose;
mod reach;
mod read;
mod scan;
mod seller;
mod statement;
mod text;

pub(super) use keywords::Keywords;
pub(super) use price::PriceRange;
pub(super) use reach::Reach;
pub(super) use read::{LONGEST, Said, adopted, parts, read};
pub(super) use scan::Scanned;
pub(super) use seller::Parts;
pub(super) use statement::{Kind, Statement};
pub(super) use text::start;
