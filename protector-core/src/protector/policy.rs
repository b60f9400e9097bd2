//! What a person wants of a group's moves, put on record.

use super::{Error, Protector};
use crate::domain::{BootSign, GroupPolicy, HookCall, HookSubject, ProtectionGroup, StartOrder, group_turns};
use crate::id::OperationId;
use crate::steps::RecordError;
use std::collections::BTreeSet;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

impl Protector {
    /// Puts on record, in both stores, what is wanted of a group's moves from now on; what it said before is replaced.
    ///
    /// # Errors
    /// There is no such group; what is wanted cannot be, [`Error::PolicyRefused`] says all of why; an operation of the group
    /// has not ended, or a process holds it; a store cannot be written.
    ///
    /// # Effects
    /// Replaces the group's policy; undone by setting the former one.
    pub async fn set_policy(&self, group: &str, policy: &GroupPolicy) -> Result<ProtectionGroup, Error> {
        let group = self.validate_policy(group, policy).await?;
        let nobody = OperationId::new(Uuid::new_v5(&group.id.uuid(), b"policy"));
        let term = self.stores.take_terms(group.id, nobody, self.holder.clone()).await?;
        let written = self.set_policy_held(&group, policy).await;
        self.stores.release_terms(&term).await?;
        written
    }

    /// Whether a policy can be one of a group, as it is now. Touches nothing.
    ///
    /// # Errors
    /// There is no such group, or [`Error::PolicyRefused`] says all that is against it; the stores cannot be read.
    pub async fn validate_policy(&self, group: &str, policy: &GroupPolicy) -> Result<ProtectionGroup, Error> {
        let group = self.group(group).await?;
        let mut reasons = reasons_against(policy, &group, self.config.engine.step_timeout);
        reasons.extend(reasons_against_turn(policy, &group, self.groups().await?));
        if !reasons.is_empty() {
            return Err(Error::PolicyRefused { group: group.name, reasons });
        }
        Ok(group)
    }

    async fn set_policy_held(
        &self,
        group: &ProtectionGroup,
        policy: &GroupPolicy,
    ) -> Result<ProtectionGroup, Error> {
        self.nothing_unfinished(&group.name, group.id).await?;
        let (version, now) = self.records().group(group.id).await?;
        let mut now = now.ok_or(RecordError::NoGroup(group.id))?;
        if now.policy != *policy {
            now.policy = policy.clone();
            self.records().write_group(version, &now).await?;
        }
        Ok(now)
    }
}

/// All that keeps a policy from being one of this group.
fn reasons_against(policy: &GroupPolicy, group: &ProtectionGroup, longest: Duration) -> Vec<String> {
    let order = StartOrder::resolve(&policy.order, group.members.values());
    let mut reasons: Vec<String> = order.err().map(|error| error.to_string()).into_iter().collect();
    if policy.stop.is_some_and(|stop| stop.within == 0) {
        reasons.push("`stop.within` is 0: no VM stops at once; give it seconds".to_owned());
    }
    let vms: BTreeSet<&str> = group.members.values().map(|member| member.name.as_str()).collect();
    for check in &policy.boot_checks {
        let name = &check.vm;
        if !vms.contains(name.as_str()) {
            reasons.push(format!("a boot check is for {name}, which is no VM of the group"));
        }
        reasons.extend(time_against(&format!("the boot check of {name}"), check.within, longest));
        if matches!(&check.sees, BootSign::Console(text) if text.is_empty()) {
            reasons.push(format!("the boot check of {name} is for no text at all, which any console has"));
        }
    }
    reasons.extend(reasons_against_hooks(policy, &vms, longest));
    reasons
}

/// What keeps the group from having the turn among others that the policy gives it.
fn reasons_against_turn(
    policy: &GroupPolicy,
    group: &ProtectionGroup,
    mut groups: Vec<ProtectionGroup>,
) -> Vec<String> {
    let there = |name: &&String| groups.iter().any(|other| other.name == **name);
    let unknown = policy.after_groups.iter().filter(|name| !there(name));
    let mut reasons: Vec<String> =
        unknown.map(|name| format!("there is no group {name} to come after")).collect();
    if let Some(own) = groups.iter_mut().find(|other| other.id == group.id) {
        own.policy = policy.clone();
    }
    reasons.extend(group_turns(&groups).err().map(|cycle| cycle.to_string()));
    reasons
}

fn reasons_against_hooks(policy: &GroupPolicy, vms: &BTreeSet<&str>, longest: Duration) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut names = BTreeSet::new();
    for hook in &policy.hooks {
        let name = &hook.name;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(plain) {
            reasons.push(format!("{name:?} is no name for a hook: use letters, digits, `-`, `_` and `.`"));
        }
        if !names.insert(name.as_str()) {
            reasons.push(format!("two hooks are named {name}"));
        }
        match &hook.of {
            HookSubject::Vm(vm) if !vms.contains(vm.as_str()) => {
                reasons.push(format!("hook {name} is for {vm}, which is no VM of the group"));
            }
            HookSubject::Tier(number) if !(1..=policy.order.tiers.len()).contains(number) => reasons.push(
                format!("hook {name} is for tier {number}, and the order has {}", policy.order.tiers.len()),
            ),
            _ => {}
        }
        match &hook.run {
            HookCall::Command(line) => match line.first() {
                Some(program) if program.starts_with('/') => {}
                Some(program) => {
                    reasons.push(format!("hook {name} runs {program}: give the program's whole path"));
                }
                None => reasons.push(format!("hook {name} runs no program")),
            },
            HookCall::Webhook(address) => {
                let url = address.parse::<Url>().ok();
                if !url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                    reasons.push(format!("hook {name} has a webhook that is no http or https address"));
                }
            }
        }
        reasons.extend(time_against(&format!("hook {name}"), hook.within, longest));
    }
    reasons
}

/// What is wrong with the time that something may take, in seconds.
fn time_against(what: &str, within: u64, longest: Duration) -> Option<String> {
    let longest = longest.as_secs();
    let wrong = within == 0 || within > longest;
    wrong.then(|| {
        format!("{what} has {within} s: between 1 and {longest} s (engine.step_timeout) are possible")
    })
}
