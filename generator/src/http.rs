//! HTTP/1.1 on this machine: what is served, and what is asked.

use std::fmt::Display;
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use oxhttp::model::{Body, HeaderMap, Method, Request, Response, Uri};
use oxhttp::{Client, Server};

/// A request that was read as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

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

/// An answer to [`ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
}

impl Answered {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks an `http` address: a POST where there is a body, else a GET.
///
/// # Errors
/// What the network says, or that there was no answer within `patience`.
pub fn ask(url: &str, body: Option<Vec<u8>>, patience: Duration) -> std::io::Result<Answered> {
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
    let is_address = url.parse().is_ok_and(|uri: Uri| uri.scheme().is_some() && uri.host().is_some());
    if !is_address {
        return Err(std::io::Error::new(
            ErrorKind::InvalidInput,
            "it is no address: write `http://HOST:PORT`",
        ));
    }
    let request = request.body(body.unwrap_or_default()).map_err(std::io::Error::other)?;
    let answer = send(request, patience)?;
    let status = answer.status().as_u16();
    let header = |(name, value): (&oxhttp::model::HeaderName, &oxhttp::model::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = answer.headers().iter().filter_map(header).collect();
    Ok(Answered { status, headers, body: String::from_utf8_lossy(answer.body()).into_owned() })
}

/// Sends a request and reads the whole answer.
pub(crate) fn send(request: Request<Vec<u8>>, patience: Duration) -> std::io::Result<Response<Vec<u8>>> {
    let has_body = request.method() != Method::HEAD;
    let in_words = |error| in_words(error, patience);
    let request = request.map(Body::from);
    let answer = Client::new().with_global_timeout(patience).request(request).map_err(in_words)?;
    let (parts, body) = answer.into_parts();
    let body = if has_body { body.to_vec().map_err(in_words)? } else { Vec::new() };
    Ok(Response::from_parts(parts, body))
}

/// An error in words of which somebody would think who reads it, where the system or the library has others.
fn in_words(error: std::io::Error, patience: Duration) -> std::io::Error {
    let said = error.to_string();
    let words = match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            let words = format!("no answer came within {} s", patience.as_secs());
            return std::io::Error::new(ErrorKind::TimedOut, words);
        }
        ErrorKind::ConnectionRefused => "nothing listens there",
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => {
            "the connection was closed without an answer"
        }
        // As browsers have it: what listens at such a port may take a request for something else.
        ErrorKind::InvalidInput if said.contains("is not allowed for HTTP") => {
            "its port is one of those that are kept for other services, and no HTTP is spoken there"
        }
        _ if said.contains("failed to lookup address") => "no host of this name is found",
        _ => return error,
    };
    std::io::Error::new(error.kind(), words)
}

/// Whether anything takes connections at an `http` or `https` URL.
///
/// # Errors
/// Why not.
pub fn answers(url: &str, patience: Duration) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err(format!("`{url}` is no URL: write `http://HOST:PORT`"));
    };
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::ConnectionRefused => format!("nothing answers at {url}"),
        _ => format!("nothing answers at {url}: {}", in_words(error, patience)),
    };
    let addresses = (host, port).to_socket_addrs().map_err(failed)?;
    let mut last = format!("nothing answers at {url}: the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(_) => return Ok(()),
            Err(error) => last = failed(error),
        }
    }
    Err(last)
}
