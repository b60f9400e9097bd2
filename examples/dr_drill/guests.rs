//! What the guests write into their disks, and whether it is there.

use crate::cloud::Cloud;
use crate::machines::{Machine, Machines, statuses};
use anyhow::{Context as _, Result};
use protector_mock::arrays::volumes;
use protector_mock::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const EXTENT: u64 = 1 << 20;
/// So many bytes are written at once.
const BLOCK: usize = 4096;
/// So many places of a disk are written, one after the other: what is written now lies over what was written then.
const PLACES: u64 = 12;

/// All guests: they write while their VM runs, and know what they wrote last, and where.
pub(crate) struct Guests {
    world: Arc<World>,
    written: BTreeMap<(String, usize), Written>,
    rounds: u64,
}

/// What a disk holds: for each offset the bytes, and in which round they were written.
#[derive(Default)]
struct Written {
    blocks: BTreeMap<u64, (u64, Vec<u8>)>,
}

impl Guests {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, written: BTreeMap::new(), rounds: 0 }
    }

    /// How many blocks they have written.
    pub(crate) fn rounds(&self) -> u64 {
        self.rounds
    }

    /// Has every guest of a VM that runs at a site write random bytes into each of its disks.
    pub(crate) async fn write(&mut self, cloud: &Cloud, machines: &Machines) -> Result<()> {
        let statuses = statuses(cloud).await?;
        self.rounds += 1;
        let offset = (self.rounds % PLACES) * EXTENT + self.rounds / PLACES % 8 * BLOCK as u64;
        for (name, machine) in machines {
            if statuses.get(&machine.id).is_none_or(|status| status != "ACTIVE") {
                continue;
            }
            for (number, disk) in machine.disks.iter().enumerate() {
                let mut bytes = vec![0; BLOCK];
                getrandom::fill(&mut bytes).context("no random bytes are to be had")?;
                let volume = array_volume(&disk.volume);
                self.world.transact(|transaction| {
                    volumes::write(transaction, cloud.array, &volume, offset, &bytes)
                })?;
                let written = self.written.entry((name.clone(), number)).or_default();
                written.blocks.insert(offset, (self.rounds, bytes));
            }
        }
        Ok(())
    }

    /// Compares the disks of a VM, byte by byte, with what its guest wrote last. What was found, or what is wrong.
    pub(crate) async fn compare(
        &self,
        cloud: &Cloud,
        name: &str,
        machine: &Machine,
    ) -> Result<Result<String, String>> {
        let own: Vec<_> = self.written.iter().filter(|((of, _), _)| of == name).collect();
        if own.len() != machine.disks.len() {
            return Ok(Err(format!("{} disks instead of {}", machine.disks.len(), own.len())));
        }
        let (mut wrong, mut bytes) = (Vec::new(), 0);
        for ((_, written), disk) in own.into_iter().zip(&machine.disks) {
            let label = disk.identity.get("name").map_or("", String::as_str);
            let volume = array_volume(&disk.volume);
            let mut lost = BTreeSet::new();
            for (offset, (round, expected)) in &written.blocks {
                let found = self.world.transact(|transaction| {
                    volumes::read(transaction, cloud.array, &volume, *offset, expected.len() as u64)
                });
                if found.is_ok_and(|found| found == *expected) {
                    bytes += expected.len();
                } else {
                    lost.insert(*round);
                }
            }
            let ours: BTreeSet<u64> = written.blocks.keys().map(|offset| offset / EXTENT).collect();
            let others =
                cloud.extents(&volume).await?.into_iter().filter(|extent| !ours.contains(extent)).count();
            if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
                wrong.push(format!(
                    "{label}: {} of {} blocks are not what the guest wrote last (writes {first} to {last} of {})",
                    lost.len(),
                    written.blocks.len(),
                    self.rounds
                ));
            } else if others > 0 {
                wrong.push(format!("{label}: {others} extents hold what no guest wrote"));
            }
        }
        Ok(if wrong.is_empty() {
            let labels: Vec<&str> = machine
                .disks
                .iter()
                .filter_map(|disk| disk.identity.get("name"))
                .map(String::as_str)
                .collect();
            Ok(format!("{}: {} KiB as written last", labels.join(", "), bytes / 1024))
        } else {
            Err(wrong.join("; "))
        })
    }
}

/// What Cinder's driver calls a volume on its array.
fn array_volume(id: &str) -> String {
    format!("volume-{id}-cinder")
}
