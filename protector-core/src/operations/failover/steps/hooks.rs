//! What a person's own programs and webhooks are run before and after.

use super::Writer;
use crate::domain::{FailurePolicy, Hook, HookCall, HookMoment, HookSubject};
use crate::engine::StepBuilder;
use crate::id::StepId;
use crate::operations::failover::MoveMode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// When hooks have their turn.
pub(super) struct HookTurn<'t> {
    pub(super) when: HookMoment,
    pub(super) of: HookSubject,
    /// What they build on.
    pub(super) ground: &'t [StepId],
    /// What has to have come to its end.
    pub(super) earlier: &'t [StepId],
    /// Whether nothing leads back any more.
    pub(super) past_return: bool,
    /// Whether there is what they come after, if that may fail.
    pub(super) wanted: Option<Value>,
}

impl Writer<'_> {
    /// The hooks of a turn, one after the other. Returns their steps.
    pub(super) fn run_hooks(&mut self, turn: &HookTurn<'_>) -> Vec<StepId> {
        // The move that is completed has had them.
        if matches!(self.facts.mode, MoveMode::Completion) && !matches!(turn.of, HookSubject::Vm(_)) {
            return Vec::new();
        }
        let hooks = self.facts.group.policy.hooks.iter();
        let mut steps: Vec<StepId> = Vec::new();
        for hook in hooks.filter(|hook| hook.when == turn.when && hook.of == turn.of) {
            let step = self.hook(hook, turn).after(turn.ground).after_end_of(turn.earlier);
            let step = step.after_end_of(steps.last());
            steps.push(self.plan.add(step));
        }
        steps
    }

    fn hook(&self, hook: &Hook, turn: &HookTurn<'_>) -> StepBuilder {
        let (name, when) = (&hook.name, hook.when.as_str());
        let (of, subject) = match &hook.of {
            HookSubject::Group => ("the group".to_owned(), None),
            HookSubject::Tier(number) => (format!("tier {number}"), Some(("tier", number.to_string()))),
            HookSubject::Vm(vm) => (vm.clone(), Some(("vm", vm.clone()))),
        };
        let call = match &hook.run {
            HookCall::Command(line) => format!("run {}", line.first().map_or("nothing", String::as_str)),
            HookCall::Webhook(address) => {
                let address = address.parse().map(|url| crate::transport::redacted(&url));
                format!("POST {}", address.unwrap_or_default())
            }
        };
        let mut about: BTreeMap<&str, String> = BTreeMap::from([
            ("group", self.facts.group.name.clone()),
            ("operation_type", self.operation.to_string()),
            ("source_site", self.source.to_string()),
            ("target_site", self.target.to_string()),
            ("when", when.to_owned()),
            ("of", of.clone()),
        ]);
        about.extend(subject);
        let stops = match hook.on_failure {
            FailurePolicy::Stop => true,
            FailurePolicy::Continue => false,
            FailurePolicy::RollBack => turn.past_return,
        };
        let mut input = json!({"hook": name, "about": about, "call": hook.run, "within": hook.within, "stops": stops,
            "once": hook.once});
        if let (Some(fields), Some(wanted)) = (input.as_object_mut(), &turn.wanted) {
            fields.insert("wanted".to_owned(), wanted.clone());
        }
        let title = format!("run the hook {name} {when} {of}");
        let step = StepBuilder::new("run_hook", format!("run_hook/{name}"), title);
        let step = step.at(self.target).input(input).call(call);
        if hook.on_failure == FailurePolicy::Continue { step.optional() } else { step }
    }
}
