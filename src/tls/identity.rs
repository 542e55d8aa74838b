//! The certificate of a simulated server: made at every start, signed by an authority of its own that clients are told to trust.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names that the certificate is valid for.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// What the server is known by.
pub(crate) struct Identity {
    /// How it speaks TLS. HTTP/2 is preferred, HTTP/1.1 taken.
    pub(crate) tls: Arc<ServerConfig>,
    /// The authority's certificate, in PEM.
    pub(crate) authority: String,
}

/// Makes one for the simulated server of this name.
pub(crate) fn identity(name: &str) -> io::Result<Identity> {
    let mut authority = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, format!("Simulated {name} CA"));
    let authority_key = KeyPair::generate().map_err(io::Error::other)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(io::Error::other)?;

    let mut server = CertificateParams::new(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
    server.distinguished_name.push(DnType::CommonName, format!("simulated {name}"));
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let issuer = Issuer::from_params(&authority, &authority_key);
    let certificate = server.signed_by(&key, &issuer).map_err(io::Error::other)?;

    let mut tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .map_err(io::Error::other)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity { tls: Arc::new(tls), authority: authority_certificate.pem() })
}
