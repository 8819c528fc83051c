//! Rules: what to look for in a filing. `docs/RULES.md` specifies the files.

mod active;
mod condition;
mod criterion;
mod engine;
mod evaluate;
mod evaluator;
mod expression;
mod fold;
mod history;
mod index;
mod keys;
mod lint;
mod load;
mod phrases;
mod rule;
mod schema;
mod scope;
mod span;
mod subject;
mod template_context;
mod threshold;
mod totals;
mod truth;
mod verdict;
mod wanted;
mod watch;
mod watcher;
mod wire;

pub use active::ActiveRules;
pub use condition::{ConditionKey, Group, Selection};
pub use engine::{Evaluate, Evaluated, ExpressionError, Kind, Task, evaluate_here, isolate};
pub use evaluate::{Match, NoMatch, evaluate, explain, lots_may_meet};
pub use expression::{Template, When};
pub use history::{Counting, Part, Sum};
pub use index::RuleSet;
pub use lint::lint;
pub use load::{FolderState, LoadError, load_path, load_slice};
pub use rule::{Mention, Rule, RuleTest};
pub use schema::schema;
pub use span::{Span, SpanError};
pub use subject::{History, Subject};
pub use truth::Truth;
pub use verdict::{Explanation, Finding};
pub use wanted::{
    Amendments, Cluster, CompanyWanted, Cumulative, DirectionWanted, OwnerWanted, Per, RoleWanted,
};
pub use watch::{WATCHES, Watch, WatchedRole, WatchedTrades, is_watch, label};
pub use watcher::Watcher;
