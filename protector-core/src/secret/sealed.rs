//! Secrets that have to be written down: encrypted, and bound to the place where they stand.
//!
//! Each secret has a random key of its own, which is encrypted with the key-encryption key; both with
//! XChaCha20-Poly1305. Kind, id and field of the document and the key's id are authenticated with them, so that a
//! sealed text that is moved somewhere else does not open.
//!
//! The text is `sealed:v1:<key id>:<base64>`; the bytes are the first nonce (24), the wrapped key (32 + 16), the second
//! nonce (24), and the encrypted secret (its length + 16).

use super::{ExposeSecret, SecretString};
use crate::error::{Code, Coded};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const PREFIX: &str = "sealed:";
const FORMAT: &str = "v1";
const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Where a sealed secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The document's kind.
    pub kind: &'a str,
    /// The document's id.
    pub id: &'a str,
    /// The field of the document.
    pub field: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} {}", self.field, self.kind, self.id)
    }
}

/// An encrypted secret, as it may be written down.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with(PREFIX) {
            Ok(Self(text))
        } else {
            // The text is not repeated, for it may be the secret.
            Err(serde::de::Error::custom("expected a sealed secret"))
        }
    }
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The configured key is none.
    #[error("the encryption key is not the base64 of 32 bytes")]
    NotAKey,
    /// It was sealed with another key.
    #[error("{place} was sealed with the encryption key {sealed_with}, not with {key}")]
    OtherKey {
        /// Where it stands.
        place: String,
        /// The id of the key that would open it.
        sealed_with: String,
        /// The id of the key at hand.
        key: String,
    },
    /// It is damaged, or stands where it was not put.
    #[error("{place} does not open: it was changed, or belongs somewhere else")]
    Tampered {
        /// Where it stands.
        place: String,
    },
    /// A newer release sealed it.
    #[error("{place} was sealed in a form of a newer release")]
    NeedsNewerRelease {
        /// Where it stands.
        place: String,
    },
    /// The operating system gave no random bytes.
    #[error("failed to get random bytes to seal {place}")]
    NoRandomness {
        /// Where it was to stand.
        place: String,
    },
}

impl Coded for SealError {
    fn code(&self) -> Code {
        match self {
            Self::NotAKey | Self::OtherKey { .. } => Code::KeyUnusable,
            Self::Tampered { .. } => Code::StoreCorrupt,
            Self::NeedsNewerRelease { .. } => Code::NeedsNewerRelease,
            Self::NoRandomness { .. } => Code::Internal,
        }
    }
}

/// Seals and opens with one key-encryption key.
pub struct Sealer {
    key: XChaCha20Poly1305,
    key_id: String,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Sealer {
    /// Takes a key: the base64 of 32 random bytes.
    ///
    /// # Errors
    /// [`SealError::NotAKey`].
    pub fn from_key(key: &SecretString) -> Result<Self, SealError> {
        let bytes = BASE64.decode(key.expose_secret()).map(Zeroizing::new).map_err(|_| SealError::NotAKey)?;
        let hash = Sha256::new().chain_update(b"protector key id\n").chain_update(&bytes).finalize();
        let key_id = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { key: cipher(&bytes).ok_or(SealError::NotAKey)?, key_id })
    }

    /// Names the key without giving it away: 16 hexadecimal digits of a hash.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Encrypts a secret for one place.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Sealed, SealError> {
        let failed = || SealError::NoRandomness { place: place.to_string() };
        let mut random = Zeroizing::new([0_u8; NONCE + KEY + NONCE]);
        getrandom::fill(random.as_mut_slice()).map_err(|_| failed())?;
        let (outer, rest) = random.split_at(NONCE);
        let (data_key, inner) = rest.split_at(KEY);
        let wrapped = self.encrypt(&self.key, outer, data_key, place).ok_or_else(failed)?;
        let one_time = cipher(data_key).ok_or_else(failed)?;
        let hidden =
            self.encrypt(&one_time, inner, secret.expose_secret().as_bytes(), place).ok_or_else(failed)?;
        let bytes = [outer, &wrapped, inner, &hidden].concat();
        Ok(Sealed(format!("{PREFIX}{FORMAT}:{}:{}", self.key_id, BASE64.encode(bytes))))
    }

    /// Decrypts a secret that stands at a place.
    ///
    /// # Errors
    /// [`SealError::OtherKey`], [`SealError::Tampered`], [`SealError::NeedsNewerRelease`].
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, SealError> {
        let tampered = || SealError::Tampered { place: place.to_string() };
        let text = sealed.0.strip_prefix(PREFIX).ok_or_else(tampered)?;
        let (format, text) = text.split_once(':').ok_or_else(tampered)?;
        if format != FORMAT {
            return Err(SealError::NeedsNewerRelease { place: place.to_string() });
        }
        let (key_id, text) = text.split_once(':').ok_or_else(tampered)?;
        if key_id != self.key_id {
            return Err(SealError::OtherKey {
                place: place.to_string(),
                sealed_with: key_id.to_owned(),
                key: self.key_id.clone(),
            });
        }
        let bytes = BASE64.decode(text).map_err(|_| tampered())?;
        let (outer, rest) = bytes.split_at_checked(NONCE).ok_or_else(tampered)?;
        let (wrapped, rest) = rest.split_at_checked(KEY + TAG).ok_or_else(tampered)?;
        let (inner, hidden) = rest.split_at_checked(NONCE).ok_or_else(tampered)?;
        let data_key = self.decrypt(&self.key, outer, wrapped, place).ok_or_else(tampered)?;
        let one_time = cipher(&data_key).ok_or_else(tampered)?;
        let secret = self.decrypt(&one_time, inner, hidden, place).ok_or_else(tampered)?;
        let secret = std::str::from_utf8(&secret).map_err(|_| tampered())?;
        Ok(SecretString::from(secret))
    }

    fn encrypt(
        &self,
        key: &XChaCha20Poly1305,
        nonce: &[u8],
        msg: &[u8],
        place: Place<'_>,
    ) -> Option<Vec<u8>> {
        let aad = self.bound_to(place);
        key.encrypt(&XNonce::try_from(nonce).ok()?, Payload { msg, aad: &aad }).ok()
    }

    fn decrypt(
        &self,
        key: &XChaCha20Poly1305,
        nonce: &[u8],
        msg: &[u8],
        place: Place<'_>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let aad = self.bound_to(place);
        key.decrypt(&XNonce::try_from(nonce).ok()?, Payload { msg, aad: &aad }).ok().map(Zeroizing::new)
    }

    /// What is authenticated beside the secret. Each part is preceded by its length, so that none runs into the next.
    fn bound_to(&self, place: Place<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in ["protector sealed v1", place.kind, place.id, place.field, &self.key_id] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

fn cipher(key: &[u8]) -> Option<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place<'_> = Place { kind: "definition", id: "web-1", field: "user_data" };

    fn sealer(byte: u8) -> Sealer {
        Sealer::from_key(&SecretString::from(BASE64.encode([byte; KEY]))).unwrap()
    }

    fn seal(secret: &str) -> Sealed {
        sealer(1).seal(PLACE, &SecretString::from(secret)).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_at_its_place() {
        for secret in ["", "hunter2", "#cloud-config\nüñí"] {
            let text = serde_json::to_string(&seal(secret)).unwrap();
            let read: Sealed = serde_json::from_str(&text).unwrap();
            assert_eq!(sealer(1).open(PLACE, &read).unwrap().expose_secret(), secret);
        }
    }

    #[test]
    fn the_form_on_disk_stays_readable() {
        let golden = include_str!("sealed/golden-v1.txt").trim_end();
        let sealed: Sealed = serde_json::from_str(&format!("\"{golden}\"")).unwrap();
        assert_eq!(sealer(1).open(PLACE, &sealed).unwrap().expose_secret(), "an old secret");
    }

    #[test]
    fn one_secret_sealed_twice_looks_different() {
        assert_ne!(seal("hunter2"), seal("hunter2"));
    }

    #[test]
    fn a_sealed_secret_does_not_open_anywhere_else() {
        let sealed = seal("hunter2");
        for place in [
            Place { kind: "group", ..PLACE },
            Place { id: "web-2", ..PLACE },
            Place { field: "metadata", ..PLACE },
            Place { kind: "definitionweb", id: "-1", ..PLACE },
        ] {
            assert!(matches!(sealer(1).open(place, &sealed), Err(SealError::Tampered { .. })), "{place}");
        }
    }

    #[test]
    fn another_key_is_named_as_the_reason() {
        let error = sealer(2).open(PLACE, &seal("hunter2")).unwrap_err();
        assert_eq!(error.code(), Code::KeyUnusable);
        assert!(error.to_string().contains(sealer(1).key_id()), "{error}");
    }

    #[test]
    fn a_newer_form_needs_a_newer_release() {
        let newer: Sealed = serde_json::from_str("\"sealed:v2:whatever\"").unwrap();
        assert!(matches!(sealer(1).open(PLACE, &newer), Err(SealError::NeedsNewerRelease { .. })));
    }

    #[test]
    fn what_is_not_sealed_is_refused_without_being_repeated() {
        let error = serde_json::from_str::<Sealed>("\"hunter2\"").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_key_of_the_wrong_length_or_alphabet_is_refused_without_being_repeated() {
        for key in ["", "hunter2", &BASE64.encode([1; 31]), &BASE64.encode([1; 33])] {
            let error = Sealer::from_key(&SecretString::from(key)).unwrap_err();
            assert_eq!(error, SealError::NotAKey);
            assert!(key.is_empty() || !error.to_string().contains(key));
        }
    }

    #[test]
    fn debug_shows_neither_secret_nor_key() {
        let shown = format!("{:?} {:?}", sealer(1), seal("hunter2"));
        assert!(shown.contains("[sealed]"));
        assert!(!shown.contains("hunter2") && !shown.contains(&BASE64.encode([1; KEY])));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(secret in ".{0,40}", position in any::<prop::sample::Index>(), bit in 0..8_u32) {
            let sealed = seal(&secret);
            let (head, text) = sealed.0.rsplit_once(':').unwrap();
            let mut bytes = BASE64.decode(text).unwrap();
            let position = position.index(bytes.len());
            bytes[position] ^= 1_u8 << bit;
            let changed = Sealed(format!("{head}:{}", BASE64.encode(bytes)));
            let refused = matches!(sealer(1).open(PLACE, &changed), Err(SealError::Tampered { .. }));
            prop_assert!(refused);
        }
    }
}
