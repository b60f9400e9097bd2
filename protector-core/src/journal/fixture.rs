//! What the tests of stores are made with.

use super::canonical::CanonicalJson;
use super::{
    DocumentKind, Holder, Intent, OperationRecord, Proposal, Record, SiteStore, SqliteStore, Term, Version,
    WriteId,
};
use crate::id::{GroupId, OperationId, SiteName};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use uuid::Uuid;

pub(crate) fn site_a() -> SiteName {
    SiteName::new("site-a")
}

pub(crate) fn site_b() -> SiteName {
    SiteName::new("site-b")
}

pub(crate) fn group() -> GroupId {
    GroupId::new(Uuid::from_u128(0xa))
}

pub(crate) fn operation_id(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

pub(crate) fn at() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

pub(crate) fn holder() -> Holder {
    Holder {
        host: "host-1".to_owned(),
        process: 4711,
        program: "protector".to_owned(),
        user: "operator".to_owned(),
    }
}

pub(crate) fn operation(number: u128, home: SiteName) -> OperationRecord {
    OperationRecord {
        id: operation_id(number),
        group: group(),
        operation_type: "failover".to_owned(),
        home,
        plan: CanonicalJson::of(
            &json!({"steps": [{"id": "stop_server/web-1", "after": []}], "operation_type": "failover"}),
        )
        .unwrap(),
        plan_hash: "5f".repeat(32),
        started_by: holder(),
        created_at: at(),
    }
}

pub(crate) fn record(number: u64) -> Record {
    Record {
        kind: "step_intent".to_owned(),
        version: 1,
        at: at(),
        body: json!({"step": "stop_server/web-1", "attempt": number, "calls": ["POST /servers/…/action"]})
            .into(),
    }
}

pub(crate) fn proposal(id: &str, expected: Option<Version>, version: Version, body: Value) -> Proposal {
    let intent = Intent { kind: DocumentKind::Group, id: id.to_owned(), version, write: WriteId::random() };
    Proposal { intent, expected, body: body.into(), at: at() }
}

/// The store of site A in a folder.
pub(crate) fn store(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder.join("site-a.db"), site_a()).unwrap()
}

/// Takes the group's term for an operation that is at home in the store, and writes the operation.
pub(crate) async fn begin(store: &dyn SiteStore, number: u128) -> Term {
    let term = store.take_term(group(), operation_id(number), holder(), at()).await.unwrap();
    store.create_operation(term, operation(number, store.site().clone())).await.unwrap();
    term
}
