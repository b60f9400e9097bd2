use super::super::groups::{self, GroupChange, Schedule, Window};
use super::super::{objects, points, systems, targets, transfers};
use super::*;

const A: &str = "array-a";
const B: &str = "array-b";

fn replicated(arrays: &Arrays) {
    arrays.volume(A, "v");
    arrays.will(|at| {
        groups::create(at, A, "g")?;
        groups::add_member(at, A, "g", "v")?;
        targets::add(at, A, "g", B)?;
        targets::allow(at, B, "array-a:g", true).map(drop)
    });
}

fn every(arrays: &Arrays, frequency: u64, blackout: Option<Window>) {
    let replication = Some(Schedule { enabled: true, frequency, at: None, blackout });
    let change = GroupChange { replication, ..GroupChange::default() };
    arrays.will(|at| groups::change(at, A, "g", &change).map(drop));
}

fn arrived(arrays: &Arrays) -> usize {
    arrays.will(|at| Ok(objects::all::<points::Point>(at, B)?.len()))
}

#[test]
fn a_schedule_fires_at_its_frequency_until_it_is_switched_off() {
    let arrays = Arrays::new();
    replicated(&arrays);
    every(&arrays, 300_000, None);
    arrays.pass(299.0);
    assert_eq!(arrived(&arrays), 0);
    arrays.pass(1.0);
    assert_eq!(arrived(&arrays), 1);
    arrays.pass(600.0);
    assert_eq!(arrived(&arrays), 3);
    let change = GroupChange {
        replication: Some(Schedule { frequency: 300_000, ..Schedule::default() }),
        ..GroupChange::default()
    };
    arrays.will(|at| groups::change(at, A, "g", &change).map(drop));
    arrays.pass(3600.0);
    assert_eq!(arrived(&arrays), 3);
}

#[test]
fn nothing_is_replicated_by_schedule_in_a_blackout_or_by_an_ill_array() {
    let arrays = Arrays::new();
    replicated(&arrays);
    let now = arrays.world.now().unwrap().as_millisecond().rem_euclid(86_400_000).unsigned_abs();
    let end = (now + 3_600_000) % 86_400_000;
    every(&arrays, 300_000, Some(Window { start: now, end }));
    arrays.pass(3_590.0);
    assert_eq!(arrived(&arrays), 0);
    arrays.pass(20.0);
    assert_eq!(arrived(&arrays), 1);
    arrays.will(|at| systems::set_failure(at, A, Some(systems::Failure::Unavailable)));
    arrays.pass(1_000.0);
    assert_eq!(arrived(&arrays), 1);
    arrays.will(|at| systems::set_failure(at, A, None));
    assert_eq!(arrived(&arrays), 2, "what was missed is made up for once");
}

#[test]
fn a_restart_loses_nothing_and_transfers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let clock = Arc::new(protector_core::time::SystemClock::new());
        World::open(&folder.path().join("world"), 1, clock, Reactions::default().with(REACTIONS)).unwrap()
    };
    let world = open();
    world.set_pace(Pace::OnCommand).unwrap();
    let arrays = Arrays { world };
    arrays.will(|at| {
        for name in [A, B] {
            systems::add(at, name, "token")?;
        }
        let settings = serde_json::json!({"transfer_base": 10});
        change_settings(at, settings.as_object().unwrap()).map(drop)
    });
    replicated(&arrays);
    arrays.will(|at| {
        super::super::volumes::write(at, A, "v", 5, b"kept")?;
        points::create(at, A, "g", Some("p"), points::Sending::Now).map(drop)
    });
    arrays.pass(5.0);
    drop(arrays);
    let arrays = Arrays { world: open() };
    let arrival = |arrays: &Arrays| {
        arrays.will(|at| {
            let point: points::Point = objects::named(at, B, "array-a:g.p")?;
            Ok(transfers::arrival(at, &point)?.unwrap())
        })
    };
    let half = arrival(&arrays);
    assert!(half.completed.is_none() && half.progress > 0.45 && half.progress < 0.55, "{half:?}");
    arrays.pass(10.0);
    assert!(arrival(&arrays).completed.is_some());
    arrays.will(|at| {
        super::super::volumes::copy(at, B, "array-a:g.p.v", "w")?;
        assert_eq!(super::super::volumes::read(at, B, "w", 5, 4)?, b"kept");
        Ok(())
    });
}
