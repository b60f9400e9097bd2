use crate::id::SiteName;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! finding_codes {
    ($($variant:ident = $text:literal;)*) => {
        /// What kind of thing was found. Stable names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum FindingCode {
            $(#[doc = $text] $variant,)*
        }

        impl FindingCode {
            /// The name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

finding_codes! {
    ServerMissing = "server-missing";
    ServerState = "server-state";
    ServerProtected = "server-protected";
    IdentityTaken = "identity-taken";
    LastMember = "last-member";
    PolicyInvalid = "policy-invalid";
    ImageBooted = "image-booted";
    EphemeralDisk = "ephemeral-disk";
    PortKind = "port-kind";
    VolumeNotReplicated = "volume-not-replicated";
    VolumeEncrypted = "volume-encrypted";
    VolumeShared = "volume-shared";
    VolumeInOtherGroup = "volume-in-other-group";
    VolumeNotOnArray = "volume-not-on-array";
    VolumeTypesDiffer = "volume-types-differ";
    VolumeTypeMissing = "volume-type-missing";
    GroupTypeMissing = "group-type-missing";
    QuotaExceeded = "quota-exceeded";
    NetworkUnmapped = "network-unmapped";
    SubnetUnmapped = "subnet-unmapped";
    AddressInUse = "address-in-use";
    AddressUnplaced = "address-unplaced";
    AddressTwice = "address-twice";
    ImageMissing = "image-missing";
    FlavorMissing = "flavor-missing";
    FlavorDiffers = "flavor-differs";
    SecurityGroupMissing = "security-group-missing";
    KeypairDiffers = "keypair-differs";
    ServerGroupDiffers = "server-group-differs";
    AvailabilityZoneMissing = "availability-zone-missing";
    TwinMissing = "twin-missing";
    TwinTooSmall = "twin-too-small";
    TwinTooLarge = "twin-too-large";
    TwinState = "twin-state";
    ForeignVolume = "foreign-volume";
    GroupMissing = "group-missing";
    ReplicationBroken = "replication-broken";
    RoleMissing = "role-missing";
    UserDataUnknown = "user-data-unknown";
    DoubleReplication = "double-replication";
    StatusForbids = "status-forbids";
    AttributeDropped = "attribute-dropped";
    Drift = "drift";
    PointMissing = "point-missing";
    PointNotEligible = "point-not-eligible";
    LossNotAccepted = "loss-not-accepted";
    RpoMissed = "rpo-missed";
    RpoUnknown = "rpo-unknown";
    RpoTooShort = "rpo-too-short";
    ArrayUnreachable = "array-unreachable";
    LeftBehind = "left-behind";
    SiteAnswers = "site-answers";
    OrderInvalid = "order-invalid";
}

/// Something that refuses an operation, or that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// What it is about: `volume web-1-data`.
    pub subject: String,
    /// Where; nowhere in particular if both sites are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding at a site.
    pub fn new(
        code: FindingCode,
        site: &SiteName,
        subject: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            subject: subject.into(),
            site: Some(site.clone()),
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.subject)?;
        if let Some(site) = &self.site {
            write!(formatter, " at {site}")?;
        }
        write!(formatter, ": {}; {}", self.message, self.remedy)
    }
}
