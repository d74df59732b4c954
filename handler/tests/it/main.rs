//! The handler run whole: batches against ports in memory, and the SDK's calls against a server that answers as AWS.

#[path = "../local/mod.rs"]
#[allow(dead_code, reason = "the benchmark uses the rest")]
mod local;
mod bench;
mod events;
mod batches;
mod nothing_lost;
mod logs;
mod wire;
mod protocol;
mod startup;
mod panics;
mod ten_thousand;
mod fuzz;
mod sources;
mod schema;
mod docs;
