//! TLS for every backend: whose certificates are trusted, what of an error is about them, and certificates for servers that
//! are simulated.

mod identity;

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use crate::config::Fingerprint;

pub(crate) use self::identity::identity;

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those that the authorities of this machine signed.
    #[default]
    System,
    /// Those that the authorities in this PEM file signed, and no others.
    File(PathBuf),
    /// The one that has this fingerprint, whoever has signed it, and however long ago it ended.
    Pinned(Fingerprint),
    /// Anybody's. The user said so.
    Anybody,
}

impl Trust {
    /// As configured for a server.
    #[must_use]
    pub fn configured(verify_tls: bool, fingerprint: Option<Fingerprint>, ca_file: Option<&Path>) -> Self {
        match (fingerprint, ca_file) {
            _ if !verify_tls => Self::Anybody,
            (Some(pinned), _) => Self::Pinned(pinned),
            (None, Some(path)) => Self::File(path.to_owned()),
            (None, None) => Self::System,
        }
    }
}

/// Why no trust could be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read or is no PEM.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// There is nobody to trust.
    #[error("{0} has no certificate of an authority")]
    Nobody(String),
    /// rustls refuses.
    #[error("TLS cannot be set up")]
    Refused(#[from] rustls::Error),
}

/// TLS for clients. Without ALPN, which the users of the connection choose.
pub(crate) fn config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let roots = match trust {
        Trust::Anybody | Trust::Pinned(_) => {
            let pinned = if let Trust::Pinned(pinned) = trust { Some(*pinned) } else { None };
            let verifier = Arc::new(Unsigned { provider, pinned });
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        Trust::System => system_roots()?,
        Trust::File(path) => {
            let error = |source| TrustError::File { path: path.clone(), source };
            let certificates = CertificateDer::pem_file_iter(path).map_err(error)?;
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                roots.add(certificate.map_err(error)?)?;
            }
            if roots.is_empty() {
                return Err(TrustError::Nobody(path.display().to_string()));
            }
            roots
        }
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The error of TLS among the causes of `error`. Errors of I/O carry what they wrap without naming it as their source.
pub(crate) fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|wrapped| cause(wrapped)).or_else(|| cause(error.source()?))
}

/// The authorities of this machine. Those that cannot be read are left out; who needs one of them is told that the
/// certificate is not trusted.
fn system_roots() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TrustError::Nobody("this machine".to_owned()));
    }
    Ok(roots)
}

/// Accepts certificates whoever has signed them, and still checks that the other side has the key.
#[derive(Debug)]
struct Unsigned {
    /// What checks signatures.
    provider: Arc<CryptoProvider>,
    /// The only one that is accepted; `None` accepts every one.
    pinned: Option<Fingerprint>,
}

impl ServerCertVerifier for Unsigned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = Fingerprint(Sha256::digest(end_entity).into());
        match self.pinned {
            Some(pinned) if pinned != found => Err(rustls::Error::General(format!("its fingerprint is {found}"))),
            Some(_) | None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
