//! What somebody is given who helps from outside: one archive, without secrets.

use crate::{Answer, Error};
use protector_core::config::Config;
use protector_core::error::{Coded, chain};
use protector_core::faces::support;
use protector_core::id::SiteName;
use protector_core::protector::{self, Protector};
use protector_core::time::{Clock, SystemClock};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The folder in the archive.
const FOLDER: &str = "protector-support";

pub(super) async fn carry_out(protector: &Protector, config: &Config, file: &Path) -> Result<Answer, Error> {
    let mut secrets = support::secrets(config);
    // Without groups there is nothing that a hook was given.
    let groups = protector.groups().await.unwrap_or_default();
    secrets.extend(groups.iter().flat_map(support::given_to_hooks));
    let mut documents = Box::pin(read(protector)).await;
    for document in documents.values_mut() {
        *document = support::without_secrets(document.take(), &secrets);
    }
    // Its fields are known to hold none, and are called as secrets are.
    documents.insert("configuration.json".to_owned(), support::configuration(config));
    let texts = documents
        .iter()
        .map(|(name, document)| (name.as_str(), support::without_these(format!("{document:#}\n"), &secrets)));
    archive(file, texts).map_err(|source| Error::File { action: "write", file: file.to_owned(), source })?;
    let missing = documents.values().filter(|document| document.get("error").is_some()).count();
    let mut text = format!(
        "{} documents without secrets are in {}: look at them before you hand them on",
        documents.len(),
        file.display()
    );
    if missing > 0 {
        let _ = write!(text, "\n{missing} of them say why there is nothing in them");
    }
    Ok(Answer::new(text, json!({"file": file, "documents": documents.keys().collect::<Vec<_>>()})))
}

/// Everything that can be read. What cannot is no reason to leave out the rest: its document says why.
async fn read(protector: &Protector) -> BTreeMap<String, Value> {
    let mut documents = BTreeMap::new();
    let about = json!({"protector": env!("CARGO_PKG_VERSION"), "system": std::env::consts::OS,
        "machine": std::env::consts::ARCH, "at": SystemClock::new().now()});
    documents.insert("about.json".to_owned(), about);
    let groups = protector.groups().await;
    let groups = groups.map(|groups| groups.iter().map(support::group).collect::<Value>());
    documents.insert("groups.json".to_owned(), told(groups));
    match protector.operations(None).await {
        Err(error) => {
            documents.insert("operations.json".to_owned(), told::<()>(Err(error)));
        }
        Ok(operations) => {
            for operation in operations {
                let name = format!("operations/{}.json", operation.id);
                if operation.journal_removed_at.is_some() {
                    documents.insert(name, json!(operation));
                    continue;
                }
                let read = async {
                    let report = protector.report(operation.id).await?;
                    Ok(support::operation(&report, &protector.events(operation.id).await?))
                };
                documents.insert(name, told(read.await));
            }
        }
    }
    let sites = protector.sites().await;
    let names: Vec<SiteName> = sites.iter().flatten().map(|site| site.name.clone()).collect();
    documents.insert("sites.json".to_owned(), told(sites));
    for name in names {
        let report = Box::pin(protector.validate_site(&name)).await;
        documents.insert(format!("sites/{name}.json"), told(report));
    }
    documents.insert("objectives.json".to_owned(), told(Box::pin(protector.rpo(None)).await));
    documents.insert("mappings.json".to_owned(), told(Box::pin(protector.validate_mappings()).await));
    documents.insert("left-over.json".to_owned(), told(Box::pin(protector.housekeeping()).await));
    documents
}

fn told<T: Serialize>(read: Result<T, protector::Error>) -> Value {
    match read {
        Ok(read) => json!(read),
        Err(error) => json!({"error": {"code": error.code(), "message": chain(&error)}}),
    }
}

/// Writes an archive that only its owner may read.
fn archive<'a>(file: &Path, documents: impl Iterator<Item = (&'a str, String)>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    let mut archive = tar::Builder::new(file);
    let at = u64::try_from(SystemClock::new().now().as_second()).unwrap_or_default();
    for (name, text) in documents {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at);
        archive.append_data(&mut header, format!("{FOLDER}/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.flush()
}
