//! What a writer has written, in its order, and what a volume therefore holds.
//!
//! Every write has a number; every sector of it begins with that number, and all else in it looks random and is known from
//! the seed. So bytes tell which write they come from, and none of them can be wrong unnoticed.

use crate::random::Random;
use std::collections::BTreeMap;

/// Bytes of a sector: the least that is written.
pub(crate) const SECTOR: usize = 512;
/// Two extents, so that a write may lie across the boundary.
pub(crate) const SECTORS: u64 = 2 * (1 << 20) / SECTOR as u64;
pub(crate) const VOLUMES: usize = 20;
/// Sectors of the longest write.
const LONGEST: u64 = 96;

/// One write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Write {
    /// Its place in the order of all writes, from 1.
    pub(crate) number: u64,
    pub(crate) volume: usize,
    /// The first sector.
    pub(crate) first: u64,
    /// How many there are.
    pub(crate) sectors: u64,
}

impl Write {
    pub(crate) fn offset(&self) -> u64 {
        self.first * SECTOR as u64
    }
}

/// All writes that have happened.
#[derive(Debug)]
pub(crate) struct History {
    seed: u64,
    places: Random,
    next: u64,
    /// By volume and sector: the numbers of the writes that it got, in their order.
    writers: Vec<BTreeMap<u64, Vec<u64>>>,
}

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, places: Random::new(seed), next: 1, writers: vec![BTreeMap::new(); VOLUMES] }
    }

    /// Chooses the next write; it has not happened yet.
    pub(crate) fn choose(&mut self) -> Write {
        let sectors = 1 + self.places.below(LONGEST);
        let first = self.places.below(SECTORS - sectors + 1);
        let number = self.next;
        self.next += 1;
        // The first ones fill every volume.
        let volume = if number <= VOLUMES as u64 { number - 1 } else { self.places.below(VOLUMES as u64) };
        Write { number, volume: volume as usize, first, sectors }
    }

    /// It has happened.
    pub(crate) fn happened(&mut self, write: &Write) {
        for sector in write.first..write.first + write.sectors {
            self.writers[write.volume].entry(sector).or_default().push(write.number);
        }
    }

    /// The bytes of a write.
    pub(crate) fn bytes(&self, write: &Write) -> Vec<u8> {
        (write.first..write.first + write.sectors)
            .flat_map(|sector| self.sector(write.number, write.volume, sector))
            .collect()
    }

    /// What was there before a write that has not happened.
    pub(crate) fn before(&self, write: &Write) -> Vec<u8> {
        (write.first..write.first + write.sectors)
            .flat_map(|sector| {
                let last = self.writers_of(write.volume, sector).last();
                last.map_or_else(|| vec![0; SECTOR], |number| self.sector(*number, write.volume, sector))
            })
            .collect()
    }

    /// The numbers of the writes that a sector got, in their order.
    pub(crate) fn writers_of(&self, volume: usize, sector: u64) -> &[u64] {
        self.writers[volume].get(&sector).map_or(&[], Vec::as_slice)
    }

    /// What a write leaves in a sector.
    pub(crate) fn sector(&self, number: u64, volume: usize, sector: u64) -> Vec<u8> {
        let mut random = Random::new(self.seed ^ (number << 24) ^ ((volume as u64) << 16) ^ sector);
        let mut bytes = number.to_be_bytes().to_vec();
        while bytes.len() < SECTOR {
            bytes.extend_from_slice(&random.next().to_be_bytes());
        }
        bytes
    }
}
