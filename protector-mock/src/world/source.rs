//! The seeded source: everything that looks random comes from it, and the same seed gives the same.

use super::{WorldError, records};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

const SEED: &str = "seed";
const DRAWN: &str = "drawn";

pub(super) fn begin(sql: &Connection, seed: u64) -> Result<(), WorldError> {
    records::set_fact(sql, SEED, &seed.to_string())?;
    records::set_fact(sql, DRAWN, "0")
}

/// The source within one transaction: how much was drawn is stored once, at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    seed: u64,
    drawn: u64,
}

impl Source {
    pub(super) fn read(sql: &Connection) -> Result<Self, WorldError> {
        let number = |name| -> Result<u64, WorldError> {
            Ok(records::fact(sql, name)?.and_then(|text| text.parse().ok()).unwrap_or(0))
        };
        Ok(Self { seed: number(SEED)?, drawn: number(DRAWN)? })
    }

    /// The next 32 bytes.
    pub(super) fn draw(&mut self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        hash.finalize().into()
    }

    /// How much was drawn.
    pub(super) fn drawn(self) -> u64 {
        self.drawn
    }

    /// What was drawn since so much had been.
    pub(super) fn since(self, then: u64) -> Vec<[u8; 32]> {
        let mut again = Self { drawn: then, ..self };
        (then..self.drawn).map(|_| again.draw()).collect()
    }

    pub(super) fn store(self, sql: &Connection) -> Result<(), WorldError> {
        records::set_fact(sql, DRAWN, &self.drawn.to_string())
    }
}
