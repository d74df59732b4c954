//! `${...}` stands for deploy-time names only, and nothing else reads as a template of Terraform or `CloudFormation`.

use serde_json::Value;

use super::super::definition::Definition;
use super::super::placeholder::Placeholder;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (excerpt, reason) in faults(&definition.text) {
        let states = definition.machine.states();
        let begin = excerpt.split('"').next().unwrap_or_default();
        let within = |text: &str| Value::from(text).to_string().contains(begin);
        let found = states.into_iter().find_map(|(_, name, state)| {
            Some((name, state.texts().into_iter().find(|text| within(text.text))?.text))
        });
        let (state, text) = found.map_or(("", None), |(name, text)| (name, Some(text)));
        report.add_at(state, text, reason);
    }
}

/// The same of a text that nothing else is known of.
pub(super) fn check_text(text: &str, report: &mut Report<'_>) {
    for (_, reason) in faults(text) {
        report.add("", reason);
    }
}

/// What stands where something is wrong, and what that is.
fn faults(text: &str) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    for (brace, _) in text.match_indices('{') {
        let at = brace.saturating_sub(1);
        if text[..brace].ends_with('$') {
            let name = text[brace + 1..].split('}').next().unwrap_or_default();
            if !Placeholder::ALL.iter().any(|known| known.as_str() == name) {
                let excerpt: String = format!("${{{name}}}").chars().take(EXCERPT).collect();
                let reason = format!("`{excerpt}` is not a deploy-time name");
                faults.push((excerpt, reason));
            }
        } else if text[..brace].ends_with('%') {
            let excerpt = excerpt(text, at);
            let reason = format!("`{excerpt}` would be a directive to Terraform's templatefile");
            faults.push((excerpt, reason));
        }
    }
    faults
}

/// Most characters that are shown.
const EXCERPT: usize = 30;

fn excerpt(text: &str, at: usize) -> String {
    text[at..].chars().take(EXCERPT).take_while(|c| *c != '\n').collect()
}
