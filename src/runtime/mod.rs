//! The program as a whole: assembled in one place, and run once or by its loops. The ticks of the lower
//! floors take `now` as an argument; only this module loops, sleeps and reads the clock.

mod assemble;
mod follow;
mod housekeeping;
mod lanes;
mod loops;
mod once;
mod reload;
mod reload_templates;
mod run;
mod wait;

pub use assemble::{App, AssembleError, Assembly, Setup, assemble};
pub use housekeeping::{housekeeping_once, on_start, take_watches};
pub use once::{OnceReport, run_once};
pub use reload::{Reload, Watch, reload_once};
pub use reload_templates::reload_templates_once;
pub use run::run;
pub use wait::RunError;
