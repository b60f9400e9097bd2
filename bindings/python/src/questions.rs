//! What can be asked, by name and arguments, and what answers it.

use crate::failure::Failure;
use crate::handle::{Answer, Opened, Planned};
use crate::run::{self, Begun, Run};
use crate::site::{self, SiteRun};
use crate::written;
use protector_core::config::GroupDocument;
use protector_core::faces::arguments::{ArgumentError, Arguments};
use protector_core::faces::confirmation::{
    changes_confirmed, confirmed, prune_confirmed, site_failover_confirmed,
};
use protector_core::faces::{documents, requests};
use protector_core::id::{OperationId, SiteName, StepId};
use protector_core::operations;
use protector_core::protector::{self, OperationHandle, Protector, Request};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

const KNOWN: &[&str] = &[
    "sites",
    "site",
    "validate_site",
    "volume_types",
    "validate_mappings",
    "groups",
    "group",
    "drift",
    "export",
    "changes",
    "confirmed_changes",
    "plan_changes",
    "recovery_points",
    "rpo",
    "housekeeping",
    "prune",
    "set_policy",
    "validate_policy",
    "status",
    "operations",
    "operation",
    "report",
    "report_html",
    "remains",
    "drill",
    "tick",
    "plan",
    "apply",
    "begin",
    "plan_site_failover",
    "begin_site_failover",
    "watch",
    "resume",
    "pause",
    "cancel",
    "retry_step",
    "skip_step",
];

/// Answers a question. What is wrong with it is said before anything is read of the sites.
pub(crate) async fn answer(
    opened: Arc<Opened>,
    question: String,
    given: Map<String, Value>,
    plan: Option<Arc<operations::Planned>>,
) -> Result<Answer, Failure> {
    match question.as_str() {
        "plan_site_failover" | "begin_site_failover" => Box::pin(leave(&opened, &question, given)).await,
        "plan" | "apply" | "begin" | "watch" | "resume" | "pause" | "cancel" | "retry_step" | "skip_step" => {
            Box::pin(act(&opened, &question, given, plan)).await
        }
        _ => Box::pin(read(&opened.protector, &question, given)).await,
    }
}

/// What is read, or put on record.
async fn read(protector: &Protector, question: &str, given: Map<String, Value>) -> Result<Answer, Failure> {
    let mut given = Arguments::new(question, given);
    // Read once, where it belongs: what else is given is an error.
    macro_rules! asked {
        ($($name:ident: $read:ident $kind:ty),*) => {{
            $(let $name = given.$read::<$kind>(stringify!($name))?;)*
            given.end()?;
            ($($name),*)
        }};
    }
    let document = match question {
        "sites" => {
            given.end()?;
            json!(protector.sites().await?)
        }
        "site" => {
            let site = asked!(site: required String);
            json!(protector.site(&SiteName::from(site)).await?)
        }
        "validate_site" => {
            let site = asked!(site: required String);
            json!(Box::pin(protector.validate_site(&SiteName::from(site))).await?)
        }
        "volume_types" => {
            let site = asked!(site: required String);
            json!(Box::pin(protector.volume_types(&SiteName::from(site))).await?)
        }
        "validate_mappings" => {
            given.end()?;
            json!(Box::pin(protector.validate_mappings()).await?)
        }
        "groups" => {
            given.end()?;
            protector.groups().await?.iter().map(documents::group).collect()
        }
        "group" => {
            let group = asked!(group: required String);
            documents::group(&protector.group(&group).await?)
        }
        "drift" => {
            let group = asked!(group: required String);
            json!(Box::pin(protector.drift(&group)).await?)
        }
        "export" => {
            let group = asked!(group: required String);
            return Ok(Answer::Text(protector.export(&group).await?.to_yaml()));
        }
        "changes" => {
            let (document, file) = asked!(document: required String, file: optional String);
            let document = written::group(&document, file.as_deref())?;
            protector.changes(&document).await?.iter().map(requests::document).collect()
        }
        "confirmed_changes" => {
            let (document, file, confirm) = asked!(document: required String, file: optional String,
                confirm: optional String);
            let document = written::group(&document, file.as_deref())?;
            let changes = protector.changes(&document).await?;
            let operations = changes.iter().map(Request::operation_type);
            changes_confirmed(operations, &document.name, confirm.as_deref())?;
            changes.iter().map(requests::document).collect()
        }
        "plan_changes" => {
            let (document, file) = asked!(document: required String, file: optional String);
            plan_changes(protector, &written::group(&document, file.as_deref())?).await?
        }
        "recovery_points" => {
            let group = asked!(group: required String);
            let points = Box::pin(protector.recovery_points(&group)).await?;
            points.iter().map(documents::recovery_point).collect()
        }
        "rpo" => {
            let group = asked!(group: optional String);
            json!(Box::pin(protector.rpo(group.as_deref())).await?)
        }
        "housekeeping" => {
            let older_than = asked!(older_than: optional u64);
            let mut found = Box::pin(protector.housekeeping()).await?;
            if let Some(least) = older_than {
                found.leftovers = found.older_than(Duration::from_secs(least));
            }
            json!(found)
        }
        "prune" => {
            let (older_than, journals_older_than, confirm) = asked!(older_than: required u64,
                journals_older_than: optional u64, confirm: optional String);
            prune_confirmed(confirm.as_deref())?;
            let found = Box::pin(protector.housekeeping()).await?;
            let pruned = Box::pin(protector.prune(&found.leftovers, Duration::from_secs(older_than))).await?;
            let journals = match journals_older_than {
                Some(least) => Some(Box::pin(protector.prune_journals(Duration::from_secs(least))).await?),
                None => None,
            };
            documents::pruned(&pruned, journals.as_ref())
        }
        "set_policy" => {
            let (group, policy, file) = asked!(group: required String, policy: required Value,
                file: optional String);
            let policy = written::policy(question, policy, file.as_deref())?;
            documents::group(&Box::pin(protector.set_policy(&group, &policy)).await?)
        }
        "validate_policy" => {
            let (group, policy, file) = asked!(group: required String, policy: required Value,
                file: optional String);
            let policy = written::policy(question, policy, file.as_deref())?;
            Box::pin(protector.validate_policy(&group, &policy)).await?;
            json!(policy)
        }
        "status" => {
            let group = asked!(group: optional String);
            json!(protector.status(group.as_deref()).await?)
        }
        "operations" => {
            let group = asked!(group: optional String);
            json!(protector.operations(group.as_deref()).await?)
        }
        "operation" => {
            let id = asked!(id: required OperationId);
            json!(protector.operation(id).await?)
        }
        "report" => {
            let id = asked!(id: required OperationId);
            json!(protector.report(id).await?)
        }
        "report_html" => {
            let id = asked!(id: required OperationId);
            return Ok(Answer::Text(protector.report(id).await?.html()));
        }
        "remains" => {
            let id = asked!(id: required OperationId);
            json!(protector.remains(id).await?)
        }
        "drill" => {
            let id = asked!(id: required OperationId);
            json!(protector.drill(id).await?)
        }
        "tick" => {
            given.end()?;
            json!(Box::pin(protector.tick()).await?)
        }
        other => {
            let (kind, known) = ("question", KNOWN.to_vec());
            return Err(ArgumentError::NotOffered { kind, name: other.to_owned(), known }.into());
        }
    };
    Ok(Answer::Document(document))
}

/// The plan of the first operation that a document asks for. Those after it build on what it does, and are planned then.
async fn plan_changes(protector: &Protector, document: &GroupDocument) -> Result<Value, Failure> {
    let requests = protector.changes(document).await?;
    let mut answers = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let answer = if number == 0 {
            documents::planned(&ready(request, Box::pin(protector.plan(request)).await?)?)
        } else {
            Value::Null
        };
        answers.push((request.operation_type(), answer));
    }
    Ok(documents::changes(&document.name, answers))
}

/// What plans, begins, takes up or stops an operation.
async fn act(
    opened: &Arc<Opened>,
    question: &str,
    mut given: Map<String, Value>,
    plan: Option<Arc<operations::Planned>>,
) -> Result<Answer, Failure> {
    let protector = &opened.protector;
    match (question, plan) {
        ("plan", _) => {
            let request = asked_for(given)?;
            let planned = Arc::new(ready(&request, Box::pin(protector.plan(&request)).await?)?);
            Ok(Answer::Planned(Planned { planned }))
        }
        ("apply", Some(planned)) => {
            let mut given = Arguments::new(question, given);
            let confirm: Option<String> = given.optional("confirm")?;
            given.end()?;
            Box::pin(apply(opened, &planned, confirm.as_deref())).await
        }
        ("begin", _) => {
            let confirm = given.remove("confirm").unwrap_or_default();
            let request = asked_for(given)?;
            let confirm = [("confirm".to_owned(), confirm)].into_iter().collect();
            let confirm =
                Arguments::new(request.operation_type().as_str(), confirm).optional::<String>("confirm")?;
            let group = named(protector, &request).await?;
            confirmed(request.operation_type(), &group, confirm.as_deref())?;
            opened.rest().await;
            let planned = ready(&request, Box::pin(protector.plan(&request)).await?)?;
            Box::pin(apply(opened, &planned, confirm.as_deref())).await
        }
        _ => Box::pin(go_on(opened, question, given)).await,
    }
}

/// All groups of a site, moved in their order.
async fn leave(
    opened: &Arc<Opened>,
    question: &str,
    mut given: Map<String, Value>,
) -> Result<Answer, Failure> {
    let protector = &opened.protector;
    if question == "plan_site_failover" {
        let plan = Box::pin(protector.plan_site_failover(&requests::site_failover(given)?)).await?;
        return Ok(Answer::Document(documents::site_failover_plan(&plan)));
    }
    let confirm = [("confirm".to_owned(), given.remove("confirm").unwrap_or_default())].into_iter().collect();
    let confirm: Option<String> = Arguments::new("site failover", confirm).optional("confirm")?;
    let request = requests::site_failover(given)?;
    site_failover_confirmed(&request.site, confirm.as_deref())?;
    opened.rest().await;
    let plan = Box::pin(protector.plan_site_failover(&request)).await?;
    let course = site::follow(protector.site_failover(plan));
    opened.remember(&course);
    Ok(Answer::SiteRun(SiteRun::new(Arc::clone(opened), course, request.site)))
}

/// What is done with an operation that was begun.
async fn go_on(opened: &Arc<Opened>, question: &str, given: Map<String, Value>) -> Result<Answer, Failure> {
    let protector = &opened.protector;
    let mut given = Arguments::new(question, given);
    let id: Option<OperationId> =
        if question == "resume" { given.optional("id")? } else { Some(given.required("id")?) };
    let step: Option<String> = match question {
        "retry_step" | "skip_step" => Some(given.required("step")?),
        _ => None,
    };
    let reason: String = match question {
        "cancel" | "skip_step" => given.required("reason")?,
        _ => String::new(),
    };
    given.end()?;
    let (id, step) = match (question, id, step) {
        ("resume", id, _) => {
            opened.rest().await;
            let handle = Box::pin(protector.resume(id)).await?;
            return Ok(under_way(opened, handle, Begun::default()));
        }
        (_, Some(id), step) => (id, StepId::new(step.unwrap_or_default())),
        (_, None, _) => return Ok(Answer::Nothing),
    };
    let handle = match question {
        "watch" => {
            let watcher = protector.watch(id).await?;
            let plan = Arc::clone(watcher.plan());
            let course = run::watch(protector.clone(), id, watcher);
            return Ok(Answer::Run(Run::new(Arc::clone(opened), course, id, plan)));
        }
        "pause" => {
            Box::pin(protector.pause(id)).await?;
            return Ok(Answer::Document(json!(protector.operation(id).await?)));
        }
        "cancel" => {
            let Some(handle) = Box::pin(protector.cancel(id, &reason)).await? else {
                return Ok(Answer::Nothing);
            };
            let begun = Begun { to_be_undone: true, ..Begun::default() };
            return Ok(under_way(opened, handle, begun));
        }
        "retry_step" => {
            opened.rest().await;
            Box::pin(protector.retry_step(id, &step)).await?
        }
        _ => {
            opened.rest().await;
            Box::pin(protector.skip_step(id, &step, &reason)).await?
        }
    };
    Ok(under_way(opened, handle, Begun::default()))
}

/// The operation that arguments ask for, its name among them.
fn asked_for(mut given: Map<String, Value>) -> Result<Request, ArgumentError> {
    let name =
        [("operation".to_owned(), given.remove("operation").unwrap_or_default())].into_iter().collect();
    let operation: String = Arguments::new("plan", name).required("operation")?;
    requests::request(&operation, given)
}

/// A plan, or what refuses it.
fn ready(request: &Request, planned: operations::Planned) -> Result<operations::Planned, protector::Error> {
    if planned.plan.is_some() {
        return Ok(planned);
    }
    let operations::Planned { findings, warnings, .. } = planned;
    Err(protector::Error::Refused { operation: request.operation_type(), findings, warnings })
}

/// The group's own name: it may have been given by its id.
async fn named(protector: &Protector, request: &Request) -> Result<String, protector::Error> {
    match request {
        Request::Protect(wanted) => Ok(wanted.name.clone()),
        other => Ok(protector.group(other.group()).await?.name),
    }
}

async fn apply(
    opened: &Arc<Opened>,
    planned: &operations::Planned,
    confirm: Option<&str>,
) -> Result<Answer, Failure> {
    let Some(plan) = planned.plan.clone() else { return Ok(Answer::Nothing) };
    confirmed(plan.operation_type, &plan.group_name, confirm)?;
    let handle = opened.protector.apply(plan).await?;
    let begun = Begun { warnings: planned.warnings.clone(), to_be_undone: false };
    Ok(under_way(opened, handle, begun))
}

fn under_way(opened: &Arc<Opened>, handle: OperationHandle, begun: Begun) -> Answer {
    let (id, plan) = (handle.id(), Arc::clone(handle.plan()));
    let course = run::follow(opened.protector.clone(), handle, begun);
    opened.remember(&course);
    Answer::Run(Run::new(Arc::clone(opened), course, id, plan))
}
