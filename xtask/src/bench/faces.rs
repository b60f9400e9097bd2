//! What the command and the faces in Python take, each beside its baseline: `benches/faces.py` measures.

use super::{Goal, number, told};
use crate::bindings;
use crate::workspace::Workspace;
use anyhow::Result;
use serde_json::Value;
use std::process::Command;

pub(super) fn measure(workspace: &Workspace) -> Result<Value> {
    let installed = bindings::released(workspace)?;
    let release = workspace.target.join("release");
    let mut measure = Command::new(&installed.openstack);
    measure.arg(workspace.root.join("benches/faces.py"));
    measure.arg("--program").arg(release.join("protector"));
    measure.arg("--simulator").arg(release.join("protector-sim"));
    measure.arg("--ansible").arg(&installed.ansible);
    measure.arg("--collection").arg(workspace.root.join("bindings/ansible"));
    told(measure.arg("--wheel").arg(&installed.wheel))
}

pub(super) fn goals(faces: &Value) -> Vec<Goal> {
    let milliseconds = |what, most, is: f64| Goal { what, most, unit: "ms", is: 1e3 * is };
    let is = |name: &str| number(faces, name);
    let over = |ours: &str, theirs: &str| is(ours) - is(theirs);
    vec![
        milliseconds("`import protector` over bare Python, processor time", 20.0, is("/import")),
        milliseconds(
            "1,000 servers listed, 10 fields of each read, processor time",
            15.0,
            is("/thousand_servers"),
        ),
        milliseconds("10,000 servers listed as dicts, processor time", 300.0, is("/ten_thousand_as_dicts")),
        milliseconds("a small typed call, processor time", 0.15, is("/small_call")),
        milliseconds(
            "an Ansible module of ours over one that does nothing, processor time",
            40.0,
            over("/module/processor_seconds", "/module_nothing/processor_seconds"),
        ),
        milliseconds(
            "`openstack protector protection-group show` over `openstack --version`, processor time",
            30.0,
            over("/openstack_show/processor_seconds", "/openstack_version/processor_seconds"),
        ),
        milliseconds("`protector --version`", 10.0, is("/command_version")),
        milliseconds("`protector protection-group show` from the local store", 25.0, is("/command_show")),
        Goal {
            what: "`protector site list` over a sign-in, both sites taking as long",
            most: 1.5,
            unit: "",
            is: is("/both_sites") / is("/sign_in"),
        },
        Goal { what: "the wheel", most: 12.0, unit: "MB", is: is("/wheel_megabytes") },
    ]
}

pub(super) fn text(faces: &Value) -> String {
    let is = |name: &str| 1e3 * number(faces, name);
    format!(
        "\nopenstacksdk takes {:.0} ms of processor time for the 1,000 servers, {:.0} times as much. An Ansible task that does \
         nothing takes {:.0} ms of processor time, one with a module of ours {:.0} ms; `openstack --version` {:.0} ms, \
         `openstack command list`, which is openstackclient's own and signs in nowhere either, {:.0} ms, \
         `openstack protector protection-group show` {:.0} ms.\n",
        is("/thousand_servers_openstacksdk"),
        is("/thousand_servers_openstacksdk") / is("/thousand_servers"),
        is("/module_nothing/processor_seconds"),
        is("/module/processor_seconds"),
        is("/openstack_version/processor_seconds"),
        is("/openstack_command_list/processor_seconds"),
        is("/openstack_show/processor_seconds"),
    )
}
