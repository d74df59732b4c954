//! Runs jobs a few at a time until a deadline. A job that panics ends alone.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// Time ran out before it was done; it may have taken effect all the same.
    #[error("the function's time is nearly over; the record is handed back")]
    Deadline,
    /// It panicked, with this text.
    #[error("panicked: {0}")]
    Panicked(String),
}

/// Runs `jobs`, at most `running_max` of them at a time, and tells `done` of each job by its place, as it ends.
pub async fn run<T, F>(
    jobs: Vec<F>,
    running_max: usize,
    deadline: Instant,
    mut done: impl FnMut(usize, Result<T, Interrupted>),
) where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut waiting = jobs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut places: HashMap<Id, usize> = HashMap::new();
    loop {
        while running.len() < running_max && Instant::now() < deadline {
            let Some((place, job)) = waiting.next() else { break };
            places.insert(running.spawn(job).id(), place);
        }
        match timeout_at(deadline, running.join_next_with_id()).await {
            Ok(Some(ended)) => report(ended, &mut places, &mut done),
            Ok(None) | Err(_) => break, // nothing is left to run, or no time to run it
        }
    }
    while let Some(ended) = running.try_join_next_with_id() {
        report(ended, &mut places, &mut done);
    }
    running.abort_all();
    let undone = places.into_values().chain(waiting.map(|(place, _)| place));
    undone.for_each(|place| done(place, Err(Interrupted::Deadline)));
}

fn report<T>(
    ended: Result<(Id, T), JoinError>,
    places: &mut HashMap<Id, usize>,
    done: &mut impl FnMut(usize, Result<T, Interrupted>),
) {
    let (id, result) = match ended {
        Ok((id, value)) => (id, Ok(value)),
        Err(error) => (error.id(), Err(interruption(error))),
    };
    if let Some(place) = places.remove(&id) {
        done(place, result);
    }
}

fn interruption(error: JoinError) -> Interrupted {
    match error.try_into_panic() {
        Ok(panic) => Interrupted::Panicked(panic_text(panic.as_ref())),
        Err(_) => Interrupted::Deadline,
    }
}

/// The text of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is not text").to_owned()
}
