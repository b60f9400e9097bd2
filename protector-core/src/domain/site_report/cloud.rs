use super::{
    ApiVersion, Check, CheckKind, CredentialSeen, ProcessSeen, Seen, ServiceAnswer, ServiceSeen,
    SiteObservation,
};
use jiff::SignedDuration;

/// From here on what arrays and services call a moment is too far from what we call it.
const NOTABLE_SKEW: SignedDuration = SignedDuration::from_secs(10);
/// From here on a token may look as if it had ended, or go on after it has.
const HARMFUL_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Processes named one by one; of more their number.
const NAMED: usize = 10;

impl SiteObservation {
    pub(super) fn check_services(&self) -> Vec<Check> {
        self.services
            .iter()
            .flat_map(|seen| [Some(service(seen)), clock(seen)].into_iter().flatten())
            .collect()
    }

    pub(super) fn check_credential(&self) -> Vec<Check> {
        let kind = CheckKind::Credentials;
        match &self.credential {
            Err(unseen) => vec![Check {
                remedy: Some(
                    "check auth_url, user, password or application credential, and project in clouds.yaml"
                        .to_owned(),
                ),
                ..Check::unseen(kind, "credential", unseen)
            }],
            Ok(credential) => vec![credential_check(credential)],
        }
    }

    pub(super) fn check_processes(&self) -> Vec<Check> {
        vec![
            processes(
                "processes of block-storage",
                &self.volume_processes,
                &["cinder-volume", "cinder-scheduler"],
            ),
            processes(
                "processes of compute",
                &self.compute_processes,
                &["nova-compute", "nova-scheduler", "nova-conductor"],
            ),
        ]
    }

    pub(super) fn check_backends(&self) -> Vec<Check> {
        let kind = CheckKind::Backends;
        let backends = match &self.backends {
            Ok(backends) => backends,
            Err(unseen) => return vec![Check::unseen(kind, "backends of block-storage", unseen)],
        };
        let replicating: Vec<_> = backends.iter().filter(|backend| backend.replicates).collect();
        if replicating.is_empty() {
            return vec![Check::failed(
                kind,
                "backends of block-storage",
                format!("none of {} replicates", backends.len()),
                "give the backend a replication_device for the other site's array in cinder.conf",
            )];
        }
        replicating
            .into_iter()
            .map(|backend| {
                let subject = format!("backend {}", backend.name);
                let targets = backend.targets.join(", ");
                if backend.up == Some(false) {
                    let remedy = "look at the log of its cinder-volume: it does not reach its array";
                    Check::failed(kind, subject, "it is down", remedy)
                } else if !backend.consistent {
                    Check::failed(
                        kind,
                        subject,
                        "it takes no snapshots of a group at one moment",
                        "use a driver with consistent_group_snapshot_enabled",
                    )
                } else {
                    Check::ok(kind, subject, format!("it replicates to {targets}"))
                }
            })
            .collect()
    }
}

fn text((major, minor): ApiVersion) -> String {
    format!("{major}.{minor}")
}

fn service(seen: &ServiceSeen) -> Check {
    let subject = format!("service {}", seen.service);
    let kind = CheckKind::Service;
    let answer = match &seen.answer {
        Ok(answer) => answer,
        Err(super::Unseen::Forbidden) => {
            let remedy = "give the service credential a role on the project that may read it";
            return Check::failed(kind, subject, "it answers, and refuses the credential's roles", remedy);
        }
        Err(super::Unseen::Failed(reason)) => {
            let remedy = "see that the service runs, that the catalog's endpoint leads to it, and that it is reached from \
                          this host";
            return Check::failed(kind, subject, reason, remedy);
        }
    };
    match (answer.versions, seen.needed) {
        (Some((oldest, newest)), Some(needed)) => {
            let offered = format!("it answers, in versions {} to {}", text(oldest), text(newest));
            if oldest <= needed && needed <= newest {
                Check::ok(kind, subject, offered)
            } else {
                let seen = format!("{offered}; {} is needed", text(needed));
                Check::failed(kind, subject, seen, "upgrade the site to OpenStack 2024.1 or later")
            }
        }
        _ => Check::ok(kind, subject, "it answers"),
    }
}

fn clock(seen: &ServiceSeen) -> Option<Check> {
    let Ok(ServiceAnswer { ahead: Some(ahead), .. }) = seen.answer else { return None };
    let apart = ahead.abs();
    if apart < NOTABLE_SKEW {
        return None;
    }
    let subject = format!("clock of {}", seen.service);
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    let told = format!("it is {} s {direction} this host's", apart.as_secs());
    let remedy = "keep the clocks of the site's hosts and of this host by NTP";
    Some(if apart < HARMFUL_SKEW {
        Check::warning(CheckKind::Clock, subject, told, remedy)
    } else {
        Check::failed(CheckKind::Clock, subject, told, remedy)
    })
}

fn credential_check(credential: &CredentialSeen) -> Check {
    let kind = CheckKind::Credentials;
    let project = match &credential.project_name {
        Some(name) => format!("project {name} ({})", credential.project),
        None => format!("project {}", credential.project),
    };
    let roles = credential.roles.join(", ");
    let who = format!("user {} in {project} with the roles {roles}", credential.user);
    if credential.has("admin") {
        return Check::ok(kind, "credential", who);
    }
    if credential.has("member") || credential.has("manager") {
        return Check::warning(
            kind,
            "credential",
            format!(
                "{who}. Without the role admin: user data is not captured, a tenant can undo the locks of stopped sources, \
                 nothing can be imported into Cinder, and processes, backends and most specs of types are not seen"
            ),
            "give the service credential the role admin on the project where that is wanted, or accept these limits",
        );
    }
    let remedy = "give the service credential the role member on the project, or admin";
    if credential.roles.iter().all(|role| role == "reader") {
        let seen = format!("{who}: nothing can be made or changed with them");
        return Check::failed(kind, "credential", seen, remedy);
    }
    let seen =
        format!("{who}: whether policies let one of them make and change servers and volumes is not known");
    Check::warning(kind, "credential", seen, remedy)
}

fn processes(subject: &str, seen: &Seen<Vec<ProcessSeen>>, needed: &[&str]) -> Check {
    let kind = CheckKind::Processes;
    let processes = match seen {
        Ok(processes) => processes,
        Err(unseen) => return Check::unseen(kind, subject, unseen),
    };
    let works = |process: &&ProcessSeen| process.up && process.enabled && process.trouble.is_none();
    let lost: Vec<&str> = needed
        .iter()
        .filter(|binary| !processes.iter().any(|process| process.binary == **binary && works(&process)))
        .copied()
        .collect();
    let troubled: Vec<String> = processes
        .iter()
        .filter(|process| !works(process))
        .map(|process| {
            let trouble = match &process.trouble {
                _ if !process.up => "is down",
                _ if !process.enabled => "is disabled",
                Some(trouble) => trouble.as_str(),
                None => "",
            };
            format!("{} on {} {trouble}", process.binary, process.host)
        })
        .collect();
    let named = || {
        let more = troubled.len().saturating_sub(NAMED);
        let named = troubled.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        if more > 0 { format!("{named}; and {more} more") } else { named }
    };
    if !lost.is_empty() {
        let told = if troubled.is_empty() { "none is listed".to_owned() } else { named() };
        let seen = format!("no {} works: {told}", lost.join(" and no "));
        Check::failed(kind, subject, seen, "start them, and see in their logs why they stopped")
    } else if !troubled.is_empty() {
        let seen = format!("{} of {} work: {}", processes.len() - troubled.len(), processes.len(), named());
        Check::warning(kind, subject, seen, "start or enable them, unless they are meant to rest")
    } else {
        Check::ok(kind, subject, format!("all {} work", processes.len()))
    }
}
