//! Where alerts go, as rule files and the store name it, and what each kind of destination can do.

mod capabilities;
mod inbox;
mod known_addresses;
mod name;
mod naming;
mod place_name;
mod threads;

pub use capabilities::{Capabilities, ReadBack};
pub use inbox::{AddressId, Inbox};
pub use known_addresses::KnownAddresses;
pub use name::{BUILT_IN, Destination, DestinationError, FORMS, PATTERN};
pub use naming::is_name;
pub use place_name::PlaceName;
pub use threads::Threads;
