//! `${...}` stands for deploy-time names only, and nothing else reads as a template of Terraform or `CloudFormation`.

use super::super::definition::Definition;
use super::super::placeholder::Placeholder;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    check_text(&definition.text, report);
}

/// The same of a text that nothing else is known of.
pub(super) fn check_text(text: &str, report: &mut Report<'_>) {
    for (brace, _) in text.match_indices('{') {
        let at = brace.saturating_sub(1);
        if text[..brace].ends_with('$') {
            let name = text[brace + 1..].split('}').next().unwrap_or_default();
            if !Placeholder::ALL.iter().any(|known| known.as_str() == name) {
                report.add("", format!("`{}` is not a deploy-time name", excerpt(text, at)));
            }
        } else if text[..brace].ends_with('%') {
            let reason = format!("`{}` would be a directive to Terraform's templatefile", excerpt(text, at));
            report.add("", reason);
        }
    }
}

fn excerpt(text: &str, at: usize) -> String {
    text[at..].chars().take(30).take_while(|c| *c != '\n').collect()
}
