//! What is possible in which state, and which site answers: the page that says so, written by hand, against states that real
//! operations have led to. Whatever the page does not name is refused, says what is possible, and sends nothing that changes
//! anything.

use crate::scene::{GROUP, Scene};
use protector_core::domain::{Action, FindingCode, GroupStatus, possible, possible_without};
use protector_core::id::SiteName;
use protector_core::operations::{Planned, PolicyChange, ProtectRequest};
use protector_core::protector::{Error, MembersRequest, MoveRequest, Request, SetRequest, TestRequest};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../../docs/states.md");

fn another_policy() -> PolicyChange {
    let mut change = PolicyChange::default();
    change.rpo_minutes = Some(45);
    change
}

fn named() -> String {
    GROUP.to_owned()
}

/// All that a person can have planned with a group that is there.
fn requests(group_is_away: bool) -> Vec<Request> {
    let other = if group_is_away { "site-a" } else { "site-b" };
    vec![
        Request::Failover(MoveRequest::planned(GROUP)),
        Request::Failover(MoveRequest::unplanned(GROUP, true)),
        Request::Failback(MoveRequest::planned(GROUP)),
        Request::Failback(MoveRequest::unplanned(GROUP, true)),
        Request::TestFailover(TestRequest::new(GROUP)),
        Request::TestCleanup { group: named() },
        Request::Sync { group: named() },
        Request::Reprotect { group: named() },
        Request::Commit { group: named() },
        Request::Undo { group: named() },
        Request::Set(SetRequest::new(GROUP, another_policy())),
        Request::AddMember(MembersRequest::new(GROUP, ["web-2".to_owned()])),
        Request::RemoveMember(MembersRequest::new(GROUP, ["web-2".to_owned()])),
        Request::Unprotect { group: named(), without_site: None },
        Request::Unprotect { group: named(), without_site: Some(other.into()) },
    ]
}

/// Which sites answer: the columns of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silent {
    Neither,
    Primary,
    Other,
}

const COLUMNS: [Silent; 3] = [Silent::Neither, Silent::Primary, Silent::Other];

/// The page's table: for each state what is possible, column by column.
fn page() -> BTreeMap<String, Vec<BTreeSet<Action>>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let table = rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let state = cells.next().unwrap().to_owned();
        (state, cells.map(actions).collect())
    });
    table.collect()
}

fn actions(cell: &str) -> BTreeSet<Action> {
    let named = cell.split(", ").filter(|name| *name != "nothing");
    let action = |name: &str| Action::ALL.iter().copied().find(|action| action.as_str() == name);
    named.map(|name| action(name).unwrap_or_else(|| panic!("{name} is no action"))).collect()
}

/// What a refusal says to be possible.
#[derive(Debug)]
enum Instead {
    /// It is about something else than what is possible with the group.
    Untold,
    /// While both sites answer.
    AsItIs(BTreeSet<Action>),
    /// While the site is silent that was asked.
    WithoutTheSite(BTreeSet<Action>),
}

/// A planned operation, or why there is none.
#[derive(Debug)]
enum Came {
    Possible,
    Refused { why: String, instead: Instead },
}

impl Came {
    fn from(planned: Result<Planned, Error>) -> Self {
        let error = match planned {
            Ok(Planned { plan: Some(_), .. }) => return Self::Possible,
            // The state allows that a member is added; only this VM is one already.
            Ok(Planned { findings, .. })
                if findings.iter().any(|finding| finding.code == FindingCode::ServerProtected) =>
            {
                return Self::Possible;
            }
            Ok(Planned { findings, .. }) => {
                let why: Vec<_> = findings.iter().map(ToString::to_string).collect();
                return Self::Refused { why: why.join("; "), instead: Instead::Untold };
            }
            Err(error) => error,
        };
        let why = error.to_string();
        let instead = match error {
            Error::StatusForbids { possible, .. } => Instead::AsItIs(possible.into_iter().collect()),
            Error::SiteNeeded { possible, .. } => Instead::WithoutTheSite(possible.into_iter().collect()),
            Error::Unfinished { .. } => Instead::AsItIs([Action::Resume].into()),
            other => panic!("{other:?}"),
        };
        Self::Refused { why, instead }
    }
}

/// The page, and which of its states a group has been in.
struct Table {
    page: BTreeMap<String, Vec<BTreeSet<Action>>>,
    seen: BTreeSet<String>,
}

impl Table {
    fn read() -> Self {
        Self { page: page(), seen: BTreeSet::new() }
    }

    /// Compares what is possible with a scene's group with what the page says of the state, and tries all of it.
    async fn compare(&mut self, state: &str, scene: &Scene) {
        let rows = self.page.get(state).unwrap_or_else(|| panic!("the page has no state {state}"));
        assert_eq!(rows.len(), COLUMNS.len(), "{state}");
        let group = scene.group().await;
        assert!(state.starts_with(&format!("`{}`", group.status)), "{state} is {}", group.status);
        for (silent, expected) in COLUMNS.into_iter().zip(rows) {
            let primary = group.current_primary_site.clone();
            let site = match silent {
                Silent::Neither => None,
                Silent::Primary => Some(primary),
                Silent::Other => Some(group.other_site(&primary).clone()),
            };
            let told = site.as_ref().map_or_else(|| possible(&group), |site| possible_without(&group, site));
            assert_eq!(&told.into_iter().collect::<BTreeSet<_>>(), expected, "{state}, silent: {silent:?}");
            scene.try_all(state, site.as_ref(), expected, &rows[0]).await;
        }
        self.seen.insert(state.to_owned());
    }

    /// Ends the comparison of these states.
    fn all_of(self, states: &[&str]) {
        assert_eq!(self.seen, states.iter().map(|state| (*state).to_owned()).collect());
    }
}

impl Scene {
    /// Tries everything while a site is silent.
    async fn try_all(
        &self,
        state: &str,
        silent: Option<&SiteName>,
        expected: &BTreeSet<Action>,
        while_both_answer: &BTreeSet<Action>,
    ) {
        if let Some(site) = silent {
            let array = site.as_str().replace("site", "array");
            self.faults(&format!(
                "- {{target: '{site}/*', action: refuse, times: 0}}\n- {{target: '{array}', action: refuse, times: 0}}\n"
            ));
        }
        let away = self.group().await.current_primary_site.as_str() == "site-b";
        for request in requests(away) {
            let action = request.action().unwrap();
            let before = self.changes();
            let came = Came::from(Box::pin(self.protector.plan(&request)).await);
            let told = format!("{state}, without {silent:?}: {action}: {came:?}");
            match came {
                Came::Possible => assert!(expected.contains(&action), "{told}"),
                Came::Refused { why, instead } => {
                    assert!(!expected.contains(&action), "{told}");
                    assert!(!why.is_empty(), "{told}");
                    match instead {
                        Instead::Untold => {}
                        Instead::AsItIs(instead) => assert_eq!(&instead, while_both_answer, "{told}"),
                        Instead::WithoutTheSite(instead) => assert_eq!(&instead, expected, "{told}"),
                    }
                }
            }
            assert_eq!(self.changes(), before, "{told} has changed something");
        }
        self.pair.surroundings().heal().unwrap();
    }

    /// How many changing requests have been sent.
    fn changes(&self) -> usize {
        let requests = self.pair.surroundings().requests();
        let changing = requests.iter().filter(|request| {
            let text = |name: &str| request.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            let sessions = ["/auth/tokens", "/login", "/logout"];
            !matches!(text("method"), "GET" | "HEAD")
                && !sessions.iter().any(|path| text("path").contains(path))
        });
        changing.count()
    }

    /// Goes on with what was stopped.
    async fn gone_on_with(&self) {
        let report = self.protector.resume(None).await.unwrap().finish().await.unwrap();
        assert_eq!(report.operation.status.as_str(), "completed", "{:?}", report.operation);
    }
}

#[test]
fn the_page_names_every_status_but_error_and_leaves_no_way_out_only_where_it_says_so() {
    let page = page();
    for status in GroupStatus::ALL {
        let named = page.keys().any(|state| state.starts_with(&format!("`{status}`")));
        assert_eq!(named, *status != GroupStatus::Error, "{status}");
    }
    let without: Vec<_> = page.iter().filter(|(_, cells)| cells.iter().any(BTreeSet::is_empty)).collect();
    assert_eq!(without.len(), 1, "{without:?}");
}

#[tokio::test(start_paused = true)]
async fn planned_moves_lead_to_states_that_are_as_the_page_says() {
    let (mut scene, mut table) = (Scene::protected().await, Table::read());
    let home = "`active`, at home";
    scene.live(330).await;
    table.compare(home, &scene).await;
    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    let over = "`failed_over` by a planned failover";
    scene.live(330).await;
    table.compare(over, &scene).await;
    scene.done(&Request::Commit { group: named() }).await;
    let committed = "`failed_over`, committed";
    table.compare(committed, &scene).await;
    scene.live(330).await;
    scene.done(&Request::Failback(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    let back = "`active` by a planned failback";
    scene.live(330).await;
    table.compare(back, &scene).await;
    scene.done(&Request::Undo { group: named() }).await;
    scene.moved().await;
    let undone = "`failed_over` by undoing a failback";
    scene.live(330).await;
    table.compare(undone, &scene).await;
    table.all_of(&[home, over, committed, back, undone]);
}

#[tokio::test(start_paused = true)]
async fn disasters_partial_moves_and_tests_lead_to_states_that_are_as_the_page_says() {
    let mut table = Table::read();
    let mut scene = Scene::protected().await;
    scene.live(330).await;
    scene.done(&Request::Failover(MoveRequest::unplanned(GROUP, true))).await;
    scene.moved().await;
    let unplanned = "`failed_over` by an unplanned failover";
    table.compare(unplanned, &scene).await;

    let mut scene = Scene::protected().await;
    scene.faults(crate::partial::NO_ROOM);
    scene.run(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.at_home = false;
    scene.clock.sleep(std::time::Duration::from_mins(7)).await;
    let partial = "`failed_over_partial`";
    table.compare(partial, &scene).await;

    let mut scene = Scene::protected().await;
    scene.live(330).await;
    scene.done(&Request::TestFailover(TestRequest::new(GROUP))).await;
    let test = "`test_active`";
    table.compare(test, &scene).await;
    table.all_of(&[unplanned, partial, test]);
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_in_its_midst_can_only_be_gone_on_with() {
    let mut table = Table::read();
    let mut scene = Scene::set().await;
    scene.live(10).await;
    let protect = Request::Protect(ProtectRequest {
        name: named(),
        source: "site-a".into(),
        target: "site-b".into(),
        servers: crate::application::names(),
    });
    scene.stopped_after(&protect, "record_group/creating").await;
    table.compare("`creating`", &scene).await;
    scene.gone_on_with().await;
    scene.live(330).await;

    let stops: [(Request, &str, &str); 6] = [
        (Request::Sync { group: named() }, "record_group/syncing", "`syncing`"),
        (Request::TestFailover(TestRequest::new(GROUP)), "record_group/testing", "`testing`"),
        (Request::TestCleanup { group: named() }, "record_group/cleaning", "`cleaning`"),
        (Request::Failover(MoveRequest::planned(GROUP)), "stop_server/db-1", "`failing_over`"),
        (Request::Commit { group: named() }, "record_group/updating", "`updating`"),
        (Request::Failback(MoveRequest::planned(GROUP)), "stop_server/db-1", "`failing_back`"),
    ];
    for (request, step, state) in stops {
        scene.clock.sleep(std::time::Duration::from_mins(7)).await;
        scene.stopped_after(&request, step).await;
        table.compare(state, &scene).await;
        scene.gone_on_with().await;
    }
    let unprotect = Request::Unprotect { group: named(), without_site: None };
    scene.stopped_after(&unprotect, "record_group/deleting").await;
    table.compare("`deleting`", &scene).await;
    scene.gone_on_with().await;
    let states = ["creating", "syncing", "testing", "cleaning", "failing_over", "updating", "failing_back"];
    let states: Vec<_> = states.iter().chain(&["deleting"]).map(|state| format!("`{state}`")).collect();
    table.all_of(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn protection_ends_without_a_site_that_is_gone_and_names_what_it_leaves_there() {
    let mut scene = Scene::protected().await;
    scene.live(330).await;
    let dead =
        "- {target: 'site-a/*', action: refuse, times: 0}\n- {target: array-a, action: refuse, times: 0}\n";
    scene.faults(dead);
    scene.done(&Request::Failover(MoveRequest::unplanned(GROUP, true))).await;
    scene.at_home = false;
    scene.running = crate::machines::read(&scene.b).await.unwrap();
    let request = Request::Unprotect { group: named(), without_site: Some("site-a".into()) };
    let planned = scene.plan(&request).await;
    let servers = planned.warnings.iter().filter(|warning| warning.subject.starts_with("server "));
    assert_eq!(servers.count(), crate::application::names().len(), "{:?}", planned.warnings);
    assert!(planned.warnings.iter().all(|warning| warning.code.as_str() == "left-behind"));
    let report = scene.protector.apply(planned.plan.unwrap()).await.unwrap().finish().await.unwrap();
    assert_eq!(report.operation.status.as_str(), "completed", "{:?}", report.operation);
    assert!(scene.protector.groups().await.unwrap().is_empty());
    // The VMs run on, on their volumes, which no group holds any more.
    let running = crate::machines::read(&scene.b).await.unwrap();
    assert_eq!(running.len(), crate::application::names().len());
    assert!(running.values().all(|machine| machine.status == "ACTIVE"));
}
