use super::MockDriver;
use super::access::{Access, Reached};
use crate::world::World;
use protector_core::driver::{ArraySettings, DriverFactory, Error, StorageDriver};
use protector_core::id::ArrayName;
use std::sync::Arc;

/// Makes the drivers of simulated arrays: `driver: mock` in `protector.yaml`.
///
/// With a world at hand it needs no simulator that runs; without one the driver asks the simulator at the array's `url`, which
/// has to run on the same machine, for the file of its world. So that an entry of `protector.yaml` works with either driver.
#[derive(Debug, Clone, Default)]
pub struct MockFactory {
    world: Option<Arc<World>>,
}

impl MockFactory {
    /// With a world at hand, in which the arrays are called as the configuration calls them.
    pub fn of(world: Arc<World>) -> Self {
        Self { world: Some(world) }
    }
}

/// What is handed to the builder of `Protector`.
pub fn factory() -> Arc<dyn DriverFactory> {
    Arc::new(MockFactory::default())
}

impl DriverFactory for MockFactory {
    fn name(&self) -> &'static str {
        "mock"
    }

    fn open(&self, array: &ArrayName, settings: ArraySettings) -> Result<Arc<dyn StorageDriver>, Error> {
        let at_hand = self.world.clone().map(|world| Reached { world, array: array.as_str().to_owned() });
        Ok(Arc::new(MockDriver { name: array.clone(), access: Arc::new(Access::new(settings, at_hand)) }))
    }
}
