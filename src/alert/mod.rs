//! An alert: one match of a rule as plain data, with a stable key.

mod agreed;
mod deeds;
mod earlier_trades;
mod figures;
mod history;
mod key;
mod latency;
mod matched;
mod numbers;
mod outline;
mod record;
mod related;
mod securities;
mod sums;
mod words;

pub use agreed::{Agreed, AlertDirection};
pub use deeds::{Verb, Way};
pub use figures::StakeChange;
pub use history::{TradeCount, TradeHistory, TradeKind, TradeRemark};
pub use key::Key;
pub use record::{
    Alert, AlertIssuer, AlertLine, AlertOwner, AlertSecurity, EarlierFigures, ReplacedLots, WayFigures,
};
pub use securities::Figure;
