//! The core's own work, without waiting: plan, decide, append to the journal, decode pages, send a request.
//!
//! Inputs are those of the core's own tests: `protector-core/golden/server-nova-2.96.json` is a server as Nova 2026.2 gives it,
//! and steps are those of `protector-core/golden/plan-v1.json`, for more servers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what cannot be measured ends the run")]

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, StatusCode};
use protector_core::config::clouds::ProjectReference;
use protector_core::config::{Auth, CloudConfig, Interface, TlsConfig};
use protector_core::engine::{Command, Event, OperationState, Plan, PlannedStep, decide};
use protector_core::id::{GroupId, OperationId, StepId};
use protector_core::journal::canonical::CanonicalJson;
use protector_core::journal::{
    Holder, OperationRecord, Record, SiteStore, SqliteStore, StoredOperation, StoredRecord, Term,
};
use protector_core::openstack::Session;
use protector_core::openstack::compute::{Server, ServerQuery, Servers};
use protector_core::transport::{Context, RawAnswer, SendError, Transport, WireRequest};
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;
use tokio::runtime::Runtime;
use uuid::Uuid;

const SIZES: [usize; 2] = [10, 10_000];
const PLAN: &str = include_str!("../../protector-core/golden/plan-v1.json");
const SERVER: &str = include_str!("../../protector-core/golden/server-nova-2.96.json");

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The recorded plan, with as many steps: its point of no return, and its other steps for as many servers.
fn plan(steps: usize) -> Plan {
    let recorded: Plan = serde_json::from_str(PLAN).unwrap();
    let (port, epoch, server) = (&recorded.steps[0], &recorded.steps[1], &recorded.steps[2]);
    let of = |step: &PlannedStep, number: usize| -> PlannedStep {
        let text = serde_json::to_string(step).unwrap().replace("web-1", &format!("vm-{number}"));
        serde_json::from_str(&text).unwrap()
    };
    let servers = (steps - 1) / 2;
    let ports: Vec<PlannedStep> = (0..servers).map(|number| of(port, number)).collect();
    let mut epoch = epoch.clone();
    epoch.after = ports.iter().map(|step| step.id.clone()).collect();
    let servers: Vec<PlannedStep> = (0..servers).map(|number| of(server, number)).collect();
    Plan { steps: ports.into_iter().chain([epoch]).chain(servers).collect(), ..recorded }
}

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for size in SIZES {
        let text = serde_json::to_string(&plan(size)).unwrap();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("read, order and hash", size), |bencher| {
            bencher.iter(|| {
                let plan: Plan = serde_json::from_str(black_box(&text)).unwrap();
                (plan.critical_paths().len(), plan.hash())
            });
        });
    }
    group.finish();
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    for size in SIZES {
        // In the middle: all ports are made but one, which has been begun.
        let mut state = OperationState::new(Arc::new(plan(size)));
        let started = Event::Started { term: 1, holder: "operator".to_owned() };
        let mut commands = decide(&mut state, &started).unwrap();
        commands.truncate(commands.len() - 1);
        let begun: Vec<StepId> = commands
            .into_iter()
            .map(|command| match command {
                Command::Run { step, .. } => step,
                other => unreachable!("{other:?}"),
            })
            .collect();
        for step in &begun {
            state.apply(&Event::StepIntended { step: step.clone() }).unwrap();
        }
        let (last, others) = begun.split_last().unwrap();
        for step in others {
            let output = json!({"port_id": step.as_str()});
            state.apply(&Event::StepDone { step: step.clone(), output }).unwrap();
        }
        let done = Event::StepDone { step: last.clone(), output: json!({"port_id": "p"}) };
        group.bench_function(BenchmarkId::new("one event", size), |bencher| {
            bencher.iter_batched_ref(
                || state.clone(),
                |state| decide(state, black_box(&done)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// A store with an operation that has so many records, and the term to write more.
async fn journal(folder: &std::path::Path, records: usize) -> (SqliteStore, Term) {
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let store = SqliteStore::open(folder.join("site-a.db"), "site-a".into()).unwrap();
    let holder = Holder {
        host: "host".to_owned(),
        process: 1,
        program: "benchmark".to_owned(),
        user: "operator".to_owned(),
    };
    let operation = OperationRecord {
        id: OperationId::new(Uuid::from_u128(1)),
        group: GroupId::new(Uuid::from_u128(2)),
        operation_type: "failover".to_owned(),
        home: "site-a".into(),
        plan: CanonicalJson::of(&serde_json::from_str::<Value>(PLAN).unwrap()).unwrap(),
        plan_hash: "5f".repeat(32),
        started_by: holder.clone(),
        created_at: at,
    };
    let term = store.take_term(operation.group, operation.id, holder, at).await.unwrap();
    let text = operation.to_text().unwrap();
    let operation = StoredOperation::read(text, records as u64).unwrap();
    let mut previous = operation.origin();
    let mut stored = Vec::new();
    for sequence in 1..=records as u64 {
        let record = StoredRecord::link(entry(), term, sequence, previous).unwrap();
        previous = record.hash;
        stored.push(record);
    }
    store.copy_operation(operation, stored).await.unwrap();
    (store, term)
}

fn entry() -> Record {
    let event = Event::StepIntended { step: StepId::new("create_port/web-1") };
    Record {
        kind: event.kind().to_owned(),
        version: 1,
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
        body: json!(event).into(),
    }
}

fn appends(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("journal");
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let (store, term) = runtime.block_on(journal(folder.path(), size));
        group.bench_function(BenchmarkId::new("append after", size), |bencher| {
            bencher.iter(|| runtime.block_on(store.append(term, black_box(entry()))).unwrap());
        });
    }
    group.finish();
}

/// Answers as Keystone and Nova would: one server, or a list of them in pages of a thousand.
#[derive(Debug)]
struct Recorded {
    one: Bytes,
    pages: Vec<Bytes>,
}

impl Recorded {
    fn of(servers: usize) -> Self {
        let server: Value = serde_json::from_str(SERVER).unwrap();
        let numbers: Vec<usize> = (0..servers).collect();
        let chunks: Vec<&[usize]> = numbers.chunks(1000).collect();
        let page = |(index, numbers): (usize, &&[usize])| {
            let servers: Vec<Value> = numbers
                .iter()
                .map(|number| {
                    let mut server = server.clone();
                    server["id"] = json!(Uuid::from_u128(*number as u128));
                    server
                })
                .collect();
            let mut page = json!({"servers": servers});
            if index + 1 < chunks.len() {
                let href = format!("http://nova/v2.1/servers/detail?marker={}", index + 1);
                page["servers_links"] = json!([{"rel": "next", "href": href}]);
            }
            Bytes::from(page.to_string())
        };
        let pages = chunks.iter().enumerate().map(page).collect();
        Self { one: json!({"server": server}).to_string().into(), pages }
    }
}

impl Transport for Recorded {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        let mut headers = HeaderMap::new();
        let mut status = StatusCode::OK;
        let marker = request.url.query_pairs().find(|(name, _)| name == "marker");
        let page = marker.map_or(0, |(_, marker)| marker.parse().unwrap());
        let body = match request.url.path() {
            "/v3/auth/tokens" => {
                status = StatusCode::CREATED;
                headers.insert("x-subject-token", HeaderValue::from_static("token"));
                let token = json!({"token": {
                    "expires_at": "2099-01-01T00:00:00.000000Z", "user": {"id": "u1"}, "project": {"id": "p1"},
                    "roles": [{"id": "r1", "name": "member"}], "catalog": [],
                }});
                Bytes::from(token.to_string())
            }
            "/v2.1/" => {
                let versions = json!({"versions": [{"version": "2.104", "min_version": "2.1"}]});
                Bytes::from(versions.to_string())
            }
            "/v2.1/servers/detail" => self.pages[page].clone(),
            _ => self.one.clone(),
        };
        async move { Ok(RawAnswer { status, headers, body }) }.boxed()
    }
}

fn session(servers: usize) -> Session {
    let at = |text: &str| text.parse().unwrap();
    let cloud = CloudConfig {
        name: "tenant-a".to_owned(),
        auth_url: at("http://keystone"),
        auth: Auth::Token { token: "t".into() },
        project: Some(ProjectReference::Id("p1".to_owned())),
        region: None,
        interface: Interface::Public,
        tls: TlsConfig { ca_certificate: None, verify: true, client_certificate: None },
        endpoint_overrides: [("compute".to_owned(), at("http://nova/v2.1"))].into(),
        api_timeout: None,
    };
    Session::new("site-a".into(), cloud, Arc::new(Recorded::of(servers)))
}

fn pages(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("client");
    for size in SIZES {
        let session = session(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("decode pages of servers", size), |bencher| {
            bencher.iter(|| {
                let list = async {
                    let query = ServerQuery { name: None };
                    let servers: Vec<Server> =
                        Servers::new(&session).list(&Context::default(), &query).try_collect().await.unwrap();
                    servers.len()
                };
                assert_eq!(runtime.block_on(list), size);
            });
        });
        group.bench_function(BenchmarkId::new("requests, one after the other", size), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let (servers, context, id) = (Servers::new(&session), Context::default(), "s1".into());
                    for _ in 0..size {
                        black_box(servers.get(&context, &id).await.unwrap());
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = plans, decisions, appends, pages
}
criterion_main!(benches);
