//! Whole flows of protector over its crates.
