//! Where alerts go, as rule files and the store name it, and what each kind of destination can do.

mod capabilities;
mod name;
mod place_name;
mod threads;

pub use capabilities::{Capabilities, ReadBack};
pub use name::{BUILT_IN, Destination, DestinationError, FORMS, PATTERN, is_name};
pub use place_name::PlaceName;
pub use threads::Threads;
