use super::*;
use protector_core::time::Clock;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lamp {
    id: String,
    colour: String,
    lit: u32,
}

impl Record for Lamp {
    const KIND: &'static str = "lamp";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("colour", self.colour.clone())]
    }
}

fn lamp(id: &str, colour: &str) -> Lamp {
    Lamp { id: id.to_owned(), colour: colour.to_owned(), lit: 0 }
}

fn light(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let Some(mut lamp) = transaction.get::<Lamp>(&due.scope, &due.subject)? else { return Ok(()) };
    lamp.lit += 1;
    transaction.put(&due.scope, &lamp)?;
    let again = transaction.now() + Duration::from_secs(10);
    transaction.schedule(again, &due.scope, "light", &due.subject)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(protector_core::time::SystemClock::new())
}

fn reactions() -> Reactions {
    Reactions::default().with(&[("light", light)])
}

fn world() -> World {
    let world = World::in_memory(1, clock(), reactions()).unwrap();
    world.set_pace(Pace::OnCommand).unwrap();
    world
}

fn put(world: &World, lamp: &Lamp) {
    world.transact(|transaction| transaction.put("room", lamp)).unwrap();
}

#[test]
fn records_are_found_by_id_by_key_and_in_order() {
    let world = world();
    for (id, colour) in [("b", "red"), ("a", "green"), ("c", "red")] {
        put(&world, &lamp(id, colour));
    }
    put(&world, &lamp("b", "green"));
    world
        .transact::<_, WorldError>(|transaction| {
            let ids = |lamps: Vec<Lamp>| lamps.into_iter().map(|lamp| lamp.id).collect::<Vec<_>>();
            assert_eq!(ids(transaction.list("room")?), ["b", "a", "c"]);
            assert_eq!(ids(transaction.find("room", "colour", "green")?), ["b", "a"]);
            assert_eq!(ids(transaction.find("room", "colour", "red")?), ["c"]);
            assert_eq!(transaction.count::<Lamp>("room", Some(("colour", "red")))?, 1);
            assert_eq!(transaction.list::<Lamp>("elsewhere")?, []);
            assert!(transaction.remove::<Lamp>("room", "c")?);
            assert!(!transaction.remove::<Lamp>("room", "c")?);
            assert_eq!(transaction.find::<Lamp>("room", "colour", "red")?, []);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_fails_changes_nothing_but_what_was_due_has_happened() {
    let world = world();
    put(&world, &lamp("a", "red"));
    world.transact(|transaction| transaction.schedule(transaction.now(), "room", "light", "a")).unwrap();
    let failed: Result<(), WorldError> = world.transact(|transaction| {
        transaction.put("room", &lamp("b", "red"))?;
        Err(WorldError::UnknownEvent { name: "nothing".to_owned() })
    });
    assert!(failed.is_err());
    let lamps: Vec<Lamp> = world.transact::<_, WorldError>(|transaction| transaction.list("room")).unwrap();
    assert_eq!(lamps, [Lamp { lit: 1, ..lamp("a", "red") }]);
}

#[test]
fn events_happen_at_their_own_moment_however_late_somebody_looks() {
    let world = world();
    put(&world, &lamp("a", "red"));
    world
        .transact(|transaction| {
            let first = transaction.now() + Duration::from_secs(10);
            transaction.schedule(first, "room", "light", "a")
        })
        .unwrap();
    let lit = |world: &World| {
        let lamp = world.transact::<_, WorldError>(|transaction| transaction.get::<Lamp>("room", "a"));
        lamp.unwrap().unwrap().lit
    };
    world.advance(Duration::from_secs(9)).unwrap();
    assert_eq!(lit(&world), 0);
    world.advance(Duration::from_secs(36)).unwrap();
    assert_eq!(lit(&world), 4);
    world.transact(|transaction| transaction.cancel("room", "light", "a")).unwrap();
    world.advance(Duration::from_hours(1)).unwrap();
    assert_eq!(lit(&world), 4);
}

#[test]
fn a_world_on_command_stands_still_and_one_with_a_factor_does_not() {
    let world = world();
    let before = world.now().unwrap();
    assert_eq!(world.now().unwrap(), before);
    world.advance(Duration::from_mins(1)).unwrap();
    assert_eq!(world.now().unwrap(), before + Duration::from_mins(1));
    world.set_pace(Pace::Factor(1e9)).unwrap();
    assert!(world.now().unwrap() >= before + Duration::from_mins(1));
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let ids = |seed| {
        let world = World::in_memory(seed, clock(), Reactions::default()).unwrap();
        world
            .transact::<_, WorldError>(|transaction| Ok([transaction.new_uuid()?, transaction.new_uuid()?]))
            .unwrap()
    };
    assert_eq!(ids(7), ids(7));
    assert_ne!(ids(7), ids(8));
    assert_ne!(ids(7)[0], ids(7)[1]);
}

#[test]
fn what_was_drawn_is_not_drawn_again_not_even_by_who_fails() {
    let world = world();
    let draw = |fails: bool| {
        let mut drawn = None;
        let result = world.transact::<_, WorldError>(|transaction| {
            drawn = Some(transaction.new_uuid()?);
            if fails { Err(WorldError::UnknownEvent { name: "nothing".to_owned() }) } else { Ok(()) }
        });
        assert_eq!(result.is_err(), fails);
        drawn
    };
    let drawn = [draw(false), draw(true), draw(false)];
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2]);
}

#[test]
fn a_record_is_added_once() {
    let world = world();
    let add = |lamp: &Lamp| world.transact(|transaction| transaction.add("room", lamp));
    add(&lamp("a", "red")).unwrap();
    assert!(add(&lamp("a", "green")).is_err());
    let red: Vec<Lamp> =
        world.transact::<_, WorldError>(|transaction| transaction.find("room", "colour", "red")).unwrap();
    assert_eq!(red, [lamp("a", "red")]);
}

#[test]
fn a_world_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.db");
    let world = World::open(&path, 1, clock(), reactions()).unwrap();
    put(&world, &lamp("a", "red"));
    drop(world);
    let world = World::open(&path, 2, clock(), reactions()).unwrap();
    let lamps: Vec<Lamp> = world.transact::<_, WorldError>(|transaction| transaction.list("room")).unwrap();
    assert_eq!(lamps, [lamp("a", "red")]);
}

fn refused(path: &Path) -> OpenError {
    let before = std::fs::read(path).unwrap();
    let error = World::open(path, 1, clock(), reactions()).unwrap_err();
    assert_eq!(std::fs::read(path).unwrap(), before, "the file was changed");
    error
}

#[test]
fn a_file_that_is_no_world_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.db");
    std::fs::write(&path, "x".repeat(4096)).unwrap();
    assert!(matches!(refused(&path), OpenError::Foreign { .. }));
    std::fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path), OpenError::Damaged { .. }));
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE something (a)").unwrap();
    drop(other);
    assert!(matches!(refused(&path), OpenError::Foreign { .. }));
}

#[test]
fn a_newer_releases_world_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.db");
    drop(World::open(&path, 1, clock(), reactions()).unwrap());
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    other.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(other);
    let error = refused(&path);
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn a_damaged_world_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.db");
    let world = World::open(&path, 1, clock(), reactions()).unwrap();
    for number in 0..200 {
        put(&world, &lamp(&format!("lamp-{number}"), "red"));
    }
    drop(world);
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(other);
    let mut bytes = std::fs::read(&path).unwrap();
    let length = bytes.len();
    for byte in &mut bytes[length / 2..length / 2 + 3000] {
        *byte = 0xaa;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}
