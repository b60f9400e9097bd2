//! The command as its users meet it: the binary, on a simulated pair that is served on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as it has to be ends the test"
)]

#[path = "command/bad_input.rs"]
mod bad_input;
#[path = "command/bench.rs"]
mod bench;
#[path = "command/detached.rs"]
mod detached;
#[path = "command/documents.rs"]
mod documents;
#[path = "command/guide.rs"]
mod guide;
#[path = "command/look.rs"]
mod look;
#[path = "command/page.rs"]
mod page;
#[path = "command/pages.rs"]
mod pages;
#[path = "command/reader.rs"]
mod reader;
#[path = "command/schemas.rs"]
mod schemas;
#[path = "command/simulator.rs"]
mod simulator;
#[path = "command/support_bundle.rs"]
mod support_bundle;
