//! Glance.

mod images;

pub use images::{Image, ImageQuery, Images};
