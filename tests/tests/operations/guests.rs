//! What the guests write into their disks, with the moment of each write, so that any moment's content can be told.

use crate::cloud::Cloud;
use crate::machines::{Machines, statuses};
use jiff::Timestamp;
use protector_mock::arrays::volumes;
use protector_mock::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

const EXTENT: u64 = 1 << 20;
const BLOCK: usize = 512;
/// So many places of a disk are written, one after the other: what is written now lies over what was written then.
const PLACES: u64 = 7;

/// A VM's name, and the number of its disk.
type Disk = (String, usize);

/// One write.
#[derive(Debug, Clone)]
struct Write {
    at: Timestamp,
    disk: Disk,
    offset: u64,
    bytes: Vec<u8>,
}

/// All guests: they write while their VM runs.
pub(crate) struct Guests {
    world: Arc<World>,
    writes: Vec<Write>,
    rounds: u64,
}

impl Guests {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, writes: Vec::new(), rounds: 0 }
    }

    /// Has every guest of a VM that runs at a site write into each of its disks.
    pub(crate) async fn write(&mut self, cloud: &Cloud, machines: &Machines, at: Timestamp) {
        let statuses = statuses(cloud).await.unwrap();
        self.rounds += 1;
        let offset = (self.rounds % PLACES) * EXTENT + self.rounds / PLACES % 8 * BLOCK as u64;
        for (name, machine) in machines {
            if statuses.get(&machine.id).is_none_or(|status| status != "ACTIVE") {
                continue;
            }
            for (number, disk) in machine.disks.iter().enumerate() {
                let text = format!("{name}/{number}: write {}; ", self.rounds);
                let bytes: Vec<u8> = text.bytes().cycle().take(BLOCK).collect();
                let volume = array_volume(&disk.volume);
                self.world
                    .transact(|transaction| volumes::write(transaction, cloud.array, &volume, offset, &bytes))
                    .unwrap();
                self.writes.push(Write { at, disk: (name.clone(), number), offset, bytes });
            }
        }
    }

    /// Has the guest of a VM write at a place of one of its disks that the others do not use.
    pub(crate) fn write_at(
        &mut self,
        cloud: &Cloud,
        machines: &Machines,
        disk: Disk,
        offset: u64,
        at: Timestamp,
    ) {
        let volume = array_volume(&machines[&disk.0].disks[disk.1].volume);
        let bytes: Vec<u8> =
            format!("{}/{}: write at {offset}; ", disk.0, disk.1).bytes().cycle().take(BLOCK).collect();
        self.world
            .transact(|transaction| volumes::write(transaction, cloud.array, &volume, offset, &bytes))
            .unwrap();
        self.writes.push(Write { at, disk, offset, bytes });
    }

    /// Forgets what a VM has written: it is not looked at any more.
    pub(crate) fn forget(&mut self, name: &str) {
        self.writes.retain(|write| write.disk.0 != name);
    }

    /// Forgets what was written after a moment: it is lost. Tells how many writes those were, and until when.
    pub(crate) fn lose_after(&mut self, moment: Timestamp) -> (usize, Option<Timestamp>) {
        let last = self.writes.iter().map(|write| write.at).max();
        let before = self.writes.len();
        self.writes.retain(|write| write.at <= moment);
        let gone = before - self.writes.len();
        (gone, last.filter(|_| gone > 0))
    }

    /// Forgets what the guests of some VMs wrote after a moment: it is lost.
    pub(crate) fn lose_after_of(&mut self, moment: Timestamp, vms: &[&str]) {
        self.writes.retain(|write| write.at <= moment || !vms.contains(&write.disk.0.as_str()));
    }

    /// What is wrong with the disks of all VMs, which have to hold what was written last, and nothing else.
    pub(crate) fn differences(&self, cloud: &Cloud, machines: &Machines) -> Vec<String> {
        let mut expected: BTreeMap<&Disk, BTreeMap<u64, &Write>> = BTreeMap::new();
        for write in &self.writes {
            expected.entry(&write.disk).or_default().insert(write.offset, write);
        }
        let mut wrong = Vec::new();
        for (disk, blocks) in expected {
            let Some(there) = machines.get(&disk.0).and_then(|machine| machine.disks.get(disk.1)) else {
                wrong.push(format!("{disk:?} is not there at {}", cloud.site));
                continue;
            };
            let volume = array_volume(&there.volume);
            for (offset, write) in blocks {
                let found = self.world.transact(|transaction| {
                    volumes::read(transaction, cloud.array, &volume, offset, BLOCK as u64)
                });
                match found {
                    Ok(found) if found == write.bytes => {}
                    Ok(found) => wrong.push(format!(
                        "{disk:?} at {offset}: {:?} instead of {:?}",
                        String::from_utf8_lossy(&found[..40]),
                        String::from_utf8_lossy(&write.bytes[..40])
                    )),
                    Err(error) => wrong.push(format!("{disk:?}: {error:?}")),
                }
            }
        }
        wrong
    }
}

/// What Cinder's driver calls a volume on its array.
fn array_volume(id: &str) -> String {
    format!("volume-{id}-cinder")
}
