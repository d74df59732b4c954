//! A small HTTP/1.1 server: one thread a connection, connections kept open, with TLS where it is given a certificate.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
        then: Then,
    },
    /// Nothing, until the client hangs up.
    Silence,
    /// The connection is closed without an answer.
    Cut,
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    KeepOpen,
    /// It is closed, though nothing in the answer said so, as one is that was idle for long.
    Close,
}

impl Reply {
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self::of("application/json", status, body)
    }

    pub(crate) fn xml(status: u16, body: String) -> Self {
        Self::of("text/xml", status, body)
    }

    fn of(kind: &str, status: u16, body: String) -> Self {
        let headers = vec![("Content-Type", kind.to_owned())];
        Self::Answer { status, headers, body, then: Then::KeepOpen }
    }

    /// The same as the last on its connection.
    pub(crate) fn closing(self) -> Self {
        match self {
            Self::Answer { status, headers, body, .. } => {
                Self::Answer { status, headers, body, then: Then::Close }
            }
            other => other,
        }
    }
}

/// Serves on a port of this machine as long as the process runs.
pub(crate) fn serve<F>(tls: Option<Arc<ServerConfig>>, answer: F) -> SocketAddr
where
    F: Fn(&Request) -> Reply + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, tls) = (Arc::clone(&answer), tls.clone());
            // A client that goes away half way ends its own connection only.
            thread::spawn(move || connection(stream, tls, answer.as_ref()));
        }
    });
    address
}

fn connection(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    answer: &dyn Fn(&Request) -> Reply,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => converse(stream, answer),
        Some(config) => {
            let session = ServerConnection::new(config).map_err(io::Error::other)?;
            converse(StreamOwned::new(session, stream), answer)
        }
    }
}

fn converse(stream: impl Read + Write, answer: &dyn Fn(&Request) -> Reply) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        match answer(&request) {
            Reply::Cut => return Ok(()),
            Reply::Silence => {
                io::copy(&mut stream, &mut io::sink())?;
                return Ok(());
            }
            Reply::Answer { status, headers, body, then } => {
                let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    write!(text, "{name}: {value}\r\n").expect("text takes text");
                }
                text.push_str("\r\n");
                text.push_str(&body);
                stream.get_mut().write_all(text.as_bytes())?;
                stream.get_mut().flush()?;
                if then == Then::Close {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The next request, or `None` where the client has hung up.
fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, path) = (word(words.next())?, word(words.next())?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let is_chunked = headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked");
    let body = if is_chunked { chunks(stream)? } else { sized(stream, length(&headers))? };
    let body = String::from_utf8(body).map_err(io::Error::other)?;
    Ok(Some(Request { method, path, headers, body }))
}

fn word(word: Option<&str>) -> io::Result<String> {
    word.map(str::to_owned).ok_or_else(|| io::Error::other("a request line has three words"))
}

fn length(headers: &BTreeMap<String, String>) -> usize {
    headers.get("content-length").map_or(0, |length| length.parse().expect("a length"))
}

fn sized(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        body.extend(sized(stream, length)?);
        stream.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}
