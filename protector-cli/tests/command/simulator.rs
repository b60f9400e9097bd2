//! `simulator start` becomes the simulator that stands beside the command, or on the path.

use crate::bench::Ran;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// The command in a folder of its own, and a simulator that says what it was asked.
fn run(beside: bool, on_path: bool) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let (programs, path) = (folder.path().join("programs"), folder.path().join("path"));
    fs::create_dir(&programs).unwrap();
    fs::create_dir(&path).unwrap();
    let protector = programs.join("protector");
    fs::copy(env!("CARGO_BIN_EXE_protector"), &protector).unwrap();
    for (there, folder) in [(beside, &programs), (on_path, &path)] {
        if there {
            simulator(folder);
        }
    }
    let started = Command::new(protector)
        .args(["simulator", "start", "--directory", "my pair", "--seed", "3"])
        .env_clear()
        .env("PATH", &path)
        .current_dir(folder.path())
        .output();
    started.unwrap().into()
}

fn simulator(folder: &Path) {
    let program = folder.join("protector-sim");
    let name = folder.file_name().unwrap().to_str().unwrap();
    fs::write(&program, format!("#!/bin/sh\necho \"{name}: $# $1 $2\"\nexit 7\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_simulator_beside_the_command_comes_before_the_one_on_the_path() {
    for (beside, on_path, said) in [
        (true, true, "programs: 4 --directory my pair\n"),
        (true, false, "programs: 4 --directory my pair\n"),
        (false, true, "path: 4 --directory my pair\n"),
    ] {
        let ran = run(beside, on_path);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (7, said, ""), "{beside} {on_path}");
    }
}

#[test]
fn without_a_simulator_it_is_said_how_to_get_one() {
    let ran = run(false, false);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:#?}");
    for said in ["failed to start protector-sim", "cargo install --path protector-sim", "file-unusable"] {
        assert!(ran.stderr.contains(said), "{said}: {ran:#?}");
    }
}
