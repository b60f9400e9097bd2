use super::{Check, CheckKind, ImportedVolume, QuotaSeen, SiteObservation};

/// Volumes named one by one; of more their number.
const NAMED: usize = 10;

impl SiteObservation {
    pub(super) fn check_quotas(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for (service, seen) in &self.quotas {
            match seen {
                Ok(quotas) => checks.extend(quotas.iter().map(|seen| quota(service, seen))),
                Err(unseen) => {
                    checks.push(Check::unseen(CheckKind::Quota, format!("quotas of {service}"), unseen));
                }
            }
        }
        checks
    }

    pub(super) fn check_group_types(&self) -> Vec<Check> {
        let kind = CheckKind::GroupType;
        let types = match &self.group_types {
            Ok(types) => types,
            Err(unseen) => return vec![Check::unseen(kind, "group types", unseen)],
        };
        let make = "have an administrator make one with consistent_group_snapshot_enabled and \
                    consistent_group_replication_enabled set to '<is> True'";
        let check = match &self.wanted_group_type {
            Some(name) => {
                let subject = format!("group type {name}");
                match types.iter().find(|found| found.name == *name).map(|found| found.replicated) {
                    Some(Some(true)) => Check::ok(kind, subject, "it is there, consistent and replicated"),
                    Some(None) => Check::warning(
                        kind,
                        subject,
                        "it is there; the credential's roles may not see whether it is consistent and replicated",
                        "have an administrator look at its specs",
                    ),
                    Some(Some(false)) => Check::failed(
                        kind,
                        subject,
                        "it is there, and not both consistent and replicated",
                        make,
                    ),
                    None => Check::failed(
                        kind,
                        subject,
                        "it is not there",
                        "have an administrator make it, or name another in protector.yaml (defaults.group_type)",
                    ),
                }
            }
            None => match types.iter().find(|found| found.replicated == Some(true)) {
                Some(found) => {
                    let seen = format!("{} is consistent and replicated", found.name);
                    Check::ok(kind, "group types", seen)
                }
                None if types.iter().any(|found| found.replicated.is_none()) => Check::failed(
                    kind,
                    "group types",
                    "the credential's roles may not see which one is consistent and replicated",
                    "name it in protector.yaml (defaults.group_type)",
                ),
                None => {
                    let seen = format!("none of {} is consistent and replicated", types.len());
                    Check::failed(kind, "group types", seen, make)
                }
            },
        };
        vec![check]
    }

    /// A volume that Cinder took over lacks the mark that compute hosts name a lock by. On those that need the lock it
    /// cannot be attached; what tools a host has no API tells.
    // os_brick/initiator/utils.py (guard_connection), nova/volume/cinder.py, cinder/api/v3/views/volumes.py, 2026.2
    pub(super) fn check_imported_volumes(&self) -> Vec<Check> {
        let (kind, subject) = (CheckKind::ImportedVolumes, "imported volumes");
        let imported = match &self.imported {
            Ok(imported) => imported,
            Err(unseen) => return vec![Check::unseen(kind, subject, unseen)],
        };
        let (everywhere, on_some): (Vec<_>, Vec<_>) = imported.iter().partition(|volume| volume.everywhere);
        let mut checks = Vec::new();
        if !everywhere.is_empty() {
            checks.push(Check::failed(
                kind,
                subject,
                format!(
                    "they have no service_uuid and shared_targets unset: no host can attach {}",
                    names(&everywhere)
                ),
                "copy them to volumes that Cinder makes",
            ));
        }
        if !on_some.is_empty() {
            checks.push(Check::warning(
                kind,
                subject,
                format!(
                    "they have no service_uuid: a compute host whose iscsiadm is missing or older than manual scans cannot \
                     attach {}",
                    names(&on_some)
                ),
                "see that every compute host has open-iscsi with `node.session.scan` installed; it need not run",
            ));
        }
        if checks.is_empty() {
            let seen = "no volume of the project lacks its service_uuid; whether the compute hosts have iscsiadm is not seen \
                        from here";
            checks.push(Check::ok(kind, subject, seen));
        }
        checks
    }
}

fn quota(service: &str, seen: &QuotaSeen) -> Check {
    let QuotaSeen { kind, limit, used, needed } = seen;
    let subject = format!("quota {kind} of {service}");
    let wanted =
        if *needed > 0 { format!("; groups that may come here need {needed} more") } else { String::new() };
    let Some(limit) = limit else {
        return Check::ok(CheckKind::Quota, subject, format!("without limit, {used} are used{wanted}"));
    };
    let free = limit.saturating_sub(*used);
    let told = format!("{free} are free of {limit}{wanted}");
    let remedy = "raise the quota of the project, or free what is not needed";
    if *needed > free {
        Check::failed(CheckKind::Quota, subject, told, remedy)
    } else if free == 0 {
        Check::warning(CheckKind::Quota, subject, told, remedy)
    } else {
        Check::ok(CheckKind::Quota, subject, told)
    }
}

fn names(volumes: &[&ImportedVolume]) -> String {
    let more = volumes.len().saturating_sub(NAMED);
    let named = volumes.iter().take(NAMED).map(|volume| volume.name.as_str()).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}
