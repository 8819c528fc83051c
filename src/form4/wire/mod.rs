//! The document as it is: every element of the schema as text, nothing interpreted.

mod document;
mod read;

pub(super) use document::{Data, Document, Owner, Row, Text};
pub(super) use read::read;
