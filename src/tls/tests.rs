//! What servers' certificates are taken for.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConnection, ServerConfig, ServerConnection};

use super::*;

/// A server that has signed for itself, and its certificate in PEM.
fn own(is_ca: IsCa) -> (ServerConnection, String) {
    let mut wanted = CertificateParams::new(vec!["cvp.example".to_owned()]).unwrap();
    wanted.is_ca = is_ca;
    let key = KeyPair::generate().unwrap();
    let certificate = wanted.self_signed(&key).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    (ServerConnection::new(Arc::new(server)).unwrap(), certificate.pem())
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
        assert!(is_own(&why) && why.contains("CA:TRUE") && why.contains("its fingerprint is"), "{why}");
    }
}

#[test]
fn a_server_that_has_signed_for_itself_and_is_no_authority_is_trusted_where_its_certificate_is_given() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let (server, pem) = own(is_ca);
        assert_eq!(said(&Trust::Given(pem.into()), server), Ok(()));
        let (server, _) = own(is_ca);
        let why = said(&Trust::Given(own(is_ca).1.into()), server).unwrap_err();
        assert!(!is_own(&why) && why.contains("signed by nobody who is trusted here"), "{why}");
    }
}

#[test]
fn what_is_no_certificate_is_not_taken_for_an_authority_and_it_is_said_where_it_stands() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let refused = config(&Trust::Given(pem.into())).unwrap_err();
    assert_eq!(refused.to_string(), "a certificate in the configuration cannot be an authority's");
}
