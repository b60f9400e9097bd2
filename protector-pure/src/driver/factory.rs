use super::PureDriver;
use crate::flasharray::FlashArray;
use protector_core::driver::{ArraySettings, DriverFactory, Error, StorageDriver};
use protector_core::error::chain;
use protector_core::id::ArrayName;
use std::sync::Arc;

/// Makes the drivers of FlashArrays: `driver: pure` in `protector.yaml`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PureFactory;

/// What is handed to the builder of `Protector`.
pub fn factory() -> Arc<dyn DriverFactory> {
    Arc::new(PureFactory)
}

impl DriverFactory for PureFactory {
    fn name(&self) -> &'static str {
        "pure"
    }

    fn open(&self, array: &ArrayName, settings: ArraySettings) -> Result<Arc<dyn StorageDriver>, Error> {
        let unusable = |error: &dyn std::error::Error| Error::Configuration {
            array: array.clone(),
            reason: error.to_string(),
        };
        let transport = settings
            .transport(array)
            .map_err(|error| Error::Configuration { array: array.clone(), reason: chain(&error) })?;
        let client = FlashArray::new(array, &settings, transport).map_err(|error| unusable(&error))?;
        Ok(Arc::new(PureDriver::new(client)))
    }
}
