//! Whom a TLS connection trusts, and with what it shows who it is.

use super::ConfigError;
use super::environment::read;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// How the certificate of a server is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// A file of the authorities that are trusted besides the machine's, PEM.
    pub ca_certificate: Option<PathBuf>,
    /// Whether the server's certificate is checked at all.
    pub verify: bool,
    /// What this side shows a server that asks for it.
    pub client_certificate: Option<ClientCertificate>,
}

/// A client's certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate's file, PEM.
    pub certificate: PathBuf,
    /// The key's file, PEM; without one the key stands in the certificate's file.
    pub key: Option<PathBuf>,
}

/// The content of the files that a [`TlsConfig`] names.
#[derive(Clone)]
pub struct TlsFiles {
    /// The authorities, PEM.
    pub ca_certificate: Option<Vec<u8>>,
    /// The client's certificate and key in one, PEM.
    pub client_identity: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for TlsFiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TlsFiles")
    }
}

impl Default for TlsConfig {
    /// The server's certificate is checked against the machine's authorities.
    fn default() -> Self {
        Self { ca_certificate: None, verify: true, client_certificate: None }
    }
}

impl TlsConfig {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn read(&self) -> Result<TlsFiles, ConfigError> {
        let ca_certificate = self.ca_certificate.as_deref().map(read).transpose()?.map(String::into_bytes);
        let client_identity = match &self.client_certificate {
            None => None,
            Some(ClientCertificate { certificate, key }) => {
                let mut identity = Zeroizing::new(read(certificate)?.into_bytes());
                if let Some(key) = key {
                    identity.push(b'\n');
                    identity.extend_from_slice(&Zeroizing::new(read(key)?.into_bytes()));
                }
                Some(identity)
            }
        };
        Ok(TlsFiles { ca_certificate, client_identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_and_key_are_read_into_one_identity_that_debug_does_not_show() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, "CERTIFICATE").unwrap();
        std::fs::write(&key, "canary-key").unwrap();
        let tls = TlsConfig {
            ca_certificate: Some(certificate.clone()),
            client_certificate: Some(ClientCertificate { certificate, key: Some(key) }),
            ..TlsConfig::default()
        };
        let files = tls.read().unwrap();
        assert_eq!(files.ca_certificate.as_deref(), Some(b"CERTIFICATE".as_slice()));
        assert_eq!(files.client_identity.as_ref().unwrap().as_slice(), b"CERTIFICATE\ncanary-key");
        assert!(!format!("{files:?}").contains("canary"));
    }

    #[test]
    fn a_missing_authority_is_an_error_that_names_the_file() {
        let tls = TlsConfig { ca_certificate: Some("/no/such/authority.pem".into()), ..TlsConfig::default() };
        assert!(tls.read().unwrap_err().to_string().contains("/no/such/authority.pem"));
    }
}
