//! Secrets are kept as salted hashes. They guard simulated clouds: no slow hash is needed, and sign-in stays cheap.

use crate::cloud::Fault;
use crate::world::Transaction;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

fn hash(salt: &str, secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update(secret.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// What is kept of a secret.
pub(super) fn keep(transaction: &mut Transaction<'_>, secret: &str) -> Result<String, Fault> {
    let salt = URL_SAFE_NO_PAD.encode(transaction.draw()?);
    Ok(format!("{salt}${}", hash(&salt, secret)))
}

/// Whether a secret is the one that was kept.
pub(super) fn is(kept: &str, secret: &str) -> bool {
    kept.split_once('$').is_some_and(|(salt, kept)| hash(salt, secret) == kept)
}

/// Random text of so many times 32 bytes.
pub(super) fn random(transaction: &mut Transaction<'_>, times: usize) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(times * 32);
    for _ in 0..times {
        bytes.extend(transaction.draw()?);
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
