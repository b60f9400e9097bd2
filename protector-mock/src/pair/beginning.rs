//! How a pair's world begins: under another name until it is whole, so that under its own there is a whole one or none.

use super::{ARRAYS, Addresses, Folder, Pair, PairError, Place, Settings, files, services};
use crate::arrays;
use crate::cloud::{ServiceKind, Site};
use crate::estate::{Estate, Ground};
use crate::http::Endpoint;
use crate::world::{Pace, World};
use protector_core::time::Clock;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

const WORLD: &str = "world.db";
const MAKING: &str = "world.db.making";

/// What there is in a new world.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Beginning {
    /// The built-in estate.
    #[default]
    Example,
    /// Administrators, and nothing else.
    Empty,
    /// What a file tells.
    File(PathBuf),
    /// This.
    Told(Box<Estate>),
}

impl Beginning {
    fn estate(&self) -> Result<Option<Estate>, PairError> {
        Ok(match self {
            Self::Example => Some(Estate::example()),
            Self::Empty => None,
            Self::File(path) => Some(Estate::read(path)?),
            Self::Told(estate) => Some((**estate).clone()),
        })
    }
}

/// Opens the world of a folder, or makes one.
pub(super) fn world(
    folder: &Folder,
    settings: &Settings,
    addresses: &Addresses,
    beginning: &Beginning,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<World>, PairError> {
    let path = folder.path(WORLD);
    if !path.try_exists().map_err(|source| PairError::File { path: path.clone(), source })? {
        make(folder, settings, addresses, beginning, clock)?;
    }
    Ok(Arc::new(World::open(&path, settings.seed, Arc::clone(clock), services::reactions())?))
}

fn make(
    folder: &Folder,
    settings: &Settings,
    addresses: &Addresses,
    beginning: &Beginning,
    clock: &Arc<dyn Clock>,
) -> Result<(), PairError> {
    let estate = beginning.estate()?;
    for left in ["", "-wal", "-shm"] {
        let path = folder.path(&format!("{MAKING}{left}"));
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(PairError::File { path, source });
            }
            _ => {}
        }
    }
    let making = folder.path(MAKING);
    let world = Arc::new(World::make(&making, settings.seed, Arc::clone(clock), services::reactions())?);
    begin(&world, settings, addresses, estate.as_ref())?;
    if let Some(world) = Arc::into_inner(world) {
        world.settle()?;
    }
    let path = folder.path(WORLD);
    fs::rename(&making, &path).map_err(|source| PairError::File { path, source })
}

/// Fills a new world. Its time goes on after that.
pub(super) fn begin(
    world: &Arc<World>,
    settings: &Settings,
    addresses: &Addresses,
    estate: Option<&Estate>,
) -> Result<(), PairError> {
    let pair = Pair::new(Arc::clone(world), settings.release, addresses)?;
    let Some(estate) = estate else { return Ok(()) };
    let pace = world.pace()?;
    world.set_pace(Pace::OnCommand)?;
    estate.build(&grounds(&pair))?;
    Ok(world.set_pace(pace)?)
}

/// The sites of a pair, as an administrator fills them.
pub(crate) fn grounds(pair: &Pair) -> Vec<Ground<'_>> {
    let ground = |site| Ground { site, services: quiet_services(pair, site), password: files::PASSWORD };
    pair.sites(true).map(ground).collect()
}

fn quiet_services(pair: &Pair, at: &Site) -> BTreeMap<ServiceKind, Arc<dyn Endpoint>> {
    let here = |(place, endpoint): (Place, &Arc<dyn Endpoint>)| match place {
        Place::Service { site, kind, quiet: true } if site == at.name => Some((kind, Arc::clone(endpoint))),
        _ => None,
    };
    pair.endpoints().filter_map(here).collect()
}

/// Makes what a pair always has: arrays, administrators, catalogs with the addresses of now.
pub(super) fn prepare(world: &World, sites: &[Arc<Site>]) -> Result<(), PairError> {
    world.transact::<_, PairError>(|transaction| {
        for array in ARRAYS {
            arrays::systems::add(transaction, array, &files::array_token(array))?;
        }
        for site in sites {
            services::prepare(transaction, site)?;
        }
        Ok(())
    })
}
