//! `protector.yaml`: how the two sites are reached. The file is protector's own, so every key is known.

mod mappings;
#[cfg(test)]
mod tests;

use super::ConfigError;
use super::environment::{Environment, read};
use super::mappings::Mappings;
use super::place::Place;
use super::tls::TlsConfig;
use super::yaml::Node;
use crate::id::{ArrayName, SiteName};
use crate::secret::SecretReference;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// What `protector.yaml` says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProtectorConfig {
    /// The two sites.
    pub sites: BTreeMap<SiteName, SiteConfig>,
    /// The key that sensitive fields of the stores are encrypted with.
    pub encryption_key: SecretReference,
    /// What is called differently on the two sites.
    pub mappings: Mappings,
    /// What a group gets where it says nothing else.
    pub defaults: Defaults,
    /// How operations are carried out.
    pub engine: EngineConfig,
}

/// One site: a region of a cloud, its arrays, and its store.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SiteConfig {
    /// The cloud's name in `clouds.yaml`.
    pub cloud: String,
    /// The cloud's region; without one the first that the cloud lists.
    pub region: Option<String>,
    /// The SQLite file of the site's store.
    pub store: PathBuf,
    /// The arrays behind the site's Cinder.
    pub arrays: BTreeMap<ArrayName, ArrayConfig>,
}

/// How one array is reached.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ArrayConfig {
    /// The storage driver that speaks for it.
    pub driver: String,
    /// The management address, HTTPS.
    pub url: Url,
    /// The token that the driver logs in with.
    pub api_token: SecretReference,
    /// A file of the authorities that are trusted besides the machine's, PEM.
    pub ca_certificate: Option<PathBuf>,
    /// Whether the array's certificate is checked.
    pub verify: bool,
}

impl ArrayConfig {
    /// How TLS connections to the array are made.
    pub fn tls(&self) -> TlsConfig {
        TlsConfig {
            ca_certificate: self.ca_certificate.clone(),
            verify: self.verify,
            client_certificate: None,
        }
    }
}

/// What a group gets where it says nothing else.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Defaults {
    /// The time between two scheduled replications.
    pub replication_interval: Duration,
    /// How long the target keeps recovery points.
    pub retention: Duration,
    /// How much data may be lost, in minutes, before a group counts as not protected.
    pub rpo_minutes: u32,
    /// The Cinder group type of new groups, on both sites. Without it the type is chosen by its specs, which only an
    /// administrator of the project may see.
    pub group_type: Option<String>,
    /// The Cinder volume type of tests' volumes, on both sites: one that does not replicate. Without it the one on the
    /// backend of the replicated type is taken, which only an administrator of the project may see.
    pub test_volume_type: Option<String>,
    /// How long a test runs that nobody ends.
    pub test_time_to_live: Duration,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            replication_interval: Duration::from_mins(5),
            retention: Duration::from_hours(24),
            rpo_minutes: 15,
            group_type: None,
            test_volume_type: None,
            test_time_to_live: Duration::from_hours(24),
        }
    }
}

/// How operations are carried out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EngineConfig {
    /// The time between two looks at something that is waited for.
    pub poll_interval: Duration,
    /// How long one step may take.
    pub step_timeout: Duration,
    /// How long a step that fails before the point of no return is tried again before the operation is rolled back.
    pub retry_for: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_millis(500),
            step_timeout: Duration::from_mins(10),
            retry_for: Duration::from_secs(30),
        }
    }
}

impl ProtectorConfig {
    /// Reads the file: `file`, else what `PROTECTOR_CONFIG` names, else the first `protector.yaml` in the working
    /// folder, the user's and the system's `openstack` folder. Relative paths in it begin in its own folder.
    ///
    /// # Errors
    /// There is no such file, or it is not readable, is malformed, or says something that cannot be.
    pub fn load(environment: &Environment, file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = file
            .map(Path::to_owned)
            .or_else(|| environment.find("PROTECTOR_CONFIG", "protector"))
            .ok_or_else(|| ConfigError::NotFound {
                name: "protector.yaml",
                variable: "PROTECTOR_CONFIG",
                searched: environment.folders(),
            })?;
        Self::parse(&file, &read(&file)?)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is malformed, or says something that cannot be.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let node = Node::parse(file, text)?;
        let root = Place::root(&node);
        root.only(&["sites", "encryption_key", "mappings", "defaults", "engine"])?;
        let sites_place = root.require("sites")?;
        let sites = sites(&sites_place)?;
        Ok(Self {
            encryption_key: secret_reference(&root.require("encryption_key")?)?,
            mappings: root
                .find("mappings")
                .map(|place| mappings::read(&place, &sites))
                .transpose()?
                .unwrap_or_default(),
            defaults: root.find("defaults").map(|place| defaults(&place)).transpose()?.unwrap_or_default(),
            engine: root.find("engine").map(|place| engine(&place)).transpose()?.unwrap_or_default(),
            sites,
        })
    }
}

fn sites(place: &Place<'_>) -> Result<BTreeMap<SiteName, SiteConfig>, ConfigError> {
    let mut sites: BTreeMap<SiteName, SiteConfig> = BTreeMap::new();
    for (name, entry) in place.entries()? {
        plain_name(name, &entry)?;
        let site = site(&entry)?;
        for (other_name, other) in &sites {
            if (&other.cloud, &other.region) == (&site.cloud, &site.region) {
                return Err(entry.invalid(format!("is the same cloud and region as {other_name}")));
            }
            if other.store == site.store {
                return Err(
                    entry.invalid(format!("has the same store as {other_name}: each site has its own"))
                );
            }
            let both = |array: &&ArrayConfig| other.arrays.values().any(|known| known.url == array.url);
            if site.arrays.values().find(both).is_some() {
                return Err(
                    entry.invalid(format!("has an array that {other_name} has, too: each site has its own"))
                );
            }
        }
        sites.insert(SiteName::from(name), site);
    }
    match sites.len() {
        2 => Ok(sites),
        count => Err(place.invalid(format!("names {count} sites: exactly two make a pair"))),
    }
}

fn site(place: &Place<'_>) -> Result<SiteConfig, ConfigError> {
    place.only(&["cloud", "region", "store", "arrays"])?;
    let arrays_place = place.require("arrays")?;
    let mut arrays = BTreeMap::new();
    for (name, entry) in arrays_place.entries()? {
        plain_name(name, &entry)?;
        arrays.insert(ArrayName::from(name), array(&entry)?);
    }
    if arrays.is_empty() {
        return Err(arrays_place.invalid("names no array"));
    }
    Ok(SiteConfig {
        cloud: place.require("cloud")?.text()?.to_owned(),
        region: place.find("region").map(|region| region.text().map(str::to_owned)).transpose()?,
        store: path(&place.require("store")?)?,
        arrays,
    })
}

fn array(place: &Place<'_>) -> Result<ArrayConfig, ConfigError> {
    place.only(&["driver", "url", "api_token", "ca_certificate", "verify"])?;
    let ca_certificate = match place.find("ca_certificate") {
        None => None,
        Some(entry) => {
            let file = path(&entry)?;
            if !file.is_file() {
                return Err(entry.invalid(format!("names {}, which is no file", file.display())));
            }
            Some(file)
        }
    };
    Ok(ArrayConfig {
        driver: place.require("driver")?.text()?.to_owned(),
        url: place.require("url")?.url(&["https"])?,
        api_token: secret_reference(&place.require("api_token")?)?,
        ca_certificate,
        verify: place.find("verify").map(|verify| verify.boolean()).transpose()?.unwrap_or(true),
    })
}

fn defaults(place: &Place<'_>) -> Result<Defaults, ConfigError> {
    place.only(&[
        "replication_interval",
        "retention",
        "rpo_minutes",
        "group_type",
        "test_volume_type",
        "test_time_to_live",
    ])?;
    let standard = Defaults::default();
    Ok(Defaults {
        replication_interval: positive_seconds(place, "replication_interval", standard.replication_interval)?,
        retention: positive_seconds(place, "retention", standard.retention)?,
        rpo_minutes: place.find("rpo_minutes").map_or(Ok(standard.rpo_minutes), |entry| entry.count())?,
        group_type: place.find("group_type").map(|entry| entry.text().map(str::to_owned)).transpose()?,
        test_volume_type: place
            .find("test_volume_type")
            .map(|entry| entry.text().map(str::to_owned))
            .transpose()?,
        test_time_to_live: positive_seconds(place, "test_time_to_live", standard.test_time_to_live)?,
    })
}

fn engine(place: &Place<'_>) -> Result<EngineConfig, ConfigError> {
    place.only(&["poll_interval", "step_timeout", "retry_for"])?;
    let standard = EngineConfig::default();
    Ok(EngineConfig {
        poll_interval: positive_seconds(place, "poll_interval", standard.poll_interval)?,
        step_timeout: positive_seconds(place, "step_timeout", standard.step_timeout)?,
        retry_for: place.find("retry_for").map_or(Ok(standard.retry_for), |entry| entry.seconds())?,
    })
}

fn positive_seconds(place: &Place<'_>, key: &str, standard: Duration) -> Result<Duration, ConfigError> {
    place.find(key).map_or(Ok(standard), |entry| entry.positive_seconds())
}

/// Names become part of ids, file names and labels.
fn plain_name(name: &str, place: &Place<'_>) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        Ok(())
    } else {
        Err(place.invalid("is no usable name: letters, digits, `-`, `_` and `.`, at most 63"))
    }
}

fn path(place: &Place<'_>) -> Result<PathBuf, ConfigError> {
    let text = place.text()?;
    Ok(beside(place.file(), Path::new(text)))
}

/// A path in a file begins in the file's folder.
fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
}

fn secret_reference(place: &Place<'_>) -> Result<SecretReference, ConfigError> {
    match SecretReference::parse(place.text()?) {
        Ok(SecretReference::File(path)) => Ok(SecretReference::File(beside(place.file(), &path))),
        Ok(reference) => Ok(reference),
        Err(_) => {
            Err(place.invalid("is no reference to a secret: write `env:NAME` or `file:PATH`, not the secret"))
        }
    }
}
