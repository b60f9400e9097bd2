//! `clouds.yaml`, as openstacksdk reads it (openstack/config/loader.py, openstacksdk 4.x).
//!
//! Where openstacksdk goes on quietly, this stops: a file that is named but not there, one that is malformed or not
//! readable, a key that is given twice, a vendor profile. Environment variables (`OS_PASSWORD` and the like) make no
//! cloud. An id or a password is its text as written: PyYAML takes an unquoted `012` for the number ten.

mod reader;
#[cfg(test)]
mod tests;

use super::ConfigError;
use super::environment::{Environment, candidate, read};
use super::place::Place;
use super::tls::TlsConfig;
use super::yaml::Node;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How one cloud, in one region, is reached.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    /// The name in `clouds.yaml`.
    pub name: String,
    /// Keystone's address, as written: with or without `/v3`.
    pub auth_url: Url,
    /// Who asks.
    pub auth: Auth,
    /// The project that everything happens in. An application credential carries its own: then this is what the
    /// file says besides, usually nothing, and is not to be sent.
    pub project: Option<ProjectReference>,
    /// The region of the catalogue; without one the catalogue has to have only one.
    pub region: Option<String>,
    /// Which of the catalogue's endpoints are used.
    pub interface: Interface,
    /// How TLS connections are made.
    pub tls: TlsConfig,
    /// Addresses that replace the catalogue's, by service: `identity`, `compute`, `block_storage`, `network`, `image`.
    pub endpoint_overrides: BTreeMap<String, Url>,
    /// How long one request may take.
    pub api_timeout: Option<Duration>,
}

/// Who asks, and how it is proved.
#[derive(Debug, Clone)]
pub enum Auth {
    /// A user's password.
    Password {
        /// The user.
        user: UserReference,
        /// The password.
        password: SecretString,
    },
    /// An application credential; it is scoped to its project.
    ApplicationCredential {
        /// The credential.
        credential: ApplicationCredentialReference,
        /// Its secret.
        secret: SecretString,
    },
    /// A token that somebody else obtained. It cannot be renewed.
    Token {
        /// The token.
        token: SecretString,
    },
}

/// A user, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserReference {
    /// By id.
    Id(String),
    /// By name, unique within a domain.
    Name {
        /// The user's name.
        name: String,
        /// The user's domain.
        domain: DomainReference,
    },
}

/// A project, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectReference {
    /// By id.
    Id(String),
    /// By name, unique within a domain.
    Name {
        /// The project's name.
        name: String,
        /// The project's domain.
        domain: DomainReference,
    },
}

/// A domain, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainReference {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// An application credential, by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationCredentialReference {
    /// By id.
    Id(String),
    /// By name, unique within a user.
    Name {
        /// The credential's name.
        name: String,
        /// The user that it belongs to.
        user: UserReference,
    },
}

/// Which of a service's endpoints is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interface {
    /// The one for everybody.
    #[default]
    Public,
    /// The one inside the cloud.
    Internal,
    /// The one for administrators.
    Admin,
}

impl Interface {
    /// The word in Keystone's catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// All clouds that `clouds.yaml` and `secure.yaml` define. Holds secrets, which its `Debug` does not show.
#[derive(Debug, Clone)]
pub struct Clouds {
    file: PathBuf,
    tree: Node,
    environment: Environment,
}

impl Clouds {
    /// Reads `clouds.yaml` and lays `secure.yaml` upon it.
    ///
    /// `clouds.yaml` is `file`, else what `OS_CLIENT_CONFIG_FILE` names, else the first one in the working folder,
    /// the user's and the system's `openstack` folder. `secure.yaml` is what `OS_CLIENT_SECURE_FILE` names, else
    /// the first one in those folders, else the one beside `clouds.yaml`; there need be none.
    ///
    /// # Errors
    /// There is no `clouds.yaml`, or one of the files is not readable or malformed.
    pub fn load(environment: &Environment, file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = file
            .map(Path::to_owned)
            .or_else(|| environment.find("OS_CLIENT_CONFIG_FILE", "clouds"))
            .ok_or_else(|| ConfigError::NotFound {
            name: "clouds.yaml",
            variable: "OS_CLIENT_CONFIG_FILE",
            searched: environment.folders(),
        })?;
        let mut tree = Node::parse(&file, &read(&file)?)?;
        let secure = environment
            .find("OS_CLIENT_SECURE_FILE", "secure")
            .or_else(|| file.parent().and_then(|folder| candidate(folder, "secure")));
        if let Some(secure) = secure {
            let node = Node::parse(&secure, &read(&secure)?)?;
            let place = Place::root(&node);
            if !place.is_map() {
                return Err(place.invalid("is not a map with the key `clouds`"));
            }
            tree.merge(node);
        }
        let root = Place::root(&tree);
        if !root.is_map() {
            return Err(root.invalid("is not a map with the key `clouds`"));
        }
        root.require("clouds")?.entries()?;
        Ok(Self { file, tree, environment: environment.clone() })
    }

    /// The file that was read.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The names of the clouds.
    pub fn names(&self) -> Vec<String> {
        let clouds = Place::root(&self.tree).find("clouds").and_then(|clouds| clouds.entries().ok());
        clouds.unwrap_or_default().into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// How a cloud is reached, in `region` or else in the first one that it lists.
    ///
    /// # Errors
    /// The cloud is not defined, or a key that it needs is missing or of no use.
    pub fn cloud(&self, name: &str, region: Option<&str>) -> Result<CloudConfig, ConfigError> {
        let clouds = Place::root(&self.tree).require("clouds")?.entries()?;
        let Some((_, place)) = clouds.into_iter().find(|(known, _)| *known == name) else {
            return Err(ConfigError::CloudUnknown {
                file: self.file.clone(),
                cloud: name.to_owned(),
                defined: self.names(),
            });
        };
        reader::cloud(name, &place, region, &self.environment)
    }
}
