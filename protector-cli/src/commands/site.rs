use super::site_failover;
use crate::arguments::SiteCommand;
use crate::progress::Style;
use crate::tables::{columns, fields, list, or_none};
use crate::{Answer, Error};
use protector_core::domain::site_report::SiteReport;
use protector_core::domain::volume_type::VolumeTypeView;
use protector_core::faces::exit;
use protector_core::id::SiteName;
use protector_core::protector::{ArrayView, Protector, SiteView};
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn carry_out(
    protector: &Protector,
    command: &SiteCommand,
    style: Style,
) -> Result<Answer, Error> {
    let named = |site: &String| SiteName::from(site.as_str());
    match command {
        SiteCommand::List => Ok(all(&protector.sites().await?)),
        SiteCommand::Show { site } => Ok(one(&protector.site(&named(site)).await?)),
        SiteCommand::Validate { site } => {
            Ok(validated(&Box::pin(protector.validate_site(&named(site))).await?))
        }
        SiteCommand::ListVolumeTypes { site } => {
            Ok(volume_types(&Box::pin(protector.volume_types(&named(site))).await?))
        }
        SiteCommand::Failover { wanted, run } => {
            Box::pin(site_failover::carry_out(protector, wanted, run, style)).await
        }
    }
}

fn all(sites: &[SiteView]) -> Answer {
    let rows = sites.iter().map(|site| {
        [
            site.name.to_string(),
            site.cloud.clone(),
            or_none(site.region.as_ref()),
            site.reachable.to_string(),
            list(site.arrays.iter().map(array)),
            list(&site.primary_of),
        ]
    });
    let names = ["name", "cloud", "region", "reachable", "arrays", "primary_of"];
    Answer::new(columns(names, rows), json!(sites))
}

fn array(array: &ArrayView) -> String {
    let silent = if array.reachable { "" } else { " (does not answer)" };
    format!("{}{silent}", array.name)
}

fn one(site: &SiteView) -> Answer {
    let table = fields([
        ("name", site.name.to_string()),
        ("other_site", site.other_site.to_string()),
        ("cloud", site.cloud.clone()),
        ("region", or_none(site.region.as_ref())),
        ("arrays", list(site.arrays.iter().map(array))),
        ("reachable", site.reachable.to_string()),
        ("trouble", or_none(site.trouble.as_ref())),
        ("primary_of", list(&site.primary_of)),
        ("secondary_of", list(&site.secondary_of)),
    ]);
    let troubles = site.arrays.iter().filter_map(|array| Some((array, array.trouble.as_ref()?)));
    let text = troubles.fold(table, |text, (array, trouble)| {
        text + &format!("\narray {} at {}: {trouble}", array.name, array.url)
    });
    Answer::new(text, json!(site))
}

fn validated(report: &SiteReport) -> Answer {
    let rows = report.checks.iter().map(|check| {
        let remedy = check.remedy.clone().unwrap_or_default();
        [check.status.to_string(), check.subject.clone(), check.seen.clone(), remedy]
    });
    let mut text = columns(["status", "subject", "seen", "remedy"], rows);
    let _ = write!(text, "\n{}: {}", report.site, report.status);
    Answer::new(text, json!(report)).with_exit(exit::of_checks(report.status))
}

fn volume_types(types: &[VolumeTypeView]) -> Answer {
    let rows = types.iter().map(|view| {
        let mut reasons = view.reasons.clone();
        if !view.unseen.is_empty() {
            reasons.push(format!("not seen: {}", view.unseen.join(", ")));
        }
        [
            view.name.clone(),
            view.verdict.to_string(),
            or_none(view.replication_type.as_ref()),
            or_none(view.backend.as_ref()),
            view.pairing.as_ref().map(|pairing| pairing.said.clone()).unwrap_or_default(),
            reasons.join("; "),
        ]
    });
    let names = ["name", "verdict", "replication_type", "backend", "pairing", "reasons"];
    Answer::new(columns(names, rows), json!(types))
}
