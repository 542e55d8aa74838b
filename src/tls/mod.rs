//! TLS for every backend: whose certificates are trusted, what of an error is about them, and certificates for servers that
//! are simulated.

mod distrust;
mod fingerprint;
mod identity;
mod key;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use self::distrust::{Distrust, Flaw};
pub use self::fingerprint::{BadFingerprint, Fingerprint};
pub(crate) use self::identity::identity;
use self::key::verify_old;

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those that the authorities of this machine signed.
    #[default]
    System,
    /// Those that the authorities in this PEM file signed, and no others.
    File(PathBuf),
    /// Those that the authorities in this PEM text signed, and no others.
    Given(Arc<str>),
    /// The one that has this fingerprint, whoever has signed it, and however long ago it ended.
    Pinned(Fingerprint),
    /// Anybody's. The user said so.
    Anybody,
}

/// What a client shows to be let in: a certificate, and its key.
#[derive(Clone)]
pub(crate) struct ClientCertificate {
    /// The certificate and those between it and its authority, in PEM.
    pub(crate) chain: Arc<[u8]>,
    /// Its private key, in PEM.
    pub(crate) key: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
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
    /// A text is no PEM.
    #[error("{what} cannot be read")]
    Pem {
        /// What should be one.
        what: &'static str,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate that is to be an authority's is none that anything can be checked with.
    #[error("a certificate in {place} cannot be an authority's")]
    NoAuthority {
        /// Where it stands.
        place: String,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The client's own certificate, or its key, cannot be used.
    #[error("the client's own certificate cannot be used")]
    Client(#[source] Box<dyn StdError + Send + Sync>),
    /// There is nobody to trust.
    #[error("{0} has no certificate of an authority")]
    Nobody(String),
    /// rustls refuses.
    #[error("TLS cannot be set up")]
    Refused(#[from] rustls::Error),
}

/// TLS for clients. Without ALPN, which the users of the connection choose.
pub(crate) fn config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    config_of(trust, None)
}

/// The same for a client that has a certificate of its own.
pub(crate) fn config_of(trust: &Trust, client: Option<&ClientCertificate>) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let roots = match trust {
        Trust::Anybody | Trust::Pinned(_) => None,
        Trust::System => Some(system_roots()?),
        Trust::File(path) => {
            let error = |source| TrustError::File { path: path.clone(), source };
            let certificates = CertificateDer::pem_file_iter(path).map_err(error)?;
            Some(roots(certificates, error, || path.display().to_string())?)
        }
        Trust::Given(pem) => {
            let error = |source| TrustError::Pem { what: "the authorities' certificate", source };
            let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
            Some(roots(certificates, error, || "the configuration".to_owned())?)
        }
    };
    let verifier: Arc<dyn ServerCertVerifier> = if let Some(roots) = roots {
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Arc::new(Signed { inner: inner.map_err(|error| rustls::Error::General(error.to_string()))? })
    } else {
        let pinned = if let Trust::Pinned(pinned) = trust { Some(*pinned) } else { None };
        Arc::new(Unsigned { provider, pinned })
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let Some(client) = client else { return Ok(builder.with_no_client_auth()) };
    let error = |what| move |source| TrustError::Client(Box::new(TrustError::Pem { what, source }));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&client.chain).collect();
    let chain = chain.map_err(error("the client's certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&client.key).map_err(error("the client's private key"))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| TrustError::Client(client_flaw(&error).into()))
}

/// What is wrong with a client's own certificate or key: rustls speaks of the certificates of others.
fn client_flaw(error: &rustls::Error) -> String {
    let words = error.to_string();
    match words.strip_prefix("invalid peer certificate: ") {
        Some(rest) if rest.contains("UnsupportedCertVersion") => "it is of version 1 of X.509".to_owned(),
        Some(rest) => rest.to_owned(),
        None => words,
    }
}

/// The authorities of these certificates; there must be one.
fn roots(
    certificates: impl Iterator<Item = Result<CertificateDer<'static>, rustls::pki_types::pem::Error>>,
    error: impl Fn(rustls::pki_types::pem::Error) -> TrustError,
    place: impl Fn() -> String,
) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let added = roots.add(certificate.map_err(&error)?);
        added.map_err(|source| TrustError::NoAuthority { place: place(), source })?;
    }
    if roots.is_empty() { Err(TrustError::Nobody(place())) } else { Ok(roots) }
}

/// The error of TLS among the causes of `error`. Errors of I/O carry what they wrap without naming it as their source.
pub(crate) fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|wrapped| cause(wrapped)).or_else(|| cause(error.source()?))
}

/// Why a certificate is not trusted, in words that somebody can act on. Harmless.
pub(crate) fn why(error: &rustls::Error) -> String {
    Distrust::of(error).to_string()
}

/// Whether the other side does not speak TLS at all.
pub(crate) fn is_no_tls(error: &rustls::Error) -> bool {
    // Whatever came was none of the messages that TLS is made of.
    matches!(error, rustls::Error::InvalidMessage(_))
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

/// Accepts what authorities have signed; of what they have not it tells the fingerprint, by which it could be trusted.
#[derive(Debug)]
struct Signed {
    /// Knows the authorities.
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Signed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| {
            let found = Fingerprint(Sha256::digest(end_entity).into());
            Distrust::found_in(&error, found).into_error()
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
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
            Some(pinned) if pinned != found => {
                Err(Distrust { flaw: Flaw::Differs(pinned), found: Some(found) }.into_error())
            }
            Some(_) | None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, known)
            .or_else(|refused| verify_old(refused, message, cert, signature, known))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, known)
            .or_else(|refused| verify_old(refused, message, cert, signature, known))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
