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

/// The next 32 bytes.
pub(super) fn draw(sql: &Connection) -> Result<[u8; 32], WorldError> {
    let number = |name| -> Result<u64, WorldError> {
        Ok(records::fact(sql, name)?.and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    let (seed, drawn) = (number(SEED)?, number(DRAWN)?);
    records::set_fact(sql, DRAWN, &drawn.wrapping_add(1).to_string())?;
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(drawn.to_be_bytes());
    Ok(hash.finalize().into())
}
