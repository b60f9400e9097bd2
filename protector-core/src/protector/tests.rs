use super::*;
use crate::config::{Environment, LoadOptions};
use crate::driver::testing::FakeArray;
use crate::driver::{ArraySettings, DriverFactory, StorageDriver};
use crate::id::ArrayName;
use crate::transport::{
    Destination, RawAnswer, SendError, SendFailure, Sent, TlsSettings, Transport, TransportBuildError,
    TransportFactory, WireRequest,
};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::time::Duration;

const PROTECTOR: &str = "
sites:
  site-a:
    cloud: tenant
    store: a.db
    arrays:
      array-1: { driver: fake, url: 'https://one.example', api_token: 'env:TOKEN' }
      array-2: { driver: fake, url: 'https://two.example', api_token: 'env:TOKEN' }
  site-b:
    cloud: tenant
    region: south
    store: b.db
    arrays: { array-3: { driver: fake, url: 'https://three.example', api_token: 'env:TOKEN' } }
encryption_key: file:protector.key
";

const CLOUDS: &str = "
clouds:
  tenant:
    auth: { auth_url: 'https://a.example/v3', user_id: u, password: p, project_id: p }
";

/// Keeps the arrays that it opened.
#[derive(Debug, Default)]
struct FakeFactory {
    opened: Mutex<BTreeMap<ArrayName, Arc<FakeArray>>>,
}

impl DriverFactory for FakeFactory {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn open(
        &self,
        name: &ArrayName,
        settings: ArraySettings,
    ) -> Result<Arc<dyn StorageDriver>, crate::driver::Error> {
        settings.transport(name).unwrap();
        let array = Arc::new(FakeArray::new(name.as_str()));
        self.opened.lock().unwrap().insert(name.clone(), Arc::clone(&array));
        Ok(array)
    }
}

/// Leads nowhere, and keeps what it was asked for.
#[derive(Debug, Default)]
struct Dead {
    opened: Mutex<Vec<String>>,
    sent: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct DeadEnd {
    sent: Arc<Mutex<Vec<String>>>,
}

impl TransportFactory for Dead {
    fn open(
        &self,
        destination: &Destination,
        tls: &TlsSettings,
    ) -> Result<Arc<dyn Transport>, TransportBuildError> {
        self.opened.lock().unwrap().push(format!("{destination}, verify: {}", tls.verify));
        Ok(Arc::new(DeadEnd { sent: Arc::clone(&self.sent) }))
    }
}

impl Transport for DeadEnd {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        self.sent.lock().unwrap().push(request.url.to_string());
        Box::pin(async { Err(SendError { sent: Sent::No, failure: SendFailure::Connect, source: None }) })
    }
}

fn config(folder: &tempfile::TempDir) -> Config {
    fs::write(folder.path().join("protector.yaml"), PROTECTOR).unwrap();
    fs::write(folder.path().join("clouds.yaml"), CLOUDS).unwrap();
    let key = folder.path().join("protector.key");
    fs::write(&key, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let environment = Environment::given([("TOKEN", "t")], folder.path(), folder.path().join("etc"));
    Config::load(&LoadOptions { protector: None, clouds: None, environment }).unwrap()
}

pub(super) fn open(folder: &tempfile::TempDir) -> (Protector, Vec<Arc<FakeArray>>) {
    let config = config(folder);
    let factory = Arc::new(FakeFactory::default());
    let handed_in: Arc<dyn DriverFactory> = Arc::<FakeFactory>::clone(&factory);
    let protector = Protector::builder(config).driver(handed_in).open().unwrap();
    let arrays = factory.opened.lock().unwrap().values().cloned().collect();
    (protector, arrays)
}

#[tokio::test]
async fn closing_ends_what_is_open_with_every_array_of_both_sites() {
    let folder = tempfile::tempdir().unwrap();
    let (protector, arrays) = open(&folder);
    protector.close().await;
    assert_eq!(arrays.len(), 3);
    assert!(arrays.iter().all(|array| array.calls() == ["close"]), "{arrays:?}");
}

#[tokio::test(start_paused = true)]
async fn an_array_that_never_answers_keeps_closing_from_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (protector, arrays) = open(&folder);
    arrays[0].fall_silent();
    arrays[2].fall_silent();
    let begun = protector.context.clock().monotonic();
    protector.close().await;
    let took = protector.context.clock().monotonic().saturating_sub(begun);
    assert!(took <= CLOSING_TIME + Duration::from_secs(1), "{took:?}");
    assert!(arrays.iter().all(|array| array.calls() == ["close"]), "{arrays:?}");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_is_handed_in_is_the_only_way_to_sites_and_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let transports = Arc::new(Dead::default());
    let handed_in: Arc<dyn TransportFactory> = Arc::<Dead>::clone(&transports);
    let protector = Protector::builder(config(&folder))
        .driver(Arc::new(FakeFactory::default()))
        .transport(handed_in)
        .open()
        .unwrap();
    let mut opened = transports.opened.lock().unwrap().clone();
    opened.sort();
    let expected =
        ["array array-1", "array array-2", "array array-3", "site site-a", "site site-b", "webhooks"];
    assert_eq!(opened, expected.map(|name| format!("{name}, verify: true")));
    assert!(transports.sent.lock().unwrap().is_empty());
    let servers = vec!["web".to_owned()];
    let wanted =
        ProtectRequest { name: "web".into(), source: "site-a".into(), target: "site-b".into(), servers };
    protector.plan(&Request::Protect(wanted)).await.unwrap_err();
    let sent = transports.sent.lock().unwrap();
    assert!(!sent.is_empty() && sent.iter().all(|url| url.starts_with("https://a.example/")), "{sent:?}");
}
