//! The integration tests: one binary, one module a subject.

mod corpus;
mod fakes;
mod shared;
