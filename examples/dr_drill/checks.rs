//! What has to hold after each move, told by the services and arrays alone.

use crate::application;
use crate::cloud::Cloud;
use crate::guests::Guests;
use crate::machines::{self, Machine, Machines};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// One thing that was compared.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// After which move.
    pub(crate) after: &'static str,
    /// Of what.
    pub(crate) of: String,
    /// What was compared.
    pub(crate) compared: &'static str,
    /// Whether it is as it has to be.
    pub(crate) held: bool,
    /// What was found, or what is wrong.
    pub(crate) found: String,
}

/// Where a group of VMs has to be, and what it was at first.
pub(crate) struct Expected<'a> {
    pub(crate) after: &'static str,
    /// Where they have to run.
    pub(crate) here: &'a Cloud,
    /// Where they ran before.
    pub(crate) there: &'a Cloud,
    /// What they were at first.
    pub(crate) original: &'a Machines,
    pub(crate) guests: &'a Guests,
}

impl Check {
    pub(crate) fn new(
        after: &'static str,
        of: &str,
        compared: &'static str,
        found: std::result::Result<String, String>,
    ) -> Self {
        let held = found.is_ok();
        let (Ok(found) | Err(found)) = found;
        Self { after, of: of.to_owned(), compared, held, found }
    }
}

/// After a move: everything runs here, is what it was, holds what was written last, and is stopped there.
pub(crate) async fn moved(expected: &Expected<'_>, home: bool) -> Result<Vec<Check>> {
    let (here, there) = (machines::read(expected.here).await?, machines::read(expected.there).await?);
    let mut checks = Vec::new();
    for name in application::names() {
        let mut check = |compared, found| checks.push(Check::new(expected.after, &name, compared, found));
        let Some(original) = expected.original.get(&name) else { continue };
        let Some(machine) = here.get(&name) else {
            let status = there.get(&name).map_or("not there", |machine| machine.status.as_str());
            let (here, there) = (expected.here.site, expected.there.site);
            check("VM", Err(format!("there is none at {here}; at {there} it is {status}")));
            continue;
        };
        check("VM", runs(expected, machine, there.get(&name)));
        check("data", expected.guests.compare(expected.here, &name, machine).await?);
        check("network", interfaces(original, machine));
        check("identity", identity(original, machine));
        if home {
            check("ids", ids(original, machine));
        }
    }
    Ok(checks)
}

/// After the end of the protection: the originals run, without a mark, and nothing is left at the other site.
pub(crate) async fn released(expected: &Expected<'_>) -> Result<Vec<Check>> {
    let mut checks = moved(expected, true).await?;
    let machines = machines::read(expected.here).await?;
    let marked: Vec<&str> =
        machines.iter().filter(|(_, machine)| machine.marked).map(|(name, _)| name.as_str()).collect();
    let found = if marked.is_empty() {
        Ok(format!("no mark of protector's on any VM of {}", expected.here.site))
    } else {
        Err(format!("protector's marks are still on {}", marked.join(", ")))
    };
    checks.push(Check::new(expected.after, "application", "marks", found));
    let left = machines::left(expected.there).await?;
    let found = if left.is_empty() {
        Ok(format!("no server, volume, port or group at {}", expected.there.site))
    } else {
        Err(format!("{} still has {}", expected.there.site, left.join(", ")))
    };
    checks.push(Check::new(expected.after, "application", "other site", found));
    Ok(checks)
}

fn runs(
    expected: &Expected<'_>,
    here: &Machine,
    there: Option<&Machine>,
) -> std::result::Result<String, String> {
    if here.status != "ACTIVE" {
        return Err(format!("it is {} at {}", here.status, expected.here.site));
    }
    match there {
        Some(there) if there.status != "SHUTOFF" => {
            Err(format!("it is {} at {}, too", there.status, expected.there.site))
        }
        Some(_) => Ok(format!("runs at {}, stopped at {}", expected.here.site, expected.there.site)),
        None => Ok(format!("runs at {}", expected.here.site)),
    }
}

/// What of `was` is something else now.
fn changed(
    label: &str,
    was: &BTreeMap<&'static str, String>,
    is: &BTreeMap<&'static str, String>,
) -> Vec<String> {
    was.iter()
        .filter_map(|(name, was)| {
            let is = is.get(name).map_or("", String::as_str);
            (was != is).then(|| format!("{label}{name} was {was:?} and is {is:?}"))
        })
        .collect()
}

fn interfaces(original: &Machine, machine: &Machine) -> std::result::Result<String, String> {
    let (was, is) = (&original.interfaces, &machine.interfaces);
    if was.len() != is.len() {
        return Err(format!("{} ports instead of {}", is.len(), was.len()));
    }
    let wrong: Vec<String> = was
        .iter()
        .zip(is)
        .enumerate()
        .flat_map(|(number, (was, is))| changed(&format!("port {number}: "), &was.identity, &is.identity))
        .collect();
    if wrong.is_empty() {
        let macs: Vec<&str> =
            is.iter().filter_map(|interface| interface.identity.get("MAC")).map(String::as_str).collect();
        Ok(format!("{} with addresses, networks and security groups", macs.join(", ")))
    } else {
        Err(wrong.join("; "))
    }
}

fn identity(original: &Machine, machine: &Machine) -> std::result::Result<String, String> {
    let mut wrong = changed("", &original.identity, &machine.identity);
    for (number, (was, is)) in original.disks.iter().zip(&machine.disks).enumerate() {
        wrong.extend(changed(&format!("disk {number}: "), &was.identity, &is.identity));
    }
    if wrong.is_empty() {
        let flavor = machine.identity.get("flavor").map_or("", String::as_str);
        Ok(format!("name, {flavor}, keypair, description, metadata; names, sizes and types of disks"))
    } else {
        Err(wrong.join("; "))
    }
}

/// The original servers, volumes and ports are used again.
fn ids(original: &Machine, machine: &Machine) -> std::result::Result<String, String> {
    let all = |machine: &Machine| {
        let disks = machine.disks.iter().map(|disk| disk.volume.clone());
        let ports = machine.interfaces.iter().map(|interface| interface.port.clone());
        [machine.id.clone()].into_iter().chain(disks).chain(ports).collect::<Vec<_>>()
    };
    let (was, is) = (all(original), all(machine));
    if was == is {
        Ok(format!("server {} with its volumes and ports", machine.id))
    } else {
        Err(format!("{} became {}", was.join(" "), is.join(" ")))
    }
}
