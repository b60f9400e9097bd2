use crate::id::SiteName;
use serde::{Deserialize, Serialize};

/// Something that is still there although it was to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remnant {
    /// Where.
    pub site: SiteName,
    /// What: `server`, `port`, `floating_ip`, `volume`, `network`, `keypair`, `array_volume`.
    pub kind: String,
    /// Its id there.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state, in the words of the service that has it; of a volume that an array has destroyed [`Self::DESTROYED`].
    pub state: String,
}

impl Remnant {
    /// The state of what an array has destroyed and will eradicate by itself: nothing is left to be done.
    pub const DESTROYED: &'static str = "destroyed, eradication pending";

    /// Whether something is left to be done.
    pub fn is_there(&self) -> bool {
        self.state != Self::DESTROYED
    }
}
