//! All DR operations on the simulated pair, while guests write. What is checked is read from the simulated services and from
//! the arrays' bytes, never from what protector says about itself.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be had ends a test"
)]

#[path = "../../examples/dr_drill/application.rs"]
mod application;
#[path = "operations/boot.rs"]
mod boot;
#[path = "operations/changes.rs"]
mod changes;
#[path = "../../examples/dr_drill/cloud.rs"]
#[expect(dead_code, reason = "the drill looks at more of it")]
mod cloud;
#[path = "operations/control.rs"]
mod control;
#[path = "operations/document.rs"]
mod document;
#[path = "operations/floating_ips.rs"]
mod floating_ips;
#[path = "operations/guests.rs"]
mod guests;
#[path = "operations/hooks.rs"]
mod hooks;
#[path = "operations/late.rs"]
mod late;
#[path = "../../examples/dr_drill/machines.rs"]
mod machines;
#[path = "operations/mappings.rs"]
mod mappings;
#[path = "operations/members.rs"]
mod members;
#[path = "operations/order.rs"]
mod order;
#[path = "operations/owner.rs"]
mod owner;
#[path = "operations/partial.rs"]
mod partial;
#[path = "operations/scene.rs"]
mod scene;
#[path = "operations/site.rs"]
mod site;
#[path = "operations/states.rs"]
mod states;
#[path = "operations/undo.rs"]
mod undo;
#[path = "operations/unplanned.rs"]
mod unplanned;
