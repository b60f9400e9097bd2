//! The result, for a person or for a program.

use crate::arguments::Format;
use crate::drill::Report;
use crate::timeline::Operation;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

/// So many kinds of steps are told of where the time went.
const SHARES: usize = 5;

pub(crate) fn show(format: Format, report: &Report) {
    match format {
        Format::Json => println!("{:#}", document(report)),
        Format::Human => text(report),
    }
}

fn document(report: &Report) -> Value {
    json!({
        "driver": report.driver,
        "fault": report.fault,
        "held": report.held(),
        "checks": report.checks,
        "operations": report.operations,
        "seconds": report.took.as_secs_f64(),
        "site_seconds": report.site_took.as_secs_f64(),
        "processor_seconds": report.computed,
    })
}

fn text(report: &Report) {
    for operation in &report.operations {
        println!();
        timeline(operation);
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["After", "VM", "Compared", "Result", "Found"]);
    for check in &report.checks {
        let result = if check.held { "ok" } else { "WRONG" };
        table.add_row([check.after, check.of.as_str(), check.compared, result, check.found.as_str()]);
    }
    println!("\n{table}");
    let broken: Vec<_> = report.checks.iter().filter(|check| !check.held).collect();
    for check in &broken {
        println!("WRONG after {}: {} of {}: {}", check.after, check.compared, check.of, check.found);
    }
    let result = if broken.is_empty() {
        format!("all {} checks held", report.checks.len())
    } else {
        format!("{} of {} checks did not hold", broken.len(), report.checks.len())
    };
    println!(
        "{result}: driver {}, {:.0} s of the sites' time in {:.1} s",
        report.driver,
        report.site_took.as_secs_f64(),
        report.took.as_secs_f64()
    );
}

fn timeline(operation: &Operation) {
    println!(
        "{}: {}, {:.1} s of the sites' time",
        operation.operation_type, operation.status, operation.seconds
    );
    for line in operation.lines() {
        println!("{line}");
    }
    let shares: Vec<String> = operation
        .shares()
        .into_iter()
        .take(SHARES)
        .map(|(kind, count, seconds)| format!("{kind} ×{count} {seconds:.1} s"))
        .collect();
    println!("  where the time went: {}", shares.join(", "));
}
