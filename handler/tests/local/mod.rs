//! What the handler's binary runs against on this machine: Lambda's Runtime API, a queue with a dead-letter queue, and
//! the three AWS services that it calls. The tests and the benchmark share it.

pub(crate) mod http;
pub(crate) mod wire;
pub(crate) mod aws;
pub(crate) mod function;
pub(crate) mod queue;
pub(crate) mod tls;
