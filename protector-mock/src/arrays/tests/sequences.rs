//! Any sequence of writes, snapshots, copies, overwrites and replications leaves what a few byte vectors in memory would say.

use super::super::content::EXTENT;
use super::super::objects;
use super::super::{groups, links, points, snapshots, systems, targets, transfers, volumes};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const A: &str = "array-a";
const B: &str = "array-b";
const VOLUMES: [&str; 2] = ["v0", "v1"];
const SIZE: usize = 4 << 20;

#[derive(Debug, Clone)]
enum Step {
    Write { volume: usize, offset: usize, length: usize, byte: u8 },
    Snapshot { volume: usize },
    Revert { volume: usize, snapshot: usize },
    Copy { volume: usize },
    Replicate,
    Pass { seconds: f64 },
    Cut,
    Mend,
    Fail { array: &'static str },
    Heal { array: &'static str },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let volume = 0..VOLUMES.len();
    let array = prop::sample::select(vec![A, B]);
    let step = prop_oneof![
        6 => (volume.clone(), 0..SIZE - 1, 1..700_000_usize, 0..3_u8).prop_map(|(volume, offset, length, byte)| {
            Step::Write { volume, offset, length: length.min(SIZE - offset), byte }
        }),
        2 => volume.clone().prop_map(|volume| Step::Snapshot { volume }),
        2 => (volume.clone(), 0..4_usize).prop_map(|(volume, snapshot)| Step::Revert { volume, snapshot }),
        1 => volume.prop_map(|volume| Step::Copy { volume }),
        3 => Just(Step::Replicate),
        4 => (0.0..4.0).prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::Cut),
        1 => Just(Step::Mend),
        1 => array.clone().prop_map(|array| Step::Fail { array }),
        1 => array.prop_map(|array| Step::Heal { array }),
    ];
    prop::collection::vec(step, 1..25)
}

/// What is believed: bytes by name.
#[derive(Default)]
struct Model {
    held: BTreeMap<String, Vec<u8>>,
    /// Of each point, what its members hold, in their order.
    points: Vec<Vec<Vec<u8>>>,
    snapshots: Vec<(usize, String)>,
    progress: BTreeMap<String, f64>,
}

struct Trial {
    arrays: Arrays,
    model: Model,
}

impl Trial {
    fn new() -> Self {
        let arrays = Arrays::new();
        arrays.will(|at| {
            let settings = serde_json::json!({"transfer_base": 1, "transfer_per_extent": 0.5});
            change_settings(at, settings.as_object().unwrap())?;
            let link = links::Link { bandwidth: EXTENT, ..links::between(at, A, B)? };
            links::change(at, &link)?;
            groups::create(at, A, "g")?;
            for name in VOLUMES {
                let size = volumes::NewVolume { provisioned: SIZE as u64, ..Default::default() };
                volumes::create(at, A, name, &size)?;
                groups::add_member(at, A, "g", name)?;
            }
            targets::add(at, A, "g", B)?;
            targets::allow(at, B, "array-a:g", true)?;
            Ok(())
        });
        let held = VOLUMES.iter().map(|name| ((*name).to_owned(), vec![0; SIZE])).collect();
        Self { arrays, model: Model { held, ..Model::default() } }
    }

    fn take(&mut self, number: usize, step: &Step) {
        let held = &mut self.model.held;
        match step {
            Step::Write { volume, offset, length, byte } => {
                let bytes = vec![*byte; *length];
                self.arrays.will(|at| volumes::write(at, A, VOLUMES[*volume], *offset as u64, &bytes));
                let whole = held.get_mut(VOLUMES[*volume]).unwrap();
                whole[*offset..offset + length].copy_from_slice(&bytes);
            }
            Step::Snapshot { volume } => {
                let suffix = format!("s{number}");
                let name = VOLUMES[*volume];
                self.arrays.will(|at| snapshots::create(at, A, name, Some(&suffix)).map(drop));
                let kept = held[name].clone();
                held.insert(format!("{name}.{suffix}"), kept);
                self.model.snapshots.push((*volume, format!("{name}.{suffix}")));
            }
            Step::Revert { volume, snapshot } => {
                let of_it = self.model.snapshots.iter().filter(|(of, _)| of == volume);
                let Some((_, from)) = of_it.clone().nth(*snapshot) else { return };
                let wanted = objects::Reference { id: None, name: Some(from.clone()) };
                self.arrays.will(|at| {
                    let source = volumes::source(at, A, &wanted)?;
                    volumes::overwrite(at, A, &source, VOLUMES[*volume]).map(drop)
                });
                let kept = held[from].clone();
                held.insert(VOLUMES[*volume].to_owned(), kept);
            }
            Step::Copy { volume } => {
                let name = format!("copy{number}");
                self.arrays.will(|at| volumes::copy(at, A, VOLUMES[*volume], &name).map(drop));
                let kept = held[VOLUMES[*volume]].clone();
                held.insert(name, kept);
            }
            Step::Replicate => {
                let suffix = format!("p{}", self.model.points.len());
                self.arrays
                    .will(|at| points::create(at, A, "g", Some(&suffix), points::Sending::Queued).map(drop));
                self.model.points.push(VOLUMES.iter().map(|name| held[*name].clone()).collect());
            }
            Step::Pass { seconds } => self.arrays.pass(*seconds),
            Step::Cut => self.arrays.will(|at| links::set_up(at, A, B, false)),
            Step::Mend => self.arrays.will(|at| links::set_up(at, A, B, true)),
            Step::Fail { array } => {
                let failure = Some(systems::Failure::Unavailable);
                self.arrays.will(|at| systems::set_failure(at, array, failure));
            }
            Step::Heal { array } => self.arrays.will(|at| systems::set_failure(at, array, None)),
        }
    }

    /// Progress never falls, is whole only at the end, and there is nothing to restore from before; nothing of what was ever
    /// kept has changed.
    fn check(&mut self) {
        let Model { held, points: made, progress, .. } = &mut self.model;
        self.arrays.will(|at| {
            for name in held.keys() {
                let found = match name.contains('.') {
                    true => {
                        let snapshot: snapshots::Snapshot = objects::named(at, A, name)?;
                        super::super::content::read(at, &snapshot.content, 0, SIZE as u64)?
                    }
                    false => volumes::read(at, A, name, 0, SIZE as u64)?,
                };
                assert!(found == held[name], "{name} holds something else");
            }
            for point in objects::all::<points::Point>(at, B)? {
                let arrival = transfers::arrival(at, &point)?.unwrap();
                let before = progress.insert(point.name.clone(), arrival.progress).unwrap_or(0.0);
                assert!(arrival.progress >= before, "{}: {before} to {}", point.name, arrival.progress);
                assert_eq!(arrival.completed.is_some(), arrival.progress >= 1.0);
                let members = points::members(at, &point)?;
                if arrival.completed.is_none() {
                    assert!(members.is_empty());
                    continue;
                }
                let number: usize = point.suffix.trim_start_matches('p').parse().unwrap();
                assert_eq!(members.len(), VOLUMES.len());
                for (member, kept) in members.iter().zip(&made[number]) {
                    let found = super::super::content::read(at, &member.content, 0, SIZE as u64)?;
                    assert!(found == *kept, "{} holds something else", member.name);
                }
            }
            Ok(())
        });
    }

    /// Lets everything arrive. What was transferred is what each point differs from the one before.
    fn finish(&mut self) {
        self.arrays.will(|at| {
            links::set_up(at, A, B, true)?;
            systems::set_failure(at, A, None)?;
            systems::set_failure(at, B, None)
        });
        self.arrays.pass(10_000.0);
        self.check();
        let made = &self.model.points;
        self.arrays.will(|at| {
            let arrived: Vec<points::Point> = objects::all(at, B)?;
            assert_eq!(arrived.len(), made.len());
            let mut before = vec![vec![0; SIZE]; VOLUMES.len()];
            for (number, point) in made.iter().enumerate() {
                let extent = EXTENT as usize;
                let differing: usize = point
                    .iter()
                    .zip(&before)
                    .map(|(now, then)| {
                        now.chunks(extent).zip(then.chunks(extent)).filter(|(now, then)| now != then).count()
                    })
                    .sum();
                let name = format!("array-a:g.p{number}");
                let arrival =
                    arrived.iter().find(|point| point.name == name).unwrap().arrival.clone().unwrap();
                assert_eq!(arrival.data_transferred, (differing * extent) as u64, "{name}");
                before.clone_from(point);
            }
            Ok(())
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn what_arrays_hold_is_what_memory_would_and_transfers_only_go_on(steps in steps()) {
        let mut trial = Trial::new();
        for (number, step) in steps.iter().enumerate() {
            trial.take(number, step);
            trial.check();
        }
        trial.finish();
    }
}

#[test]
fn transfers_of_several_groups_share_the_link() {
    let arrays = Arrays::new();
    arrays.will(|at| {
        {
            let settings = serde_json::json!({"transfer_base": 0, "transfer_per_extent": 0});
            change_settings(at, settings.as_object().unwrap())?;
            let link = links::Link { bandwidth: EXTENT, ..links::between(at, A, B)? };
            links::change(at, &link)
        }
        .map_err(Refused::from)
    });
    for group in ["g1", "g2"] {
        let volume = format!("v-{group}");
        arrays.volume(A, &volume);
        arrays.will(|at| {
            volumes::write(at, A, &volume, 0, &vec![7; 10 * EXTENT as usize])?;
            groups::create(at, A, group)?;
            groups::add_member(at, A, group, &volume)?;
            targets::add(at, A, group, B)?;
            targets::allow(at, B, &format!("array-a:{group}"), true).map(drop)
        });
    }
    let send = |group: &str| {
        arrays.will(|at| points::create(at, A, group, Some("p"), points::Sending::Now).map(drop));
    };
    let progress = |group: &str| {
        arrays.will(|at| {
            let point: points::Point = objects::named(at, B, &format!("array-a:{group}.p"))?;
            Ok(transfers::arrival(at, &point)?.unwrap().progress)
        })
    };
    let is = |group: &str, wanted: f64| {
        let found = progress(group);
        assert!((found - wanted).abs() < 0.002, "{group}: {found} instead of {wanted}");
    };
    send("g1");
    arrays.pass(5.0);
    is("g1", 0.5);
    send("g2");
    arrays.pass(5.0);
    is("g1", 0.75);
    is("g2", 0.25);
    arrays.pass(5.0);
    is("g1", 1.0);
    is("g2", 0.5);
    arrays.pass(5.0);
    is("g2", 1.0);
}
