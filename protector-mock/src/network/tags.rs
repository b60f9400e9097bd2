//! Tags of resources.
// neutron/extensions/tagging.py and neutron/services/tag/tag_plugin.py, 2026.2

use super::floating_ips::{FLOATING_IP, FloatingIp};
use super::networks::{self, Network};
use super::ports::{self, Port};
use super::routers::{self, Router};
use super::security_groups::{self, SecurityGroup};
use super::standard::Standard;
use super::subnets::{self, Subnet};
use super::{faults, policy};
use crate::cloud::{Call, Fault, Reply, Route, python};
use crate::world::{Record, WorldError};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const MOST: usize = 50;
const LONGEST: usize = 255;

/// Something that has tags.
trait Tagged: Record {
    fn standard(&mut self) -> &mut Standard;
    fn owner(&self) -> &str;
}

macro_rules! tagged {
    ($($record:ty),*) => { $(
        impl Tagged for $record {
            fn standard(&mut self) -> &mut Standard {
                &mut self.standard
            }

            fn owner(&self) -> &str {
                &self.project_id
            }
        }
    )* };
}

tagged!(Network, Subnet, Port, SecurityGroup, Router, FloatingIp);

macro_rules! routes {
    ($($collection:literal, $name:literal, $record:ty;)*) => {
        &[$(
            Route::new(Method::GET, concat!("/v2.0/", $collection, "/{", $name, "}/tags"), list::<$record>),
            Route::new(Method::POST, concat!("/v2.0/", $collection, "/{", $name, "}/tags"), add::<$record>),
            Route::new(Method::PUT, concat!("/v2.0/", $collection, "/{", $name, "}/tags"), replace::<$record>),
            Route::new(Method::DELETE, concat!("/v2.0/", $collection, "/{", $name, "}/tags"), clear::<$record>),
            Route::new(Method::GET, concat!("/v2.0/", $collection, "/{", $name, "}/tags/{tag}"), show::<$record>),
            Route::new(Method::PUT, concat!("/v2.0/", $collection, "/{", $name, "}/tags/{tag}"), put::<$record>),
            Route::new(Method::DELETE, concat!("/v2.0/", $collection, "/{", $name, "}/tags/{tag}"), remove::<$record>),
        )*]
    };
}

pub(super) const ROUTES: &[Route] = routes! {
    "networks", "network", Network;
    "subnets", "subnet", Subnet;
    "ports", "port", Port;
    "security-groups", "security_group", SecurityGroup;
    "routers", "router", Router;
    "floatingips", "floatingip", FloatingIp;
};

/// What the path names, if the caller sees it.
trait Named: Tagged + Sized {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault>;
}

impl Named for Network {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        networks::find(call, call.parameter("network"))
    }
}

impl Named for Subnet {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        Ok(subnets::find(call, call.parameter("subnet"))?.0)
    }
}

impl Named for Port {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        ports::find(call.transaction, &call.site.name, &call.caller, call.parameter("port"))
    }
}

impl Named for SecurityGroup {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        security_groups::find(
            call.transaction,
            &call.site.name,
            &call.caller,
            call.parameter("security_group"),
        )
    }
}

impl Named for Router {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        routers::find(call.transaction, &call.site.name, &call.caller, call.parameter("router"))
    }
}

impl Named for FloatingIp {
    fn named(call: &Call<'_, '_>) -> Result<Self, Fault> {
        let id = call.parameter("floatingip");
        let floating: Option<Self> = call.transaction.get(&call.site.name, id)?;
        floating
            .filter(|floating| policy::may_see(&call.caller, &floating.project_id))
            .ok_or_else(|| FLOATING_IP.missing(id))
    }
}

fn own<T: Named>(call: &Call<'_, '_>, action: &str) -> Result<T, Fault> {
    let named = T::named(call)?;
    policy::require(policy::may_change(&call.caller, named.owner()), &format!("{action}:tags"))?;
    Ok(named)
}

fn store<T: Named>(call: &mut Call<'_, '_>, mut named: T, tags: Vec<String>) -> Result<Reply, WorldError> {
    let scope = call.scope();
    let now = call.transaction.now();
    let standard = named.standard();
    let before = standard.tags.clone();
    standard.set_tags(tags);
    if standard.tags != before {
        standard.touch(now);
    }
    let tags = standard.tags.clone();
    call.transaction.put(&scope, &named)?;
    Ok(Reply::ok(json!({ "tags": tags })))
}

fn refuse_long(tag: &str) -> Result<(), Fault> {
    if tag.chars().count() > LONGEST {
        return Err(faults::invalid_input(format!("'{tag}' exceeds maximum length of {LONGEST}")));
    }
    Ok(())
}

fn refuse_many(tags: &[String]) -> Result<(), Fault> {
    let mut distinct: Vec<&String> = tags.iter().collect();
    distinct.sort();
    distinct.dedup();
    if distinct.len() > MOST {
        let message = format!("The number of tags exceed the per-resource limit of {MOST}");
        return Err(faults::bad_request("tags", message));
    }
    Ok(())
}

fn given(call: &Call<'_, '_>) -> Result<Vec<String>, Fault> {
    let Some(tags) = call.body.get("tags") else { return Err(faults::invalid_input("Invalid tags body")) };
    let Some(items) = tags.as_array() else {
        return Err(faults::invalid_input(format!("'{}' is not a list", python::str(tags))));
    };
    let mut checked: Vec<String> = Vec::new();
    for item in items {
        let Some(tag) = item.as_str() else {
            return Err(faults::invalid_input(format!("'{}' is not a valid string", python::str(item))));
        };
        if checked.iter().any(|known| known == tag) {
            return Err(faults::invalid_input(format!("Duplicate items in the list: '{tag}'")));
        }
        refuse_long(tag)?;
        checked.push(tag.to_owned());
    }
    refuse_many(&checked)?;
    Ok(checked)
}

fn list<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut named = T::named(call)?;
    Ok(Reply::ok(json!({ "tags": named.standard().tags })))
}

fn not_tagged(tag: &str) -> Fault {
    faults::not_found("TagNotFound", format!("Tag {tag} could not be found."))
}

fn show<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut named = T::named(call)?;
    let tag = call.parameter("tag");
    let has = named.standard().tags.iter().any(|known| known == tag);
    if has { Ok(Reply::empty(StatusCode::NO_CONTENT)) } else { Err(not_tagged(tag)) }
}

fn add<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut named: T = own(call, "create")?;
    let mut tags = given(call)?;
    tags.extend(named.standard().tags.clone());
    refuse_many(&tags)?;
    let mut reply = store(call, named, tags)?;
    reply.status = StatusCode::CREATED;
    Ok(reply)
}

fn replace<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let named: T = own(call, "update")?;
    let tags = given(call)?;
    Ok(store(call, named, tags)?)
}

fn clear<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let named: T = own(call, "delete")?;
    store(call, named, Vec::new())?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn put<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut named: T = own(call, "update")?;
    let tag = call.parameter("tag").to_owned();
    refuse_long(&tag)?;
    let mut tags = named.standard().tags.clone();
    tags.push(tag);
    refuse_many(&tags)?;
    store(call, named, tags)?;
    // No body: the method of the plugin returns nothing, and the resource layer writes that as `null`.
    Ok(Reply::with(StatusCode::CREATED, Value::Null))
}

fn remove<T: Named>(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut named: T = own(call, "delete")?;
    let tag = call.parameter("tag").to_owned();
    let mut tags = named.standard().tags.clone();
    let before = tags.len();
    tags.retain(|known| *known != tag);
    if tags.len() == before {
        return Err(not_tagged(&tag));
    }
    store(call, named, tags)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
