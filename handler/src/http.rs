//! The HTTP client under the AWS SDK: HTTP/1.1, TLS by `rustls` and `ring`.
//!
//! The SDK's own client speaks HTTP/2 too, and through proxies; a function that makes a few small calls at a time uses
//! neither, and they are a tenth of the package.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector as TcpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto};

use crate::problem::Problem;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a list of trusted authorities may be named, the AWS tools' own variable first.
const BUNDLE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];
/// Where systems keep theirs: Amazon Linux, which Lambda runs; Debian and Alpine, for runs elsewhere.
const BUNDLES: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// Whether any call goes through TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Every endpoint is an `http://` one, as emulators have: no authority is read.
    Plain,
    /// AWS.
    Tls,
}

/// A client that trusts the authorities of the file that `environment` names, else the system's.
pub fn client(
    environment: &BTreeMap<String, String>,
    transport: Transport,
) -> Result<SharedHttpClient, Problem> {
    let authorities = match transport {
        Transport::Plain => RootCertStore::empty(),
        Transport::Tls => authorities(environment)?,
    };
    let provider = Arc::new(crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| Problem::of("TLS", "ring", error.to_string()))?;
    let tls = versions.with_root_certificates(authorities).with_no_client_auth();
    let mut tcp = TcpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.enforce_http(false);
    let client = Client::builder(TokioExecutor::new()).build(HttpsConnector::from((tcp, tls)));
    Ok(SharedHttpClient::new(Http1 { connector: SharedHttpConnector::new(Connections(client)) }))
}

fn authorities(environment: &BTreeMap<String, String>) -> Result<RootCertStore, Problem> {
    let named = BUNDLE_VARIABLES.iter().find_map(|name| {
        let path = environment.get(*name).filter(|path| !path.is_empty())?;
        Some((*name, path.as_str()))
    });
    let (subject, path) = match named {
        Some(named) => named,
        None => BUNDLES
            .iter()
            .find(|path| std::path::Path::new(path).is_file())
            .map(|path| ("the system's list of authorities", *path))
            .ok_or_else(|| {
                Problem::missing(BUNDLE_VARIABLES[0], "no list of authorities is on this system")
            })?,
    };
    let unreadable = |error: rustls::pki_types::pem::Error| Problem::of(subject, path, error.to_string());
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        // One that `rustls` does not take is one that it would not have trusted.
        let _ = store.add(certificate.map_err(unreadable)?);
    }
    if store.is_empty() {
        return Err(Problem::of(subject, path, "it holds no certificate of an authority, as PEM"));
    }
    Ok(store)
}

/// What the SDK asks for a connector, once for every request.
#[derive(Debug)]
struct Http1 {
    connector: SharedHttpConnector,
}

impl HttpClient for Http1 {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.connector.clone()
    }
}

/// Connections, kept open between calls and shared by every service's client.
#[derive(Debug)]
struct Connections(Client<HttpsConnector<TcpConnector>, SdkBody>);

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // Whatever broke off may be tried again: every call is a reading one, is named (a start), or does no harm
            // twice (a rejection's message).
            let answer = answer.await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
