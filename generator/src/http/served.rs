//! What is served to processes of this machine.

use std::fmt::Display;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};

use oxhttp::Server;
#[cfg(feature = "local")]
use oxhttp::model::HeaderMap;
use oxhttp::model::{Body, Request, Response};

/// A request that was read as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    #[cfg(feature = "local")]
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

#[cfg(feature = "local")]
impl Call {
    /// A header's text, where it has one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What it is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Display) -> Self {
        Self::of("application/json", status, body.to_string())
    }

    #[cfg(feature = "local")]
    pub(crate) fn xml(status: u16, body: String) -> Self {
        Self::of("text/xml", status, body)
    }

    fn of(kind: &str, status: u16, body: String) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into_bytes() }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Why a port cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another process has it.
    #[error("port {} of {} is in use by another process; `--port {free}` is free, `--port 0` takes any", .taken.port(), .taken.ip())]
    Taken {
        /// The address that was asked for.
        taken: SocketAddr,
        /// A port that was free a moment ago.
        free: u16,
    },
    /// The system refuses it.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Serves an address as long as the process runs; port 0 is any that is free. Bodies of more than `body_max` bytes are cut off
/// one byte after that, so that `answer` can tell.
pub(crate) fn serve(
    address: SocketAddr,
    body_max: u64,
    answer: impl Fn(&Call) -> Reply + Send + Sync + 'static,
) -> Result<SocketAddr, PortError> {
    let bound = free(address)?; // the server binds for itself, and does not tell the port
    let server = Server::new(move |request| reply(request, body_max, &answer)).bind(bound);
    server.spawn().map_err(|source| PortError::Refused { address, source })?;
    Ok(bound)
}

/// The address, with a port that is free a moment later.
///
/// # Errors
/// If the port is not to be had.
pub(crate) fn free(address: SocketAddr) -> Result<SocketAddr, PortError> {
    let bound = TcpListener::bind(address).and_then(|probe| probe.local_addr());
    bound.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => taken(address, source),
        _ => PortError::Refused { address, source },
    })
}

fn taken(address: SocketAddr, source: std::io::Error) -> PortError {
    let free = TcpListener::bind((address.ip(), 0)).and_then(|free| free.local_addr());
    match free {
        Ok(free) => PortError::Taken { taken: address, free: free.port() },
        Err(_) => PortError::Refused { address, source },
    }
}

fn reply(request: &mut Request<Body>, body_max: u64, answer: &dyn Fn(&Call) -> Reply) -> Response<Body> {
    let mut body = Vec::new();
    // What breaks off is answered as what came of it would be: nobody reads the answer.
    let _ = request.body_mut().take(body_max + 1).read_to_end(&mut body);
    let reply = answer(&Call {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        #[cfg(feature = "local")]
        headers: request.headers().clone(),
        body,
    });
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_else(|_| {
        let mut broken = Response::new(Body::empty());
        *broken.status_mut() = oxhttp::model::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
