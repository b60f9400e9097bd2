//! A group as a document: written down, and made what it says.

use super::run;
use crate::arguments::ConfirmArguments;
use crate::confirmation::{ToConfirm, has_terminal};
use crate::progress::{Style, say};
use crate::{Answer, Error, files};
use protector_core::config::GroupDocument;
use protector_core::faces::confirmation::needs_confirmation;
use protector_core::faces::{documents, exit};
use protector_core::protector::{Protector, Request};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn export(document: &GroupDocument, file: Option<&Path>) -> Result<Answer, Error> {
    let yaml = document.to_yaml();
    let text = match file {
        None => yaml,
        Some(file) => {
            files::write(file, &yaml)?;
            format!("group {} is written to {}", document.name, file.display())
        }
    };
    Ok(Answer::new(text, documents::group_document(document)))
}

/// Makes a group what a document says: all operations are named and confirmed before the first is begun.
pub(super) async fn apply(
    protector: &Protector,
    file: &Path,
    run: &ConfirmArguments,
    style: Style,
) -> Result<Answer, Error> {
    let document = GroupDocument::parse(file, &files::read(file)?)
        .map_err(|error| Error::from(protector_core::protector::Error::from(error)))?;
    let name = document.name.as_str();
    let requests = protector.changes(&document).await?;
    if requests.is_empty() {
        let text = format!("group {name} is what the document says: nothing is to be done");
        return Ok(Answer::new(text, documents::changes(name, [])));
    }
    if run.dry_run {
        return plan(protector, name, &requests).await;
    }
    for request in &requests {
        let to_confirm = ToConfirm::operation(request.operation_type(), name);
        to_confirm.judge(run.confirm.as_deref(), has_terminal())?;
    }
    if matches!(style, Style::Auto | Style::Lines) {
        say(&format!("group {name}: {}", names(&requests).join(", then ")));
    }
    carry_out(protector, name, &requests, run, style).await
}

/// The plan of the first operation. Those after it build on what it does, and are planned then.
async fn plan(protector: &Protector, name: &str, requests: &[Request]) -> Result<Answer, Error> {
    let (mut text, mut plans, mut to_confirm) = (String::new(), Vec::new(), Vec::new());
    for (number, request) in requests.iter().enumerate() {
        let operation = request.operation_type();
        if needs_confirmation(operation) {
            to_confirm.push(operation.to_string());
        }
        if number == 0 {
            let answer = Box::pin(run::plan(protector, request)).await?;
            text += answer.text.trim_end_matches("nothing was changed");
            plans.push((operation, answer.document));
        } else {
            let _ = writeln!(text, "then {operation}, which is planned when that is done");
            plans.push((operation, Value::Null));
        }
    }
    if !to_confirm.is_empty() {
        let _ = writeln!(text, "to be confirmed, with `--confirm {name}`: {}", to_confirm.join(", "));
    }
    Ok(Answer::new(text + "nothing was changed", documents::changes(name, plans)))
}

async fn carry_out(
    protector: &Protector,
    name: &str,
    requests: &[Request],
    run: &ConfirmArguments,
    style: Style,
) -> Result<Answer, Error> {
    let (mut text, mut outcomes, mut exit) = (String::new(), Vec::new(), exit::DONE);
    for (number, request) in requests.iter().enumerate() {
        let answer = match Box::pin(run::change(protector, request, run, style)).await {
            Ok(answer) => answer,
            Err(error) if number == 0 => return Err(error),
            Err(source) => {
                return Err(Error::DoneInPart {
                    group: name.to_owned(),
                    done: names(requests.get(..number).unwrap_or_default()),
                    wanted: request.operation_type().to_string(),
                    source: Box::new(source),
                });
            }
        };
        text += &(answer.text.trim_end().to_owned() + "\n");
        outcomes.push((request.operation_type(), answer.document));
        exit = answer.exit;
        if exit != exit::DONE {
            let left = names(requests.get(number + 1..).unwrap_or_default());
            if !left.is_empty() {
                let _ = writeln!(text, "not begun: {}; apply the document again", left.join(", "));
            }
            break;
        }
    }
    Ok(Answer::new(text, documents::changes(name, outcomes)).with_exit(exit))
}

fn names(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.operation_type().to_string()).collect()
}
