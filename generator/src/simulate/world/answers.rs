//! Answers of reads, kept while nothing that they tell of has changed: who polls gets the very same answer again.

use std::sync::Arc;

use serde_json::Value;

use super::launch::Templates;

/// The answers since the last change. Only reads that tell of nothing but groups and templates may be kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    edits: u64,
    templates: Templates,
    kept: Vec<(&'static str, Value, Arc<Value>)>,
}

impl Answers {
    /// The answer that an action gave to these arguments, where the groups have been edited `edits` times since and the
    /// templates are as they were.
    pub(super) fn get(
        &mut self,
        (edits, templates): (u64, &Templates),
        action: &'static str,
        arguments: &Value,
    ) -> Option<Arc<Value>> {
        if self.edits != edits || self.templates != *templates {
            self.kept.clear();
            self.edits = edits;
            self.templates.clone_from(templates);
        }
        let mut of_action = self.kept.iter().filter(|(known, ..)| *known == action);
        of_action.find(|(_, known, _)| known == arguments).map(|(.., answer)| Arc::clone(answer))
    }

    /// Keeps an answer that was asked for and not found.
    pub(super) fn keep(&mut self, action: &'static str, arguments: Value, answer: Arc<Value>) {
        self.kept.push((action, arguments, answer));
    }
}
