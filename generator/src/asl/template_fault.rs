//! What is wrong where a template cannot be rendered: in which line of which, and what to do.

use std::error::Error as _;

use minijinja::{Environment, Error, ErrorKind};

use super::origin;
use crate::strategy::Catalog;

/// Ends the name of a file of states, from which nothing is imported.
const STATES: &str = ".json.j2";

/// A fault in a line: the innermost place first, then who asked for it.
pub(super) fn told(environment: &Environment<'_>, catalog: &Catalog, error: &Error) -> String {
    let chain: Vec<&Error> = std::iter::successors(Some(error), |error| inner(error)).collect();
    let mut places: Vec<String> = Vec::new();
    for place in chain.iter().rev().filter_map(|error| place(error)) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let what = chain.last().map(|error| what(environment, catalog, error)).unwrap_or_default();
    let mut places = places.into_iter();
    let first = places.next().map(|place| format!("{place}: ")).unwrap_or_default();
    let others: Vec<_> = places.map(|place| format!(", for {place}")).collect();
    origin::unmarked(&format!("{first}{what}{}", others.concat())).into_owned()
}

/// What an error came of.
fn inner(error: &Error) -> Option<&Error> {
    error.source()?.downcast_ref()
}

/// `templates/FILE:LINE`.
fn place(error: &Error) -> Option<String> {
    let name = error.name()?;
    Some(error.line().map_or_else(|| format!("templates/{name}"), |line| format!("templates/{name}:{line}")))
}

fn what(environment: &Environment<'_>, catalog: &Catalog, error: &Error) -> String {
    let detail = error.detail().unwrap_or_default();
    let name = || name_at_fault(environment, error);
    match error.kind() {
        ErrorKind::UnknownFunction => no_macro(catalog, name()),
        ErrorKind::InvalidOperation if detail.contains("undefined is not callable") => {
            no_macro(catalog, name())
        }
        ErrorKind::UndefinedError => match name() {
            Some(name) => format!("`{name}` is not defined here"),
            None => error.kind().to_string(),
        },
        ErrorKind::TemplateNotFound => {
            let path = detail.split('\'').nth(1).or_else(|| detail.split('"').nth(1));
            path.map_or_else(|| detail.to_owned(), |path| format!("there is no template templates/{path}"))
        }
        kind if detail.is_empty() => kind.to_string(),
        // A fault within a child execution's states, which names its own line.
        _ if detail.starts_with("templates/") => detail.to_owned(),
        kind => format!("{kind}: {detail}"),
    }
}

/// The name with which the text begins that is at fault.
fn name_at_fault(environment: &Environment<'_>, error: &Error) -> Option<String> {
    let template = environment.get_template(error.name()?).ok()?;
    let text = template.source().get(error.range()?)?;
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    Some(text[..end].to_owned()).filter(|name| !name.is_empty())
}

fn no_macro(catalog: &Catalog, name: Option<String>) -> String {
    let Some(name) = name else { return "a macro is called that there is not".to_owned() };
    let home = catalog
        .texts()
        .find(|(path, text)| !path.ends_with(STATES) && text.contains(&format!("<% macro {name}(")));
    let mended = home.map_or_else(
        || "define it, or import it from a file that has it".to_owned(),
        |(path, _)| format!("`<% from \"{path}\" import {name} %>` brings it"),
    );
    format!("there is no macro `{name}` here: {mended}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::super::build;
    use super::super::tests::faults_with;
    use crate::config::Config;
    use crate::construct::AsgRecycle;
    use crate::problem::Problem;
    use crate::strategy::Catalog;

    #[test]
    fn a_fault_of_a_table_names_its_line_and_the_key_that_stands_twice() {
        let row = "{kind: text, meaning: m}";
        for (file, text, expected) in [
            (
                "variables.yaml",
                format!("a: {row}\nb: {row}\na: {row}\n"),
                "variables.yaml:3: `a` stands twice",
            ),
            (
                "journal.yaml",
                format!("journal:\n  a: {row}\n  a: {row}\n"),
                "journal.yaml:3: `a` stands twice",
            ),
            ("variables.yaml", "a: {\n".to_owned(), "variables.yaml:1: "),
        ] {
            let fault = faults_with("{}", &[(file, &text)]);
            assert!(fault.contains(&format!("templates/strategies/broken/{expected}")), "{fault}");
            assert!(!fault.contains("DuplicateKeyPolicy") && !fault.contains(" at line "), "{fault}");
        }
    }

    #[test]
    fn what_cannot_be_rendered_is_told_in_a_line_with_what_to_do() {
        let calling =
            "<% from 'strategies/broken/m.j2' import state %>\n{\n  \"A\": {\n    << state() >>\n  }\n}\n";
        for (states, other, expected) in [
            (
                "{\n  \"A\": << nothing >>\n}\n",
                "",
                "templates/strategies/broken/states.asl.json.j2:2: `nothing` is not defined here",
            ),
            (
                "{\n  \"A\": {<< nothing() >>}\n}\n",
                "",
                "templates/strategies/broken/states.asl.json.j2:2: there is no macro `nothing` here: define it, or import it from a file that has it",
            ),
            (
                "{\n  \"A\": {<< write_journal(next='B') >>}\n}\n",
                "",
                "states.asl.json.j2:2: there is no macro `write_journal` here: `<% from \"strategies/_shared/phases.j2\" import write_journal %>`",
            ),
            (
                calling,
                "<% macro state() %>\n<< inner() >>\n<% endmacro %>\n",
                "templates/strategies/broken/m.j2:2: there is no macro `inner` here",
            ),
            (
                "<% from 'strategies/broken/n.j2' import state %>\n{}\n",
                "",
                "states.asl.json.j2:1: there is no template templates/strategies/broken/n.j2",
            ),
            (
                "<% from 'strategies/broken/m.j2' import state %>\n{\n  << state(b=1) >>\n}\n",
                "<% macro state() %>\n<% endmacro %>\n",
                "states.asl.json.j2:3: too many arguments: unknown keyword argument `b`",
            ),
            ("{\n<% if %>\n}\n", "", "states.asl.json.j2:2: syntax error: unexpected end of block"),
        ] {
            let fault = faults_with(states, &[("m.j2", other)]);
            assert!(fault.contains(expected), "{fault}");
            assert!(!fault.contains(['\n', '\u{e000}']), "{fault}");
        }
    }

    #[test]
    fn a_fault_of_a_template_names_the_templates_own_line() {
        let looped =
            "{\n<% for name in ['A', 'B'] %>\n  \"<< name >>\": {\"Type\": \"Succeed\"}\n<% endfor %>\n}\n";
        let calling =
            "<% from 'strategies/broken/m.j2' import state %>\n{\n  \"A\": {\n    << state() >>\n  }\n}\n";
        let child =
            "{\n  \"A\": {\n    \"States\": << child_states('strategies/broken/m.j2', 'c') >>\n  }\n}\n";
        for (states, other, expected) in [
            (
                looped,
                "",
                "templates/strategies/broken/states.asl.json.j2:3: not JSON: expected `,` or `}`: `\"B\"",
            ),
            (
                calling,
                "<% macro state() %>\n\"Type\": \"Succeed\",\n<% endmacro %>\n",
                "templates/strategies/broken/states.asl.json.j2:5: not JSON: trailing comma: `}`, after templates/strategies/broken/m.j2:2",
            ),
            (
                calling,
                "<% macro state() %>\n\"Type\" \"Succeed\"\n<% endmacro %>\n",
                "templates/strategies/broken/m.j2:2: not JSON: expected `:`: `\"Type\" \"Succeed\"`, for templates/strategies/broken/states.asl.json.j2:4",
            ),
            (
                child,
                "{\n  \"B\": {}\n  \"C\": {}\n}\n",
                "templates/strategies/broken/m.j2:3: not JSON: expected `,` or `}`: `\"C\"",
            ),
            ("[]\n", "", "templates/strategies/broken/states.asl.json.j2:1: not a JSON object"),
        ] {
            let fault = faults_with(states, &[("m.j2", other)]);
            assert!(fault.contains(expected), "{fault}");
            assert!(!fault.contains('\n'), "{fault}");
            assert!(!fault.contains('\u{e000}'), "{fault}");
        }
    }

    /// Every fault of the templates with these changes: in a file of `_shared` a text that another takes the place of, or, where there
    /// is none, what is added to it; or files of a strategy.
    fn faults_of(edits: &[(&str, &str, &str)], strategy: &[(&str, &str)]) -> Vec<Problem> {
        let catalog = Catalog::embedded();
        let edited = |(file, from, to): &(&str, &str, &str)| {
            let text = catalog.text(&format!("strategies/_shared/{file}")).expect(file);
            assert!(text.contains(from), "{file} has no `{from}`");
            let text = if from.is_empty() { format!("{text}{to}") } else { text.replacen(from, to, 1) };
            ((*file).to_owned(), text)
        };
        let files = strategy.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        let catalog = catalog.with_folder("_shared", edits.iter().map(edited).collect());
        let catalog = catalog.and_then(|catalog| match strategy {
            [] => Ok(catalog),
            _ => catalog.with_folder("broken", files.collect()),
        });
        let built = catalog
            .and_then(|catalog| build(&Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog)));
        let Err(problems) = built else { panic!("{edits:?} {strategy:?} break nothing") };
        problems.into_iter().collect()
    }

    /// Changes of a file of the frame that break it.
    const OF_THE_FRAME: [(&str, &str, &str); 10] = [
        ("machine.asl.json.j2", "Read input", "Nowhere"),
        ("machine.asl.json.j2", "Recycles the", "Recycles ${nobody}'s"),
        ("machine.asl.json.j2", "2592000", "2592000,"),
        ("journal.yaml", "", "  never: {kind: text, meaning: m}\n"),
        ("journal.yaml", "journal:\n", "journal:\n  never: {kind: text, meaning: m}\n"),
        ("journal.yaml", "known: [0, 1, 2, 3, 4]", "known: [0]"),
        (
            "request.yaml",
            "",
            "kept: {kind: text, meaning: m, variable: kept, carried_by: [], children: []}\n",
        ),
        (
            "request.yaml",
            "",
            "lost: {kind: text, meaning: m, variable: group, carried_by: [], children: []}\n",
        ),
        ("request.yaml", "", "lost: {kind: text, meaning: m, part_of: about}\n"),
        ("variables.yaml", "", "never: {kind: text, meaning: m}\n"),
    ];

    /// What breaks as the state of a strategy.
    const STATE: [&str; 11] = [
        r#""Type": "Pass", "Next": "Nowhere""#,
        r#""Type": "Pass", "Output": "{% 1 + %}", "Next": "Verify""#,
        r#""Type": "Pass", "Output": "{% $nothing %}", "Next": "Verify""#,
        r#""Type": "Pass", "Output": "${nobody}", "Next": "Verify""#,
        r#""Type": "Pass", "Output": "Read input", "Next": "Verify""#,
        r#""Type": "Pass", "Next": "Verify"}, "B": {"Type": "Succeed""#,
        r#""Type": "Pass", "Next": "Verify"}, "Verify": {"Type": "Succeed""#,
        r#""Type": "Pass", "Assign": {"looks": "{% $looks + 1 %}", "slow_looks": "{% $looks %}"}, "Next": "Verify""#,
        r#""Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:never", "Next": "Verify""#,
        r#""Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:never", "Arguments": {}, "Next": "Verify""#,
        r#""Type": "Choice", "Choices": [{"Condition": "{% $mode = '' %}", "Next": "Verify"}], "Output": {}, "Default": "Verify""#,
    ];

    const SOUND: &str = "summary: s\npromise: p\nsafe_points: none\nhooks: {start_at: A}\nsettings: {common: [poll_interval_seconds]}\n";

    #[test]
    fn whatever_is_wrong_with_the_templates_names_file_and_line() {
        let of_the_frame = OF_THE_FRAME.map(|edit| faults_of(&[edit], &[]));
        let read_though_for_others = faults_of(
            &[
                ("request.yaml", "", "colour: {kind: text, meaning: m, for_others: true}\n"),
                (
                    "5_start.asl.json.j2",
                    "'recycling has started' &",
                    "$states.context.Execution.Input.colour &",
                ),
            ],
            &[],
        );
        let of_states =
            |text: &str| faults_of(&[], &[("strategy.yaml", SOUND), ("states.asl.json.j2", text)]);
        let of_state = STATE.map(|state| of_states(&format!("{{\"A\": {{{state}}}}}\n")));
        let of_text = ["[]\n", "{\"A\": }\n", "{<< nobody >>}\n", "<% if %>\n"].map(of_states);
        let of_strategy = [
            "extends: nobody\nsummary: s\n",
            "extends: out-in\nsummary: s\nnamed_by: nobody\n",
            "summary: s\npromise: p\nsafe_points: none\n",
            "summary: s\nhooks: {start_at: A}\n",
            "summary: s\nsettings: {common: [nothing]}\n",
            "summary: [\n",
        ]
        .map(|yaml| faults_of(&[], &[("strategy.yaml", yaml), ("states.asl.json.j2", "{}\n")]));
        let line = "templates/strategies/[a-z0-9_./-]+:[1-9][0-9]*";
        let place = Regex::new(&format!("^{line}(, for {line})?: ")).unwrap();
        let mut codes = BTreeSet::new();
        let all = of_the_frame.into_iter().chain([read_though_for_others]).chain(of_state).chain(of_text);
        for fault in all.chain(of_strategy).flatten() {
            assert!(place.is_match(&fault.to_string()), "{}: {fault}", fault.code);
            assert!(fault.is_of_the_templates(), "{}: {fault}", fault.code); // and is counted as none of stack.yaml
            codes.insert(fault.code);
        }
        let known = super::super::check::codes();
        let silent: Vec<_> = known.filter(|code| !codes.contains(code) && *code != "asl-lists").collect();
        assert!(silent.is_empty(), "{silent:?} in {codes:?}");
    }

    #[test]
    fn a_call_that_no_grant_covers_is_told_by_the_line_of_its_state() {
        let state = "{\n  \"A\": {\n    \"Type\": \"Task\",\n    \"Resource\": \"arn:aws:states:::aws-sdk:ec2:describeVpcs\",\n    \
                     \"Arguments\": {},\n    \"TimeoutSeconds\": 9,\n    \"Output\": {},\n    \"Next\": \"Verify\",\n    \
                     \"Catch\": [{\"ErrorEquals\": [\"States.ALL\"], \"Next\": \"Verify\"}]\n  }\n}\n";
        let files = [("strategy.yaml", SOUND), ("states.asl.json.j2", state)];
        let files = files.map(|(file, text)| (file.to_owned(), text.to_owned()));
        let catalog = Catalog::embedded().with_folder("broken", files.into()).unwrap();
        let config = Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog);
        let fault = AsgRecycle::from_config(config).expect_err("nobody says what it may touch").to_string();
        let place =
            "templates/strategies/broken/states.asl.json.j2:2: no permission is known for the API call";
        assert!(fault.starts_with(place), "{fault}");
    }

    #[test]
    fn a_fault_beside_the_states_is_told_by_its_line() {
        let faults = faults_of(&[OF_THE_FRAME[0]], &[]);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let expected =
            "templates/strategies/_shared/machine.asl.json.j2:4: StartAt: there is no state `Nowhere`";
        assert!(told.iter().any(|fault| fault == expected), "{told:?}");
    }

    #[test]
    fn a_table_of_variables_that_cannot_be_read_is_the_only_fault() {
        let faults = faults_of(&[("variables.yaml", "", "never: {kind: txt, meaning: m}\n")], &[]);
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].contains("unknown variant `txt`"), "{told:?}");
    }

    #[test]
    fn a_fault_of_what_strategies_share_is_told_once() {
        let faults = faults_of(&[("settings.yaml", "", "half: {kind: integer}\n")], &[]);
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
}
