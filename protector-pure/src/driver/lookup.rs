use super::{PureDriver, names};
use crate::flasharray::{
    ArrayConnections, Arrays, Connections, Error as ClientError, Filter, Meaning, ProtectionGroup,
    ProtectionGroupTargets, ProtectionGroupVolumes, ProtectionGroups, Volume, Volumes,
};
use futures::{StreamExt, TryStreamExt};
use protector_core::driver::{
    ArrayDescription, ArrayVolume, Error, Peer, ReplicationSettings, ReplicationTarget, StorageGroup,
};
use protector_core::id::{ArrayVolumeId, VolumeId};
use protector_core::transport::Context;
use std::collections::BTreeMap;
use std::time::Duration;

impl PureDriver {
    pub(super) async fn describe_array(&self, context: &Context) -> Result<ArrayDescription, Error> {
        let failed = |error| self.failed("describe it", error);
        let (arrays, connections) = (Arrays::new(&self.array), ArrayConnections::new(&self.array));
        let own = arrays.get(context).await.map_err(failed)?;
        let mut peers: BTreeMap<_, bool> = BTreeMap::new();
        let mut list = connections.list(context).boxed();
        while let Some(connection) = list.try_next().await.map_err(failed)? {
            if connection.replicates() {
                *peers.entry(connection.name.clone()).or_default() |= connection.is_connected();
            }
        }
        Ok(ArrayDescription {
            name: own.name,
            id: own.id,
            version: own.version.unwrap_or_default(),
            peers: peers.into_iter().map(|(name, connected)| Peer { name, connected }).collect(),
        })
    }

    pub(super) async fn resolve_volumes(
        &self,
        context: &Context,
        volumes: &[VolumeId],
    ) -> Result<Vec<Option<ArrayVolume>>, Error> {
        let attempted = "resolve Cinder volumes";
        let wanted: Vec<String> = volumes.iter().map(names::volume).collect();
        let mut found = BTreeMap::new();
        self.look_for(context, attempted, &wanted, &["", "*::", "*/"], &mut found).await?;
        wanted
            .iter()
            .map(|name| {
                found
                    .get(&name.to_ascii_lowercase())
                    .map(|volume| self.array_volume(attempted, volume))
                    .transpose()
            })
            .collect()
    }

    /// Looks for volumes by name; for those that are not found, in pods; then in volume groups.
    async fn look_for(
        &self,
        context: &Context,
        attempted: &str,
        wanted: &[String],
        places: &[&str],
        found: &mut BTreeMap<String, Volume>,
    ) -> Result<(), Error> {
        for place in places {
            let missing = wanted.iter().filter(|name| !found.contains_key(&name.to_ascii_lowercase()));
            let alternatives: Vec<Filter> =
                missing.map(|name| Filter::like("name", &format!("{place}{name}"))).collect();
            let volumes = Volumes::new(&self.array);
            let listed: Vec<Volume> = volumes
                .matching(context, &Filter::any(&alternatives))
                .try_collect()
                .await
                .map_err(|error| self.failed(attempted, error))?;
            for volume in listed.into_iter().filter(|volume| !volume.destroyed) {
                let name = names::without_container(&volume.name).to_ascii_lowercase();
                if let Some(other) = found.insert(name, volume.clone())
                    && other.id != volume.id
                {
                    let both = format!("{} and {} are of the same Cinder volume", other.name, volume.name);
                    return Err(self.refused(attempted, both));
                }
            }
        }
        Ok(())
    }

    fn array_volume(&self, attempted: &str, volume: &Volume) -> Result<ArrayVolume, Error> {
        let (Some(serial), Some(size)) = (volume.serial.clone(), volume.provisioned) else {
            let reason = format!("volume {} shows no serial number or no size", volume.name);
            return Err(self.refused(attempted, reason));
        };
        Ok(ArrayVolume { id: volume.id.clone(), name: volume.name.clone(), serial, size })
    }

    pub(super) async fn find_storage_group(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<Option<StorageGroup>, Error> {
        let attempted = format!("look for storage group {name}");
        let failed = |error| self.failed(&attempted, error);
        let found = match ProtectionGroups::new(&self.array).get(context, name).await {
            Ok(group) if group.destroyed || group.is_local == Some(false) => return Ok(None),
            Err(error) if error.is_gone() => return Ok(None),
            other => other.map_err(failed)?,
        };
        let (groups, targets) =
            (ProtectionGroupVolumes::new(&self.array), ProtectionGroupTargets::new(&self.array));
        let members = async {
            let members: Vec<_> = groups.of_group(context, name).try_collect().await?;
            let names: Vec<String> = members.into_iter().filter_map(|one| one.member.name).collect();
            Volumes::new(&self.array).by_names(context, &names).try_collect::<Vec<_>>().await
        };
        let targets = targets.of_group(context, name).try_collect::<Vec<_>>();
        let (members, targets) = tokio::try_join!(members, targets).map_err(failed)?;
        let members = members
            .iter()
            .filter(|volume| !volume.destroyed)
            .map(|volume| self.array_volume(&attempted, volume))
            .collect::<Result<_, _>>()?;
        let targets = targets
            .into_iter()
            .map(|target| ReplicationTarget {
                array: target.member.name().into(),
                allowed: target.allowed.unwrap_or(false),
            })
            .collect();
        Ok(Some(StorageGroup { settings: settings(&found), name: found.name, members, targets }))
    }

    /// Reads a volume that has to be there and not destroyed.
    pub(super) async fn living_volume(
        &self,
        context: &Context,
        attempted: &str,
        id: &ArrayVolumeId,
    ) -> Result<ArrayVolume, Error> {
        match self.volume(context, id).await.map_err(|error| self.failed(attempted, error))? {
            None => Err(self.not_found(attempted, format!("volume {id}"))),
            Some(volume) if volume.destroyed => {
                Err(self.refused(attempted, format!("volume {} is destroyed", volume.name)))
            }
            Some(volume) => self.array_volume(attempted, &volume),
        }
    }

    async fn volume(&self, context: &Context, id: &ArrayVolumeId) -> Result<Option<Volume>, ClientError> {
        let volumes = Volumes::new(&self.array);
        let found = volumes.by_ids(context, std::slice::from_ref(id)).boxed().try_next().await;
        match found {
            Err(error) if error.meaning() == Some(Meaning::NotFound) => Ok(None),
            other => other,
        }
    }

    pub(super) async fn destroy_volume(&self, context: &Context, id: &ArrayVolumeId) -> Result<(), Error> {
        let attempted = format!("discard volume {id}");
        let failed = |error| self.failed(&attempted, error);
        let volume = match self.volume(context, id).await.map_err(failed)? {
            Some(volume) if !volume.destroyed => volume,
            _ => return Ok(()),
        };
        let connections = Connections::new(&self.array);
        let users: Vec<String> = connections
            .of_volume(context, &volume.name)
            .map_ok(|connection| [connection.host.name(), connection.host_group.name()].concat())
            .try_collect()
            .await
            .map_err(failed)?;
        if !users.is_empty() {
            let reason = format!("volume {} is connected to {}", volume.name, users.join(", "));
            return Err(self.refused(&attempted, reason));
        }
        match Volumes::new(&self.array).destroy(context, id).await {
            Err(error) if !error.is_gone() => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

/// A group's schedule and retention. Days beyond the retention of all points are not told: protector sets none.
fn settings(group: &ProtectionGroup) -> ReplicationSettings {
    ReplicationSettings {
        enabled: group.replication_schedule.enabled.unwrap_or(false),
        interval: Duration::from_millis(group.replication_schedule.frequency.unwrap_or_default()),
        retention: group.target_retention.all_for_sec.map(Duration::from_secs),
    }
}
