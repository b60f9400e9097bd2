//! What becomes of VMs that are protected no longer, at the site where they do not run: what protector made goes, originals
//! stay and are unlocked. Unprotecting a group does it to all of its members, removing members to some.

use super::Known;
use crate::domain::{Finding, FindingCode, Member, ProtectionGroup, VolumeLineage, naming};
use crate::engine::{PlanBuilder, StepBuilder};
use crate::id::{ArrayVolumeId, SiteName, StepId, VolumeId};
use crate::steps::cinder::{MembershipInput, RemoveTwinInput};
use serde_json::json;

/// The site where the group does not run, and the members that are released there.
pub(super) struct Removal<'a> {
    pub(super) group: &'a ProtectionGroup,
    pub(super) site: &'a SiteName,
    /// What is known of it; none if it is left behind as it is.
    pub(super) other: Option<Known<'a>>,
    pub(super) members: Vec<&'a Member>,
}

impl<'a> Removal<'a> {
    /// Whether volumes of the group may have held production data at either site.
    pub(super) fn held_data(&self) -> bool {
        self.group.epoch > 1
    }

    fn volumes(&self) -> impl Iterator<Item = (&'a Member, &'a VolumeLineage)> {
        self.members.iter().flat_map(|member| member.volumes.iter().map(move |volume| (*member, volume)))
    }

    /// Whether a volume of the other site was made by protector. Of one that Cinder does not know any more the site tells: the
    /// group's originals are at its home.
    fn is_twin(&self, volume: &VolumeLineage) -> bool {
        let Some(there) = volume.sites.get(self.site) else { return false };
        match self.other.and_then(|other| other.site.volume(&there.volume_id)) {
            Some(cinder) => naming::is_of_lineage(&cinder.metadata, self.group.id, volume.lineage),
            None => *self.site == self.group.secondary_site,
        }
    }

    /// What keeps twins from being removed.
    pub(super) fn findings(&self) -> Option<Finding> {
        let needs_administrator = self.held_data() && self.volumes().any(|(_, volume)| self.is_twin(volume));
        let is_member = self.other.is_some_and(|other| !other.site.is_admin());
        (needs_administrator && is_member).then(|| {
            Finding::new(
                FindingCode::RoleMissing,
                self.site,
                format!("group {}", self.group.name),
                "its twins held production data: they leave Cinder by unmanage, which needs an administrator",
                "give the service credential the role admin on the project",
            )
        })
    }

    /// Deletes the servers that protector made, with their ports; unlocks the others.
    pub(super) fn servers(&self, plan: &mut PlanBuilder, marked: &StepId) -> Vec<StepId> {
        let mut gone = Vec::new();
        for member in &self.members {
            let Some(other) = self.other else { continue };
            let there = member.servers.get(self.site).and_then(|id| other.site.server(id));
            let Some(server) = there else { continue };
            if naming::is_of_lineage(&server.metadata, self.group.id, member.lineage) {
                gone.extend(self.delete_server(plan, member, &server.id, marked));
            } else {
                gone.push(self.unlock_server(plan, member, &server.id, marked));
            }
        }
        gone
    }

    fn unlock_server(
        &self,
        plan: &mut PlanBuilder,
        member: &Member,
        server_id: &crate::id::ServerId,
        marked: &StepId,
    ) -> StepId {
        let name = &member.name;
        plan.add(
            StepBuilder::new("unlock_server", format!("unlock_server/{name}"), format!("unlock {name}"))
                .at(self.site)
                .after([marked])
                .input(json!({"server_id": server_id}))
                .call(format!("POST compute /servers/{server_id}/action unlock")),
        )
    }

    fn delete_server(
        &self,
        plan: &mut PlanBuilder,
        member: &Member,
        server_id: &crate::id::ServerId,
        marked: &StepId,
    ) -> Vec<StepId> {
        let name = &member.name;
        let own_tag = naming::port_tag(self.group.id);
        let deleted = plan.add(
            StepBuilder::new(
                "delete_server",
                format!("delete_server/{name}"),
                format!("delete the shadow of {name}; its volumes stay"),
            )
            .at(self.site)
            .after([marked])
            .input(json!({"server_id": server_id}))
            .call(format!("PUT compute /servers/{server_id}/os-volume_attachments/{{id}}"))
            .call(format!("DELETE compute /servers/{server_id}")),
        );
        let mut gone = Vec::new();
        let ports = member.ports.iter().filter_map(|port| port.sites.get(self.site));
        for port_id in ports.filter(|id| self.other.is_some_and(|other| other.site.port(id).is_some())) {
            gone.push(
                plan.add(
                    StepBuilder::new(
                        "delete_port",
                        format!("delete_port/{port_id}"),
                        format!("delete a port of the shadow of {name}"),
                    )
                    .at(self.site)
                    .after([&deleted])
                    .input(json!({"port_id": port_id, "marker": own_tag}))
                    .call(format!("DELETE network /ports/{port_id}")),
                ),
            );
        }
        gone.push(deleted);
        gone
    }

    /// Removes the twins, which have left the Cinder group.
    pub(super) fn twins(&self, plan: &mut PlanBuilder, left: &[StepId]) -> Vec<StepId> {
        let held_data = self.held_data();
        let (first, second) = if held_data {
            (
                "POST block-storage /volumes/{id}/action os-unmanage",
                "discard the volume on the array, recoverably",
            )
        } else {
            ("POST block-storage /volumes/{id}/action os-unreserve", "DELETE block-storage /volumes/{id}")
        };
        let mut gone = Vec::new();
        for (member, volume) in self.volumes().filter(|(_, volume)| self.is_twin(volume)) {
            let Some(twin) = volume.sites.get(self.site) else { continue };
            gone.push(
                plan.add(
                    StepBuilder::new(
                        "remove_twin",
                        format!("remove_twin/{}", volume.lineage),
                        format!("remove the twin {} of {}", volume.name, member.name),
                    )
                    .at(self.site)
                    .after(left)
                    .input(RemoveTwinInput {
                        volume_id: twin.volume_id.clone(),
                        array: twin.array.clone(),
                        array_volume_id: twin.array_volume_id.clone(),
                        held_data,
                    })
                    .call(first)
                    .call(second),
                ),
            );
        }
        gone
    }

    /// Removes the marks of the volumes that stay at a site.
    pub(super) fn marks(&self, plan: &mut PlanBuilder, site: &SiteName, after: &[StepId]) -> Option<StepId> {
        let storage = self.group.storage_groups.get(site).filter(|_| self.held_data())?;
        let stays = |volume: &VolumeLineage| site != self.site || !self.is_twin(volume);
        let volumes: Vec<ArrayVolumeId> = self
            .volumes()
            .filter(|(_, volume)| stays(volume))
            .filter_map(|(_, volume)| volume.sites.get(site))
            .map(|volume| volume.array_volume_id.clone())
            .collect();
        if volumes.is_empty() {
            return None;
        }
        Some(
            plan.add(
                StepBuilder::new(
                    "forget_marks",
                    format!("forget_marks/{site}"),
                    "remove the marks of the volumes",
                )
                .at(site)
                .after(after)
                .input(json!({"array": storage.array, "volumes": volumes}))
                .call("remove epoch and content from the volumes' tags"),
            ),
        )
    }
}

/// Takes those of the volumes out of the Cinder group of a site that are in it.
pub(super) fn leave(
    group: &ProtectionGroup,
    known: Known<'_>,
    volumes: impl Fn(&VolumeId) -> bool,
) -> Option<StepBuilder> {
    let site = &known.site.site;
    let (group_id, storage) = group.consistency_groups.get(site).zip(group.storage_groups.get(site))?;
    let inside = known.site.volumes.iter().filter(|volume| volume.group_id.as_ref() == Some(group_id));
    let step = StepBuilder::new(
        "leave_consistency_group",
        format!("leave_consistency_group/{site}"),
        "take the volumes out of the consistency group",
    );
    Some(
        step.at(site)
            .input(MembershipInput {
                group_id: group_id.clone(),
                volumes: inside.map(|volume| volume.id.clone()).filter(|id| volumes(id)).collect(),
                array: storage.array.clone(),
            })
            .call("PUT block-storage /groups/{id} remove_volumes, six at a time"),
    )
}

/// Forgets what was captured of a VM.
pub(super) fn forget_definition(site: &SiteName, member: &Member) -> StepBuilder {
    StepBuilder::new(
        "forget_definition",
        format!("forget_definition/{}", member.name),
        format!("forget the definition of {}", member.name),
    )
    .at(site)
    .input(json!({"member": member.lineage}))
    .call("remove the definition from both site stores")
}
