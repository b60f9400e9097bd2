use super::SiteAccess;
use crate::domain::site_report::{
    ArrayAnswer, ArraySeen, BackendSeen, CredentialSeen, GroupTypeSeen, ImportedVolume, ProcessSeen,
    QuotaSeen, Seen, ServiceAnswer, ServiceSeen, SiteObservation, Unseen,
};
use crate::driver::StorageDriver;
use crate::error::{Code, Coded, chain};
use crate::id::{ArrayName, ProjectId};
use crate::openstack::block_storage::{self, Volume, VolumeQuery, VolumeService};
use crate::openstack::compute::{self, ComputeService};
use crate::openstack::{ApiRequest, Error, Microversion, Service};
use crate::transport::Context;
use futures::future::join_all;
use futures::{TryStreamExt, join};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// How long one look may take.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// How much more the groups need that may come to a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SiteNeeds {
    /// Servers.
    pub instances: u64,
    /// Their processors.
    pub cores: u64,
    /// Their memory, MiB.
    pub memory: u64,
    /// Ports.
    pub ports: u64,
}

/// Looks at a site, and at the other one's arrays, all at the same time. Whatever is dead is so in the answer, after ten
/// seconds, or twenty where it is Keystone that tells where the others are.
pub async fn observe(
    access: &SiteAccess,
    other: &SiteAccess,
    context: &Context,
    needs: &SiteNeeds,
    wanted_group_type: Option<&str>,
) -> SiteObservation {
    let (context, other_context) = (context.at_site(&access.site), context.at_site(&other.site));
    let (arrays, other_arrays, cloud) = join!(
        arrays(&access.arrays, &context),
        arrays(&other.arrays, &other_context),
        Box::pin(cloud(access, &context, needs))
    );
    SiteObservation {
        site: access.site.clone(),
        other_site: other.site.clone(),
        looked_at: context.clock().now(),
        services: cloud.services,
        credential: cloud.credential,
        volume_processes: cloud.volume_processes,
        compute_processes: cloud.compute_processes,
        backends: cloud.backends,
        arrays,
        other_arrays,
        quotas: cloud.quotas,
        group_types: cloud.group_types,
        wanted_group_type: wanted_group_type.map(str::to_owned),
        imported: cloud.imported,
    }
}

/// Whether a site's cloud lets protector in, and which of its arrays answer.
pub async fn reach(access: &SiteAccess, context: &Context) -> (Seen<()>, BTreeMap<ArrayName, Seen<()>>) {
    let context = context.at_site(&access.site);
    let session = access.cloud.session();
    let (cloud, arrays) = join!(
        async {
            let context = context.within(LOOK_TIME);
            look(&context, session.project(&context)).await.map(|_| ())
        },
        arrays(&access.arrays, &context)
    );
    let arrays = arrays.into_iter().map(|seen| (seen.name, seen.answer.map(|_| ()))).collect();
    (cloud, arrays)
}

/// What is seen of a cloud.
struct CloudSeen {
    services: Vec<ServiceSeen>,
    credential: Seen<CredentialSeen>,
    volume_processes: Seen<Vec<ProcessSeen>>,
    compute_processes: Seen<Vec<ProcessSeen>>,
    backends: Seen<Vec<BackendSeen>>,
    quotas: Vec<(&'static str, Seen<Vec<QuotaSeen>>)>,
    group_types: Seen<Vec<GroupTypeSeen>>,
    imported: Seen<Vec<ImportedVolume>>,
}

/// The services that are looked at, and the version whose shapes are known.
const SERVICES: [(Service, Option<Microversion>); 5] = [
    (Service::Identity, None),
    (Service::Compute, Some(compute::MICROVERSION)),
    (Service::BlockStorage, Some(block_storage::MICROVERSION)),
    (Service::Network, None),
    (Service::Image, None),
];

async fn cloud(access: &SiteAccess, context: &Context, needs: &SiteNeeds) -> CloudSeen {
    let session = access.cloud.session();
    let signing_in = context.within(LOOK_TIME);
    // The catalog comes with the token: without it no service can be looked for.
    let project = match look(&signing_in, session.project(&signing_in)).await {
        Ok(project) => project,
        Err(unseen) => return locked_out(&unseen),
    };
    let context = &context.within(LOOK_TIME);
    let cloud = &access.cloud;
    let credential = async {
        let (user, roles) =
            (look(context, session.user(context)).await?, look(context, session.roles(context)).await?);
        let named = look(context, cloud.projects().own(context)).await;
        let project_name = named.ok().map(|project| project.name);
        Ok(CredentialSeen { project: project.to_string(), project_name, user, roles })
    };
    let services =
        join_all(SERVICES.map(|(service, needed)| service_seen(access, context, &project, service, needed)));
    let (volume_services, compute_services) = (cloud.volume_services(), cloud.compute_services());
    let (pools, group_types, volumes) = (cloud.pools(), cloud.group_types(), cloud.volumes());
    let everything = VolumeQuery::default();
    let (services, credential, volume_processes, compute_processes, backends, quotas, group_types, imported) = join!(
        services,
        credential,
        look(context, volume_services.list(context, None)),
        look(context, compute_services.list(context, None)),
        look(context, pools.list(context)),
        quotas(access, context, &project, needs),
        look(context, group_types.list(context).try_collect::<Vec<_>>()),
        look(context, volumes.list(context, &everything).try_collect::<Vec<_>>()),
    );
    CloudSeen {
        services,
        credential,
        volume_processes: volume_processes.map(|list| list.into_iter().map(volume_process).collect()),
        compute_processes: compute_processes.map(|list| list.into_iter().map(compute_process).collect()),
        backends: backends.map(|pools| {
            let seen = pools.into_iter().map(|pool| BackendSeen {
                name: pool.name,
                up: pool.capabilities.backend_state.map(|state| state == "up"),
                replicates: pool.capabilities.replication_enabled,
                targets: pool.capabilities.replication_targets,
                consistent: pool.capabilities.consistent_group_snapshot_enabled,
            });
            seen.collect()
        }),
        quotas,
        group_types: group_types.map(|types| {
            let seen = types
                .into_iter()
                .map(|found| GroupTypeSeen { replicated: found.is_replicated(), name: found.name });
            seen.collect()
        }),
        imported: imported.map(|volumes| volumes.into_iter().filter_map(imported_volume).collect()),
    }
}

/// What there is to say of a cloud that gave no token.
fn locked_out(unseen: &Unseen) -> CloudSeen {
    let others = || Unseen::Failed("it could not be looked for: signing in failed".to_owned());
    let services = SERVICES.map(|(service, _)| ServiceSeen {
        service: service.to_string(),
        needed: None,
        answer: Err(if service == Service::Identity { unseen.clone() } else { others() }),
    });
    CloudSeen {
        services: services.into(),
        credential: Err(unseen.clone()),
        volume_processes: Err(others()),
        compute_processes: Err(others()),
        backends: Err(others()),
        quotas: ["compute", "block-storage", "network"].map(|service| (service, Err(others()))).into(),
        group_types: Err(others()),
        imported: Err(others()),
    }
}

/// Asks a service for something small that the project may read.
async fn service_seen(
    access: &SiteAccess,
    context: &Context,
    project: &ProjectId,
    service: Service,
    needed: Option<Microversion>,
) -> ServiceSeen {
    let session = access.cloud.session();
    let request = |path| ApiRequest::get(service, path, format!("see whether {service} answers"));
    let request = match service {
        Service::Identity => request("projects").segment(project.as_str()),
        Service::Compute | Service::BlockStorage => request("limits"),
        Service::Network => request("quotas").segment(project.as_str()),
        Service::Image => request("images").query("limit", "1"),
    };
    let asked = async {
        let versions = match needed {
            Some(_) => Some(session.versions(context, service).await?),
            None => None,
        };
        let begun = context.clock().now();
        let answer = session.send(context, &request).await?;
        let ahead = answer.header("date").and_then(|date| ahead(date, begun, context.clock().now()));
        let text = |version: Microversion| (version.major, version.minor);
        let versions = versions.map(|(oldest, newest)| (text(oldest), text(newest)));
        Ok(ServiceAnswer { versions, ahead })
    };
    ServiceSeen {
        service: service.to_string(),
        needed: needed.map(|version| (version.major, version.minor)),
        answer: look(context, asked).await,
    }
}

/// How far the clock that wrote `date` is ahead of ours, which read `begun` before and `ended` after: nothing, if it may
/// have been the same.
fn ahead(date: &str, begun: Timestamp, ended: Timestamp) -> Option<SignedDuration> {
    let told = httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let told = Timestamp::UNIX_EPOCH.checked_add(told).ok()?;
    // The header has whole seconds: up to one more has passed.
    let latest = told.checked_add(SignedDuration::from_secs(1)).ok()?;
    Some(if told > ended {
        told.duration_since(ended)
    } else if latest < begun {
        latest.duration_since(begun)
    } else {
        SignedDuration::ZERO
    })
}

fn volume_process(service: VolumeService) -> ProcessSeen {
    let trouble = if service.backend_state.as_deref() == Some("down") {
        Some("does not reach its backend".to_owned())
    } else if let Some(backend) = service.active_backend_id.filter(|backend| !backend.is_empty()) {
        Some(format!("failed over as a whole to {backend}"))
    } else {
        service.frozen.then(|| "is frozen".to_owned())
    };
    ProcessSeen {
        binary: service.binary,
        host: service.host,
        up: service.state == "up",
        enabled: service.status == "enabled",
        trouble,
    }
}

fn compute_process(service: ComputeService) -> ProcessSeen {
    ProcessSeen {
        binary: service.binary,
        host: service.host,
        up: service.state.as_deref() == Some("up") && !service.forced_down,
        enabled: service.status == "enabled",
        trouble: None,
    }
}

/// A volume that Cinder took over from the backend and that compute hosts may have to lock.
fn imported_volume(volume: Volume) -> Option<ImportedVolume> {
    if volume.service_uuid.is_some() || volume.shared_targets == Some(false) {
        return None;
    }
    let name = volume.name.filter(|name| !name.is_empty()).unwrap_or_else(|| volume.id.to_string());
    Some(ImportedVolume { name, everywhere: volume.shared_targets.is_none() })
}

async fn quotas(
    access: &SiteAccess,
    context: &Context,
    project: &ProjectId,
    needs: &SiteNeeds,
) -> Vec<(&'static str, Seen<Vec<QuotaSeen>>)> {
    let (compute, volume, network) =
        (access.cloud.compute_limits(), access.cloud.volume_quotas(), access.cloud.network_quotas());
    let (compute, volume, network) = join!(
        look(context, compute.get(context)),
        look(context, volume.usage(context, project)),
        look(context, network.usage(context, project)),
    );
    let compute = compute.map(|limits| {
        vec![
            quota("instances", limits.max_instances, limits.instances_used, needs.instances),
            quota("cores", limits.max_cores, limits.cores_used, needs.cores),
            quota("ram (MiB)", limits.max_ram, limits.ram_used, needs.memory),
        ]
    });
    let volume = volume.map(|usage| {
        // Twins are made at protect: what is protected already needs no more.
        let of = |kind: &'static str| {
            usage
                .get(kind)
                .map(|usage| quota(kind, usage.limit, usage.in_use.saturating_add(usage.reserved), 0))
        };
        ["volumes", "gigabytes", "groups"].into_iter().filter_map(of).collect()
    });
    let network = network.map(|usage| {
        let ports = usage.get("port").map(|usage| QuotaSeen {
            kind: "ports",
            limit: u64::try_from(usage.limit).ok(),
            used: usage.used.saturating_add(usage.reserved),
            needed: needs.ports,
        });
        ports.into_iter().collect()
    });
    vec![("compute", compute), ("block-storage", volume), ("network", network)]
}

/// A negative limit is none.
fn quota(kind: &'static str, limit: i64, used: i64, needed: u64) -> QuotaSeen {
    QuotaSeen { kind, limit: u64::try_from(limit).ok(), used: u64::try_from(used).unwrap_or(0), needed }
}

async fn arrays(arrays: &BTreeMap<ArrayName, Arc<dyn StorageDriver>>, context: &Context) -> Vec<ArraySeen> {
    let context = &context.within(LOOK_TIME);
    let looks = arrays.iter().map(|(name, driver)| async move {
        let answer = match context.before_deadline(driver.describe(context)).await {
            Ok(Ok(found)) => Ok(ArrayAnswer {
                name: found.name,
                version: found.version,
                peers: found.peers.into_iter().map(|peer| (peer.name, peer.connected)).collect(),
            }),
            Ok(Err(error)) if matches!(error.code(), Code::Forbidden) => Err(Unseen::Forbidden),
            Ok(Err(error)) => Err(Unseen::Failed(chain(&error))),
            Err(_) => Err(no_answer()),
        };
        let can = driver.capabilities();
        let lacking = [
            (can.asynchronous, "asynchronous replication"),
            (can.overwrite, "overwriting volumes from a recovery point"),
            (can.marks, "marks on volumes"),
        ];
        let lacking = lacking.into_iter().filter(|(can, _)| !can).map(|(_, what)| what).collect();
        ArraySeen { name: name.clone(), lacking, answer }
    });
    join_all(looks).await
}

/// What a call gives within the context's deadline, or why it gives nothing.
async fn look<T>(context: &Context, call: impl Future<Output = Result<T, Error>>) -> Seen<T> {
    match context.before_deadline(call).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) if error.is_forbidden() => Err(Unseen::Forbidden),
        Ok(Err(error)) => Err(Unseen::Failed(chain(&error))),
        Err(_) => Err(no_answer()),
    }
}

fn no_answer() -> Unseen {
    Unseen::Failed(format!("no answer within {} s", LOOK_TIME.as_secs()))
}

#[cfg(test)]
mod tests;
