//! What servers' certificates are taken for.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::*;

/// A server that has signed for itself, and its certificate in PEM.
fn own(is_ca: IsCa) -> (ServerConnection, String) {
    own_with(|wanted| wanted.is_ca = is_ca)
}

/// The same with a certificate of other kinds.
fn own_with(change: impl FnOnce(&mut CertificateParams)) -> (ServerConnection, String) {
    let mut wanted = CertificateParams::new(vec!["cvp.example".to_owned()]).unwrap();
    change(&mut wanted);
    let key = KeyPair::generate().unwrap();
    let certificate = wanted.self_signed(&key).unwrap();
    (server(certificate.der().clone(), &key, rustls::DEFAULT_VERSIONS), certificate.pem())
}

/// A server with a certificate that speaks these versions of TLS.
fn server(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConnection {
    let provider = Arc::new(ring::default_provider());
    let key = provider.key_provider.load_private_key(PrivatePkcs8KeyDer::from(key.serialize_der()).into()).unwrap();
    let shown = Shown(Arc::new(CertifiedKey::new(vec![certificate], key)));
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    ServerConnection::new(Arc::new(server)).unwrap()
}

/// Shows a certificate whatever it is.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A certificate of version 1, which says of what key it is and nothing else that counts, and its key.
fn old() -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let new = CertificateParams::new(vec!["cvp.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    // In as few bytes as the length needs, as DER wants it.
    let sequence = |content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap();
        let head = match (length, length.to_be_bytes()) {
            (..0x80, [_, low]) => vec![0x30, low],
            (0x80..0x100, [_, low]) => vec![0x30, 0x81, low],
            (_, [high, low]) => vec![0x30, 0x82, high, low],
        };
        [&head, content].concat()
    };
    let (_, whole, _) = key::element(new.der()).unwrap();
    let (_, fields, signature) = key::element(whole).unwrap();
    // All but the version at the beginning and the extensions at the end.
    let (mut kept, mut rest) = (Vec::new(), fields);
    while let Some((tag, _, next)) = key::element(rest) {
        if !matches!(tag, 0xa0 | 0xa3) {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    (sequence(&[sequence(&kept), signature.to_vec()].concat()).into(), key)
}

/// What a client that trusts so says of a server.
fn said(trust: &Trust, mut server: ServerConnection) -> Result<(), String> {
    let name = ServerName::try_from("cvp.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(config(trust).unwrap()), name).unwrap();
    while client.is_handshaking() {
        let mut sent = Vec::new();
        client.write_tls(&mut sent).unwrap();
        server.read_tls(&mut sent.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).unwrap();
        }
        let mut answer = answer.as_slice();
        while !answer.is_empty() {
            client.read_tls(&mut answer).unwrap();
            client.process_new_packets().map_err(|error| why(&error))?;
        }
    }
    Ok(())
}

#[test]
fn the_certificate_of_an_authority_is_no_servers_even_where_it_is_given_as_trusted() {
    for is_given in [false, true] {
        let (server, pem) = own(IsCa::Ca(BasicConstraints::Unconstrained));
        let trust = if is_given { Trust::Given(pem.into()) } else { Trust::Given(own(IsCa::NoCa).1.into()) };
        let why = said(&trust, server).unwrap_err();
        assert!(
            why.starts_with("it signs its own certificate")
                && why.contains("CA:TRUE")
                && why.contains("its fingerprint is"),
            "{why}"
        );
    }
}

#[test]
fn a_server_that_has_signed_for_itself_and_is_no_authority_is_trusted_where_its_certificate_is_given() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let (server, pem) = own(is_ca);
        assert_eq!(said(&Trust::Given(pem.into()), server), Ok(()));
        let (server, _) = own(is_ca);
        let why = said(&Trust::Given(own(is_ca).1.into()), server).unwrap_err();
        assert!(why.contains("signed by nobody who is trusted here"), "{why}");
    }
}

#[test]
fn what_is_no_certificate_is_not_taken_for_an_authority_and_it_is_said_where_it_stands() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let refused = config(&Trust::Given(pem.into())).unwrap_err();
    assert_eq!(refused.to_string(), "a certificate in the configuration cannot be an authority's");
}

#[test]
fn a_certificate_of_version_1_is_taken_where_it_is_pinned_or_nothing_is_checked_and_only_from_who_has_its_key() {
    for version in [&TLS12, &TLS13] {
        let (certificate, key) = old();
        let pinned = Trust::Pinned(Fingerprint(Sha256::digest(&certificate).into()));
        for trust in [&pinned, &Trust::Anybody] {
            assert_eq!(said(trust, server(certificate.clone(), &key, &[version])), Ok(()), "{version:?} {trust:?}");
            let thief = server(certificate.clone(), &KeyPair::generate().unwrap(), &[version]);
            assert!(said(trust, thief).is_err(), "{version:?} {trust:?}");
        }
        let trust = Trust::Given(own(IsCa::NoCa).1.into());
        let why = said(&trust, server(certificate, &key, &[version])).unwrap_err();
        assert!(why.contains("version 1 of X.509") && why.contains("its fingerprint is"), "{why}");
    }
}

#[test]
fn a_client_whose_own_certificate_cannot_be_used_is_told_that_it_is_its_own() {
    let (certificate, key) = old();
    let pem = |of: &str, der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {of}-----\n{text}\n-----END {of}-----\n").into_bytes()
    };
    let client = ClientCertificate {
        chain: pem("CERTIFICATE", &certificate).into(),
        key: Zeroizing::new(key.serialize_pem().into_bytes()),
    };
    let error = config_of(&Trust::Anybody, Some(&client)).unwrap_err();
    assert_eq!(error.to_string(), "the client's own certificate cannot be used");
    assert_eq!(error.source().unwrap().to_string(), "it is of version 1 of X.509");
    let none = ClientCertificate { chain: b"".as_slice().into(), ..client };
    let error = config_of(&Trust::Anybody, Some(&none)).unwrap_err();
    assert!(matches!(error, TrustError::Client(_)), "{error}");
}

#[test]
fn of_a_certificate_that_does_not_fit_it_is_said_what_it_is_for_and_how_long() {
    let said_of = |change: &dyn Fn(&mut CertificateParams)| {
        let (server, pem) = own_with(change);
        said(&Trust::Given(pem.into()), server).unwrap_err()
    };
    let expired = said_of(&|wanted| wanted.not_after = rcgen::date_time_ymd(2020, 1, 2));
    assert!(expired.starts_with("its certificate has expired 2020-01-02 00:00 UTC; its fingerprint"), "{expired}");
    let early = said_of(&|wanted| wanted.not_before = rcgen::date_time_ymd(4000, 1, 2));
    assert!(early.starts_with("its certificate does not hold before 4000-01-02 00:00 UTC; its"), "{early}");
    let names = ["one.example".to_owned(), "192.0.2.7".to_owned()];
    let other = said_of(&|wanted| {
        wanted.subject_alt_names = CertificateParams::new(names.clone()).unwrap().subject_alt_names;
    });
    assert!(other.starts_with("its certificate is for one.example, 192.0.2.7, and not"), "{other}");
}

#[test]
fn a_certificate_that_is_not_the_pinned_one_is_told_with_both_fingerprints() {
    let (server, _) = own(IsCa::NoCa);
    let given: Fingerprint = "ab".repeat(32).parse().unwrap();
    let why = said(&Trust::Pinned(given), server).unwrap_err();
    assert!(
        why.starts_with("its fingerprint is ") && why.ends_with(&format!("the one that was given is {given}")),
        "{why}"
    );
}
