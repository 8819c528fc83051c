//! The JSON contract of a filing: what `show --json` prints, and what alerts include of it.
//!
//! Decimals are strings without trailing zeros, dates are `YYYY-MM-DD`, and missing values are `null`.

mod company;
mod filing;
mod pricing;
mod row;
mod stakes;

pub use company::CompanyRecord;
pub use filing::{FilingRecord, IssuerRecord, OwnerRecord};
pub use pricing::PricingRecord;
pub use row::{HoldingRecord, LotRecord, TermsRecord};
pub(crate) use stakes::eight_digits;
pub use stakes::{SourceRecord, StakeRecord};
