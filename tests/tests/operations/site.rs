//! Many groups leave a site together.

use crate::machines;
use crate::order::{begun, one_after_the_other};
use crate::scene::{PAUSE, Scene};
use protector_core::domain::{FindingCode, GroupPolicy, GroupStatus, OperationStatus};
use protector_core::engine::Event;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{
    Error, GroupOutcome, GroupTask, Request, SiteFailoverHandle, SiteFailoverPlan, SiteFailoverReport,
    SiteFailoverRequest, SiteProgress,
};

const GROUPS: [(&str, &[&str]); 3] =
    [("web", &["web-1", "web-2"]), ("application", &["app-1", "app-2"]), ("database", &["db-1"])];

const DEAD: &str = "
- {target: 'site-a/*', action: refuse, times: 0}
- {target: 'array-a', action: refuse, times: 0}
";

impl Scene {
    /// The application as three groups: what uses another one comes after it.
    async fn three_groups() -> Self {
        let mut scene = Self::set().await;
        for (name, vms) in GROUPS {
            let request = Request::Protect(ProtectRequest {
                name: name.to_owned(),
                source: scene.a.site.into(),
                target: scene.b.site.into(),
                servers: vms.iter().map(|vm| (*vm).to_owned()).collect(),
            });
            scene.done(&request).await;
        }
        for (name, after) in [("web", "application"), ("application", "database")] {
            let policy = GroupPolicy { after_groups: vec![after.to_owned()], ..GroupPolicy::default() };
            scene.protector.set_policy(name, &policy).await.unwrap();
        }
        scene.live(330).await;
        scene
    }

    async fn plan_site(&self, request: &SiteFailoverRequest) -> SiteFailoverPlan {
        Box::pin(self.protector.plan_site_failover(request)).await.unwrap()
    }

    /// Leaves a site while the guests go on writing.
    async fn leave(&mut self, request: &SiteFailoverRequest) -> SiteFailoverReport {
        let plan = self.plan_site(request).await;
        let handle = self.protector.site_failover(plan);
        self.until_left(handle, |_| false).await
    }

    /// Goes on until the end; stops it all once something has happened.
    async fn until_left(
        &mut self,
        mut handle: SiteFailoverHandle,
        stops: impl Fn(&SiteProgress) -> bool,
    ) -> SiteFailoverReport {
        let stop = handle.stop_token();
        loop {
            tokio::select! {
                biased;
                progress = handle.next() => match progress {
                    Some(progress) if stops(&progress) => stop.cancel(),
                    Some(_) => {}
                    None => break,
                },
                () = self.clock.sleep(PAUSE) => self.write().await,
            }
        }
        handle.finish().await.unwrap()
    }

    /// All VMs run at one site and only there, on what their guests wrote last.
    async fn all_run(&mut self, at_home: bool, status: GroupStatus) {
        self.at_home = at_home;
        self.running = machines::read(self.here()).await.unwrap();
        for (name, _) in GROUPS {
            let group = self.protector.group(name).await.unwrap();
            assert_eq!(
                (group.status, group.current_primary_site.as_str()),
                (status, self.here().site),
                "{name}"
            );
        }
        assert_eq!(self.running.len(), 5);
        assert!(self.running.values().all(|machine| machine.status == "ACTIVE"), "{:?}", self.running);
        assert_eq!(self.guests.differences(self.here(), &self.running), Vec::<String>::new());
    }
}

fn outcomes(report: &SiteFailoverReport) -> Vec<(&str, &GroupOutcome)> {
    report.groups.iter().map(|group| (group.group.as_str(), &group.outcome)).collect()
}

/// Nova at A does not let one VM be stopped, once.
fn unstoppable(scene: &Scene, vm: &str) -> String {
    format!(
        r#"
- target: site-a/compute
  method: POST
  path: "/servers/{}/action$"
  body: os-stop
  action: answer
  status: 403
  answer_body: {{forbidden: {{code: 403, message: "Policy doesn't allow os_compute_api:servers:stop to be performed."}}}}
  times: 1
"#,
        scene.running[vm].id
    )
}

#[tokio::test(start_paused = true)]
async fn all_groups_of_a_site_are_moved_in_their_order_and_back() {
    let mut scene = Scene::three_groups().await;
    let plan = scene.plan_site(&SiteFailoverRequest::planned("site-a")).await;
    let order: Vec<&str> = plan.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(order, ["database", "application", "web"]);
    let told = plan.to_string();
    assert!(told.contains("3 groups") && told.contains("after application"), "{told}");
    let report = scene.leave(&SiteFailoverRequest::planned("site-a")).await;
    assert!(report.is_complete(), "{report:#?}");
    one_after_the_other(&begun(&scene.b, "create").await, &["db-1", "app-1", "web-1"]);
    scene.all_run(false, GroupStatus::FailedOver).await;
    // Again: there is nothing left to do.
    let report = scene.leave(&SiteFailoverRequest::planned("site-a")).await;
    assert!(report.groups.iter().all(|group| matches!(group.outcome, GroupOutcome::WasDone)), "{report:#?}");
    scene.live(400).await;
    let report = scene.leave(&SiteFailoverRequest::planned("site-b")).await;
    assert!(report.is_complete(), "{report:#?}");
    scene.all_run(true, GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_site_is_left_at_one_word_once_the_losses_are_accepted() {
    let mut scene = Scene::three_groups().await;
    scene.faults(DEAD);
    let plan = scene.plan_site(&SiteFailoverRequest::unplanned("site-a", false)).await;
    for group in &plan.groups {
        let GroupTask::Refused(planned) = &group.task else { panic!("{group:?}") };
        assert_eq!(planned.findings[0].code, FindingCode::LossNotAccepted);
        assert!(planned.loss.is_some());
    }
    let report = scene.leave(&SiteFailoverRequest::unplanned("site-a", true)).await;
    assert!(report.is_complete(), "{report:#?}");
    for (name, vms) in GROUPS {
        let loss = scene.protector.group(name).await.unwrap().last_loss.unwrap();
        scene.guests.lose_after_of(loss.from, vms);
    }
    scene.all_run(false, GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fails_keeps_no_other_and_is_moved_when_it_is_done_again() {
    let mut scene = Scene::three_groups().await;
    scene.faults(&unstoppable(&scene, "app-1"));
    let report = scene.leave(&SiteFailoverRequest::planned("site-a")).await;
    let [database, application, web] = &outcomes(&report)[..] else { panic!("{report:#?}") };
    assert!(matches!(database, ("database", GroupOutcome::Moved { .. })), "{report:#?}");
    assert!(matches!(web, ("web", GroupOutcome::Moved { .. })), "{report:#?}");
    let GroupOutcome::NotMoved { status: OperationStatus::RolledBack, reason } = application.1 else {
        panic!("{report:#?}")
    };
    assert!(reason.contains("stop_server/app-1") && reason.contains("Policy"), "{reason}");
    // The rule has fired once.
    let plan = scene.plan_site(&SiteFailoverRequest::planned("site-a")).await;
    let left = plan.groups.iter().filter(|group| matches!(group.task, GroupTask::Move(_)));
    assert_eq!(left.map(|group| group.name.as_str()).collect::<Vec<_>>(), ["application"]);
    let report = scene.leave(&SiteFailoverRequest::planned("site-a")).await;
    assert!(report.is_complete(), "{report:#?}");
    scene.all_run(false, GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn no_other_group_is_begun_after_a_failure_if_that_is_asked_for() {
    let mut scene = Scene::three_groups().await;
    scene.faults(&unstoppable(&scene, "app-1"));
    let report = scene.leave(&SiteFailoverRequest::planned("site-a").stopping_at_a_failure()).await;
    let [database, application, web] = &outcomes(&report)[..] else { panic!("{report:#?}") };
    assert!(matches!(database.1, GroupOutcome::Moved { .. }), "{report:#?}");
    assert!(matches!(application.1, GroupOutcome::NotMoved { .. }), "{report:#?}");
    let GroupOutcome::NotBegun { reason } = web.1 else { panic!("{report:#?}") };
    assert!(reason.contains("application"), "{reason}");
    assert_eq!(scene.protector.group("web").await.unwrap().status, GroupStatus::Active);
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_goes_on_where_it_was() {
    let mut scene = Scene::three_groups().await;
    let plan = scene.plan_site(&SiteFailoverRequest::planned("site-a")).await;
    let handle = scene.protector.site_failover(plan);
    let stops = |progress: &SiteProgress| match progress {
        SiteProgress::Went { group, progress } => {
            let done = |step: &str| matches!(&progress.event, Event::StepDone { step: one, .. } if one.as_str() == step);
            group == "application" && done("replicate_now")
        }
        _ => false,
    };
    let report = scene.until_left(handle, stops).await;
    let [database, application, web] = &outcomes(&report)[..] else { panic!("{report:#?}") };
    assert!(matches!(database.1, GroupOutcome::Moved { .. }), "{report:#?}");
    assert!(matches!(application.1, GroupOutcome::NotMoved { .. }), "{report:#?}");
    assert!(matches!(web.1, GroupOutcome::NotBegun { .. }), "{report:#?}");
    let plan = scene.plan_site(&SiteFailoverRequest::planned("site-a")).await;
    let tasks: Vec<&GroupTask> = plan.groups.iter().map(|group| &group.task).collect();
    assert!(matches!(tasks[..], [GroupTask::Done, GroupTask::Resume(_), GroupTask::Move(_)]), "{tasks:?}");
    let handle = scene.protector.site_failover(plan);
    let report = scene.until_left(handle, |_| false).await;
    assert!(report.is_complete(), "{report:#?}");
    scene.all_run(false, GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn unknown_sites_and_groups_are_refused_by_name_and_so_are_groups_that_wait_for_each_other() {
    let scene = Scene::three_groups().await;
    let error =
        scene.protector.plan_site_failover(&SiteFailoverRequest::planned("site-c")).await.unwrap_err();
    assert!(matches!(error, Error::SiteUnknown { .. }), "{error:?}");
    let request = SiteFailoverRequest::planned("site-a").only(["mail".to_owned()]);
    let error = scene.protector.plan_site_failover(&request).await.unwrap_err();
    assert!(matches!(error, Error::GroupUnknown { .. }), "{error:?}");
    let policy =
        GroupPolicy { after_groups: vec!["web".to_owned(), "mail".to_owned()], ..GroupPolicy::default() };
    let error = scene.protector.set_policy("database", &policy).await.unwrap_err().to_string();
    for part in ["no group mail", "groups wait for each other", "web", "application"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
