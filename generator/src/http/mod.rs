//! HTTP/1.1 on this machine: what is served, and what is asked.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use oxhttp::Client;
use oxhttp::model::{Body, Method, Request, Response, Uri};

#[cfg(feature = "package")]
mod served;

#[cfg(feature = "package")]
pub use served::PortError;
#[cfg(feature = "cli")]
pub(crate) use served::free;
#[cfg(feature = "package")]
pub(crate) use served::{Call, Reply, serve};

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

/// Sends a request and reads the whole answer, of which no part is waited for longer than `patience`, whatever comes before the first:
/// looking up the name, each of its addresses, encryption.
pub(crate) fn send(request: Request<Vec<u8>>, patience: Duration) -> std::io::Result<Response<Vec<u8>>> {
    // The client has a time for each step alone, and none for a name that is looked up. Where the time is up, its thread is left to
    // itself.
    let (begins, begun) = mpsc::sync_channel(1);
    let exchange = thread::Builder::new().spawn(move || exchange(request, patience, &begins))?;
    let is_late = matches!(begun.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
    let late = || Err(std::io::Error::from(ErrorKind::TimedOut));
    let broken = |_| Err(std::io::Error::other("the exchange broke off"));
    let answer = if is_late { late() } else { exchange.join().unwrap_or_else(broken) };
    answer.map_err(|error| in_words(error, patience))
}

/// The same without a time for all that comes before the answer, which is told when it begins.
fn exchange(
    request: Request<Vec<u8>>,
    patience: Duration,
    begins: &SyncSender<()>,
) -> std::io::Result<Response<Vec<u8>>> {
    let has_body = request.method() != Method::HEAD;
    let answer = Client::new().with_global_timeout(patience).request(request.map(Body::from))?;
    let _ = begins.send(()); // nobody hears it where the time is up
    let (parts, body) = answer.into_parts();
    let body = if has_body { body.to_vec()? } else { Vec::new() };
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
        _ if said.contains("failed to lookup address") => {
            return std::io::Error::new(ErrorKind::NotFound, "no host of this name is found");
        }
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
