//! What several VMs share: keypairs of protector's user, server groups of the project.

use super::Placement;
use crate::config::{Mapped, MappingKind};
use crate::domain::{Finding, FindingCode, KeypairDefinition, ServerGroupDefinition};
use crate::openstack::compute::{ServerGroup, ServerGroupPolicy};
use crate::steps::nova::ImportKeypairInput;
use std::collections::{BTreeMap, BTreeSet};

/// The keypairs that VMs need where they go.
#[derive(Debug, Default)]
pub(in crate::operations) struct SharedKeypairs<'a> {
    /// Those that are imported.
    pub(in crate::operations) new: Vec<ImportKeypairInput>,
    /// Those that cannot be had, by the name that they have where the VMs are: their VMs are made without.
    lost: BTreeSet<&'a str>,
}

/// The server groups that VMs need where they go, by name there.
#[derive(Debug, Default)]
pub(in crate::operations) struct SharedServerGroups {
    /// The ids of those that are there.
    pub(in crate::operations) there: BTreeMap<String, String>,
    /// Those that are made.
    pub(in crate::operations) new: BTreeMap<String, ServerGroupPolicy>,
}

/// Whether two public keys are the same: services keep a key's comment or drop it.
fn same_key(one: &str, other: &str) -> bool {
    one.split_whitespace().take(2).eq(other.split_whitespace().take(2))
}

impl Placement<'_> {
    fn shared(&self, kind: MappingKind, name: &str) -> Mapped {
        self.mappings.target(kind, self.source_site, name, &self.target.site)
    }

    /// What a VM's keypair is called where it goes, if it can be had.
    pub(in crate::operations) fn key_name(
        &self,
        keypairs: &SharedKeypairs<'_>,
        keypair: &KeypairDefinition,
    ) -> Option<String> {
        let lost = keypairs.lost.contains(keypair.name.as_str());
        (!lost).then(|| self.shared(MappingKind::Keypair, &keypair.name).name)
    }

    /// What a VM's server group is called where it goes.
    pub(in crate::operations) fn server_group_name(&self, group: &ServerGroupDefinition) -> String {
        self.shared(MappingKind::ServerGroup, &group.name).name
    }

    /// Finds a VM's keypair: the one that a mapping names, whatever its key; else the one of the same name and key. What is not
    /// there is imported.
    pub(in crate::operations) fn keypair<'a>(
        &self,
        server: &str,
        keypair: &'a KeypairDefinition,
        keypairs: &mut SharedKeypairs<'a>,
        (findings, warnings): (&mut Vec<Finding>, &mut Vec<Finding>),
    ) {
        let Mapped { name, explicit } = self.shared(MappingKind::Keypair, &keypair.name);
        let subject = || format!("keypair {name} of server {server}");
        let there = self.target.keypairs.iter().find(|there| there.name == name);
        let imported = keypairs.new.iter().find(|known| known.name == name);
        let other = |key: &str, whose: &str| {
            self.finding(
                FindingCode::KeypairDiffers,
                subject(),
                format!("{whose} another keypair of this name, with the key {key}"),
                "delete or rename that one, or map the keypair in protector.yaml (mappings.keypairs)",
            )
        };
        match (&keypair.public_key, there, imported) {
            (_, Some(_), _) if explicit => {}
            (Some(key), Some(there), _) if !same_key(key, &there.public_key) => {
                findings.push(other(&there.public_key, "protector's user has"));
            }
            (Some(key), None, Some(known)) if !same_key(key, &known.public_key) => {
                findings.push(other(&known.public_key, "another VM of the group needs"));
            }
            (_, Some(_), _) | (Some(_), _, Some(_)) => {}
            (Some(key), None, None) => keypairs.new.push(ImportKeypairInput {
                name,
                public_key: key.clone(),
                kind: keypair.kind.clone(),
            }),
            (None, None, _) => {
                warnings.push(self.finding(
                    FindingCode::AttributeDropped,
                    subject(),
                    "its public key is unknown, and protector's user has no keypair of this name".to_owned(),
                    "import the keypair under the service user, or map it in protector.yaml (mappings.keypairs)",
                ));
                keypairs.lost.insert(keypair.name.as_str());
            }
        }
    }

    /// Finds a VM's server group, one of its policy before others of its name. What is not there is made.
    pub(in crate::operations) fn server_group(
        &self,
        server: &str,
        group: &ServerGroupDefinition,
        groups: &mut SharedServerGroups,
        warnings: &mut Vec<Finding>,
    ) {
        let name = self.server_group_name(group);
        let policy = ServerGroupPolicy { policy: group.policy.clone(), rules: group.rules.clone() };
        let named = || self.target.server_groups.iter().filter(|there| there.name == name);
        let found: Option<&ServerGroup> =
            named().find(|there| there.policy == policy).or_else(|| named().next());
        let Some(found) = found else {
            groups.new.entry(name).or_insert(policy);
            return;
        };
        if found.policy != policy {
            warnings.push(self.finding(
                FindingCode::ServerGroupDiffers,
                format!("server group {name} of server {server}"),
                format!("its policy is {} instead of {}", found.policy.policy, policy.policy),
                "nothing, if that is meant; else map the group to another in protector.yaml (mappings.server_groups)",
            ));
        }
        groups.there.insert(name, found.id.clone());
    }
}
