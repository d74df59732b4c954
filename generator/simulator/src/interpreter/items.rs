//! Steps over the items of a list, evaluated for those items only that were not there the last time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::{JMap, JValue};

use super::data::{is_identical, object_of};
use crate::expression::{ITEM, ItemStep, LIST};

/// The steps of one expression, with what came of their items.
pub(super) type Steps = Rc<[RememberedStep]>;

/// A step, and what came of the items of the last lists.
#[derive(Debug)]
pub(super) struct RememberedStep {
    step: ItemStep,
    last: RefCell<Last>,
}

#[derive(Debug, Default)]
struct Last {
    /// The values of the step's variables.
    variables: Vec<JValue>,
    /// What came of an item, by where it lies; it is kept, so that no other comes to lie there.
    items: HashMap<*const JMap, (Rc<JMap>, Outcome)>,
}

/// What comes of an item.
#[derive(Debug, Clone)]
enum Outcome {
    Made(JValue),
    Kept(bool),
}

type Returned = Result<JValue, EvaluatorError>;

impl From<ItemStep> for RememberedStep {
    fn from(step: ItemStep) -> Self {
        Self { step, last: RefCell::default() }
    }
}

impl RememberedStep {
    /// What the step gives for a list and the values of its variables. What is not remembered is asked of `evaluator`.
    pub(super) fn value(
        &self,
        list: &JValue,
        variables: &[JValue],
        evaluator: &RefCell<Evaluator>,
    ) -> Returned {
        match self.of_items(list, variables, evaluator) {
            Some(value) => Ok(value),
            None => evaluate(&self.step.whole, &self.bound(LIST, list, variables), evaluator),
        }
    }

    /// Item by item; nothing where the list is none of objects, something else comes of an item than should, or the variables
    /// are not those of the last time: then the next time is worth remembering.
    fn of_items(
        &self,
        list: &JValue,
        variables: &[JValue],
        evaluator: &RefCell<Evaluator>,
    ) -> Option<JValue> {
        let JValue::Array(list) = list else { return None };
        let remembered = &mut *self.last.borrow_mut();
        let known = remembered.variables.iter().zip(variables);
        if remembered.variables.len() != variables.len()
            || !known.into_iter().all(|(one, other)| is_unchanged(one, other))
        {
            remembered.variables = variables.to_vec();
            remembered.items.clear();
            return None;
        }
        if remembered.items.len() > 4 * list.len() + 1000 {
            remembered.items.clear();
        }
        let mut values = Vec::with_capacity(list.len());
        for item in &**list {
            let JValue::Object(fields) = item else { return None };
            let known = remembered.items.get(&Rc::as_ptr(fields));
            let outcome = if let Some((_, outcome)) = known {
                outcome.clone()
            } else {
                let outcome = self.outcome(item, variables, evaluator)?;
                remembered.items.insert(Rc::as_ptr(fields), (Rc::clone(fields), outcome.clone()));
                outcome
            };
            match outcome {
                Outcome::Made(value) => values.push(value),
                Outcome::Kept(true) => values.push(item.clone()),
                Outcome::Kept(false) => {}
            }
        }
        Some(sequence(values))
    }

    fn outcome(
        &self,
        item: &JValue,
        variables: &[JValue],
        evaluator: &RefCell<Evaluator>,
    ) -> Option<Outcome> {
        let bound = self.bound(ITEM, item, variables);
        for tree in &self.step.of_item {
            match evaluate(tree, &bound, evaluator).ok()? {
                value @ JValue::Object(_) if self.step.makes => return Some(Outcome::Made(value)),
                JValue::Bool(true) if !self.step.makes => {}
                JValue::Bool(false) | JValue::Undefined if !self.step.makes => {
                    return Some(Outcome::Kept(false));
                }
                _ => return None,
            }
        }
        Some(Outcome::Kept(true))
    }

    fn bound(&self, name: &str, value: &JValue, variables: &[JValue]) -> JValue {
        let defined = self.step.variables.iter().zip(variables).filter(|(_, value)| !value.is_undefined());
        let mut fields: JMap = defined.map(|(name, value)| (name.clone(), value.clone())).collect();
        fields.insert(name.to_owned(), value.clone());
        object_of(fields)
    }
}

fn evaluate(tree: &AstNode, bound: &JValue, evaluator: &RefCell<Evaluator>) -> Returned {
    evaluator.borrow_mut().evaluate(tree, bound)
}

fn is_unchanged(one: &JValue, other: &JValue) -> bool {
    match (one, other) {
        (JValue::Array(_), JValue::Array(_)) | (JValue::Object(_), JValue::Object(_)) => {
            is_identical(one, other)
        }
        (JValue::String(one), JValue::String(other)) => one == other,
        (JValue::Number(one), JValue::Number(other)) => one.to_bits() == other.to_bits(),
        (JValue::Bool(one), JValue::Bool(other)) => one == other,
        (JValue::Null, JValue::Null) | (JValue::Undefined, JValue::Undefined) => true,
        _ => false,
    }
}

/// As a path gives its results.
fn sequence(mut values: Vec<JValue>) -> JValue {
    match values.len() {
        0 => JValue::Undefined,
        1 => values.remove(0),
        _ => JValue::sequence(values),
    }
}

#[cfg(test)]
mod tests {
    use jsonata_core::parser;
    use serde_json::json;

    use super::*;
    use crate::expression::Expression;
    use crate::interpreter::data::{self, SizedValue, Variables};
    use crate::interpreter::evaluate::{Engine, Sources};
    use crate::interpreter::memo::Memoized;
    use crate::interpreter::template::Template;
    use crate::random::Random;
    use crate::time::Moment;

    /// Each over `$g`, `$want` and `$ids`, and whether it has a step that can be set apart.
    const SOURCES: &[(&str, bool)] = &[
        ("[$g.instances.{'id': id, 'in': state = 'InService', 'gone': gone}]", true),
        ("$g.instances.{'id': id}.id", true),
        ("$count($g.instances[ok])", true),
        ("$g.instances[ok]", true),
        ("[$g.instances[state = 'InService' and ok].id]", true),
        ("$g.instances[ok][state = $want].id", true),
        ("[$g.instances[id in $ids and $not(state = $want)]]", true),
        ("$g.instances[$exists($lookup($g.index, id)) and ok].id", true),
        ("($kept := {'a': true}; $g.instances[ok][$exists($lookup($kept, id))].id)", true),
        ("$g.instances[ok]{state: $count(id)}", true),
        ("$g.instances[ok][0].id", true),
        ("$g.instances[ok]^(>id).id", true),
        ("$g.instances[ok].tags[key = 'x'].value", true),
        ("$g.instances[n].id", true),
        ("$g.instances[gone]", true),
        ("$g.one[ok].id", true),
        ("$g.single[ok]", true),
        ("$g.none[ok]", true),
        ("[$g.texts[$ != 'a']]", true),
        ("$ids[$ != 'b']", true),
        ("$join($g.instances[ok and $contains(state, /^In/)].id, ',')", true),
        ("$g.instances[1].id", false),
        ("$g.instances[id = $min($g.instances.n)]", true),
        ("($local := 'InService'; $g.instances[state = $local].id)", false),
        ("$g.instances[$millis() > 1].id", false),
        ("$map($g.instances, function($i) { $i.id })", false),
    ];

    fn group(ids: &[&str], known: &JValue) -> JValue {
        let known = known.as_object().and_then(|group| group.get("instances")?.as_array().cloned());
        let instances = ids.iter().map(|id| {
            let same = known.iter().flat_map(|known| known.iter());
            let mut same =
                same.filter(|one| one.as_object().is_some_and(|one| one.get("id") == Some(&(*id).into())));
            same.next().cloned().unwrap_or_else(|| {
                let state = if *id < "c" { "InService" } else { "Pending" };
                let tags = json!([{"key": "x", "value": id}, {"key": "y", "value": 1}]);
                json!({"id": id, "state": state, "ok": *id != "b", "n": 0, "tags": tags}).into()
            })
        });
        let mut fields: JMap = [
            ("one", json!({"id": "z", "ok": true})),
            ("single", json!([{"id": "y", "ok": true}])),
            ("texts", json!(["a", "b"])),
            ("index", json!({"a": true, "d": true})),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect();
        fields.insert("instances".to_owned(), JValue::array(instances.collect()));
        object_of(fields)
    }

    fn said(value: Result<JValue, String>) -> String {
        let value = value.and_then(|value| SizedValue::from_expression(value).map_err(str::to_owned));
        value.map_or_else(|_| "nothing".to_owned(), |plain| data::to_json(&plain.value).to_string())
    }

    #[test]
    fn a_step_that_is_remembered_gives_what_the_library_gives() {
        let assigned = ["g", "want", "ids"].map(str::to_owned).into();
        let first = group(&["a", "b", "c", "d"], &JValue::Null);
        let second = group(&["a", "c", "d", "e"], &first);
        let empty = group(&[], &first);
        let single = group(&["c"], &first);
        for (source, is_apart) in SOURCES {
            let remembering = Memoized::from(Expression::compile(source, &assigned).expect(source));
            assert_eq!(!remembering.steps.is_empty(), *is_apart, "{source}");
            let engine = Engine::new();
            let template = Template::Expression(remembering);
            let bound = format!("($g := g; $want := want; $ids := ids; ({source}))");
            let tree = parser::parse(&bound).expect(source);
            let groups = [&first, &first, &second, &second, &first, &empty, &single, &first, &second];
            for (turn, group) in groups.into_iter().enumerate() {
                let values = [
                    ("g", group.clone()),
                    ("want", if turn == 3 { "Pending" } else { "InService" }.into()),
                    ("ids", JValue::array(vec!["a".into(), "c".into()])),
                ];
                let mut variables = Variables::default();
                for (name, value) in &values {
                    variables.assign(&Rc::from(*name), SizedValue::plain(value.clone()));
                }
                let over = Sources {
                    variables: &variables,
                    input: &JValue::Null,
                    result: None,
                    error_output: None,
                    context: &|| JValue::Null,
                    now: Moment(1_767_603_600_000),
                    random: &Random::seeded(1),
                };
                let remembered = engine.field("x", &template, &over);
                let remembered = remembered.map(|sized| sized.value).map_err(|failure| failure.cause);
                let input =
                    object_of(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
                let plain = Evaluator::new().evaluate(&tree, &input).map_err(|error| error.to_string());
                assert_eq!(said(remembered), said(plain), "{source}, turn {turn}");
            }
        }
    }
}
