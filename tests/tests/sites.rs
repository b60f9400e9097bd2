//! Sites, their volume types, and the state of recovery point objectives, on simulated pairs: healthy, as a member sees
//! them, and with a site that takes requests and says nothing.

#![expect(clippy::unwrap_used, reason = "a pair that cannot be set up ends the test")]

use protector_core::config::{Config, Environment, LoadOptions};
use protector_core::domain::site_report::{Check, CheckKind, CheckStatus, SiteReport};
use protector_core::domain::volume_type::{PairedBy, PairingState, Verdict, VolumeTypeView};
use protector_core::domain::{FindingCode, RpoStatus, ScheduleState};
use protector_core::id::SiteName;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{MoveRequest, Protector, Request};
use protector_core::time::Clock;
use protector_mock::arrays;
use protector_mock::clock::VirtualClock;
use protector_mock::faults::Profile;
use protector_mock::pair::{EmbeddedPair, Folder, Wanted};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "shop";

/// A pair, and protector in the same process. Nobody waits: the sites' time passes when all do.
struct Bench {
    pair: EmbeddedPair,
    clock: Arc<dyn Clock>,
    protector: Protector,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// protector is the project's service user, who is an administrator of it.
    fn start() -> Self {
        Self::with(|configuration| configuration)
    }

    fn with(change: impl FnOnce(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = "2026-01-02T03:04:05Z".parse().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(origin));
        let wanted = Wanted { seed: Some(4), ..Wanted::default() };
        let pair = EmbeddedPair::start(Folder::open(folder.path()).unwrap(), &wanted, &clock).unwrap();
        let path = pair.file("protector.yaml");
        let configuration = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(configuration)).unwrap();
        let environment = Environment::given([("", ""); 0], pair.folder(), pair.folder().join("none"));
        let options = LoadOptions { protector: Some(path), clouds: None, environment };
        let protector = Protector::builder(Config::load(&options).unwrap())
            .driver(protector_pure::factory())
            .transport(pair.transports())
            .clock(Arc::clone(&clock))
            .open()
            .unwrap();
        Self { pair, clock, protector, _folder: folder }
    }

    fn apply(&self, rules: &str) {
        self.pair.apply(&Profile::parse(rules).unwrap(), Path::new("test")).unwrap();
    }

    /// From now on all of a site takes requests and says nothing.
    fn black_hole(&self, site: &str, array: &str) {
        self.apply(&format!(
            "[{{target: '{site}/*', action: hang-before, times: 0}}, {{target: {array}, action: hang-before, times: 0}}]"
        ));
    }

    async fn operate(&self, request: Request) {
        let planned = self.protector.plan(&request).await.unwrap();
        assert_eq!(planned.findings, []);
        let operation = self.protector.apply(planned.plan.unwrap()).await.unwrap();
        let view = operation.finish().await.unwrap().operation;
        assert_eq!(view.status.to_string(), "completed", "{:?}", view.error_message);
    }

    async fn protect(&self) {
        let servers = vec!["db".to_owned()];
        let (source, target) = ("site-a".into(), "site-b".into());
        self.operate(Request::Protect(ProtectRequest { name: GROUP.to_owned(), source, target, servers }))
            .await;
    }

    async fn validate(&self, site: &str) -> SiteReport {
        self.protector.validate_site(&SiteName::from(site)).await.unwrap()
    }

    async fn volume_types(&self, site: &str) -> Vec<VolumeTypeView> {
        self.protector.volume_types(&SiteName::from(site)).await.unwrap()
    }
}

fn not_ok(report: &SiteReport) -> Vec<&Check> {
    report.checks.iter().filter(|check| check.status != CheckStatus::Ok).collect()
}

fn of(report: &SiteReport, kind: CheckKind) -> Vec<&Check> {
    report.checks.iter().filter(|check| check.kind == kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_pair_as_an_administrator_sees_it_is_ok_on_both_sites() {
    let bench = Bench::start();
    for site in ["site-a", "site-b"] {
        let report = bench.validate(site).await;
        assert_eq!(not_ok(&report), Vec::<&Check>::new());
        assert_eq!(report.status, CheckStatus::Ok);
        for (kind, count) in [
            (CheckKind::Service, 5),
            (CheckKind::Credentials, 1),
            (CheckKind::Processes, 2),
            (CheckKind::Backends, 1),
            (CheckKind::Array, 1),
            (CheckKind::Pairing, 1),
            (CheckKind::Quota, 7),
            (CheckKind::GroupType, 1),
            (CheckKind::VolumeTypes, 1),
            (CheckKind::Mappings, 1),
            (CheckKind::ImportedVolumes, 1),
        ] {
            assert_eq!(of(&report, kind).len(), count, "{kind:?}: {report:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_told_what_is_missing_and_what_is_not_seen() {
    let bench = Bench::with(|configuration| configuration.replace("cloud: protector-", "cloud: tenant-"));
    let report = bench.validate("site-a").await;
    let [credential] = of(&report, CheckKind::Credentials)[..] else { panic!("{report:#?}") };
    assert_eq!(credential.status, CheckStatus::Warning);
    assert!(credential.seen.contains("user data is not captured"), "{credential}");
    for kind in [CheckKind::Processes, CheckKind::Backends] {
        for check in of(&report, kind) {
            let told = (check.status, check.seen.as_str());
            assert_eq!(told, (CheckStatus::Warning, "the credential's roles may not see it"));
        }
    }
    let [group_type] = of(&report, CheckKind::GroupType)[..] else { panic!("{report:#?}") };
    assert_eq!(group_type.status, CheckStatus::Failed, "protect would not find it either");
    let types = bench.volume_types("site-a").await;
    let replicated = types.iter().find(|found| found.name == "replicated").unwrap();
    assert_eq!(replicated.verdict, Verdict::Unknown);
    assert_eq!(replicated.unseen, ["replication_type", "encryption", "backends"]);
    assert_eq!(replicated.pairing.as_ref().unwrap().state, PairingState::Paired);
}

#[tokio::test(start_paused = true)]
async fn volume_types_are_judged_and_paired() {
    let bench = Bench::start();
    bench.protect().await;
    for (site, array) in [("site-a", "array-a"), ("site-b", "array-b")] {
        let types = bench.volume_types(site).await;
        let find = |name: &str| types.iter().find(|found| found.name == name).unwrap();
        let replicated = find("replicated");
        assert_eq!((replicated.verdict, &replicated.unseen), (Verdict::Eligible, &vec![]));
        assert_eq!(replicated.arrays, [array.into()].into());
        let pairing = replicated.pairing.as_ref().unwrap();
        assert_eq!((pairing.state, pairing.by), (PairingState::Paired, Some(PairedBy::Name)));
        assert_eq!(pairing.name.as_deref(), Some("replicated"));
        assert_eq!((find("plain").verdict, &find("plain").pairing), (Verdict::NotEligible, &None));
    }
}

#[tokio::test(start_paused = true)]
async fn sites_are_shown_with_what_runs_where() {
    let bench = Bench::start();
    bench.protect().await;
    let sites = bench.protector.sites().await.unwrap();
    let [a, b] = sites.as_slice() else { panic!("{sites:#?}") };
    assert_eq!((a.name.as_str(), a.other_site.as_str()), ("site-a", "site-b"));
    assert_eq!((a.cloud.as_str(), a.region.as_deref()), ("protector-site-a", Some("site-a")));
    assert_eq!((a.arrays[0].name.as_str(), a.arrays[0].driver.as_str()), ("array-a", "pure"));
    assert!(sites.iter().all(|site| site.reachable && site.arrays[0].reachable), "{sites:#?}");
    assert_eq!(
        (a.primary_of.as_slice(), b.secondary_of.as_slice()),
        (&[GROUP.to_owned()][..], &[GROUP.to_owned()][..])
    );
    assert_eq!(bench.protector.site(&SiteName::from("site-b")).await.unwrap(), *b);
    bench.protector.site(&SiteName::from("site-c")).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_site_that_says_nothing_has_a_report_in_bounded_time_and_keeps_the_other_from_nothing() {
    let bench = Bench::start();
    bench.black_hole("site-a", "array-a");
    let begun = bench.clock.monotonic();
    let dead = bench.validate("site-a").await;
    let took = bench.clock.monotonic().saturating_sub(begun);
    assert!(took <= Duration::from_secs(20), "{took:?}");
    for check in &dead.checks {
        let expected = match check.kind {
            // The other array still calls itself connected.
            CheckKind::Pairing => CheckStatus::Warning,
            _ => CheckStatus::Failed,
        };
        assert_eq!(check.status, expected, "{check}");
    }
    let begun = bench.clock.monotonic();
    let alive = bench.validate("site-b").await;
    let took = bench.clock.monotonic().saturating_sub(begun);
    assert!(took <= Duration::from_secs(20), "{took:?}");
    let kinds: Vec<(CheckKind, CheckStatus)> =
        not_ok(&alive).into_iter().map(|check| (check.kind, check.status)).collect();
    let unknown = [CheckKind::Pairing, CheckKind::VolumeTypes, CheckKind::Mappings];
    assert_eq!(kinds, unknown.map(|kind| (kind, CheckStatus::Warning)));
    let sites = bench.protector.sites().await.unwrap();
    let reachable: Vec<(bool, bool)> =
        sites.iter().map(|site| (site.reachable, site.arrays[0].reachable)).collect();
    assert_eq!(reachable, [(false, false), (true, true)]);
}

#[tokio::test(start_paused = true)]
async fn one_service_that_says_nothing_is_named_and_no_other_is() {
    let bench = Bench::start();
    bench.apply("[{target: site-a/compute, action: hang-before, times: 0}]");
    let report = bench.validate("site-a").await;
    let failed: Vec<&str> = not_ok(&report).into_iter().map(|check| check.subject.as_str()).collect();
    assert_eq!(failed, ["service compute", "processes of compute", "quotas of compute", "mappings"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_group_needs_where_it_may_come_is_part_of_the_quotas() {
    let bench = Bench::start();
    bench.protect().await;
    let seen = |report: &SiteReport, subject: &str| {
        report.checks.iter().find(|check| check.subject == subject).unwrap().seen.clone()
    };
    let (a, b) = (bench.validate("site-a").await, bench.validate("site-b").await);
    assert!(!seen(&a, "quota instances of compute").contains("need"));
    assert!(seen(&b, "quota instances of compute").ends_with("groups that may come here need 1 more"));
    assert!(seen(&b, "quota cores of compute").ends_with("need 2 more"));
    assert!(seen(&b, "quota ports of network").ends_with("need 1 more"));
}

#[tokio::test(start_paused = true)]
async fn an_objective_is_met_missed_and_unknown_as_points_come_and_sites_die() {
    let bench = Bench::start();
    bench.protect().await;
    let points = bench.protector.recovery_points(GROUP).await.unwrap();
    let first = points.first().unwrap();
    assert!(first.eligibility.is_eligible(), "{first:#?}");
    assert_eq!((first.point.members.len(), first.size), (3, Some(70 << 30)));
    let state = async || bench.protector.rpo(Some(GROUP)).await.unwrap().remove(0);
    let met = state().await;
    assert_eq!(
        (met.status, met.schedule, met.schedule_as_recorded),
        (RpoStatus::Met, ScheduleState::On, Some(true))
    );
    assert_eq!((met.objective, &met.findings), (900, &vec![]));

    bench.clock.sleep(Duration::from_mins(11)).await;
    let scheduled = bench.protector.recovery_points(GROUP).await.unwrap();
    assert!(scheduled.len() > points.len(), "the schedule makes points: {scheduled:#?}");
    let times: Vec<_> = scheduled.iter().map(|view| view.point.created).collect();
    assert!(times.is_sorted_by(|one, other| one > other), "the newest first: {times:?}");

    // The newest is held half way: it does not count.
    let slow = serde_json::json!({"transfer_base": 100_000.0});
    let slow = slow.as_object().unwrap();
    bench.pair.pair().world().transact(|at| arrays::change_settings(at, slow)).unwrap();
    bench.clock.sleep(Duration::from_mins(6)).await;
    let held = state().await;
    assert_eq!(held.status, RpoStatus::Met);
    assert!(!held.in_transfer.is_empty(), "{held:#?}");
    assert!(held.in_transfer[0].created > held.newest.as_ref().unwrap().created);
    let points = bench.protector.recovery_points(GROUP).await.unwrap();
    assert!(!points[0].eligibility.complete && points[1].eligibility.is_eligible());

    bench.black_hole("site-a", "array-a");
    let begun = bench.clock.monotonic();
    let dead = state().await;
    let took = bench.clock.monotonic().saturating_sub(begun);
    assert!(took <= Duration::from_secs(11), "{took:?}");
    assert_eq!((dead.status, dead.schedule), (RpoStatus::Met, ScheduleState::Unknown));
    assert_eq!(dead.newest, held.newest);
    bench.clock.sleep(Duration::from_mins(15)).await;
    let missed = state().await;
    assert_eq!(missed.status, RpoStatus::Missed);
    assert_eq!(missed.findings[0].code, FindingCode::RpoMissed);
    let begun = bench.clock.monotonic();
    assert!(bench.protector.recovery_points(GROUP).await.unwrap().len() >= 3);
    assert!(
        bench.clock.monotonic().saturating_sub(begun) < Duration::from_secs(2),
        "it asked the dead array"
    );

    bench.black_hole("site-b", "array-b");
    let unknown = state().await;
    assert_eq!((unknown.status, unknown.age), (RpoStatus::Unknown, None));
    assert!(unknown.reason.contains("array array-b"), "{}", unknown.reason);
    bench.protector.recovery_points(GROUP).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn after_there_and_back_no_point_of_before_is_eligible() {
    let bench = Bench::start();
    bench.protect().await;
    bench.clock.sleep(Duration::from_mins(6)).await;
    let before = bench.protector.recovery_points(GROUP).await.unwrap();
    assert!(before.iter().all(|view| view.eligibility.is_eligible()), "{before:#?}");
    bench.operate(Request::Failover(MoveRequest::planned(GROUP))).await;
    bench.clock.sleep(Duration::from_mins(6)).await;
    let away = bench.protector.recovery_points(GROUP).await.unwrap();
    assert!(away.iter().all(|view| view.point.origin.array.as_str() == "array-b"), "{away:#?}");
    assert!(away.first().unwrap().eligibility.is_eligible(), "{away:#?}");
    let state = bench.protector.rpo(None).await.unwrap().remove(0);
    assert_eq!((state.status, state.schedule_as_recorded), (RpoStatus::Met, Some(true)));
    assert_eq!(state.current_primary_site.as_str(), "site-b");

    bench.operate(Request::Failback(MoveRequest::planned(GROUP))).await;
    let group = bench.protector.group(GROUP).await.unwrap();
    let moved = group.last_failover_at.unwrap();
    let mut old = 0;
    for view in bench.protector.recovery_points(GROUP).await.unwrap() {
        assert_eq!(view.point.origin.array.as_str(), "array-a");
        assert_eq!(view.eligibility.is_eligible(), view.point.created > moved, "{view:#?}");
        old += usize::from(!view.eligibility.is_eligible());
    }
    assert!(old >= before.len(), "the points of the first epoch are there yet");
    bench.clock.sleep(Duration::from_mins(6)).await;
    let home = bench.protector.rpo(Some(GROUP)).await.unwrap().remove(0);
    assert_eq!(home.status, RpoStatus::Met, "{home:#?}");
    assert!(home.newest.unwrap().created > moved);
}
