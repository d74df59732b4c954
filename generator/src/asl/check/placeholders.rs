//! `${...}` stands for deploy-time names only, and nothing else reads as a template of Terraform or `CloudFormation`.

use super::super::definition::Definition;
use super::super::placeholder::Placeholder;
use super::report::Report;

pub(super) fn check(definition: &Definition, report: &mut Report<'_>) {
    for (at, _) in definition.text.match_indices("${") {
        let rest = &definition.text[at + 2..];
        let name = rest.split('}').next().unwrap_or_default();
        if !Placeholder::ALL.iter().any(|known| known.as_str() == name) {
            report.add("", format!("`{}` is not a deploy-time name", excerpt(&definition.text, at)));
        }
    }
    for (at, _) in definition.text.match_indices("%{") {
        let reason =
            format!("`{}` would be a directive to Terraform's templatefile", excerpt(&definition.text, at));
        report.add("", reason);
    }
}

fn excerpt(text: &str, at: usize) -> String {
    text[at..].chars().take(30).take_while(|c| *c != '\n').collect()
}
