use crate::scene::{GROUP, Scene};
use protector_core::domain::{FindingCode, GroupStatus, ReplicationState};
use protector_core::protector::{Error, MoveRequest, Request};
use protector_mock::arrays::links;
use protector_mock::pair::ARRAYS;
use std::time::Duration;

const DEAD: &str = "
- {target: 'site-a/*', action: ACTION, times: 0}
- {target: 'array-a', action: ACTION, times: 0}
";

fn unplanned() -> Request {
    Request::Failover(MoveRequest::unplanned(GROUP, true))
}

impl Scene {
    /// A group whose newest point is half transferred.
    async fn with_half_a_point() -> Self {
        let mut scene = Self::protected().await;
        // A scheduled point comes, and the guests go on.
        scene.live(330).await;
        scene.slow_link(Some(64 << 10));
        let in_transfer = |scene: &Self| {
            let protector = scene.protector.clone();
            async move {
                let points = protector.recovery_points(GROUP).await.unwrap();
                points
                    .first()
                    .is_some_and(|newest| newest.point.completed.is_none() && newest.point.progress > 0.1)
            }
        };
        for _ in 0..600 {
            if in_transfer(&scene).await {
                return scene;
            }
            scene.live(1).await;
        }
        panic!("no point is in transfer: {:#?}", scene.protector.recovery_points(GROUP).await.unwrap());
    }

    fn slow_link(&self, bandwidth: Option<u64>) {
        let [one, other] = ARRAYS;
        let world = self.pair.pair().world();
        world
            .transact(|transaction| {
                let mut link = links::between(transaction, one, other)?;
                link.bandwidth = bandwidth.unwrap_or(0);
                links::change(transaction, &link)
            })
            .unwrap();
    }

    /// Fails over without site-a and compares what is there and what is said to be lost.
    async fn fail_over_unplanned(&mut self) -> Duration {
        let begun = self.clock.monotonic();
        self.done(&unplanned()).await;
        let took = self.clock.monotonic().saturating_sub(begun);
        let group = self.group().await;
        let recorded = group.last_loss.clone().unwrap();
        let (count, last) = self.guests.lose_after(recorded.from);
        assert!(count > 0, "nothing was written after the point: {recorded:?}");
        // What was written after the other site became the primary was not the group's any more.
        let true_end = last.unwrap().min(group.last_failover_at.unwrap());
        assert!(recorded.until >= true_end, "{recorded:?} is less than what was lost until {true_end}");
        self.moved().await;
        took
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_site_costs_what_came_after_the_newest_complete_point_and_no_more() {
    let mut scene = Scene::with_half_a_point().await;
    scene.faults(&DEAD.replace("ACTION", "refuse"));
    scene.fail_over_unplanned().await;
    // The dead site's VMs cannot be asked; all of B is there, of one moment.
    let here = crate::machines::read(&scene.b).await.unwrap();
    assert!(here.values().all(|machine| machine.status == "ACTIVE"));
    assert_eq!(scene.guests.differences(&scene.b, &here), Vec::<String>::new());
    let group = scene.group().await;
    assert_eq!((group.status, group.replication), (GroupStatus::FailedOver, ReplicationState::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_answers_is_fenced_beside_the_move() {
    let mut scene = Scene::with_half_a_point().await;
    scene.fail_over_unplanned().await;
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_site_that_swallows_everything_costs_no_more_time_than_one_that_refuses() {
    let mut took = Vec::new();
    for action in ["refuse", "hang-before"] {
        let mut scene = Scene::with_half_a_point().await;
        scene.faults(&DEAD.replace("ACTION", action));
        took.push(scene.fail_over_unplanned().await);
    }
    assert!(took[1] <= took[0] + Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_site_that_dies_after_it_answered_costs_no_more_time() {
    let mut took = Vec::new();
    for action in ["refuse", "hang-before"] {
        let scene = Scene::with_half_a_point().await;
        let plan = scene.plan(&unplanned()).await.plan.unwrap();
        assert!(plan.steps.iter().any(|step| step.id.as_str() == "stop_server/db-1"));
        scene.faults(&DEAD.replace("ACTION", action));
        let begun = scene.clock.monotonic();
        let report = scene.protector.apply(plan).await.unwrap().finish().await.unwrap();
        assert_eq!(report.operation.status.as_str(), "completed", "{:?}", report.operation);
        took.push(scene.clock.monotonic().saturating_sub(begun));
    }
    assert!(took[1] <= took[0] + Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_loss_is_stated_and_has_to_be_accepted() {
    let scene = Scene::with_half_a_point().await;
    let planned = scene.plan(&Request::Failover(MoveRequest::unplanned(GROUP, false))).await;
    assert!(planned.plan.is_none());
    assert_eq!(planned.findings.len(), 1);
    assert_eq!(planned.findings[0].code, FindingCode::LossNotAccepted);
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let eligible = points.iter().find(|view| view.eligibility.is_eligible()).unwrap();
    let loss = planned.loss.unwrap();
    assert_eq!((loss.point, loss.from), (eligible.point.name.clone(), eligible.point.created));
}

#[tokio::test(start_paused = true)]
async fn a_point_that_cannot_be_used_is_refused_with_the_reason() {
    let scene = Scene::with_half_a_point().await;
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let half = points.first().unwrap().point.name.clone();
    for (name, code) in
        [(half.as_str(), FindingCode::PointNotEligible), ("nonsense", FindingCode::PointMissing)]
    {
        let request = Request::Failover(MoveRequest::unplanned(GROUP, true).from_point(name));
        let planned = scene.plan(&request).await;
        assert!(planned.plan.is_none());
        assert_eq!(planned.findings[0].code, code, "{:?}", planned.findings);
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_point_may_be_chosen() {
    let mut scene = Scene::with_half_a_point().await;
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let oldest = points.iter().rfind(|view| view.eligibility.is_eligible()).unwrap().point.clone();
    let request = MoveRequest::unplanned(GROUP, true).from_point(oldest.name.clone());
    scene.done(&Request::Failover(request)).await;
    scene.guests.lose_after(oldest.created);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_disaster_broke_is_whole_again_after_reprotection_and_the_way_home() {
    let mut scene = Scene::with_half_a_point().await;
    scene.fail_over_unplanned().await;
    scene.live(20).await;
    let error = Box::pin(scene.protector.plan(&Request::Failback(MoveRequest::planned(GROUP)))).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::StatusForbids { .. }), "{error:?}");
    assert!(error.to_string().contains("`reprotect`"), "{error}");
    scene.slow_link(None);
    scene.done(&Request::Reprotect { group: GROUP.to_owned() }).await;
    assert_eq!(scene.group().await.replication, ReplicationState::Running);
    scene.live(400).await;
    scene.done(&Request::Failback(MoveRequest::planned(GROUP))).await;
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
    // A's old schedule supplies no point that anybody would take.
    scene.live(400).await;
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let moved = scene.group().await.last_failover_at.unwrap();
    for view in points.iter().filter(|view| view.eligibility.is_eligible()) {
        assert!(view.point.created > moved, "{view:?}");
    }
}
