//! Which operation is possible in which state: the table, written by hand, against states that real operations have led to.
//! Whatever is not in the table is refused, says what is possible, and sends nothing that changes anything.

use crate::scene::{GROUP, Scene};
use protector_core::domain::{Action, GroupStatus, possible};
use protector_core::operations::PolicyChange;
use protector_core::protector::{Error, MembersRequest, MoveRequest, Request, SetRequest};
use std::collections::BTreeSet;

/// What a person can have planned.
type Wanted = (Action, fn() -> Request);

const REQUESTS: &[Wanted] = &[
    (Action::Failover, || Request::Failover(MoveRequest::planned(GROUP))),
    (Action::UnplannedFailover, || Request::Failover(MoveRequest::unplanned(GROUP, true))),
    (Action::Failback, || Request::Failback(MoveRequest::planned(GROUP))),
    (Action::UnplannedFailback, || Request::Failback(MoveRequest::unplanned(GROUP, true))),
    (Action::Sync, || Request::Sync { group: GROUP.to_owned() }),
    (Action::Reprotect, || Request::Reprotect { group: GROUP.to_owned() }),
    (Action::Commit, || Request::Commit { group: GROUP.to_owned() }),
    (Action::Undo, || Request::Undo { group: GROUP.to_owned() }),
    (Action::Set, || Request::Set(SetRequest::new(GROUP, PolicyChange::default()))),
    (Action::AddMember, || Request::AddMember(MembersRequest::new(GROUP, ["web-2".to_owned()]))),
    (Action::RemoveMember, || Request::RemoveMember(MembersRequest::new(GROUP, ["web-2".to_owned()]))),
    (Action::Unprotect, || Request::Unprotect { group: GROUP.to_owned() }),
];

impl Scene {
    /// Compares what is possible with what the table says, and tries all of it.
    async fn expect(&self, state: &str, status: GroupStatus, table: &[Action]) {
        let group = self.group().await;
        assert_eq!(group.status, status, "{state}");
        let table: BTreeSet<Action> = table.iter().copied().collect();
        assert_eq!(possible(&group).into_iter().collect::<BTreeSet<_>>(), table, "{state}");
        assert!(!table.is_empty(), "{state} has no way out");
        for (action, request) in REQUESTS {
            let before = self.changes();
            let planned = Box::pin(self.protector.plan(&request())).await;
            match (table.contains(action), planned) {
                (true, Ok(_)) => {}
                (false, Err(Error::StatusForbids { possible, .. })) => {
                    assert_eq!(possible.into_iter().collect::<BTreeSet<_>>(), table, "{state}: {action}");
                }
                (expected, planned) => panic!("{state}: {action}, possible: {expected}: {planned:?}"),
            }
            assert_eq!(self.changes(), before, "{state}: {action} has changed something");
        }
    }

    /// How many changing requests have been sent.
    fn changes(&self) -> usize {
        let requests = self.pair.surroundings().requests();
        let changing = requests.iter().filter(|request| {
            let text = |name: &str| request.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            !matches!(text("method"), "GET" | "HEAD") && !text("path").contains("/auth/tokens")
        });
        changing.count()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_possible_is_what_the_table_says() {
    use Action::*;
    let mut scene = Scene::protected().await;
    let members = [Set, AddMember, RemoveMember];
    let running_home = [&[Failover, UnplannedFailover, TestFailover, Sync, Unprotect], &members[..]].concat();
    scene.expect("protected", GroupStatus::Active, &running_home).await;

    scene.done(&Request::Failover(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    let running_away = [&[Failback, UnplannedFailback, TestFailover, Sync, Unprotect], &members[..]].concat();
    let uncommitted = [Commit, Undo];
    let table = [&running_away[..], &uncommitted].concat();
    scene.expect("failed over", GroupStatus::FailedOver, &table).await;

    scene.done(&Request::Commit { group: GROUP.to_owned() }).await;
    scene.expect("failed over and committed", GroupStatus::FailedOver, &running_away).await;

    scene.live(400).await;
    scene.done(&Request::Failback(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    let table = [&running_home[..], &uncommitted].concat();
    scene.expect("failed back", GroupStatus::Active, &table).await;

    scene.done(&Request::Undo { group: GROUP.to_owned() }).await;
    scene.moved().await;
    let table = [&running_away[..], &[Commit]].concat();
    scene.expect("undone", GroupStatus::FailedOver, &table).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_disaster_the_data_has_to_reach_the_other_site_first() {
    use Action::*;
    let mut scene = Scene::protected().await;
    scene.live(330).await;
    scene.done(&Request::Failover(MoveRequest::unplanned(GROUP, true))).await;
    scene.moved().await;
    let table = [Reprotect, Unprotect, Commit];
    scene.expect("failed over unplanned", GroupStatus::FailedOver, &table).await;
}
