use crate::arguments::MappingCommand;
use crate::tables::{columns, list};
use crate::{Answer, Error};
use protector_core::domain::mapping_report::MappingView;
use protector_core::faces::exit;
use protector_core::protector::Protector;
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn carry_out(protector: &Protector, command: &MappingCommand) -> Result<Answer, Error> {
    let views = Box::pin(protector.validate_mappings()).await?;
    Ok(match command {
        MappingCommand::List => all(&views),
        MappingCommand::Validate => validated(&views),
    })
}

fn all(views: &[MappingView]) -> Answer {
    if views.is_empty() {
        return Answer::new("nothing is mapped, and no protected VM needs anything", json!(views));
    }
    let rows = views.iter().map(|view| {
        [
            view.kind.to_string(),
            view.from.to_string(),
            view.name.clone(),
            view.to.to_string(),
            view.mapped.clone(),
            if view.explicit { "mappings" } else { "equal name" }.to_owned(),
            list(&view.needed_by),
        ]
    });
    Answer::new(columns(["kind", "from", "name", "to", "mapped", "because", "needed_by"], rows), json!(views))
}

fn validated(views: &[MappingView]) -> Answer {
    let wrong: Vec<&MappingView> = views.iter().filter(|view| !view.problems.is_empty()).collect();
    let mut text = String::new();
    for MappingView { kind, from, name, to, mapped, needed_by, problems, .. } in &wrong {
        let _ = write!(text, "{kind} {name} of {from} is {mapped} at {to}: {}", problems.join("; "));
        if !needed_by.is_empty() {
            let _ = write!(text, "; needed by {}", list(needed_by));
        }
        text.push('\n');
    }
    let _ = write!(text, "{} mappings in both directions, {} of no use", views.len(), wrong.len());
    let exit = if wrong.is_empty() { exit::DONE } else { exit::ATTENTION };
    Answer::new(text, json!(views)).with_exit(exit)
}
