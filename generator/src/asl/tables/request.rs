//! What an execution is asked for, key by key: how it is read from the input, and who carries it on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::kind::Kind;
use super::rows::rows;
use super::variables::{FRAME, VariableTable};

/// Who takes a key of the request further than the execution that was given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::asl) enum Carrier {
    /// The mark that a newcomer leaves on the lock, and the holder that takes it up.
    Rerun,
    /// The input of a successor. What is not named passes as it was in this execution's own input.
    HandOver,
}

/// Who puts a key into an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::asl) enum Giver {
    #[default]
    Handler,
    /// An execution that hands over.
    Predecessor,
}

/// Which child executions get a key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Children {
    All(All),
    Named(Vec<String>),
}

/// The word for every child execution, those of strategies too.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum All {
    All,
}

/// A row as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: Kind,
    meaning: String,
    #[serde(default)]
    given_by: Giver,
    #[serde(default)]
    variable: Option<String>,
    #[serde(default)]
    part_of: Option<String>,
    #[serde(default)]
    for_others: bool,
    #[serde(default)]
    written_by: Vec<String>,
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    known: Vec<u32>,
    #[serde(default)]
    read: Option<String>,
    #[serde(default)]
    carried_by: Option<Vec<Carrier>>,
    #[serde(default)]
    children: Option<Children>,
    #[serde(default)]
    rerun: Option<String>,
    #[serde(default)]
    take_up: Option<String>,
    #[serde(default)]
    hand_over: Option<String>,
}

/// A key of the input. Expressions are JSONata, without delimiters.
#[derive(Debug, Clone, Serialize)]
pub(in crate::asl) struct RequestKey {
    pub(in crate::asl) key: String,
    pub(in crate::asl) kind: Kind,
    /// For people.
    pub(in crate::asl) meaning: String,
    pub(in crate::asl) given_by: Giver,
    /// Holds it; none where it is part of another variable, or for others.
    pub(in crate::asl) variable: Option<String>,
    /// The variable of which it is a part; its own initial value reads it.
    pub(in crate::asl) part_of: Option<String>,
    /// The stages that assign the variable.
    pub(in crate::asl) written_by: Vec<String>,
    /// What it is where the input lacks it.
    pub(in crate::asl) default: Option<Value>,
    /// Of the input's version: those that are read.
    pub(in crate::asl) known: Vec<u32>,
    /// Reads it from the input.
    pub(in crate::asl) read: String,
    /// Puts it into a rerun mark.
    pub(in crate::asl) rerun: Option<String>,
    /// Reads it from what the mark asks for, `$requested`.
    pub(in crate::asl) take_up: Option<String>,
    /// Puts it into a successor's input.
    pub(in crate::asl) hand_over: Option<String>,
    /// The child executions that get it, under the variable's name: each is named by its file of states.
    pub(in crate::asl) children: Vec<String>,
}

impl RequestKey {
    /// Whether only others read it: the handler, for one.
    pub(in crate::asl) fn is_for_others(&self) -> bool {
        self.variable.is_none() && self.part_of.is_none()
    }
}

/// Reads the table. `tables` are all of variables, those of child executions among them.
///
/// # Errors
/// What is wrong, each with its key.
pub(super) fn read(text: &str, tables: &[VariableTable]) -> Result<Vec<RequestKey>, Vec<String>> {
    let rows = rows::<Row>(text).map_err(|reason| vec![reason])?;
    let children = || tables.iter().filter(|table| table.child().is_some());
    // Strategies may have children of theirs, which the frame knows by no name.
    let frame: BTreeSet<_> =
        children().filter(|table| table.path.starts_with(FRAME)).filter_map(VariableTable::child).collect();
    let all: Vec<_> = children().filter_map(VariableTable::child).map(str::to_owned).collect();
    let fault = |row: &Row| row.fault().map(str::to_owned).or_else(|| row.unknown_child(&frame));
    let faults: Vec<_> =
        rows.iter().filter_map(|(key, row)| Some(format!("{key}: {}", fault(row)?))).collect();
    if faults.is_empty() {
        Ok(rows.into_iter().map(|(key, row)| row.complete(key, &all)).collect())
    } else {
        Err(faults)
    }
}

impl Row {
    fn is_carried_by(&self, carrier: Carrier) -> bool {
        self.carried_by.iter().flatten().any(|each| *each == carrier)
    }

    /// What must not be, since then something would be lost on the way.
    fn fault(&self) -> Option<&'static str> {
        let readers = [self.variable.is_some(), self.part_of.is_some(), self.for_others];
        if readers.iter().filter(|reader| **reader).count() != 1 {
            return Some("it needs one of `variable`, `part_of` and `for_others`");
        }
        let says = [self.carried_by.is_some(), self.children.is_some()];
        if self.variable.is_none() && says.contains(&true) {
            return Some("only what a variable holds can be carried");
        }
        if self.variable.is_some() && says.contains(&false) {
            return Some("it needs `carried_by` and `children`, if only to say that nobody carries it on");
        }
        if self.is_carried_by(Carrier::Rerun) && !self.is_carried_by(Carrier::HandOver) {
            return Some(
                "what is taken up from a mark must be handed over, or a successor would have this execution's own",
            );
        }
        let given = [
            (self.rerun.is_some() || self.take_up.is_some(), Carrier::Rerun),
            (self.hand_over.is_some(), Carrier::HandOver),
        ];
        let unused = given.iter().any(|(given, carrier)| *given && !self.is_carried_by(*carrier));
        unused.then_some("it says how it is carried by what does not carry it")
    }

    /// A child that it names, and the frame does not have.
    fn unknown_child(&self, frame: &BTreeSet<&str>) -> Option<String> {
        let Some(Children::Named(names)) = &self.children else { return None };
        let unknown = names.iter().find(|name| !frame.contains(name.as_str()))?;
        Some(format!("the frame has no child execution `{unknown}`"))
    }

    /// `all` names every child execution.
    fn complete(self, key: String, all: &[String]) -> RequestKey {
        let (rerun, hand_over) = (self.is_carried_by(Carrier::Rerun), self.is_carried_by(Carrier::HandOver));
        let variable = self.variable.as_ref().map(|name| format!("${name}")).unwrap_or_default();
        let mut written_by = vec!["begin".to_owned()];
        written_by.extend(rerun.then(|| "go_on".to_owned()));
        written_by.extend(self.written_by.clone());
        RequestKey {
            read: self.read.clone().unwrap_or_else(|| self.reading(&format!("$states.input.{key}"))),
            rerun: rerun.then(|| self.rerun.clone().unwrap_or_else(|| variable.clone())),
            take_up: rerun
                .then(|| self.take_up.clone().unwrap_or_else(|| self.reading(&format!("$requested.{key}")))),
            hand_over: hand_over.then(|| self.hand_over.clone().unwrap_or(variable)),
            children: match self.children {
                Some(Children::All(All::All)) => all.to_vec(),
                Some(Children::Named(names)) => names,
                None => Vec::new(),
            },
            key,
            kind: self.kind,
            meaning: self.meaning,
            given_by: self.given_by,
            variable: self.variable,
            part_of: self.part_of,
            default: self.default,
            known: self.known,
            written_by,
        }
    }

    /// What stands at `place`, or what is taken for it where nothing does.
    fn reading(&self, place: &str) -> String {
        let found = if self.kind == Kind::List { format!("[{place}]") } else { place.to_owned() };
        match &self.default {
            Some(Value::String(text)) => format!("$exists({place}) ? {found} : '{text}'"),
            Some(default) => format!("$exists({place}) ? {found} : {default}"),
            None => found,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use asg_recycle_handler::contract::INPUT_VERSION;

    use super::super::Tables;
    use super::*;
    use crate::asl::{Machine, build};
    use crate::config::Config;
    use crate::strategy::Catalog;

    fn schema() -> Value {
        let text = include_str!("../../../../docs/execution-input.schema.json");
        serde_json::from_str(text).expect("it is JSON")
    }

    fn definition(machine: &Machine) -> Value {
        serde_json::from_str(&machine.definition).expect("it is JSON")
    }

    #[test]
    fn every_key_of_the_input_is_in_the_table_and_no_other_is_said_to_come_from_the_handler() {
        let tables = Tables::read(Catalog::embedded()).expect("the tables have no fault");
        let given = tables.request.iter().filter(|key| key.given_by == Giver::Handler);
        let given: BTreeSet<_> = given.map(|key| key.key.clone()).collect();
        let published = schema()["properties"].as_object().expect("properties").keys().cloned().collect();
        assert_eq!(given, published);
    }

    #[test]
    fn the_machine_knows_the_version_that_the_handler_writes() {
        let machine = build(&Config::with_defaults("demo".parse().unwrap())).expect("it has no fault");
        let rule = &definition(&machine)["States"]["Is the input known?"]["Choices"][0];
        assert_eq!(rule["Condition"], format!("{{% $not($input_version in [{INPUT_VERSION}]) %}}"));
    }

    /// The machine with one more key in the table.
    fn with_key(row: &str) -> Result<Machine, String> {
        with_key_and(row, None)
    }

    /// The same, and a text in a file of the frame that another takes the place of.
    fn with_key_and(row: &str, edit: Option<(&str, &str, &str)>) -> Result<Machine, String> {
        let catalog = Catalog::embedded();
        let text =
            |file: &str| catalog.text(&format!("strategies/_shared/{file}")).expect("it is there").to_owned();
        let mut files = BTreeMap::from([("request.yaml".to_owned(), text("request.yaml") + row)]);
        if let Some((file, from, to)) = edit {
            assert!(text(file).contains(from), "{file} lacks {from}");
            files.insert(file.to_owned(), text(file).replace(from, to));
        }
        let catalog = catalog.with_folder("_shared", files).expect("the strategies are as they were");
        build(&Config::with_defaults("demo".parse().unwrap()).with_catalog(catalog))
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_key_that_is_added_to_the_table_is_found_wherever_a_request_is_passed_on() {
        let row = "duration_max:\n  {kind: number, meaning: seconds, variable: duration_max, default: 0, \
                   carried_by: [rerun, hand_over], children: all}\n";
        let fault = with_key(row).expect_err("children get it, and read it nowhere");
        for child in ["list", "turn"] {
            assert!(
                fault.contains(&format!("${child}_duration_max is declared, and read nowhere")),
                "{fault}"
            );
        }
        let fault =
            with_key(&row.replace("all", "[list]")).expect_err("a child gets it, and reads it nowhere");
        assert!(fault.contains("$list_duration_max"), "{fault}");
        assert!(!fault.contains("$turn_duration_max"), "the other child does not get it: {fault}");
        for other in ["lits", "turn"] {
            let fault = with_key(&row.replace("all", &format!("[{other}]")))
                .expect_err("the frame has no such child");
            assert!(
                fault.contains(&format!("duration_max: the frame has no child execution `{other}`")),
                "{fault}"
            );
        }
        for (whole, expected) in
            [("about", "begins without `$states.input.owner`"), ("nonsense", "is no variable")]
        {
            let row = format!("owner: {{kind: text, meaning: whose it is, part_of: {whole}}}\n");
            let fault = with_key(&row).expect_err("nobody reads it");
            assert!(
                fault.contains(&format!("owner: `part_of` names `{whole}`, which {expected}")),
                "{fault}"
            );
        }
        let row = row.replace("all", "[]");
        let fault = with_key(&row).expect_err("its kind is asked and it is passed on, and no state uses it");
        assert!(fault.contains("$duration_max is declared, and read nowhere but"), "{fault}");
        let used =
            ("'recycling has started' &", "'recycling has started' & ($duration_max > 3 ? '' : '.') &");
        let machine =
            with_key_and(&row, Some(("5_start.asl.json.j2", used.0, used.1))).expect("it has no fault");
        let states = &definition(&machine)["States"];
        for (state, text) in [
            ("Read input", "$exists($states.input.duration_max) ? $states.input.duration_max : 0"),
            ("Ask the holder for a rerun", "'duration_max': $duration_max"),
            ("Take up the request", "$exists($requested.duration_max)"),
            ("Hand over", "'duration_max': $duration_max"),
        ] {
            assert!(states[state].to_string().contains(text), "{state} lacks `{text}`");
        }
    }

    #[test]
    fn a_key_for_others_is_read_by_nobody_here() {
        let row = "colour: {kind: text, meaning: m, for_others: true}\n";
        with_key(row).expect("it has no fault");
        let edit = (
            "5_start.asl.json.j2",
            "'recycling has started' &",
            "'recycling has started' & $states.context.Execution.Input.colour &",
        );
        let fault = with_key_and(row, Some(edit)).expect_err("a state reads it");
        assert!(
            fault.contains("`colour` of the input is declared as for others, and is read here"),
            "{fault}"
        );
    }

    #[test]
    fn children_are_given_and_read_each_key_that_they_are_said_to_get() {
        let machine = build(&Config::with_defaults("demo".parse().unwrap())).expect("it has no fault");
        let states = &definition(&machine)["States"];
        let tables = Tables::read(Catalog::embedded()).expect("the tables have no fault");
        let names: Vec<_> = tables.request.iter().filter(|key| !key.children.is_empty()).collect();
        assert!(!names.is_empty());
        for key in names {
            let name = key.variable.as_ref().expect("what is carried is in a variable");
            for (map, begin, prefix) in [
                ("List instances", "Begin listing", "list"),
                ("Take instances in turn", "Begin turn", "turn"),
            ] {
                let is_given = key.children.iter().any(|child| child == prefix);
                let expected = |text: String| if is_given { Value::String(text) } else { Value::Null };
                assert_eq!(states[map]["ItemSelector"][name], expected(format!("{{% ${name} %}}")));
                let assigned =
                    &states[map]["ItemProcessor"]["States"][begin]["Assign"][format!("{prefix}_{name}")];
                assert_eq!(*assigned, expected(format!("{{% $states.input.{name} %}}")));
            }
        }
    }

    #[test]
    fn a_key_that_could_be_lost_is_a_fault_of_the_table() {
        for (row, fault) in [
            ("{kind: number, meaning: m, variable: x, children: []}", "it needs `carried_by` and `children`"),
            (
                "{kind: number, meaning: m, variable: x, carried_by: []}",
                "it needs `carried_by` and `children`",
            ),
            ("{kind: number, meaning: m}", "it needs one of"),
            (
                "{kind: number, meaning: m, variable: x, carried_by: [rerun], children: []}",
                "must be handed over",
            ),
            (
                "{kind: number, meaning: m, for_others: true, carried_by: [rerun]}",
                "only what a variable holds",
            ),
            (
                "{kind: number, meaning: m, variable: x, carried_by: [], children: [], take_up: '1'}",
                "what does not carry it",
            ),
        ] {
            let faults = read(&format!("x: {row}\n"), &[]).expect_err(row).join("\n");
            assert!(faults.contains(fault), "{faults}");
        }
    }
}
