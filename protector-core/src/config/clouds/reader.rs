//! One entry of `clouds.yaml`, with all the places in which openstacksdk finds a key.

use super::{
    ApplicationCredentialReference, Auth, CloudConfig, DomainReference, Interface, ProjectReference,
    UserReference,
};
use crate::config::ConfigError;
use crate::config::environment::Environment;
use crate::config::place::Place;
use crate::config::tls::{ClientCertificate, TlsConfig};
use crate::config::yaml::Node;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use url::Url;

const HTTP: &[&str] = &["https", "http"];

/// The services that are used, each with the names under which clouds.yaml may call it, the official one first
/// (os-service-types).
const SERVICES: &[(&str, &[&str])] = &[
    ("identity", &["identity"]),
    ("compute", &["compute"]),
    ("block_storage", &["block_storage", "volumev3", "volumev2", "volume", "block_store"]),
    ("network", &["network"]),
    ("image", &["image"]),
];

pub(super) fn cloud(
    name: &str,
    place: &Place<'_>,
    region: Option<&str>,
    environment: &Environment,
) -> Result<CloudConfig, ConfigError> {
    for key in ["profile", "cloud"] {
        if let Some(profile) = place.find(key) {
            return Err(
                profile.invalid("names a vendor profile, which protector does not read: write its keys here")
            );
        }
    }
    place.entries()?;
    let region = choose_region(place, region)?;
    let mut node = place.node().clone();
    if let Some(values) = region.values {
        node.merge(values);
    }
    let reader = Reader { cloud: place.with(&node), region: region.name, environment };
    if let Some(auth) = reader.cloud.find("auth") {
        auth.entries()?;
    }
    Ok(CloudConfig {
        name: name.to_owned(),
        auth_url: reader.url(&reader.credential(&["auth_url"]).ok_or_else(|| reader.missing("auth_url"))?)?,
        auth: reader.auth()?,
        project: reader.project()?,
        interface: reader.interface()?,
        tls: reader.tls()?,
        endpoint_overrides: reader.endpoint_overrides()?,
        api_timeout: reader.cloud.find("api_timeout").map(|place| place.positive_seconds()).transpose()?,
        region: reader.region,
    })
}

struct Region {
    name: Option<String>,
    values: Option<Node>,
}

/// The region that is asked for, or the first that the cloud lists. `_get_region`, `_get_known_regions`.
fn choose_region(cloud: &Place<'_>, asked: Option<&str>) -> Result<Region, ConfigError> {
    let mut regions = Vec::new();
    let listed = cloud.find("regions").or_else(|| cloud.find("region_name"));
    match &listed {
        Some(listed) if listed.is_list() => {
            for item in listed.list()? {
                if item.is_map() {
                    let values =
                        item.find("values").map(|values| values.entries().map(|_| values.node().clone()));
                    regions.push((item.require("name")?.text()?, values.transpose()?));
                } else {
                    regions.push((item.text()?, None));
                }
            }
        }
        Some(listed) => regions.extend(listed.text()?.split(',').map(|name| (name.trim(), None))),
        None => {}
    }
    let names = regions.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let chosen = match asked {
        None => regions.into_iter().next(),
        Some(asked) if regions.is_empty() => Some((asked, None)),
        Some(asked) => Some(regions.into_iter().find(|(name, _)| *name == asked).ok_or_else(|| {
            let place = listed.as_ref().unwrap_or(cloud);
            place.invalid(format!("does not list the region `{asked}`; it lists {names}"))
        })?),
    };
    let (name, values) = chosen.unzip();
    Ok(Region { name: name.map(str::to_owned), values: values.flatten() })
}

struct Reader<'a> {
    cloud: Place<'a>,
    region: Option<String>,
    environment: &'a Environment,
}

impl<'a> Reader<'a> {
    /// A key of the authentication: below `auth`, else beside it. `_validate_auth`.
    fn credential(&self, names: &[&str]) -> Option<Place<'a>> {
        let below = self.cloud.find("auth");
        let find = |place: &Place<'a>| names.iter().find_map(|name| place.find(name));
        below.as_ref().and_then(find).or_else(|| find(&self.cloud))
    }

    /// A key that says where the authentication is valid: beside `auth`, else below it. `_fix_backwards_auth`.
    fn scope(&self, names: &[&str]) -> Option<Place<'a>> {
        let below = self.cloud.find("auth");
        names.iter().find_map(|name| {
            self.cloud.find(name).or_else(|| below.as_ref().and_then(|below| below.find(name)))
        })
    }

    fn missing(&self, key: &str) -> ConfigError {
        self.cloud
            .find("auth")
            .map_or_else(|| self.cloud.missing(&format!("auth.{key}")), |auth| auth.missing(key))
    }

    fn secret(&self, place: Option<Place<'a>>, key: &str) -> Result<SecretString, ConfigError> {
        Ok(SecretString::from(place.ok_or_else(|| self.missing(key))?.text()?))
    }

    fn auth(&self) -> Result<Auth, ConfigError> {
        let kind = self.cloud.find("auth_type").or_else(|| self.cloud.find("auth_plugin"));
        match kind.as_ref().map_or(Ok("password"), Place::text)? {
            "password" | "v3password" => Ok(Auth::Password {
                user: self.user()?,
                password: self.secret(self.credential(&["password"]), "password")?,
            }),
            "token" | "v3token" => {
                Ok(Auth::Token { token: self.secret(self.scope(&["token", "auth_token"]), "token")? })
            }
            "v3applicationcredential" => Ok(Auth::ApplicationCredential {
                credential: self.application_credential()?,
                secret: self.secret(
                    self.credential(&["application_credential_secret"]),
                    "application_credential_secret",
                )?,
            }),
            _ => Err(kind.unwrap_or_else(|| self.cloud.clone()).invalid(
                "is not one that protector knows: `password`, `v3password`, `token`, `v3token`, \
                 `v3applicationcredential`",
            )),
        }
    }

    fn user(&self) -> Result<UserReference, ConfigError> {
        if let Some(id) = self.credential(&["user_id"]) {
            return Ok(UserReference::Id(id.text()?.to_owned()));
        }
        let name = self.credential(&["username", "user_name"]).ok_or_else(|| self.missing("username"))?;
        Ok(UserReference::Name { name: name.text()?.to_owned(), domain: self.domain("user")? })
    }

    fn application_credential(&self) -> Result<ApplicationCredentialReference, ConfigError> {
        if let Some(id) = self.credential(&["application_credential_id"]) {
            return Ok(ApplicationCredentialReference::Id(id.text()?.to_owned()));
        }
        let name = self
            .credential(&["application_credential_name"])
            .ok_or_else(|| self.missing("application_credential_id"))?;
        Ok(ApplicationCredentialReference::Name { name: name.text()?.to_owned(), user: self.user()? })
    }

    /// The project, which only an application credential can do without.
    fn project(&self) -> Result<Option<ProjectReference>, ConfigError> {
        if let Some(id) = self.scope(&["project_id", "tenant_id"]) {
            return Ok(Some(ProjectReference::Id(id.text()?.to_owned())));
        }
        if let Some(name) = self.scope(&["project_name", "tenant_name"]) {
            let name = name.text()?.to_owned();
            return Ok(Some(ProjectReference::Name { name, domain: self.domain("project")? }));
        }
        match self.auth()? {
            Auth::ApplicationCredential { .. } => Ok(None),
            Auth::Password { .. } | Auth::Token { .. } => Err(self.missing("project_name")),
        }
    }

    /// The domain of the user or the project: its own key, else the one for both. `_handle_domain_id`.
    fn domain(&self, of: &str) -> Result<DomainReference, ConfigError> {
        for prefix in [format!("{of}_domain"), "domain".to_owned(), "default_domain".to_owned()] {
            if let Some(id) = self.scope(&[&format!("{prefix}_id")]) {
                return Ok(DomainReference::Id(id.text()?.to_owned()));
            }
            if let Some(name) = self.scope(&[&format!("{prefix}_name")]) {
                return Ok(DomainReference::Name(name.text()?.to_owned()));
            }
        }
        Err(self.missing(&format!("{of}_domain_name")))
    }

    /// `_fix_backwards_interface`; the old words end in `URL`.
    fn interface(&self) -> Result<Interface, ConfigError> {
        let Some(place) = self.cloud.find("interface").or_else(|| self.cloud.find("endpoint_type")) else {
            return Ok(Interface::default());
        };
        match place.text()?.trim_end_matches("URL") {
            "public" => Ok(Interface::Public),
            "internal" => Ok(Interface::Internal),
            "admin" => Ok(Interface::Admin),
            _ => Err(place.invalid("is none of `public`, `internal` and `admin`")),
        }
    }

    /// `get_requests_verify_args`.
    fn tls(&self) -> Result<TlsConfig, ConfigError> {
        let insecure = self.cloud.find("insecure").map(|place| place.boolean()).transpose()?.unwrap_or(false);
        let verify = self.cloud.find("verify").map(|place| place.boolean()).transpose()?.unwrap_or(true);
        let certificate = self.path("cert")?;
        let key = self.path("key")?;
        Ok(TlsConfig {
            ca_certificate: self.path("cacert")?,
            verify: verify && !insecure,
            client_certificate: certificate.map(|certificate| ClientCertificate { certificate, key }),
        })
    }

    fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let Some(place) = self.cloud.find(key) else { return Ok(None) };
        let path = self.environment.path(place.text()?);
        if path.is_file() {
            Ok(Some(path))
        } else {
            Err(place.invalid(format!("names {}, which is no file", path.display())))
        }
    }

    /// `<service>_endpoint_override`, else `<service>_endpoint`, under each of the service's names. `get_endpoint`.
    fn endpoint_overrides(&self) -> Result<BTreeMap<String, Url>, ConfigError> {
        let mut overrides = BTreeMap::new();
        for (service, names) in SERVICES {
            let place = ["endpoint_override", "endpoint"].iter().find_map(|suffix| {
                names.iter().find_map(|name| self.cloud.find(&format!("{name}_{suffix}")))
            });
            if let Some(place) = place {
                overrides.insert((*service).to_owned(), self.url(&place)?);
            }
        }
        Ok(overrides)
    }

    fn url(&self, place: &Place<'_>) -> Result<Url, ConfigError> {
        let text = place.text()?.replace("{region_name}", self.region.as_deref().unwrap_or_default());
        place.parse_url(&text, HTTP)
    }
}
