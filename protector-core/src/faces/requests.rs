//! Operations as a program asks for them: a name and named arguments, the words of the command.

use super::arguments::{ArgumentError, Arguments};
use crate::domain::OperationType;
use crate::operations::{PolicyChange, ProtectRequest};
use crate::protector::{
    MembersRequest, MoveKind, MoveRequest, Request, SetRequest, SiteFailoverRequest, TestRequest,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The operations that can be asked for. `create` and `delete` are what the command calls the first two.
pub const OPERATIONS: &[&str] = &[
    "protect",
    "unprotect",
    "failover",
    "failback",
    "test_failover",
    "test_cleanup",
    "sync",
    "reprotect",
    "commit",
    "undo",
    "set",
    "add_member",
    "remove_member",
];

/// The operation of that name with these arguments. Times are seconds.
///
/// # Errors
/// There is no such operation; an argument is missing, not known, or cannot be used.
pub fn request(operation: &str, arguments: Map<String, Value>) -> Result<Request, ArgumentError> {
    let mut given = Arguments::new(operation, arguments);
    let request = match operation {
        "protect" | "create" => Request::Protect(ProtectRequest {
            name: given.required("group")?,
            source: given.required::<String>("primary_site")?.into(),
            target: given.required::<String>("secondary_site")?.into(),
            servers: given.required("members")?,
        }),
        "unprotect" | "delete" => Request::Unprotect {
            group: given.required("group")?,
            without_site: given.optional::<String>("without_site")?.map(Into::into),
        },
        "failover" => Request::Failover(to_move(&mut given)?),
        "failback" => Request::Failback(to_move(&mut given)?),
        "test_failover" => Request::TestFailover(TestRequest {
            group: given.required("group")?,
            point: given.optional("recovery_point")?,
            time_to_live: given.optional("time_to_live")?.map(Duration::from_secs),
            floating_ips: given.flag("floating_ips")?,
        }),
        "test_cleanup" => Request::TestCleanup { group: given.required("group")? },
        "sync" => Request::Sync { group: given.required("group")? },
        "reprotect" => Request::Reprotect { group: given.required("group")? },
        "commit" => Request::Commit { group: given.required("group")? },
        "undo" => Request::Undo { group: given.required("group")? },
        "set" => Request::Set(SetRequest {
            group: given.required("group")?,
            change: PolicyChange {
                replication_interval: given.optional("replication_interval")?.map(Duration::from_secs),
                retention: given.optional("retention")?.map(Duration::from_secs),
                rpo_minutes: given.optional("rpo_minutes")?,
            },
        }),
        "add_member" => Request::AddMember(members(&mut given)?),
        "remove_member" => Request::RemoveMember(members(&mut given)?),
        other => {
            let (kind, known) = ("operation", OPERATIONS.to_vec());
            return Err(ArgumentError::NotOffered { kind, name: other.to_owned(), known });
        }
    };
    given.end()?;
    Ok(request)
}

/// A site that is to be left.
///
/// # Errors
/// An argument is missing, not known, or cannot be used.
pub fn site_failover(arguments: Map<String, Value>) -> Result<SiteFailoverRequest, ArgumentError> {
    let mut given = Arguments::new("site failover", arguments);
    let site: String = given.required("site")?;
    let unplanned = given.flag("unplanned")?;
    let accept_loss = given.flag("accept_loss")?;
    given.together("accept_loss", accept_loss, "unplanned", unplanned)?;
    let mut request = if unplanned {
        SiteFailoverRequest::unplanned(site, accept_loss)
    } else {
        SiteFailoverRequest::planned(site)
    };
    if let Some(groups) = given.optional::<Vec<String>>("groups")? {
        request = request.only(groups);
    }
    if given.flag("stop_at_a_failure")? {
        request = request.stopping_at_a_failure();
    }
    given.end()?;
    Ok(request)
}

fn to_move(given: &mut Arguments) -> Result<MoveRequest, ArgumentError> {
    let group = given.required("group")?;
    let unplanned = given.flag("unplanned")?;
    let accept_loss = given.flag("accept_loss")?;
    let point: Option<String> = given.optional("recovery_point")?;
    let without = given.optional("without")?.unwrap_or_default();
    given.together("accept_loss", accept_loss, "unplanned", unplanned)?;
    given.together("recovery_point", point.is_some(), "unplanned", unplanned)?;
    let kind = if unplanned { MoveKind::Unplanned { point, accept_loss } } else { MoveKind::Planned };
    Ok(MoveRequest { group, kind, without })
}

fn members(given: &mut Arguments) -> Result<MembersRequest, ArgumentError> {
    Ok(MembersRequest { group: given.required("group")?, servers: given.required("members")? })
}

/// An operation as the arguments that [`request`] makes it from, its name under `operation`; what is left out is not there.
pub fn document(request: &Request) -> Value {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    let mut document = match request {
        Request::Protect(ProtectRequest { name, source, target, servers }) => {
            json!({"group": name, "primary_site": source, "secondary_site": target, "members": servers})
        }
        Request::Failover(wanted) | Request::Failback(wanted) => of_move(wanted),
        Request::TestFailover(TestRequest { group, point, time_to_live, floating_ips }) => {
            json!({"group": group, "recovery_point": point, "time_to_live": seconds(*time_to_live),
                "floating_ips": floating_ips.then_some(true)})
        }
        Request::Set(SetRequest { group, change }) => json!({"group": group,
            "replication_interval": seconds(change.replication_interval),
            "retention": seconds(change.retention), "rpo_minutes": change.rpo_minutes}),
        Request::AddMember(MembersRequest { group, servers })
        | Request::RemoveMember(MembersRequest { group, servers }) => {
            json!({"group": group, "members": servers})
        }
        Request::Unprotect { group, without_site } => json!({"group": group, "without_site": without_site}),
        Request::TestCleanup { group }
        | Request::Sync { group }
        | Request::Reprotect { group }
        | Request::Commit { group }
        | Request::Undo { group } => json!({"group": group}),
    };
    if let Some(fields) = document.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        let operation: OperationType = request.operation_type();
        fields.insert("operation".to_owned(), json!(operation));
    }
    document
}

fn of_move(MoveRequest { group, kind, without }: &MoveRequest) -> Value {
    let without = Some(without).filter(|without| !without.is_empty());
    match kind {
        MoveKind::Planned => json!({"group": group, "without": without}),
        MoveKind::Unplanned { point, accept_loss } => json!({"group": group, "without": without,
            "unplanned": true, "accept_loss": accept_loss, "recovery_point": point}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Coded, chain};

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_operation_is_the_same_after_it_was_written_down_and_read() {
        let documents = [
            json!({"operation": "protect", "group": "web", "primary_site": "a", "secondary_site": "b", "members": ["x"]}),
            json!({"operation": "unprotect", "group": "web", "without_site": "b"}),
            json!({"operation": "failover", "group": "web", "unplanned": true, "accept_loss": true,
                "recovery_point": "p", "without": ["x"]}),
            json!({"operation": "failback", "group": "web"}),
            json!({"operation": "test_failover", "group": "web", "recovery_point": "p", "time_to_live": 60,
                "floating_ips": true}),
            json!({"operation": "test_cleanup", "group": "web"}),
            json!({"operation": "sync", "group": "web"}),
            json!({"operation": "reprotect", "group": "web"}),
            json!({"operation": "commit", "group": "web"}),
            json!({"operation": "undo", "group": "web"}),
            json!({"operation": "set", "group": "web", "replication_interval": 300, "retention": 3600, "rpo_minutes": 5}),
            json!({"operation": "add_member", "group": "web", "members": ["x"]}),
            json!({"operation": "remove_member", "group": "web", "members": ["x"]}),
        ];
        for written in &documents {
            let mut arguments = map(written);
            let operation = arguments.remove("operation").unwrap();
            let read = request(operation.as_str().unwrap(), arguments).unwrap();
            assert_eq!(&document(&read), written);
        }
        let names: Vec<_> =
            documents.iter().map(|document| document["operation"].as_str().unwrap()).collect();
        assert!(OPERATIONS.iter().all(|operation| names.contains(operation)));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_operation_and_what_would_do() {
        for (operation, arguments, told) in [
            ("move", json!({}), "there is no operation move: there are protect, unprotect, "),
            ("failover", json!({}), "failover needs the argument `group`"),
            ("failover", json!({"group": null}), "failover needs the argument `group`"),
            ("sync", json!({"group": "web", "grup": 1}), "sync has no argument `grup`: it has group"),
            (
                "failover",
                json!({"group": "web", "unplanned": "yes"}),
                "argument `unplanned` of failover cannot be used: invalid type: string \"yes\", expected a boolean",
            ),
            (
                "failover",
                json!({"group": "web", "accept_loss": true}),
                "argument `accept_loss` of failover means nothing without `unplanned`",
            ),
            (
                "failback",
                json!({"group": "web", "recovery_point": "p"}),
                "argument `recovery_point` of failback means nothing without `unplanned`",
            ),
            (
                "set",
                json!({"group": "web", "retention": -1}),
                "argument `retention` of set cannot be used: invalid value: integer `-1`",
            ),
        ] {
            let error = request(operation, map(&arguments)).unwrap_err();
            assert_eq!(error.code(), Code::ArgumentInvalid);
            assert!(chain(&error).starts_with(told), "{}", chain(&error));
        }
    }
}
