use super::{Remark, Report, StepReport};
use jiff::Timestamp;
use std::fmt::Write;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--done:#2e7d32;--failed:#c62828;--skipped:#8a6d00;--other:#546e7a;--critical:#ef6c00}\
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:1rem 0}dt{opacity:.7}dd{margin:0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}\
td.n{text-align:right;font-variant-numeric:tabular-nums}td.bar{width:34%}\
.track{position:relative;height:.9rem}.track i{position:absolute;top:.1rem;bottom:.1rem;min-width:2px;border-radius:2px;background:var(--other)}\
.done i{background:var(--done)}.failed i{background:var(--failed)}.skipped i{background:var(--skipped)}.critical td:first-child{border-left:3px solid var(--critical)}\
.remark{opacity:.8;font-size:.92em}code{font-size:.92em}";

pub(super) fn page(report: &Report) -> String {
    let operation = &report.operation;
    let mut page = String::new();
    let title = format!("{} of {}", operation.operation_type, operation.group_name);
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}: {status}</h1>\n<dl>\n",
        title = escaped(&title),
        status = operation.status,
    );
    let from_to = format!("{} → {}", operation.source_site, operation.target_site);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    };
    row("Operation", &operation.id.to_string());
    row("Sites", &from_to);
    row("Started by", &operation.started_by.to_string());
    row("Started", &moment(operation.started_at));
    row("Completed", &moment(operation.completed_at));
    row("Duration", &format!("{} s", seconds(report.seconds)));
    row("Progress", &format!("{} %", operation.progress));
    if let Some(message) = &operation.error_message {
        row("Message", message);
    }
    if let Some(loss) = &report.loss {
        let text = format!(
            "what was written between {} (recovery point {}) and, at the most, {}",
            loss.from, loss.point, loss.until
        );
        row("Lost", &text);
    }
    row("Plan", &report.plan_hash);
    page.push_str("</dl>\n");
    list(&mut page, "Warnings", report.warnings.iter().map(ToString::to_string));
    steps(&mut page, report);
    list(&mut page, "Log", report.remarks.iter().map(said));
    page.push_str("</body>\n</html>\n");
    page
}

fn list(page: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = writeln!(page, "<h2>{title}</h2>\n<ul>");
    for item in items {
        let _ = writeln!(page, "<li>{}</li>", escaped(&item));
    }
    page.push_str("</ul>\n");
}

fn steps(page: &mut String, report: &Report) {
    let path: Vec<String> = report.critical_path.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        page,
        "<h2>Steps</h2>\n<p>Marked: the steps that, one after the other, took it as long as it took ({} of {}).</p>\n\
         <table>\n<tr><th>step</th><th>site</th><th>status</th><th>seconds</th><th>timeline</th></tr>",
        path.len(),
        report.steps.len()
    );
    let begun = report.operation.started_at;
    for step in &report.steps {
        let critical = if step.critical { " critical" } else { "" };
        let site = step.site.as_ref().map_or("both", |site| site.as_str());
        let _ = writeln!(
            page,
            "<tr class=\"{status}{critical}\"><td title=\"{title}\"><code>{id}</code>{remarks}</td><td>{site}</td>\
             <td>{status}</td><td class=\"n\">{seconds}</td><td class=\"bar\">{bar}</td></tr>",
            status = step.status,
            title = escaped(&step.title),
            id = escaped(step.id.as_str()),
            remarks = remarks(step),
            site = escaped(site),
            seconds = step.seconds.map(seconds).unwrap_or_default(),
            bar = bar(step, begun, report.seconds),
        );
    }
    page.push_str("</table>\n");
}

fn remarks(step: &StepReport) -> String {
    let lines =
        step.remarks.iter().map(|remark| format!("<div class=\"remark\">{}</div>", escaped(&said(remark))));
    lines.collect()
}

fn said(remark: &Remark) -> String {
    format!("{}: {}", moment(Some(remark.at)), remark.text)
}

/// Where a step lies between the operation's beginning and end, in percent.
fn bar(step: &StepReport, begun: Option<Timestamp>, whole: f64) -> String {
    let Some((begun, started)) = begun.zip(step.started_at) else { return String::new() };
    if whole <= 0.0 {
        return String::new();
    }
    let left = super::between(begun, started) / whole * 100.0;
    let width = step.seconds.unwrap_or_default() / whole * 100.0;
    format!("<div class=\"track\"><i style=\"left:{left:.2}%;width:{width:.2}%\"></i></div>")
}

fn seconds(value: f64) -> String {
    format!("{value:.1}")
}

fn moment(at: Option<Timestamp>) -> String {
    at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
