use super::SiteAccess;
use crate::domain::volume_type::{SiteVolumeTypes, VolumeTypeFacts};
use crate::id::{ArrayName, VolumeId};
use crate::openstack::Error;
use crate::openstack::block_storage::{Pool, Volume, VolumeQuery, VolumeType};
use crate::transport::Context;
use futures::future::{join_all, try_join_all};
use futures::{TryStreamExt, try_join};
use std::collections::{BTreeMap, BTreeSet};

/// So many volumes of a type are looked for on the arrays: all of one type lie alike, unless somebody moved them.
const SAMPLE: usize = 16;

/// The statuses of volumes that are on their array.
const SETTLED: [&str; 5] = ["available", "in-use", "reserved", "attaching", "detaching"];

/// What is shown of the extra specs to everybody; whoever sees another, sees all.
// cinder/policies/type_extra_specs.py (USER_VISIBLE_EXTRA_SPECS), 2026.2
const SHOWN_TO_ALL: [&str; 3] = ["RESKEY:availability_zones", "multiattach", "replication_enabled"];

/// Reads the volume types of a site, with all that tells whether their volumes can be protected. What the role may not see
/// is left open, and so is what an array does not tell.
///
/// # Errors
/// A list that every role may read could not be had.
pub async fn read_volume_types(access: &SiteAccess, context: &Context) -> Result<SiteVolumeTypes, Error> {
    let context = &context.at_site(&access.site);
    let cloud = &access.cloud;
    let (types, volumes, pools) = (cloud.volume_types(), cloud.volumes(), cloud.pools());
    let everything = VolumeQuery::default();
    let (roles, types, volumes, pools) = try_join!(
        cloud.session().roles(context),
        types.list(context).try_collect::<Vec<_>>(),
        volumes.list(context, &everything).try_collect::<Vec<_>>(),
        async { unless_forbidden(pools.list(context).await) },
    )?;
    let admin = roles.iter().any(|role| role == "admin");
    let encrypted =
        try_join_all(types.iter().map(|found| encrypted(access, context, found, &volumes))).await?;
    let places = places(access, context, &types, &volumes).await;
    let facts = types.iter().zip(encrypted).map(|(found, encrypted)| {
        let all_specs = admin || found.extra_specs.keys().any(|key| !SHOWN_TO_ALL.contains(&key.as_str()));
        let (arrays, elsewhere) = places.of(&found.name);
        VolumeTypeFacts {
            name: found.name.clone(),
            specs: found.extra_specs.clone(),
            all_specs,
            encrypted,
            backends: pools.as_deref().filter(|_| all_specs).map(|pools| backends(found, pools)),
            arrays,
            elsewhere,
        }
    });
    Ok(SiteVolumeTypes { site: access.site.clone(), types: facts.collect(), peers: places.peers.clone() })
}

fn unless_forbidden<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a type's volumes are encrypted. Others than administrators see it of a volume only.
async fn encrypted(
    access: &SiteAccess,
    context: &Context,
    found: &VolumeType,
    volumes: &[Volume],
) -> Result<Option<bool>, Error> {
    if !found.is_replicated() {
        // It cannot be protected anyway.
        return Ok(None);
    }
    if let Some(encryption) =
        unless_forbidden(access.cloud.volume_types().encryption(context, &found.id).await)?
    {
        return Ok(Some(encryption.is_some()));
    }
    // Those that were made before a type was encrypted are not: only one that is says something.
    let encrypted = of_type(volumes, &found.name).any(|volume| volume.encrypted);
    Ok(encrypted.then_some(true))
}

fn of_type<'a>(volumes: &'a [Volume], name: &str) -> impl Iterator<Item = &'a Volume> {
    volumes.iter().filter(move |volume| volume.volume_type.as_deref() == Some(name))
}

/// The backends that a type's volumes may come to.
fn backends(found: &VolumeType, pools: &[Pool]) -> BTreeMap<String, bool> {
    let wanted = found.extra_specs.get("volume_backend_name");
    let fits = |pool: &&Pool| wanted.is_none() || pool.capabilities.volume_backend_name.as_ref() == wanted;
    pools.iter().filter(fits).map(|pool| (pool.name.clone(), pool.capabilities.replication_enabled)).collect()
}

/// Where the volumes of each type are.
#[derive(Default)]
struct Places {
    peers: BTreeMap<ArrayName, BTreeSet<ArrayName>>,
    arrays: BTreeMap<String, BTreeSet<ArrayName>>,
    elsewhere: BTreeMap<String, usize>,
}

impl Places {
    fn of(&self, name: &str) -> (BTreeSet<ArrayName>, usize) {
        (self.arrays.get(name).cloned().unwrap_or_default(), self.elsewhere.get(name).copied().unwrap_or(0))
    }
}

async fn places(access: &SiteAccess, context: &Context, types: &[VolumeType], volumes: &[Volume]) -> Places {
    let replicated = types.iter().filter(|found| found.is_replicated());
    let sample: Vec<(String, VolumeId)> = replicated
        .flat_map(|found| {
            // What is being made or has failed may be nowhere. Twins are reserved.
            let settled =
                of_type(volumes, &found.name).filter(|volume| SETTLED.contains(&volume.status.as_str()));
            settled.take(SAMPLE).map(|volume| (found.name.clone(), volume.id.clone()))
        })
        .collect();
    let ids: Vec<VolumeId> = sample.iter().map(|(_, id)| id.clone()).collect();
    let looks = access.arrays.iter().map(|(name, driver)| {
        let ids = &ids;
        async move { (name, try_join!(driver.describe(context), driver.resolve(context, ids))) }
    });
    let mut places = Places::default();
    let mut found = vec![false; sample.len()];
    let mut all_answered = true;
    for (name, answer) in join_all(looks).await {
        let Ok((description, resolved)) = answer else {
            all_answered = false;
            continue;
        };
        let peers = description.peers.into_iter().filter(|peer| peer.connected).map(|peer| peer.name);
        places.peers.insert(name.clone(), peers.collect());
        for (((type_name, _), here), found) in sample.iter().zip(resolved).zip(&mut found) {
            if here.is_some() {
                *found = true;
                places.arrays.entry(type_name.clone()).or_default().insert(name.clone());
            }
        }
    }
    // A volume may be on an array that did not answer.
    if all_answered {
        for ((type_name, _), _) in sample.iter().zip(found).filter(|(_, found)| !found) {
            *places.elsewhere.entry(type_name.clone()).or_default() += 1;
        }
    }
    places
}
