//! What a definition must hold to before it is emitted: one rule a file, one folder of cases a rule.

mod assigns;
mod calls;
mod choices;
mod declared;
mod ends;
mod expressions;
mod handlers;
mod input;
mod journal;
mod lists;
mod names;
mod placeholders;
mod report;
mod variables;

use super::definition::Definition;
use super::origin::Origins;
use crate::problem::Problems;
use report::Report;

/// A rule and the name of its problems.
struct Rule {
    code: &'static str,
    check: fn(&Definition, &mut Report<'_>),
}

/// Every rule, in the order in which its problems are reported.
const RULES: &[Rule] = &[
    Rule { code: "asl-names", check: names::check },
    Rule { code: "asl-ends", check: ends::check },
    Rule { code: "asl-expressions", check: expressions::check },
    Rule { code: "asl-variables", check: variables::check },
    Rule { code: "asl-assigns", check: assigns::check },
    Rule { code: "asl-declared", check: declared::check },
    Rule { code: "asl-journal", check: journal::check },
    Rule { code: "asl-input", check: input::check },
    Rule { code: "asl-handlers", check: handlers::check },
    Rule { code: "asl-calls", check: calls::check },
    Rule { code: "asl-choices", check: choices::check },
    Rule { code: "asl-lists", check: lists::check },
    Rule { code: PLACEHOLDERS, check: placeholders::check },
];

/// The name of every rule's problems.
#[cfg(test)]
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code)
}

/// The name of the rule that what a configuration says could break, were its own checks wrong.
const PLACEHOLDERS: &str = "asl-placeholders";

/// Everything that is wrong with a definition.
pub(super) fn check(definition: &Definition, origins: &Origins) -> Problems {
    let mut problems = Problems::default();
    for rule in RULES {
        (rule.check)(definition, &mut Report::of(rule.code, origins, &mut problems));
    }
    problems
}

/// What a configuration made wrong in the text of a definition whose templates are known to be right.
pub(super) fn check_placeholders(text: &str, origins: &Origins) -> Problems {
    let mut problems = Problems::default();
    placeholders::check_text(text, &mut Report::of(PLACEHOLDERS, origins, &mut problems));
    problems
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use include_dir::{Dir, include_dir};

    use super::super::definition::LANGUAGE;
    use super::*;

    static CASES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/asl/check/cases");

    fn codes(path: &std::path::Path, text: &str) -> BTreeSet<&'static str> {
        let mut case: serde_json::Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let declared = case.as_object_mut().and_then(|fields| fields.remove("Declared"));
        let serde_json::Value::Object(machine) = case.clone() else { panic!("{}", path.display()) };
        let problems = Definition::of(case.to_string().into(), machine, &Origins::default()).map_or_else(
            |problems| problems,
            |mut definition| {
                if let Some(declared) = declared {
                    definition.declared = serde_json::from_value(declared)
                        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                }
                check(&definition, &Origins::default())
            },
        );
        problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn every_rule_has_cases_that_pass_and_cases_that_only_it_refuses() {
        for code in super::codes().chain([LANGUAGE]) {
            let folder = code.trim_start_matches("asl-");
            let cases = CASES.get_dir(folder).unwrap_or_else(|| panic!("check/cases/{folder} is missing"));
            let (mut valid, mut invalid) = (0, 0);
            for file in cases.files() {
                let name = file.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let found = codes(file.path(), file.contents_utf8().expect("cases are text"));
                if name.starts_with("invalid-") {
                    invalid += 1;
                    assert_eq!(found, BTreeSet::from([code]), "{}", file.path().display());
                } else {
                    valid += 1;
                    assert_eq!(found, BTreeSet::new(), "{}", file.path().display());
                }
            }
            assert!(valid > 0 && invalid > 0, "{folder} needs a valid-*.json and an invalid-*.json");
        }
    }
}
