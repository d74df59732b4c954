//! The handler run whole: batches against ports in memory, and the SDK's calls against a server that answers as AWS.

mod bench;
mod events;
mod batches;
mod nothing_lost;
mod logs;
mod wire;
mod sources;
mod schema;
