use super::super::{objects, snapshots, volumes};
use super::*;

#[test]
fn a_snapshot_keeps_what_was_there_and_a_copy_begins_with_it() {
    let arrays = Arrays::new();
    arrays.volume("array-a", "v");
    arrays.will(|at| {
        volumes::write(at, "array-a", "v", 3, b"before")?;
        snapshots::create(at, "array-a", "v", Some("s1"))?;
        volumes::write(at, "array-a", "v", (1 << 20) - 2, b"after")?;
        volumes::copy(at, "array-a", "v.s1", "w")?;
        assert_eq!(volumes::read(at, "array-a", "v", 3, 6)?, b"before");
        assert_eq!(volumes::read(at, "array-a", "v", (1 << 20) - 2, 5)?, b"after");
        assert_eq!(volumes::read(at, "array-a", "w", (1 << 20) - 2, 5)?, [0; 5]);
        assert_eq!(volumes::read(at, "array-a", "w", 0, 10)?, b"\0\0\0before\0");
        Ok(())
    });
}

#[test]
fn a_destroyed_volume_keeps_its_name_until_it_is_eradicated() {
    let arrays = Arrays::new();
    arrays.volume("array-a", "Disk");
    arrays.will(|at| volumes::destroy(at, "array-a", "disk"));
    let size = volumes::NewVolume { provisioned: 1 << 20, ..Default::default() };
    let refusal = arrays.refused(|at| volumes::create(at, "array-a", "DISK", &size));
    assert_eq!(refusal, "Volume has been destroyed.");
    arrays.pass(86_399.0);
    arrays.will(|at| volumes::get(at, "array-a", "disk"));
    arrays.pass(1.0);
    assert_eq!(arrays.refused(|at| volumes::get(at, "array-a", "disk")), "Volume does not exist.");
}

#[test]
fn a_recovered_volume_is_not_eradicated() {
    let arrays = Arrays::new();
    arrays.volume("array-a", "v");
    arrays.will(|at| volumes::destroy(at, "array-a", "v"));
    arrays.will(|at| volumes::recover(at, "array-a", "v"));
    arrays.pass(100_000.0);
    arrays.will(|at| objects::usable::<volumes::Volume>(at, "array-a", "v"));
}
