//! The drill that anybody can hold on their machine succeeds with either driver, and notices each fault that comes with it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a drill that cannot be held ends the test")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, which a run of all tests builds. A build from here would wait for the lock of the one that runs the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).expect("tests are in a folder of the profile's");
    let program = built.join("examples").join(format!("dr_drill{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "first: cargo build --workspace --example dr_drill");
    program
}

fn hold(arguments: &[&str]) -> (Output, Value) {
    let output = Command::new(program()).args(["--output", "json"]).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let result = serde_json::from_slice(&output.stdout).expect(&told);
    (output, result)
}

fn checks(result: &Value) -> &Vec<Value> {
    result.get("checks").and_then(Value::as_array).unwrap()
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of.get(name).and_then(Value::as_str).unwrap()
}

/// What did not hold: after which move, what was compared, and what is wrong with it.
fn wrong(result: &Value) -> Vec<[&str; 3]> {
    let broken = checks(result).iter().filter(|check| check.get("held") == Some(&Value::Bool(false)));
    broken.map(|check| ["after", "compared", "found"].map(|name| text(check, name))).collect()
}

fn succeeds_with(driver: &str) {
    let (output, result) = hold(&["--driver", driver]);
    assert!(output.status.success(), "{result:#}");
    assert_eq!(wrong(&result), Vec::<[&str; 3]>::new());
    let operations = result.get("operations").and_then(Value::as_array).unwrap();
    let ended: Vec<_> =
        operations.iter().map(|one| (text(one, "operation_type"), text(one, "status"))).collect();
    let all = ["protect", "failover", "failback", "unprotect"];
    assert_eq!(ended, all.map(|name| (name, "completed")));
    for (after, compared, of_vms) in [
        ("failover", "data", 5),
        ("failover", "network", 5),
        ("failover", "identity", 5),
        ("failback", "data", 5),
        ("failback", "ids", 5),
        ("unprotect", "data", 5),
    ] {
        let made = checks(&result).iter();
        let made = made.filter(|check| text(check, "after") == after && text(check, "compared") == compared);
        assert_eq!(made.count(), of_vms, "{compared} after {after}");
    }
}

#[test]
fn an_application_goes_and_comes_back_whole_over_the_arrays_api() {
    succeeds_with("pure");
}

#[test]
fn an_application_goes_and_comes_back_whole_in_the_simulated_world() {
    succeeds_with("mock");
}

/// Holds a drill with a fault, which has to be noticed and told.
fn notices(fault: &str, compared: &str, sentence: &str) {
    let (output, result) = hold(&["--fault", fault]);
    assert_eq!(output.status.code(), Some(1), "{result:#}");
    let wrong = wrong(&result);
    let told = wrong
        .iter()
        .any(|[after, what, found]| *after == "failover" && *what == compared && found.contains(sentence));
    assert!(told, "{wrong:#?}");
}

#[test]
fn an_array_that_promotes_nothing_is_noticed_in_the_data() {
    notices("promote", "data", "blocks are not what the guest wrote last");
}

#[test]
fn a_lost_mac_address_is_noticed_in_the_network() {
    notices("mac", "network", "MAC was \"fa:16:3e:");
}

#[test]
fn a_last_replication_that_is_skipped_is_noticed() {
    notices("replication", "operation", "rolled_back");
}

#[test]
fn a_fault_that_does_not_happen_is_no_success() {
    let (output, result) = hold(&["--driver", "mock", "--fault", "promote"]);
    assert_eq!(output.status.code(), Some(1), "{result:#}");
    assert!(wrong(&result).iter().any(|[_, what, found]| *what == "fault" && found.contains("never fired")));
}

#[test]
fn an_unknown_fault_is_refused_with_those_that_there_are() {
    let output = Command::new(program()).args(["--fault", "nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("promote, mac, replication"), "{said}");
}
