//! Whether one point of the order of all writes explains what all volumes hold.

use crate::history::{History, SECTOR, SECTORS, VOLUMES};
use std::fmt;
use std::ops::RangeInclusive;

/// Where something is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) volume: usize,
    pub(crate) sector: u64,
}

/// Nothing explains it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A volume has another size.
    Size { volume: usize, bytes: usize },
    /// A sector holds what no write has left there.
    Foreign(Seen),
    /// One volume holds a write, and another lacks an earlier one.
    Torn { holds: (Seen, u64), lacks: (Seen, u64) },
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { volume, bytes } => write!(formatter, "volume {volume} has {bytes} bytes"),
            Self::Foreign(Seen { volume, sector }) => {
                write!(formatter, "sector {sector} of volume {volume} holds what no write has left there")
            }
            Self::Torn { holds: (there, number), lacks: (missing, earlier) } => write!(
                formatter,
                "sector {} of volume {} holds write {number}, and sector {} of volume {} lacks write {earlier}",
                there.sector, there.volume, missing.sector, missing.volume
            ),
        }
    }
}

/// The points that explain it: up to which write all have happened, and none after.
pub(crate) fn cuts(history: &History, volumes: &[Vec<u8>]) -> Result<RangeInclusive<u64>, Wrong> {
    assert_eq!(volumes.len(), VOLUMES);
    let mut newest = (Seen { volume: 0, sector: 0 }, 0);
    let mut missing: Option<(Seen, u64)> = None;
    for (volume, bytes) in volumes.iter().enumerate() {
        if bytes.len() as u64 != SECTORS * SECTOR as u64 {
            return Err(Wrong::Size { volume, bytes: bytes.len() });
        }
        for (sector, held) in (0..SECTORS).zip(bytes.chunks_exact(SECTOR)) {
            let seen = Seen { volume, sector };
            let number = u64::from_be_bytes(held[..8].try_into().unwrap());
            let writers = history.writers_of(volume, sector);
            let known = if number == 0 {
                held.iter().all(|byte| *byte == 0)
            } else {
                writers.contains(&number) && history.sector(number, volume, sector) == held
            };
            if !known {
                return Err(Wrong::Foreign(seen));
            }
            if number > newest.1 {
                newest = (seen, number);
            }
            let next = writers.iter().find(|writer| **writer > number);
            if let Some(next) = next
                && missing.is_none_or(|(_, first)| *next < first)
            {
                missing = Some((seen, *next));
            }
        }
    }
    match missing {
        Some(lacks) if lacks.1 <= newest.1 => Err(Wrong::Torn { holds: newest, lacks }),
        Some((_, first)) => Ok(newest.1..=first - 1),
        None => Ok(newest.1..=u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A history, and what the volumes hold after each of some numbers of writes.
    fn played(writes: u64, stops: &[u64]) -> (History, Vec<Vec<Vec<u8>>>) {
        let mut history = History::new(7);
        let mut volumes = vec![vec![0; SECTORS as usize * SECTOR]; VOLUMES];
        let mut kept = Vec::new();
        for number in 1..=writes {
            let write = history.choose();
            let bytes = history.bytes(&write);
            volumes[write.volume][write.offset() as usize..][..bytes.len()].copy_from_slice(&bytes);
            history.happened(&write);
            if stops.contains(&number) {
                kept.push(volumes.clone());
            }
        }
        (history, kept)
    }

    #[test]
    fn every_point_of_the_order_explains_itself() {
        let (history, kept) = played(60, &[1, 25, 60]);
        for (stop, volumes) in [1, 25, 60].into_iter().zip(&kept) {
            let cuts = cuts(&history, volumes).unwrap();
            assert!(cuts.contains(&stop), "{stop}: {cuts:?}");
        }
        assert_eq!(cuts(&history, &kept[0]), Ok(1..=1));
    }

    #[test]
    fn one_volume_of_another_point_is_found() {
        let (history, mut kept) = played(60, &[25, 60]);
        let (mut earlier, mut later) = (kept.remove(0), kept.remove(0));
        let mut found = 0;
        for volume in 0..VOLUMES {
            // A volume that got nothing in between is of both points.
            if earlier[volume] != later[volume] {
                std::mem::swap(&mut earlier[volume], &mut later[volume]);
                let mixed = cuts(&history, &later);
                assert!(matches!(mixed, Err(Wrong::Torn { .. })), "{volume}: {mixed:?}");
                std::mem::swap(&mut earlier[volume], &mut later[volume]);
                found += 1;
            }
        }
        assert!(found > 5);
    }

    #[test]
    fn one_wrong_bit_is_found_where_it_is() {
        let (history, kept) = played(30, &[30]);
        let written = (0..SECTORS).find(|sector| !history.writers_of(3, *sector).is_empty()).unwrap();
        let empty = (0..SECTORS).find(|sector| history.writers_of(3, *sector).is_empty()).unwrap();
        for sector in [written, empty] {
            for byte in [0, 9, SECTOR - 1] {
                let mut broken = kept[0].clone();
                broken[3][sector as usize * SECTOR + byte] ^= 1;
                assert_eq!(cuts(&history, &broken), Err(Wrong::Foreign(Seen { volume: 3, sector })));
            }
        }
    }

    #[test]
    fn a_sector_that_lies_elsewhere_is_found() {
        let (history, kept) = played(30, &[30]);
        let here = (0..SECTORS).find(|sector| !history.writers_of(3, *sector).is_empty()).unwrap();
        let there = (here + 1..SECTORS).find(|sector| history.writers_of(3, *sector).is_empty()).unwrap();
        let mut moved = kept[0].clone();
        let (from, to) = (here as usize * SECTOR, there as usize * SECTOR);
        moved[3].copy_within(from..from + SECTOR, to);
        assert_eq!(cuts(&history, &moved), Err(Wrong::Foreign(Seen { volume: 3, sector: there })));
        let mut exchanged = kept[0].clone();
        exchanged.swap(3, 4);
        assert!(matches!(cuts(&history, &exchanged), Err(Wrong::Foreign(_))));
    }

    #[test]
    fn half_a_write_is_found() {
        let (mut history, kept) = played(30, &[30]);
        let write = loop {
            let write = history.choose();
            if write.sectors > 1 {
                break write;
            }
            history.happened(&write);
        };
        let bytes = history.bytes(&write);
        history.happened(&write);
        let mut half = kept[0].clone();
        half[write.volume][write.offset() as usize..][..SECTOR].copy_from_slice(&bytes[..SECTOR]);
        assert!(matches!(cuts(&history, &half), Err(Wrong::Torn { .. })));
    }

    #[test]
    fn a_lost_volume_end_is_found() {
        let (history, mut kept) = played(30, &[30]);
        kept[0][5].pop();
        assert!(matches!(cuts(&history, &kept[0]), Err(Wrong::Size { volume: 5, .. })));
    }
}
