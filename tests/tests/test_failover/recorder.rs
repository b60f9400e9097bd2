//! Notes every request that leaves the program.

use futures::future::BoxFuture;
use protector_core::transport::{
    Destination, RawAnswer, SendError, TlsSettings, Transport, TransportBuildError, TransportFactory,
    WireRequest,
};
use std::sync::{Arc, Mutex};

type Sent = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Debug)]
pub(crate) struct Recorder {
    inner: Arc<dyn TransportFactory>,
    sent: Sent,
}

impl Recorder {
    pub(crate) fn new(inner: Arc<dyn TransportFactory>) -> Self {
        Self { inner, sent: Sent::default() }
    }

    pub(crate) fn forget(&self) {
        self.sent.lock().unwrap().clear();
    }

    /// What was sent to a site or an array since, reading requests included.
    pub(crate) fn sent_to(&self, name: &str) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|(to, _)| to == name).map(|(_, request)| request.clone()).collect()
    }
}

impl TransportFactory for Recorder {
    fn open(
        &self,
        destination: &Destination,
        tls: &TlsSettings,
    ) -> Result<Arc<dyn Transport>, TransportBuildError> {
        let to = match destination {
            Destination::Site(name) => name.to_string(),
            Destination::Array(name) => name.to_string(),
            Destination::Webhooks => destination.to_string(),
            other => panic!("what is {other}?"),
        };
        Ok(Arc::new(Recorded { inner: self.inner.open(destination, tls)?, to, sent: Arc::clone(&self.sent) }))
    }
}

#[derive(Debug)]
struct Recorded {
    inner: Arc<dyn Transport>,
    to: String,
    sent: Sent,
}

impl Transport for Recorded {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        let told = format!("{} {}", request.method, request.url);
        self.sent.lock().unwrap().push((self.to.clone(), told));
        self.inner.send(request)
    }
}
