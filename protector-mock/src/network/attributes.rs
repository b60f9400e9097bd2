//! Attributes of resources as data: who may say what, what is checked, and what lists are filtered and sorted by.
//!
//! Each resource has a table, written from its definition in `neutron_lib/api/definitions` and `neutron/extensions`
//! (2026.2); what a request's body goes through is `body`, and what a value has to be is `checks`.

pub(super) mod body;
mod checks;

pub(super) use checks::{Check, Refusal, uuid_of};

/// What an attribute is that a create request does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The request is refused.
    Required,
    /// The resource decides.
    Unset,
    /// `null`.
    Null,
    /// A text.
    Text(&'static str),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(i64),
    /// An empty list.
    Empty,
}

/// Who may set an attribute, beyond who may make or change the resource.
// neutron/conf/policies/*.py, 2026.2
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// There is no rule for it.
    None,
    /// There is a rule, and it lets the same ones pass.
    Everybody,
    /// Administrators.
    Admin,
    /// Administrators and services.
    AdminOrService,
    /// Services only.
    Service,
    /// Administrators and managers of the project.
    Manager,
    /// Administrators, services and the network's owner.
    NetworkOwner,
    /// Those, and everybody if the network is shared.
    NetworkOwnerOrShared,
    /// Administrators, services and managers of the network's project.
    NetworkManager,
    /// Administrators, services and the network's owner; everybody if it is no `network:` device.
    DeviceOwner,
}

/// One attribute of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    /// Its name.
    pub(super) name: &'static str,
    /// What its values have to be.
    pub(super) check: Check,
    /// Whether a create request may name it.
    pub(super) post: bool,
    /// Whether a change request may name it.
    pub(super) put: bool,
    /// What it is if a create request does not name it.
    pub(super) missing: Missing,
    /// Whether lists can be filtered by it.
    pub(super) filter: bool,
    /// Whether lists can be sorted by it.
    pub(super) sort: bool,
    /// Who may name it in a create request.
    pub(super) create_policy: Policy,
    /// Who may name it in a change request.
    pub(super) update_policy: Policy,
}

impl Attribute {
    /// One that Neutron sets.
    pub(super) const fn shown(name: &'static str) -> Self {
        Self {
            name,
            check: Check::Anything,
            post: false,
            put: false,
            missing: Missing::Unset,
            filter: false,
            sort: false,
            create_policy: Policy::None,
            update_policy: Policy::None,
        }
    }

    /// One that is chosen when the resource is made.
    pub(super) const fn fixed(name: &'static str, check: Check, missing: Missing) -> Self {
        Self { check, post: true, missing, ..Self::shown(name) }
    }

    /// One that can be changed.
    pub(super) const fn open(name: &'static str, check: Check, missing: Missing) -> Self {
        Self { put: true, ..Self::fixed(name, check, missing) }
    }

    /// One that can be changed, but not chosen when the resource is made.
    pub(super) const fn later(name: &'static str, check: Check) -> Self {
        Self { check, put: true, ..Self::shown(name) }
    }

    /// Lists can be filtered by it.
    pub(super) const fn filtered(self) -> Self {
        Self { filter: true, ..self }
    }

    /// Lists can be filtered and sorted by it.
    pub(super) const fn listed(self) -> Self {
        Self { filter: true, sort: true, ..self }
    }

    /// With a check for filters only.
    pub(super) const fn of(self, check: Check) -> Self {
        Self { check, ..self }
    }

    /// With a rule for both create and change.
    pub(super) const fn ruled(self, policy: Policy) -> Self {
        Self { create_policy: policy, update_policy: policy, ..self }
    }

    /// With another rule for change.
    pub(super) const fn changed_by(self, policy: Policy) -> Self {
        Self { update_policy: policy, ..self }
    }
}

/// A resource: its names, and its attributes.
#[derive(Debug)]
pub(super) struct Resource {
    /// `network`.
    pub(super) name: &'static str,
    /// `networks`.
    pub(super) collection: &'static str,
    /// What a marker or id that is not there is called: `NetworkNotFound`, and the sentence around it.
    pub(super) not_found: (&'static str, &'static str, &'static str),
    /// Whether lists can be filtered by tags.
    pub(super) tagged: bool,
    /// What it has beside the attributes of all.
    pub(super) attributes: &'static [Attribute],
}

/// What all resources have.
static COMMON: [Attribute; 8] = [
    Attribute::shown("id").listed(),
    Attribute::fixed("tenant_id", Check::Text(255), Missing::Unset).listed(),
    Attribute::fixed("project_id", Check::Text(255), Missing::Unset).listed(),
    Attribute::open("description", Check::Text(255), Missing::Text("")).filtered(),
    Attribute::shown("revision_number").filtered(),
    Attribute::shown("created_at"),
    Attribute::shown("updated_at"),
    Attribute::shown("tags"),
];

impl Resource {
    /// Its attributes, and those of all; its own stand before.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Attribute> {
        let own = self.attributes;
        let is_own = |common: &Attribute| own.iter().any(|attribute| attribute.name == common.name);
        own.iter().chain(COMMON.iter().filter(move |common| !is_own(common)))
    }

    /// One of its attributes.
    pub(super) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.all().find(|attribute| attribute.name == name)
    }

    /// What is answered for an id that is not there.
    pub(super) fn missing(&self, id: &str) -> crate::cloud::Fault {
        let (kind, before, after) = self.not_found;
        super::faults::not_found(kind, format!("{before}{id}{after}"))
    }
}
