//! Where an error comes from: its site, and the names that services gave to the requests that failed.

use crate::driver;
use crate::id::SiteName;
use crate::journal::StoreError;
use crate::protector::Error;
use crate::steps::RecordError;

/// The site that an error is about, if it is about one.
pub fn site(error: &Error) -> Option<&SiteName> {
    match error {
        Error::OpenStack(error) => Some(&error.site),
        Error::ArraySilent { site, .. }
        | Error::SiteSilent { site, .. }
        | Error::SiteNeeded { site, .. }
        | Error::StatusForbids { site, .. }
        | Error::ArrayUnknown { site, .. }
        | Error::SiteTaskLost(site) => Some(site),
        Error::Store(error) | Error::Record(RecordError::Store(error)) => of_store(error),
        _ => None,
    }
}

fn of_store(error: &StoreError) -> Option<&SiteName> {
    match error {
        StoreError::Unavailable { site, .. }
        | StoreError::Corrupt { site, .. }
        | StoreError::AnotherStore { site, .. }
        | StoreError::NeedsNewerRelease { site, .. }
        | StoreError::Conflict { site, .. }
        | StoreError::OutOfOrder { site, .. }
        | StoreError::TermLost { site, .. }
        | StoreError::OperationUnknown { site, .. }
        | StoreError::NotHome { site, .. }
        | StoreError::Diverged { site, .. }
        | StoreError::Behind { site, .. }
        | StoreError::OneSite { site }
        | StoreError::SiteUnknown { site, .. } => Some(site),
        StoreError::Unsettled { source, .. } => of_store(source),
        StoreError::Held { .. } | StoreError::StoresDiffer(_) => None,
    }
}

/// What the services called the requests that failed, in the order in which they were sent: their logs have them by these names.
pub fn request_ids(error: &Error) -> Vec<&str> {
    match error {
        Error::OpenStack(error) => error.call().map(crate::transport::CallError::request_ids),
        Error::Driver(driver::Error::Call { source, .. }) => Some(source.request_ids()),
        Error::SiteNeeded { source, .. } => Some(request_ids(source)),
        _ => None,
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Action;
    use crate::openstack::{Meaning, Service};
    use crate::transport::{Attempt, CallError, CallFailure, Stopped};
    use http::{Method, StatusCode};
    use std::time::Duration;

    fn call() -> CallError {
        let attempt = |id: Option<&str>| Attempt {
            method: Method::GET,
            address: "https://nova.example/servers".to_owned(),
            status: Some(StatusCode::NOT_FOUND),
            request_id: id.map(str::to_owned),
            elapsed: Duration::ZERO,
        };
        CallError {
            purpose: "read a server".to_owned(),
            attempts: vec![attempt(Some("req-1")), attempt(None), attempt(Some("req-2"))],
            failure: CallFailure::Unauthenticated(None),
        }
    }

    fn of_service() -> Error {
        crate::openstack::Error::new(Service::Compute, &"a".into(), Meaning::NotFound(call())).into()
    }

    #[test]
    fn the_site_and_the_requests_of_a_service_are_found_also_behind_another_error() {
        let behind = Error::SiteNeeded {
            action: Action::Failover,
            group: "web".to_owned(),
            site: "b".into(),
            possible: Vec::new(),
            source: Box::new(of_service()),
        };
        for (error, at) in [(of_service(), "a"), (behind, "b")] {
            assert_eq!(site(&error).map(SiteName::as_str), Some(at));
            assert_eq!(request_ids(&error), ["req-1", "req-2"]);
        }
    }

    #[test]
    fn an_array_has_requests_and_no_site_and_a_store_the_other_way_round() {
        let array = Error::Driver(driver::Error::Call { array: "x".into(), source: Box::new(call()) });
        assert_eq!((site(&array), request_ids(&array)), (None, vec!["req-1", "req-2"]));
        let corrupt = StoreError::Corrupt { site: "a".into(), what: "a row".to_owned() };
        let store = Error::Store(corrupt);
        assert_eq!((site(&store).map(SiteName::as_str), request_ids(&store)), (Some("a"), Vec::new()));
        let silent =
            Error::SiteSilent { site: "b".into(), waited: Duration::from_secs(1), source: Stopped::Deadline };
        assert_eq!(site(&silent).map(SiteName::as_str), Some("b"));
    }
}
