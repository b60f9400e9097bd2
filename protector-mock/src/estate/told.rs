use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What there is to be at both sites, as a file tells it. Servers, with their volumes and ports, are at the first site
/// unless they name another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Estate {
    /// How many hosts run servers, at each site. An array shows a host 4095 volumes.
    pub compute_hosts: u32,
    /// What servers may be like.
    pub flavors: Vec<Flavor>,
    /// What volumes may be like.
    pub volume_types: Vec<VolumeType>,
    /// What groups of volumes may be like.
    pub group_types: Vec<GroupType>,
    /// Whose things are there.
    pub projects: Vec<Project>,
}

impl Default for Estate {
    fn default() -> Self {
        Self {
            compute_hosts: 1,
            flavors: Vec::new(),
            volume_types: Vec::new(),
            group_types: Vec::new(),
            projects: Vec::new(),
        }
    }
}

/// A flavor.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flavor {
    /// Its name.
    pub name: String,
    /// Processors.
    pub vcpus: u32,
    /// Mebibytes of memory.
    pub ram: u32,
    /// Gibibytes of a local root disk.
    #[serde(default)]
    pub disk: u32,
    /// Extra specifications.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

/// A volume type of the site's backend.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeType {
    /// Its name.
    pub name: String,
    /// Whether its volumes are replicated, asynchronously.
    #[serde(default)]
    pub replicated: bool,
    /// More extra specifications.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

/// A group type for consistent snapshots.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupType {
    /// Its name.
    pub name: String,
    /// Whether its groups are replicated.
    #[serde(default)]
    pub replicated: bool,
}

/// A project and all that is in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Who works in it.
    #[serde(default)]
    pub users: Vec<User>,
    /// What it may have at each site, where that is not four times what is made here, and as much as the services allow.
    #[serde(default)]
    pub quotas: Quotas,
    /// Its networks, each with one subnet.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Its security groups beside the default one.
    #[serde(default)]
    pub security_groups: Vec<SecurityGroup>,
    /// Its servers.
    #[serde(default)]
    pub servers: Vec<Servers>,
}

/// What a project may have at each site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// How many servers.
    pub instances: Option<u64>,
    /// How many volumes.
    pub volumes: Option<u64>,
    /// How many GiB of volumes.
    pub gigabytes: Option<u64>,
    /// How many ports.
    pub ports: Option<u64>,
}

/// A user, with the pair's password unless there is one.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name.
    pub name: String,
    /// The roles in the project.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("User")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// A network with one subnet.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// The subnet's name.
    #[serde(default)]
    pub subnet: String,
    /// The subnet's addresses: `10.10.0.0/24`.
    pub cidr: String,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Its name.
    pub name: String,
    /// What may come in.
    #[serde(default)]
    pub rules: Vec<SecurityGroupRule>,
}

/// What may come in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroupRule {
    /// `tcp`, `udp`, `icmp`.
    pub protocol: String,
    /// The first and the last port.
    #[serde(default)]
    pub ports: Option<(u16, u16)>,
    /// From where.
    #[serde(default)]
    pub from: Option<String>,
}

/// Servers that are alike.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Servers {
    /// Their name; if there are several, a number follows it.
    pub name: String,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
    /// Where.
    #[serde(default)]
    pub site: Option<String>,
    /// The flavor's name.
    pub flavor: String,
    /// The networks, by name: each server has a port in each.
    #[serde(default)]
    pub networks: Vec<String>,
    /// The security groups of the ports, by name.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// Metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// The volumes; the first is the root.
    #[serde(default)]
    pub volumes: Vec<Volume>,
}

impl Servers {
    /// The name of one of them; they are counted from 1.
    pub(super) fn name_of(&self, number: u32) -> String {
        if self.count == 1 { self.name.clone() } else { format!("{}-{number}", self.name) }
    }
}

fn one() -> u32 {
    1
}

/// A volume of a server; its name follows the server's.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// In gibibytes.
    pub size: u64,
    /// The name of its type; the default one without.
    #[serde(rename = "type", default)]
    pub volume_type: Option<String>,
}

/// A file is no estate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstateError {
    /// It cannot be read.
    #[error("failed to read the estate in {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says something else.
    #[error("{} is no estate: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It cannot be built.
    #[error("failed to build the estate at {site}: {what}")]
    Refused {
        /// Where.
        site: String,
        /// What a service says.
        what: String,
    },
    /// The world cannot be changed.
    #[error(transparent)]
    World(#[from] crate::world::WorldError),
}

impl Estate {
    /// The one that is built in.
    pub fn example() -> Self {
        // A test shows that it can be read.
        serde_saphyr::from_str(include_str!("example.yaml")).unwrap_or_default()
    }

    /// Reads one that is at hand, YAML or JSON.
    ///
    /// # Errors
    /// It is none; what is said then has the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    /// Reads one from a file, YAML or JSON.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, EstateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| EstateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|what| EstateError::Malformed { path: path.to_owned(), what })
    }
}
