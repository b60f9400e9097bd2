use crate::arguments::PolicyCommand;
use crate::{Answer, Error, files};
use protector_core::domain::{GroupPolicy, ProtectionGroup};
use protector_core::protector::{self, Protector};
use serde_json::json;
use std::path::Path;

pub(super) async fn carry_out(protector: &Protector, command: &PolicyCommand) -> Result<Answer, Error> {
    match command {
        PolicyCommand::Show { group } => Ok(shown(&protector.group(group).await?)),
        PolicyCommand::Set { group, file } => {
            let group = protector.set_policy(group, &read(file)?).await?;
            Ok(said(&group, "has this policy from now on", &group.policy))
        }
        PolicyCommand::Validate { group, file } => {
            let policy = read(file)?;
            let group = protector.validate_policy(group, &policy).await?;
            Ok(said(&group, "can have this policy", &policy))
        }
    }
}

fn read(file: &Path) -> Result<GroupPolicy, Error> {
    Ok(GroupPolicy::parse(file, &files::read(file)?).map_err(protector::Error::from)?)
}

fn shown(group: &ProtectionGroup) -> Answer {
    let text = if group.policy.is_unsaid() {
        format!("# group {} has no policy of its own", group.name)
    } else {
        group.policy.to_yaml()
    };
    Answer::new(text, json!(group.policy))
}

fn said(group: &ProtectionGroup, what: &str, policy: &GroupPolicy) -> Answer {
    Answer::new(format!("group {} {what}", group.name), json!(policy))
}
