//! Configuration: `clouds.yaml` and `protector.yaml`. The only reader of files and environment.

pub mod clouds;
mod environment;
mod error;
mod group_document;
pub mod mappings;
mod place;
pub mod protector;
mod tls;
mod yaml;

pub use clouds::{Auth, CloudConfig, Clouds, Interface};
pub use environment::Environment;
pub use error::{ConfigError, Position};
pub use group_document::{GroupDocument, PolicyDocument};
pub use mappings::{AddressPair, AddressRule, Mapped, MappingKind, Mappings};
pub use protector::{ArrayConfig, Defaults, EngineConfig, ProtectorConfig, SiteConfig};
pub use tls::{ClientCertificate, TlsConfig, TlsFiles};
pub(crate) use yaml::read_as;

use crate::id::SiteName;
use crate::secret::{ExposeSecret, SecretReference, SecretString};
use base64::Engine;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where the configuration is looked for.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// `protector.yaml`; without it the file is searched.
    pub protector: Option<PathBuf>,
    /// `clouds.yaml`; without it the file is searched.
    pub clouds: Option<PathBuf>,
    /// Environment variables and folders.
    pub environment: Environment,
}

impl Default for LoadOptions {
    /// Everything is searched, in the environment of this process.
    fn default() -> Self {
        Self { protector: None, clouds: None, environment: Environment::process() }
    }
}

/// All that protector needs to know to reach both sites.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// What `protector.yaml` says.
    pub protector: ProtectorConfig,
    /// The cloud of each site.
    pub clouds: BTreeMap<SiteName, CloudConfig>,
    environment: Environment,
}

impl Config {
    /// Reads `protector.yaml`, `clouds.yaml` and `secure.yaml`. Nothing is asked of a cloud or an array, and no
    /// referenced secret is read.
    ///
    /// # Errors
    /// A file is missing, not readable or malformed, or says something that cannot be.
    pub fn load(options: &LoadOptions) -> Result<Self, ConfigError> {
        let protector = ProtectorConfig::load(&options.environment, options.protector.as_deref())?;
        let known = Clouds::load(&options.environment, options.clouds.as_deref())?;
        let clouds = protector
            .sites
            .iter()
            .map(|(name, site)| Ok((name.clone(), known.cloud(&site.cloud, site.region.as_deref())?)))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self { protector, clouds, environment: options.environment.clone() })
    }

    /// Reads a secret, as [`Environment::resolve_secret`] does.
    ///
    /// # Errors
    /// The secret is not there, is empty, or its file can be read by others than its owner.
    pub fn resolve_secret(&self, reference: &SecretReference) -> Result<SecretString, ConfigError> {
        self.environment.resolve_secret(reference)
    }

    /// Reads the key that sensitive fields of the stores are encrypted with.
    ///
    /// # Errors
    /// The secret is not available, or is not 32 bytes in base64.
    pub fn resolve_encryption_key(&self) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
        let reference = &self.protector.encryption_key;
        let text = self.resolve_secret(reference)?;
        let unusable = |problem| ConfigError::KeyUnusable { reference: reference.clone(), problem };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text.expose_secret().trim())
            .map(Zeroizing::new)
            .map_err(|_| unusable("is not base64: make one with `openssl rand -base64 32`"))?;
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(unusable("is not 32 bytes long: make one with `openssl rand -base64 32`"));
        }
        key.copy_from_slice(&bytes);
        Ok(key)
    }
}

#[cfg(test)]
mod tests;
