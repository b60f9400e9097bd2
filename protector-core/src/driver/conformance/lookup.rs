use super::trial::Trial;
use super::{Bench, Half, Verdict};
use crate::driver::StorageDriver;
use crate::id::VolumeId;
use std::sync::Arc;

/// A volume and a group that no bench makes.
const NOBODYS: &str = "00000000-0000-4000-8000-00000000dead";

/// Clause 1.
///
/// # Errors
/// It is broken.
pub async fn clause_01_describe_names_the_array_and_its_peers(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(1, bench)?;
    for half in [Half::A, Half::B] {
        let (own, other): (&Arc<dyn StorageDriver>, _) =
            if half == Half::A { (&trial.a, &trial.b) } else { (&trial.b, &trial.a) };
        let before = trial.arranged(bench.everything(half).await)?;
        let description = trial.ok("describe", own.describe(&trial.context).await)?;
        let after = trial.arranged(bench.everything(half).await)?;
        trial.same("the array's name", &description.name, own.array())?;
        trial.expect(!description.id.is_empty(), || "the array has no identity".to_owned())?;
        let peer = description.peers.iter().find(|peer| peer.name == *other.array());
        let peer = peer.ok_or_else(|| trial.broken(format!("{} is not among the peers", other.array())))?;
        trial.expect(peer.connected, || format!("{} is not connected", peer.name))?;
        trial.expect(before == after, || "describe changed something".to_owned())?;
    }
    Ok(())
}

/// Clause 2.
///
/// # Errors
/// It is broken.
pub async fn clause_02_resolve_finds_volumes_in_order(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(2, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 3).await)?;
    trial.arranged(bench.create_lookalikes(Half::A, &arranged).await)?;
    let mut one_by_one = Vec::new();
    for volume in &arranged.volumes {
        one_by_one.extend(trial.volumes(&*trial.a, std::slice::from_ref(volume)).await?);
    }
    let mut asked: Vec<VolumeId> = arranged.volumes.iter().rev().cloned().collect();
    asked.insert(1, NOBODYS.into());
    let found = trial.ok("resolve", trial.a.resolve(&trial.context, &asked).await)?;
    let mut expected: Vec<_> = one_by_one.into_iter().rev().map(Some).collect();
    expected.insert(1, None);
    trial.same("the volumes in the order asked", &found, &expected)?;
    let mut serials: Vec<_> = found.iter().flatten().map(|volume| (&volume.id, &volume.serial)).collect();
    serials.sort();
    serials.dedup();
    trial.same("different volumes", &serials.len(), &arranged.volumes.len())?;
    let elsewhere = trial.ok("resolve", trial.b.resolve(&trial.context, &arranged.volumes).await)?;
    trial.expect(elsewhere.iter().all(Option::is_none), || format!("B holds volumes of A: {elsewhere:?}"))?;
    let nothing = trial.ok("resolve", trial.a.resolve(&trial.context, &[]).await)?;
    trial.expect(nothing.is_empty(), || "asked for nothing, resolve found something".to_owned())
}

/// Clause 4.
///
/// # Errors
/// It is broken.
pub async fn clause_04_storage_group_tells_members_and_targets(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(4, bench)?;
    let arranged = trial.arranged(bench.create_group(Half::A, 2).await)?;
    trial.arranged(bench.create_lookalikes(Half::A, &arranged).await)?;
    let found = trial.ok("storage_group", trial.a.storage_group(&trial.context, &arranged.group).await)?;
    let found = found.ok_or_else(|| trial.broken("storage_group does not find the group"))?;
    let mut volumes = trial.volumes(&*trial.a, &arranged.volumes).await?;
    let mut members = found.members;
    volumes.sort_by(|one, other| one.id.cmp(&other.id));
    members.sort_by(|one, other| one.id.cmp(&other.id));
    trial.same("the members", &members, &volumes)?;
    let targets: Vec<_> = found.targets.iter().map(|target| (&target.array, target.allowed)).collect();
    trial.same("the targets", &targets, &vec![(trial.b.array(), false)])?;
    trial.expect(!found.settings.enabled, || "the schedule is on".to_owned())?;
    let none = trial.ok("storage_group", trial.a.storage_group(&trial.context, &NOBODYS.into()).await)?;
    trial.same("a group that is not there", &none, &None)
}

/// Clause 25.
///
/// # Errors
/// It is broken.
pub async fn clause_25_a_group_is_read_by_its_name(bench: &dyn Bench) -> Verdict {
    let trial = Trial::of(25, bench)?;
    let pair = trial.pair(2).await?;
    trial.arranged(bench.create_lookalikes(Half::A, &pair.source).await)?;
    let named = async |driver: &Arc<dyn StorageDriver>, name: &str| {
        let found = driver.storage_group_by_name(&trial.context, name).await;
        trial.ok("storage_group_by_name", found)
    };
    let known = trial.a.storage_group(&trial.context, &pair.source.group).await;
    let known = trial.ok("storage_group", known)?;
    trial.expect(known.is_some(), || "storage_group does not find the group".to_owned())?;
    trial.same("the group of that name", &named(&trial.a, &pair.group).await?, &known)?;
    let none = named(&trial.a, "protector-no-such-group").await?;
    trial.same("a group that is not there", &none, &None)?;
    let elsewhere = named(&trial.b, &pair.group).await?;
    trial.same("a group of the other array", &elsewhere, &None)?;
    trial.arranged(bench.delete_group(Half::A, &pair.source).await)?;
    let gone = named(&trial.a, &pair.group).await?;
    trial.same("a group that was deleted", &gone, &None)
}
