use crate::id::ProjectId;
use crate::openstack::{ApiRequest, Error, Service, Session, list};
use crate::transport::Context;
use futures::Stream;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An image.
// glance/api/v2/images.py (get_base_properties, ResponseSerializer), 2026.2
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name; not unique.
    pub name: Option<String>,
    /// `active` if it can be used; `queued`, `saving`, `deactivated`, …
    pub status: String,
    /// `public`, `private`, `shared`, `community`.
    pub visibility: String,
    /// The project it belongs to.
    pub owner: Option<ProjectId>,
    /// Whether it is hidden from lists.
    #[serde(default)]
    pub os_hidden: bool,
    /// Whether it cannot be deleted.
    #[serde(default)]
    pub protected: bool,
    /// Its file's size, bytes.
    pub size: Option<u64>,
    /// Its disk's size, bytes.
    pub virtual_size: Option<u64>,
    /// The smallest disk it boots from, GiB.
    #[serde(default)]
    pub min_disk: u64,
    /// The least memory it boots with, MiB.
    #[serde(default)]
    pub min_ram: u64,
    /// `raw`, `qcow2`, …
    pub disk_format: Option<String>,
    /// `bare`, …
    pub container_format: Option<String>,
    /// What its file is hashed with, `sha512`.
    pub os_hash_algo: Option<String>,
    /// Its file's hash, hexadecimal.
    pub os_hash_value: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its further properties: `hw_disk_bus`, `os_type`, …
    #[serde(flatten, deserialize_with = "properties")]
    pub properties: BTreeMap<String, String>,
}

/// The attributes of every image that [`Image`] has no field for.
const OTHER_ATTRIBUTES: [&str; 9] =
    ["checksum", "created_at", "updated_at", "direct_url", "locations", "self", "file", "schema", "stores"];

// An image's own properties stand among its attributes; their values are always text.
fn properties<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let rest = BTreeMap::<String, Value>::deserialize(deserializer)?;
    Ok(rest
        .into_iter()
        .filter(|(key, _)| !OTHER_ATTRIBUTES.contains(&key.as_str()))
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key, text)),
            _ => None,
        })
        .collect())
}

/// Which images to list: those that match all that is given. Without `visibility` these are the project's own, public
/// ones, and shared ones that the project has accepted.
// glance/api/v2/images.py (RequestDeserializer.index), 2026.2
#[derive(Debug, Clone, Default)]
pub struct ImageQuery {
    /// Those with exactly this name.
    pub name: Option<String>,
    /// Those in this status.
    pub status: Option<String>,
    /// Those of this visibility; `all`: every one.
    pub visibility: Option<String>,
    /// Those of this project.
    pub owner: Option<ProjectId>,
    /// Those that carry all these tags.
    pub tags: Vec<String>,
    /// Hidden ones instead of the others.
    pub hidden: bool,
}

/// The images that the session's project sees.
#[derive(Debug, Clone)]
pub struct Images {
    session: Session,
}

impl Images {
    /// The images that `session`'s project sees.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists images.
    pub fn list<'a>(
        &'a self,
        context: &'a Context,
        query: &ImageQuery,
    ) -> impl Stream<Item = Result<Image, Error>> + Send + 'a {
        let mut request = ApiRequest::get(Service::Image, "images", "list images");
        // glance/common/utils.py (split_filter_op): what stands before a colon is taken for an operator
        let name = query
            .name
            .as_deref()
            .map(|name| if name.contains(':') { format!("eq:{name}") } else { name.to_owned() });
        for (key, value) in [
            ("name", name.as_deref()),
            ("status", query.status.as_deref()),
            ("visibility", query.visibility.as_deref()),
            ("owner", query.owner.as_ref().map(ProjectId::as_str)),
            ("os_hidden", query.hidden.then_some("true")),
        ] {
            if let Some(value) = value {
                request = request.query(key, value);
            }
        }
        for tag in &query.tags {
            request = request.query("tag", tag);
        }
        list(&self.session, context, request, "images")
    }

    /// Reads an image.
    ///
    /// # Errors
    /// `NotFound`, or the call failed.
    pub async fn get(&self, context: &Context, id: &str) -> Result<Image, Error> {
        let request = ApiRequest::get(Service::Image, "images", format!("read image {id}")).segment(id);
        self.session.fetch(context, &request).await
    }
}

#[cfg(test)]
mod tests;
