use crate::scene::{GROUP, Scene};
use protector_core::domain::{GroupStatus, OperationStatus};
use protector_core::engine::Event;
use protector_core::id::{OperationId, StepId};
use protector_core::protector::{Error, MoveRequest, OperationHandle, Request};
use std::time::Duration;

impl Scene {
    /// A failover that is under way.
    async fn failing_over(&self) -> OperationHandle {
        let plan = self.plan(&Request::Failover(MoveRequest::planned(GROUP))).await.plan.unwrap();
        self.protector.apply(plan).await.unwrap()
    }

    /// Begins an operation, and stops once a step of it is done.
    pub(crate) async fn stopped_after(&self, request: &Request, step: &str) {
        let planned = self.plan(request).await;
        let plan = planned.plan.unwrap_or_else(|| panic!("{request:?}: {:#?}", planned.findings));
        let mut handle = self.protector.apply(plan).await.unwrap();
        until_done(&mut handle, step).await;
        handle.stop_token().cancel();
        let report = handle.finish().await.unwrap();
        assert!(report.left.is_some(), "it has ended: {:?}", report.operation);
    }
}

/// Lets an operation go on until a step of it is done.
pub(crate) async fn until_done(handle: &mut OperationHandle, step: &str) {
    let wanted = StepId::from(step);
    while let Some(progress) = handle.next().await {
        if matches!(&progress.event, Event::StepDone { step, .. } if *step == wanted) {
            return;
        }
    }
    panic!("{step} was never done");
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_stands_still_until_it_is_resumed() {
    let mut scene = Scene::protected().await;
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    until_done(&mut handle, "replicate_now").await;
    scene.protector.pause(id).await.unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::Paused, "{:?}", report.operation);
    assert_eq!(scene.protector.operation(id).await.unwrap().status, OperationStatus::Paused);
    let report = scene.protector.resume(Some(id)).await.unwrap().finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    let error = scene.protector.pause(id).await.unwrap_err();
    assert!(matches!(error, Error::OperationEnded { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_before_its_point_of_no_return_is_undone() {
    let mut scene = Scene::protected().await;
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    until_done(&mut handle, "stop_server/db-1").await;
    let elsewhere = scene.protector.cancel(id, "wrong group").await.unwrap();
    assert!(elsewhere.is_none(), "whoever runs it undoes it");
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::RolledBack, "{:?}", report.operation);
    let why = report.operation.error_message.unwrap();
    assert!(why.contains("cancelled by") && why.contains("wrong group"), "{why}");
    scene.live(5).await;
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_while_its_vms_are_being_stopped_has_them_started_once_they_are_stopped() {
    let mut scene = Scene::protected().await;
    scene.faults("{settings: {duration/compute.server-stopped: 10}, rules: []}");
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    let stop = StepId::from("stop_server/db-1");
    while let Some(progress) = handle.next().await {
        if matches!(&progress.event, Event::StepIntended { step } if *step == stop) {
            break;
        }
    }
    let begun = scene.clock.monotonic();
    scene.protector.cancel(id, "wrong group").await.unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::RolledBack, "{:?}", report.operation);
    let took = scene.clock.monotonic().saturating_sub(begun);
    assert!(took < Duration::from_secs(30), "the VMs were waited for, and not started: {took:?}");
    scene.live(5).await;
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_runs_is_cancelled_by_whoever_asks() {
    let mut scene = Scene::protected().await;
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    until_done(&mut handle, "replicate_now").await;
    scene.protector.pause(id).await.unwrap();
    handle.finish().await.unwrap();
    let handle = scene.protector.cancel(id, "not today").await.unwrap().unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::RolledBack, "{:?}", report.operation);
    scene.live(5).await;
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn past_the_point_of_no_return_nothing_is_cancelled() {
    let mut scene = Scene::protected().await;
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    until_done(&mut handle, "raise_epoch").await;
    let error = scene.protector.cancel(id, "too late").await.unwrap_err();
    assert!(matches!(error, Error::PastReturn { .. }), "{error:?}");
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_step_is_skipped_with_a_reason_that_is_kept() {
    let mut scene = Scene::protected().await;
    let mut handle = scene.failing_over().await;
    let id = handle.id();
    until_done(&mut handle, "replicate_now").await;
    scene.protector.pause(id).await.unwrap();
    handle.finish().await.unwrap();
    let done = StepId::from("replicate_now");
    let error = scene.protector.skip_step(id, &done, "why not").await.unwrap_err();
    assert!(matches!(error, Error::StepNotIdle { .. }), "{error:?}");
    let error = scene.protector.retry_step(id, &StepId::from("verify_server/web-1")).await.unwrap_err();
    assert!(error.to_string().contains("it has not failed"), "{error}");
    let skipped = StepId::from("verify_server/web-1");
    let handle = scene.protector.skip_step(id, &skipped, "seen by hand").await.unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    assert_eq!(report.operation.steps_skipped, std::slice::from_ref(&skipped));
    let report = scene.protector.report(id).await.unwrap();
    let step = report.steps.iter().find(|step| step.id == skipped).unwrap();
    assert_eq!(step.status, "skipped");
    assert!(step.remarks.iter().any(|remark| remark.text.contains("seen by hand")), "{step:?}");
    scene.moved().await;
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_watched_and_reported_by_whoever_likes() {
    let mut scene = Scene::protected().await;
    let handle = scene.failing_over().await;
    let id: OperationId = handle.id();
    let mut watcher = scene.protector.watch(id).await.unwrap();
    let watching = async {
        let mut events = Vec::new();
        while let Some(progress) = watcher.next().await.unwrap() {
            events.push(progress.event.kind());
        }
        events
    };
    let (events, report) = futures::join!(watching, handle.finish());
    report.unwrap();
    assert_eq!((events.first(), events.last()), (Some(&"started"), Some(&"finished")));
    let report = scene.protector.report(id).await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::Completed);
    assert!(report.steps.iter().all(|step| step.status == "done" && step.seconds.is_some()));
    assert_eq!(report.critical_path.last(), Some(&StepId::from("record_move")));
    let of_path: f64 = report.steps.iter().filter(|step| step.critical).filter_map(|step| step.seconds).sum();
    assert!(
        of_path <= report.seconds + 0.1 && of_path >= report.seconds * 0.8,
        "{of_path} of {}",
        report.seconds
    );
    let page = report.html();
    assert!(page.contains("raise_epoch") && page.contains("class=\"track\""));
    let listed = scene.protector.operations(Some(GROUP)).await.unwrap();
    assert_eq!(
        listed.iter().map(|one| one.operation_type.as_str()).collect::<Vec<_>>(),
        ["protect", "failover"]
    );
    scene.moved().await;
}
