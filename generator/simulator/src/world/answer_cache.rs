//! Answers of reads, kept while nothing that they tell of has changed: who polls gets the very same answer again.

use std::sync::Arc;

use serde_json::Value;

/// The answers since the last change. Only reads that tell of nothing but groups may be kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerCache {
    /// How often groups had been edited then.
    edits: u64,
    kept: Vec<(&'static str, Value, Arc<Value>)>,
}

impl AnswerCache {
    /// The answer that an action gave to these arguments, where groups have been edited `edits` times by now and had
    /// been then.
    pub(crate) fn get(&mut self, edits: u64, action: &str, arguments: &Value) -> Option<Arc<Value>> {
        if self.edits != edits {
            self.kept.clear();
            self.edits = edits;
        }
        let mut of_action = self.kept.iter().filter(|(known, ..)| *known == action);
        of_action.find(|(_, known, _)| known == arguments).map(|(.., answer)| Arc::clone(answer))
    }

    /// Keeps an answer that was asked for and not found.
    pub(crate) fn keep(&mut self, action: &'static str, arguments: Value, answer: Arc<Value>) {
        self.kept.push((action, arguments, answer));
    }
}
