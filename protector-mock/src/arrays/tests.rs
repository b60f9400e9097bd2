//! Two arrays in a world whose time passes only when a test says so.

mod volumes;

use super::*;
use crate::world::{Pace, Reactions, World};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Arrays {
    pub(super) world: World,
}

impl Arrays {
    pub(super) fn new() -> Self {
        let clock = Arc::new(protector_core::time::SystemClock::new());
        let world = World::in_memory(1, clock, Reactions::default().with(REACTIONS)).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        let arrays = Self { world };
        arrays.will(|transaction| {
            for name in ["array-a", "array-b"] {
                systems::add(transaction, name, "token")?;
            }
            Ok(())
        });
        arrays
    }

    pub(super) fn try_to<T>(
        &self,
        action: impl FnOnce(&mut Transaction<'_>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.world.transact(action)
    }

    pub(super) fn will<T>(&self, action: impl FnOnce(&mut Transaction<'_>) -> Result<T, Refused>) -> T {
        self.try_to(action).unwrap()
    }

    /// What the array says to something that it refuses.
    pub(super) fn refused<T: std::fmt::Debug>(
        &self,
        action: impl FnOnce(&mut Transaction<'_>) -> Result<T, Refused>,
    ) -> String {
        self.try_to(action).unwrap_err().to_string()
    }

    pub(super) fn pass(&self, seconds: f64) {
        self.world.advance(Duration::from_secs_f64(seconds)).unwrap();
    }

    pub(super) fn volume(&self, array: &str, name: &str) -> super::volumes::Volume {
        let size = super::volumes::NewVolume { provisioned: 64 << 20, ..Default::default() };
        self.will(|transaction| super::volumes::create(transaction, array, name, &size))
    }
}
