//! Servers with their volumes and ports, as the project's own user makes them.

use super::requests::Client;
use super::{Estate, EstateError, Ground, Project, Servers, alike};
use crate::cloud::ServiceKind::{self, BlockStorage, Compute, Network};
use crate::cloud::Site;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// So much of the world's time is given to what was begun before it is looked at again, and so often.
const STEP: Duration = Duration::from_secs(5);
const STEPS: u32 = 200;

/// Builds the servers of a site; tells how many of them by no request. Of more than `most` that are alike, the others are made
/// after the first ones.
pub(super) fn build(
    estate: &Estate,
    ground: &Ground<'_>,
    is_first: bool,
    most: u32,
) -> Result<usize, EstateError> {
    let mut after_others = 0;
    for project in &estate.projects {
        let here: Vec<&Servers> = project
            .servers
            .iter()
            .filter(|servers| servers.site.as_ref().map_or(is_first, |site| *site == ground.site.name))
            .collect();
        if here.is_empty() {
            continue;
        }
        let builder = Builder::new(project, ground)?;
        for some in here.chunk_by(|one, other| one.count.max(other.count) <= most) {
            match some {
                [many] if many.count > most => after_others += alike::build(&builder, many)?,
                some => builder
                    .build(some.iter().flat_map(|like| {
                        (1..=like.count).map(move |number| (like.name_of(number), *like))
                    }))?,
            }
        }
    }
    Ok(after_others)
}

/// A server that is going to be made, and its volumes.
struct Planned<'s> {
    name: String,
    like: &'s Servers,
    volumes: Vec<String>,
}

/// Makes servers by requests.
#[derive(Debug)]
pub(super) struct Builder<'g> {
    ground: &'g Ground<'g>,
    client: Client<'g>,
    flavors: BTreeMap<String, String>,
    networks: BTreeMap<String, String>,
}

impl<'g> Builder<'g> {
    fn new(project: &Project, ground: &'g Ground<'g>) -> Result<Self, EstateError> {
        let user = project.users.iter().find(|user| !user.roles.is_empty()).ok_or_else(|| {
            let what = format!("project {:?} has servers, and no user with a role", project.name);
            EstateError::Refused { site: ground.site.name.clone(), what }
        })?;
        let password = user.password.as_deref().unwrap_or(ground.password);
        let client = Client::sign_in(ground, &user.name, password, &project.name)?;
        Ok(Self {
            ground,
            flavors: client.by_name(Compute, "/v2.1/flavors", "flavors")?,
            networks: client.by_name(Network, "/v2.0/networks", "networks")?,
            client,
        })
    }

    fn refused(&self, what: String) -> EstateError {
        EstateError::Refused { site: self.ground.site.name.clone(), what }
    }

    pub(super) fn site(&self) -> &Site {
        self.ground.site
    }

    /// Makes one server.
    pub(super) fn build_one(&self, name: &str, like: &Servers) -> Result<(), EstateError> {
        self.build(std::iter::once((name.to_owned(), like)))
    }

    /// Makes those of these numbers.
    pub(super) fn build_all(
        &self,
        like: &Servers,
        numbers: std::ops::RangeInclusive<u32>,
    ) -> Result<(), EstateError> {
        self.build(numbers.map(|number| (like.name_of(number), like)))
    }

    fn build<'s>(&self, servers: impl Iterator<Item = (String, &'s Servers)>) -> Result<(), EstateError> {
        let mut planned = Vec::new();
        for (name, like) in servers {
            let volumes = self.volumes(&name, like)?;
            planned.push(Planned { name, like, volumes });
        }
        let volumes = planned.iter().flat_map(|server| server.volumes.iter().cloned()).collect();
        self.settled(BlockStorage, "/v3/volumes", "volume", volumes, "creating")?;
        let servers = planned.iter().map(|server| self.server(server)).collect::<Result<_, _>>()?;
        self.settled(Compute, "/v2.1/servers", "server", servers, "BUILD")
    }

    /// Makes the volumes of a server; the first is the one that it boots from.
    fn volumes(&self, server: &str, like: &Servers) -> Result<Vec<String>, EstateError> {
        let mut made = Vec::new();
        for volume in &like.volumes {
            let mut fields = json!({"name": format!("{server}-{}", volume.name), "size": volume.size});
            if let (Some(fields), Some(kind)) = (fields.as_object_mut(), &volume.volume_type) {
                fields.insert("volume_type".to_owned(), json!(kind));
            }
            let id = self.client.made(BlockStorage, "/v3/volumes", "volume", &fields)?;
            made.push(id);
        }
        Ok(made)
    }

    fn server(&self, server: &Planned<'_>) -> Result<String, EstateError> {
        let Planned { name, like, volumes } = server;
        let flavor = self
            .flavors
            .get(&like.flavor)
            .ok_or_else(|| self.refused(format!("there is no flavor {:?}", like.flavor)))?;
        if let Some(root) = volumes.first() {
            let path = format!("/v3/volumes/{root}/action");
            self.client.post(BlockStorage, &path, &json!({"os-set_bootable": {"bootable": true}}))?;
        }
        let devices: Vec<Value> = volumes
            .iter()
            .enumerate()
            .map(|(index, id)| {
                json!({
                    "uuid": id, "source_type": "volume", "destination_type": "volume",
                    "boot_index": if index == 0 { 0 } else { -1 }, "delete_on_termination": false,
                })
            })
            .collect();
        let networks = like
            .networks
            .iter()
            .map(|network| {
                let known = self.networks.get(network);
                let id = known.ok_or_else(|| self.refused(format!("there is no network {network:?}")))?;
                Ok(json!({"uuid": id}))
            })
            .collect::<Result<Vec<_>, EstateError>>()?;
        let networks = if networks.is_empty() { json!("none") } else { json!(networks) };
        let mut fields = json!({
            "name": name, "flavorRef": flavor, "block_device_mapping_v2": devices, "networks": networks,
            "metadata": like.metadata,
        });
        if let (Some(fields), false) = (fields.as_object_mut(), like.security_groups.is_empty()) {
            let groups: Vec<Value> = like.security_groups.iter().map(|name| json!({"name": name})).collect();
            fields.insert("security_groups".to_owned(), json!(groups));
        }
        self.client.made(Compute, "/v2.1/servers", "server", &fields)
    }

    /// Lets time pass until nothing of what was made is in a state any more; what failed meanwhile is told.
    fn settled(
        &self,
        kind: ServiceKind,
        path: &str,
        name: &str,
        mut made: Vec<String>,
        state: &str,
    ) -> Result<(), EstateError> {
        let text =
            |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        for _ in 0..STEPS {
            if made.is_empty() {
                return Ok(());
            }
            self.ground.site.world.advance(STEP)?;
            let mut unsettled = Vec::new();
            for id in made {
                let answer = self.client.get(kind, &format!("{path}/{id}"))?;
                let item = answer.get(name).cloned().unwrap_or_default();
                let status = text(&item, "status");
                if status.eq_ignore_ascii_case("error") {
                    let what = item.get("fault").map(ToString::to_string).unwrap_or_default();
                    return Err(self.refused(format!("{} is broken {what}", text(&item, "name"))));
                }
                if status == state {
                    unsettled.push(id);
                }
            }
            made = unsettled;
        }
        Err(self.refused(format!("{} of kind {name} do not leave the state {state:?}", made.len())))
    }
}
