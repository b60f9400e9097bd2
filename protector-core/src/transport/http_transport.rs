use super::{RawAnswer, SendError, SendFailure, Sent, Transport, WireRequest};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// No answer that is useful is larger: 64 MiB.
const LARGEST_BODY: usize = 64 << 20;

/// How a server's certificate is judged, as bytes that the configuration has read.
#[derive(Clone)]
pub struct TlsSettings {
    /// PEM of authorities to trust beside the system's.
    pub authorities: Option<Vec<u8>>,
    /// PEM of a client certificate and its key.
    pub identity: Option<Vec<u8>>,
    /// False accepts any certificate.
    pub verify: bool,
}

impl std::fmt::Debug for TlsSettings {
    // The identity holds a private key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TlsSettings")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .field("verify", &self.verify)
            .finish()
    }
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { authorities: None, identity: None, verify: true }
    }
}

/// The production transport: reqwest with rustls. Follows no redirects and repeats nothing.
///
/// The client is built with the first request: it reads all of the machine's authorities, which takes longer than all else that a
/// command does that only looks into the stores.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    tls: TlsSettings,
    client: Arc<OnceLock<Result<reqwest::Client, Arc<TransportBuildError>>>>,
}

/// No transport could be built from the TLS settings.
#[derive(Debug, thiserror::Error)]
#[error("failed to use the TLS settings: {part}")]
pub struct TransportBuildError {
    /// Which of the settings.
    pub part: &'static str,
    /// Why.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl HttpTransport {
    /// Prepares the client: what can be wrong with the settings themselves is found here.
    ///
    /// # Errors
    /// A certificate or key cannot be read.
    pub fn new(tls: &TlsSettings) -> Result<Self, TransportBuildError> {
        if tls.authorities.is_some() || tls.identity.is_some() {
            build(tls, reqwest::ClientBuilder::tls_certs_only)?;
        }
        Ok(Self { tls: tls.clone(), client: Arc::default() })
    }

    fn client(&self) -> Result<&reqwest::Client, SendError> {
        let built = self
            .client
            .get_or_init(|| build(&self.tls, reqwest::ClientBuilder::tls_certs_merge).map_err(Arc::new));
        // The settings have been judged: what is left is that the machine has no authorities.
        built.as_ref().map_err(|error| SendError {
            sent: Sent::No,
            failure: SendFailure::Certificate,
            source: Some(Arc::clone(error).into()),
        })
    }
}

/// Builds a client; `trust` takes the authorities of the settings, beside the machine's or alone.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn build(
    tls: &TlsSettings,
    trust: fn(reqwest::ClientBuilder, Vec<reqwest::Certificate>) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, TransportBuildError> {
    // Several may try; whoever is first wins, and all offer the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("protector/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(30))
        .tls_danger_accept_invalid_certs(!tls.verify);
    let failed = |part| move |source: reqwest::Error| TransportBuildError { part, source: Box::new(source) };
    let authorities = match &tls.authorities {
        Some(pem) => {
            reqwest::Certificate::from_pem_bundle(pem).map_err(failed("the certificate authorities"))?
        }
        None => Vec::new(),
    };
    builder = trust(builder, authorities);
    if let Some(pem) = &tls.identity {
        let identity = reqwest::Identity::from_pem(pem).map_err(failed("the client certificate"))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(failed("the combination of all"))
}

impl Transport for HttpTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<RawAnswer, SendError>> {
        Box::pin(async move {
            let mut builder = self
                .client()?
                .request(request.method, request.url)
                .headers(request.headers)
                .timeout(request.timeout);
            if let Some(body) = request.body {
                builder = builder.body(body);
            }
            let mut response = builder.send().await.map_err(send_error)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = read_body(&mut response).await?;
            Ok(RawAnswer { status, headers, body })
        })
    }
}

async fn read_body(response: &mut reqwest::Response) -> Result<Bytes, SendError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(send_error)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(SendError { sent: Sent::Maybe, failure: SendFailure::TooLarge, source: None });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn send_error(error: reqwest::Error) -> SendError {
    let failure = if is_certificate_error(&error) {
        SendFailure::Certificate
    } else if error.is_connect() {
        SendFailure::Connect
    } else if error.is_timeout() {
        SendFailure::Timeout
    } else {
        SendFailure::Broken
    };
    let sent = match failure {
        SendFailure::Certificate | SendFailure::Connect => Sent::No,
        _ => Sent::Maybe,
    };
    SendError { sent, failure, source: Some(Box::new(error.without_url())) }
}

fn is_certificate_error(error: &(dyn Error + 'static)) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref::<rustls::Error>() {
            return true;
        }
        // rustls' errors travel inside io::Error, whose source() skips the error itself.
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && is_certificate_error(inner)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_found_before_anything_is_sent() {
        let nonsense = b"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n".to_vec();
        let authorities = TlsSettings { authorities: Some(nonsense.clone()), ..TlsSettings::default() };
        let identity = TlsSettings { identity: Some(nonsense), ..TlsSettings::default() };
        for (settings, part) in [(authorities, "combination"), (identity, "client certificate")] {
            let error = HttpTransport::new(&settings).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let transport = HttpTransport::new(&TlsSettings::default()).unwrap();
        assert!(transport.client.get().is_none(), "no authorities are read before they are needed");
    }

    #[test]
    fn a_client_key_is_not_shown() {
        let settings = TlsSettings { identity: Some(b"canary".to_vec()), ..TlsSettings::default() };
        let shown = format!("{settings:?}");
        assert!(shown.contains("identity: true") && !shown.contains("99, 97, 110"), "{shown}");
    }
}
