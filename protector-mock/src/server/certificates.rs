//! Throw-away certificates: an authority, a server certificate from it, and one that has expired.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// What servers on this machine's loopback need to prove who they are; all of it PEM.
#[derive(Clone)]
pub struct Certificates {
    /// The authority's certificate: clients trust this one.
    pub authority: String,
    /// A server's certificate, for `127.0.0.1`, `::1` and `localhost`.
    pub server: String,
    /// The same, expired for years.
    pub expired: String,
    /// The key of both.
    pub key: String,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// Certificates could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// They could not be made.
    #[error("failed to make certificates")]
    Made(#[from] rcgen::Error),
    /// A file of them is not what it should be.
    #[error("failed to read the certificates or their key")]
    Read(#[from] rustls::pki_types::pem::Error),
    /// TLS does not take them.
    #[error("failed to use the certificates")]
    Used(#[from] rustls::Error),
}

impl Certificates {
    /// Makes new ones; the authority's key is forgotten.
    ///
    /// # Errors
    /// The machine gives no randomness.
    pub fn new() -> Result<Self, CertificatesError> {
        let mut authority = params(&[], "protector-sim authority", (2020, 2099))?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let own = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let certificate = |years| -> Result<String, CertificatesError> {
            let mut server = params(&["127.0.0.1", "::1", "localhost"], "127.0.0.1", years)?;
            server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            server.use_authority_key_identifier_extension = true;
            Ok(server.signed_by(&key, &issuer)?.pem())
        };
        Ok(Self {
            authority: own.pem(),
            server: certificate((2020, 2099))?,
            expired: certificate((2020, 2021))?,
            key: key.serialize_pem(),
        })
    }

    /// What a server that is to be believed is configured with.
    ///
    /// # Errors
    /// They are not what they should be.
    pub fn valid(&self) -> Result<Arc<ServerConfig>, CertificatesError> {
        self.configured(&self.server)
    }

    /// What a server with an expired certificate is configured with.
    ///
    /// # Errors
    /// They are not what they should be.
    pub fn outdated(&self) -> Result<Arc<ServerConfig>, CertificatesError> {
        self.configured(&self.expired)
    }

    fn configured(&self, certificate: &str) -> Result<Arc<ServerConfig>, CertificatesError> {
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())?;
        // The process has no say: a library sets no provider for all.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn params(
    names: &[&str],
    common_name: &str,
    (from, until): (i32, i32),
) -> Result<CertificateParams, CertificatesError> {
    let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    Ok(params)
}
