//! How commands that act tell what they do: to people as it happens, to programs once at the end.

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use crate::operate::answers::execution::{SeenExecution, status_in_words};
use crate::operate::console_link::execution_link;
use crate::operate::fleet::operated::OperationReport;
use crate::operate::fleet::{self, FleetRow};
use crate::operate::session::StackSession;

/// What is told of one group.
pub(super) struct Telling {
    format: Format,
    pub(super) report: OperationReport,
}

impl Telling {
    pub(super) fn of(session: &StackSession, group: &str, format: Format) -> Self {
        Self { format, report: OperationReport::new(&session.place, group) }
    }

    /// Tells people what came of it: a result, and where programs read the results, a note.
    pub(super) fn say(&self, text: &str, context: &mut Context) -> Result<(), Failure> {
        match self.format {
            Format::Text => context.console.result(text),
            Format::Json => {
                context.console.note(text);
                Ok(())
            }
        }
    }

    /// Notes the execution that was started, or is followed from now on.
    pub(super) fn follows(&mut self, execution: &str) {
        self.report.execution = Some(execution.to_owned());
        self.report.console = execution_link(&self.report.head.place.region, execution);
    }

    /// Notes how it ended, and tells.
    pub(super) fn ended(&mut self, seen: &SeenExecution, context: &mut Context) -> Result<(), Failure> {
        self.follows(&seen.execution_arn);
        let outcome = seen.said("outcome").unwrap_or_else(|| status_in_words(&seen.status));
        let reason = seen.said("reason").filter(|reason| !reason.is_empty());
        let error = seen.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let text = format!("{}: {outcome}{error}{why}\n", self.report.group);
        self.report.outcome = Some(outcome);
        self.report.error.clone_from(&seen.error);
        self.report.reason = reason;
        self.say(&text, context)
    }

    /// Notes how the group stands for which nothing runs, and how its last execution ended.
    pub(super) fn stands(&mut self, row: &FleetRow) {
        if let Some(execution) = &row.last_execution {
            self.follows(execution);
        }
        self.report.state = Some(row.state);
        self.report.outcome.clone_from(&row.last);
        self.report.error.clone_from(&row.last_error);
        self.report.reason = row.why();
    }

    /// Ends the command as it ended, with what programs are told; of a command that was refused before it did anything, nothing.
    pub(super) fn close(
        mut self,
        done: Result<(), Failure>,
        session: &StackSession,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let has_begun = self.report.execution.is_some() || self.report.stopped.is_some();
        if self.format == Format::Json && (has_begun || matches!(done, Ok(()) | Err(Failure::Findings))) {
            self.report.head.calls = session.calls_made();
            self.report.is_well = done.is_ok();
            context.console.result(&fleet::json(&self.report))?;
        }
        done
    }
}
