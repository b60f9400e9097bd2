//! `keystone/api/regions.py`.

use super::Endpoint;
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply};
use crate::identity::wire;
use crate::world::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Its id, which is its name.
    pub id: String,
    /// What it is.
    pub description: String,
    /// Id of the region that it is part of.
    pub parent: Option<String>,
    /// What else was said of it.
    pub extra: Map<String, Value>,
}

impl Record for Region {
    const KIND: &'static str = "identity.region";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Region {
    fn view(&self) -> Value {
        let known = json!({"id": self.id, "description": self.description, "parent_region_id": self.parent});
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "description" => value.as_str().unwrap_or_default().clone_into(&mut self.description),
                "parent_region_id" => self.parent = value.as_str().map(str::to_owned),
                "id" | "links" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

static BODY: Object = Object::closed(&[Field::required("region", Shape::Object(&FIELDS))]);
static FIELDS: Object = Object::open(&[
    Field::optional("id", Shape::Text { least: 0, most: 255 }),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("parent_region_id", Shape::TEXT_OR_NULL),
]);

fn existing(call: &Call<'_, '_>) -> Result<Region, Fault> {
    let id = call.parameter("region_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("region", id))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let regions: Vec<Region> = call.transaction.list(&call.site.name)?;
    Ok(wire::collection(call, "regions", "regions", regions.iter().map(Region::view).collect()))
}

pub(super) fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let region = existing(call)?;
    Ok(Reply::ok(wire::member(call, "region", "regions", region.view())))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_region", call.caller.is_admin())?;
    let fields = wire::body(call, "region", &BODY)?.clone();
    let named = [call.parameter("region_id").to_owned(), wire::text(&fields, "id").unwrap_or_default()];
    let id = match named.into_iter().find(|id| !id.is_empty()) {
        Some(id) => id,
        None => wire::new_id(call.transaction)?,
    };
    let site = call.site.name.as_str();
    if call.transaction.get::<Region>(site, &id)?.is_some() {
        return Err(wire::conflict("region", &format!("Duplicate ID, {id}")));
    }
    let mut region = Region { id, description: String::new(), parent: None, extra: Map::new() };
    region.change(&fields);
    known_parent(call, &region)?;
    call.transaction.put(site, &region)?;
    Ok(Reply::created(wire::member(call, "region", "regions", region.view())))
}

fn known_parent(call: &Call<'_, '_>, region: &Region) -> Result<(), Fault> {
    let Some(parent) = &region.parent else { return Ok(()) };
    match call.transaction.get::<Region>(&call.site.name, parent)? {
        Some(_) if *parent != region.id => Ok(()),
        Some(_) => Err(Fault::bad_request(format!(
            "The specified parent region {parent} would create a circular region hierarchy."
        ))),
        None => Err(wire::not_found("region", parent)),
    }
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_region", call.caller.is_admin())?;
    let fields = wire::body(call, "region", &BODY)?.clone();
    let mut region = existing(call)?;
    region.change(&fields);
    known_parent(call, &region)?;
    call.transaction.put(&call.site.name, &region)?;
    Ok(Reply::ok(wire::member(call, "region", "regions", region.view())))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_region", call.caller.is_admin())?;
    let region = existing(call)?;
    let site = call.site.name.as_str();
    if !call.transaction.find::<Endpoint>(site, "region", &region.id)?.is_empty() {
        return Err(Fault::forbidden(format!(
            "Unable to delete region {} because it or its child regions have associated endpoints.",
            region.id
        )));
    }
    call.transaction.remove::<Region>(site, &region.id)?;
    Ok(wire::done())
}
