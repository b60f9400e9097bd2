//! What a person wants to be seen of guests that have come up.

use super::Writer;
use super::ending::instead_of_none;
use crate::domain::{BootSign, FailurePolicy};
use crate::engine::{StepBuilder, done};
use crate::id::StepId;
use crate::operations::failover::placing::Move;
use serde_json::{Value, json};
use std::net::IpAddr;

impl Writer<'_> {
    /// Sees the guest of a server come up, as the policy has it. A check that stops the operation is not optional, though the
    /// server is: it has nothing to see of one that does not run.
    pub(super) fn check_guest(&mut self, one: &Move<'_>, server: &Value, verified: &StepId) -> Vec<StepId> {
        let name = &one.member.name;
        let wanted = self.facts.group.policy.boot_checks.iter().filter(|check| check.vm == *name);
        let mut checked = Vec::new();
        for (number, check) in wanted.filter(|_| one.definition.running).enumerate() {
            let stops = check.on_failure != FailurePolicy::Continue;
            let mut input =
                json!({"vm": name, "runs": done(verified), "within": check.within, "stops": stops});
            let (kind, title, call) = match &check.sees {
                BootSign::Console(text) => {
                    insert(&mut input, "server_id", instead_of_none(server));
                    insert(&mut input, "text", json!(text));
                    let call = "POST compute /servers/{id}/action os-getConsoleOutput".to_owned();
                    ("check_console", format!("see {text:?} on the console of {name}"), call)
                }
                BootSign::Tcp { port, address } => {
                    let Some(address) = address.or_else(|| first_address(one)) else { continue };
                    insert(&mut input, "address", json!(address));
                    insert(&mut input, "port", json!(port));
                    let call = format!("connect to {address}, TCP port {port}");
                    ("check_port", format!("see TCP port {port} of {name} answer"), call)
                }
            };
            let step = StepBuilder::new(kind, format!("{kind}/{name}/{number}"), title)
                .at(self.target)
                .input(input)
                .call(call);
            checked.push(self.plan.add(if stops { step } else { step.optional() }));
        }
        checked
    }
}

fn first_address(one: &Move<'_>) -> Option<IpAddr> {
    one.ports.iter().flat_map(|port| &port.addresses).find_map(|address| address.parse().ok())
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}
