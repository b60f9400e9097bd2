//! What people write down and give as text: a group, or the policy of its moves. Errors name the file and the line.

use crate::failure::Failure;
use protector_core::config::GroupDocument;
use protector_core::domain::GroupPolicy;
use protector_core::faces::arguments::Arguments;
use protector_core::protector;
use serde_json::Value;
use std::path::Path;

/// A group as a document; `file` is what errors call it.
pub(crate) fn group(text: &str, file: Option<&str>) -> Result<GroupDocument, protector::Error> {
    Ok(GroupDocument::parse(Path::new(file.unwrap_or("<document>")), text)?)
}

/// A policy: as a document, which is text, or as the argument of a question.
pub(crate) fn policy(question: &str, given: Value, file: Option<&str>) -> Result<GroupPolicy, Failure> {
    if let Value::String(text) = &given {
        let read = GroupPolicy::parse(Path::new(file.unwrap_or("<policy>")), text);
        return Ok(read.map_err(protector::Error::from)?);
    }
    let given = [("policy".to_owned(), given)].into_iter().collect();
    Ok(Arguments::new(question, given).required("policy")?)
}
