//! The functions that Step Functions adds to `JSONata`, and those of `JSONata` that would read the clock or chance.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError};
use jsonata_core::functions::string::{build_regex, match_regex};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use regex::Regex;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::data;
use super::items::Steps;
use crate::expression::{CONTAINS_REGEX, EACH_ITEM, MATCH_REGEX};
use crate::random::Random;
use crate::time::Moment;

/// Longest array of `$range`.
const RANGE_LENGTH_MAX: usize = 1000;

/// What the functions read beside their arguments; set before each evaluation.
pub(super) struct EvaluationEnvironment {
    pub now: Cell<Moment>,
    pub random: Random,
    pub regexes: Regexes,
    /// What the expression that is evaluated calls for the items of lists.
    pub steps: RefCell<Steps>,
    /// Evaluates those.
    pub inner: RefCell<Evaluator>,
}

/// Regexes that were built before, by pattern and flags.
#[derive(Default)]
pub(super) struct Regexes(RefCell<HashMap<String, Regex>>);

type Returned = Result<JValue, EvaluatorError>;

impl EvaluationEnvironment {
    /// With an evaluator for the items of lists.
    pub(super) fn new(inner: Evaluator, random: Random) -> Self {
        Self {
            now: Cell::new(Moment(0)),
            random,
            regexes: Regexes::default(),
            steps: RefCell::new(Rc::new([])),
            inner: RefCell::new(inner),
        }
    }
}

/// Registers all of them.
pub(super) fn register(evaluator: &mut Evaluator, environment: &Rc<EvaluationEnvironment>) {
    let mut add = |name: &str, function: fn(&[JValue], &EvaluationEnvironment) -> Returned| {
        let environment = Rc::clone(environment);
        evaluator
            .register_fn_override(name, move |arguments: &[JValue]| function(arguments, &environment))
            .expect("none of these names is compiled by the library");
    };
    add("partition", |arguments, _| partition(arguments));
    add("range", |arguments, _| range(arguments));
    add("hash", |arguments, _| hash(arguments));
    add("parse", |arguments, _| parse(arguments));
    add("random", |arguments, environment| Ok(random(arguments, environment)));
    add("uuid", |_, environment| Ok(environment.random.uuid().into()));
    add("shuffle", |arguments, environment| Ok(shuffle(arguments, environment)));
    add("millis", |_, environment| Ok(environment.now.get().0.into()));
    add("now", now);
    add(EACH_ITEM, each_item);
    add(CONTAINS_REGEX, contains);
    add(MATCH_REGEX, matches);
}

/// `$each_item(index, list, variables...)`: what a step that was set apart gives for a list.
fn each_item(arguments: &[JValue], environment: &EvaluationEnvironment) -> Returned {
    let [index, list, variables @ ..] = arguments else {
        return Err(fault("a step needs its index and a list"));
    };
    let steps = Rc::clone(&environment.steps.borrow());
    let index = index.as_f64().and_then(data::whole).and_then(|index| usize::try_from(index).ok());
    let step = index.and_then(|index| steps.get(index)).ok_or_else(|| fault("there is no such step"))?;
    step.value(list, variables, &environment.inner)
}

fn fault(text: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(text.into())
}

fn number(arguments: &[JValue], index: usize, function: &str) -> Result<f64, EvaluatorError> {
    arguments
        .get(index)
        .and_then(JValue::as_f64)
        .ok_or_else(|| fault(format!("argument {} of function \"{function}\" must be a number", index + 1)))
}

/// `$partition(array, size)`: arrays of `size` items each, the last perhaps shorter.
fn partition(arguments: &[JValue]) -> Returned {
    let size = data::whole(number(arguments, 1, "partition")?.floor())
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0)
        .ok_or_else(|| fault("argument 2 of function \"partition\" must be a positive integer"))?;
    match arguments.first() {
        Some(JValue::Array(items)) => {
            Ok(JValue::array(items.chunks(size).map(|chunk| JValue::array(chunk.to_vec())).collect()))
        }
        Some(JValue::Undefined) | None => Ok(JValue::Undefined),
        Some(single) => Ok(JValue::array(vec![JValue::array(vec![single.clone()])])),
    }
}

/// `$range(first, last, step)`: both ends included.
fn range(arguments: &[JValue]) -> Returned {
    let mut ends = [0.0; 3];
    for (index, end) in ends.iter_mut().enumerate() {
        *end = number(arguments, index, "range")?;
    }
    let [first, last, step] = ends;
    if step == 0.0 {
        return Err(fault("argument 3 of function \"range\" must not be 0"));
    }
    let mut items = Vec::new();
    let mut next = first;
    while if step > 0.0 { next <= last } else { next >= last } {
        if items.len() == RANGE_LENGTH_MAX {
            return Err(fault(format!("function \"range\" makes at most {RANGE_LENGTH_MAX} items")));
        }
        items.push(JValue::from(next));
        next += step;
    }
    Ok(JValue::array(items))
}

/// `$hash(data, algorithm)`: lower-case hexadecimal; of what is no text, the JSON text is hashed. The library has no MD5
/// and no SHA-1, and says so.
fn hash(arguments: &[JValue]) -> Returned {
    let text = match arguments.first() {
        Some(JValue::String(text)) => text.to_string(),
        Some(JValue::Undefined) | None => return Ok(JValue::Undefined),
        Some(other) => data::to_json(other).to_string(),
    };
    let digest = match arguments.get(1).and_then(JValue::as_str) {
        Some("SHA-256") => Sha256::digest(&text).to_vec(),
        Some("SHA-384") => Sha384::digest(&text).to_vec(),
        Some("SHA-512") => Sha512::digest(&text).to_vec(),
        Some(other) => return Err(fault(format!("function \"hash\" does not know {other}"))),
        None => return Err(fault("argument 2 of function \"hash\" must name an algorithm")),
    };
    let hex = digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(hex.into())
}

/// `$parse(text)`: the JSON value that the text holds.
fn parse(arguments: &[JValue]) -> Returned {
    match arguments.first() {
        Some(JValue::String(text)) => {
            let value: serde_json::Value =
                serde_json::from_str(text).map_err(|error| fault(format!("function \"parse\": {error}")))?;
            Ok(value.into())
        }
        Some(JValue::Undefined) | None => Ok(JValue::Undefined),
        Some(_) => Err(fault("argument 1 of function \"parse\" must be a string")),
    }
}

/// `$random()`, or `$random(seed)`, which gives the same number for the same seed.
fn random(arguments: &[JValue], environment: &EvaluationEnvironment) -> JValue {
    let fraction = match arguments.first() {
        Some(JValue::Number(seed)) => Random::seeded(seed.to_bits()).fraction(),
        _ => environment.random.fraction(),
    };
    fraction.into()
}

/// `$shuffle(array)` (Fisher and Yates). As in the reference implementation, one item stays an array.
fn shuffle(arguments: &[JValue], environment: &EvaluationEnvironment) -> JValue {
    let mut items = match arguments.first() {
        None | Some(JValue::Undefined) => return JValue::Undefined,
        Some(JValue::Array(items)) => items.to_vec(),
        Some(single) => vec![single.clone()],
    };
    for last in (1..items.len()).rev() {
        let other = usize::try_from(environment.random.up_to(last as u64)).unwrap_or(last);
        items.swap(last, other);
    }
    JValue::array(items)
}

/// `$now()`, or `$now(picture, zone)`, which is `$fromMillis($millis(), picture, zone)`.
fn now(arguments: &[JValue], environment: &EvaluationEnvironment) -> Returned {
    let moment = environment.now.get();
    if arguments.is_empty() {
        return Ok(moment.to_string().into());
    }
    let literals = arguments.iter().map(|argument| match argument {
        JValue::String(text) => AstNode::String(text.to_string()),
        _ => AstNode::Undefined,
    });
    let mut tree = parser::parse("$fromMillis(0)").map_err(|error| fault(error.to_string()))?;
    if let AstNode::Function { args, .. } = &mut tree {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time fit a double")]
        args.splice(.., std::iter::once(AstNode::Number(moment.0 as f64)).chain(literals));
    }
    Evaluator::new().evaluate(&tree, &JValue::Undefined)
}

/// `$contains(text, /pattern/flags)`.
fn contains(arguments: &[JValue], environment: &EvaluationEnvironment) -> Returned {
    environment.regexes.call("contains", arguments, |regex, text| Ok(regex.is_match(text).into()))
}

/// `$match(text, /pattern/flags)`.
fn matches(arguments: &[JValue], environment: &EvaluationEnvironment) -> Returned {
    environment.regexes.call("match", arguments, |regex, text| Ok(match_regex(regex, text, None)?))
}

impl Regexes {
    /// What a function makes of a text and a regex; of what is no text, the library says what is to be said.
    fn call(
        &self,
        function: &str,
        arguments: &[JValue],
        of_text: impl FnOnce(&Regex, &str) -> Returned,
    ) -> Returned {
        let [text, JValue::String(pattern), JValue::String(flags)] = arguments else {
            return Err(fault("a search needs a text, a pattern and flags"));
        };
        let JValue::String(text) = text else {
            return by_library(function, text.clone(), pattern, flags);
        };
        let mut known = self.0.borrow_mut();
        let regex = match known.entry(format!("/{pattern}/{flags}")) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(build_regex(pattern, flags)?),
        };
        of_text(regex, text)
    }
}

fn by_library(function: &str, text: JValue, pattern: &str, flags: &str) -> Returned {
    let source = format!("${function}($text, /x/)");
    let mut tree = parser::parse(&source).map_err(|error| fault(error.to_string()))?;
    if let AstNode::Function { args, .. } = &mut tree {
        args[1] = AstNode::Regex { pattern: pattern.to_owned(), flags: flags.to_owned() };
    }
    let mut context = Context::new();
    context.bind("text".to_owned(), text);
    Evaluator::with_context(context).evaluate(&tree, &JValue::Undefined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(source: &str) -> Result<String, String> {
        let mut evaluator = Evaluator::new();
        let environment = EvaluationEnvironment::new(Evaluator::new(), Random::seeded(1));
        environment.now.set(Moment(1_767_603_600_000));
        register(&mut evaluator, &Rc::new(environment));
        let tree = parser::parse(source).expect(source);
        let value = evaluator.evaluate(&tree, &JValue::Undefined).map_err(|error| error.to_string())?;
        Ok(data::to_json(&value).to_string())
    }

    #[test]
    fn the_added_functions_give_what_their_reference_says() {
        for (source, expected) in [
            ("$partition([1,2,3,4,5], 2)", "[[1,2],[3,4],[5]]"),
            ("$partition([], 2)", "[]"),
            ("$range(1, 9, 2)", "[1,3,5,7,9]"),
            ("$range(3, 1, -1)", "[3,2,1]"),
            ("$range(3, 1, 1)", "[]"),
            (
                "$hash('abc', 'SHA-256')",
                "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
            ),
            ("$length($hash({'a': 1}, 'SHA-512'))", "128"),
            ("$parse('{\"a\": [1, null]}')", "{\"a\":[1,null]}"),
            ("$parse('[1]')[0]", "1"),
            ("$millis()", "1767603600000"),
            ("$now()", "\"2026-01-05T09:00:00.000Z\""),
            ("$now('[Y0001]-[M01]-[D01]')", "\"2026-01-05\""),
            ("$fromMillis($millis() + 1000)", "\"2026-01-05T09:00:01.000Z\""),
            ("$toMillis($now()) = $millis()", "true"),
            ("$random(7) = $random(7)", "true"),
            ("$random() = $random()", "false"),
            ("$uuid() = $uuid()", "false"),
            ("$length($uuid())", "36"),
            ("$sort($shuffle([3,1,2]))", "[1,2,3]"),
            ("$shuffle([7])", "[7]"),
            ("$shuffle(7)", "[7]"),
            ("$map([1,2], function($n) { $length($uuid()) })", "[36,36]"),
        ] {
            assert_eq!(evaluate(source).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn a_remembered_search_gives_what_the_library_gives() {
        let written = Regex::new(r"\$(contains|match)_regex\((.*?), '([^']*)', '(i?)'\)").expect("it is one");
        for (call, original) in [
            (
                "['Terminating', 'InService', 'Terminating'].$contains_regex($, '^(Term|De)', '')",
                "[true,false,true]",
            ),
            ("$contains_regex('ABC', 'b', 'i')", "true"),
            ("$contains_regex('ABC', 'b', '')", "false"),
            ("$exists($contains_regex($missing, 'b', ''))", "false"),
            (
                "$match_regex('from 3 to 12', '([0-9]+)', '')",
                r#"[{"match":"3","index":5,"groups":["3"]},{"match":"12","index":10,"groups":["12"]}]"#,
            ),
            ("$match_regex('to 12', '([0-9]+)', '').groups", r#"["12"]"#),
            ("$exists($match_regex('to', '([0-9]+)', ''))", "false"),
            ("$exists($match_regex($missing, 'b', ''))", "false"),
        ] {
            assert_eq!(evaluate(call).as_deref(), Ok(original), "{call}");
            let source = written.replace(call, "$$$1($2, /$3/$4)");
            assert_ne!(call, source);
            assert_eq!(evaluate(&source).as_deref(), Ok(original), "{source}");
        }
        assert!(evaluate("$contains_regex(1, 'b', '')").is_err());
        assert!(evaluate("$match_regex(1, 'b', '')").is_err());
    }

    #[test]
    fn wrong_arguments_are_errors() {
        for (source, named) in [
            ("$partition([1], 0)", "positive"),
            ("$range(1, 2, 0)", "not be 0"),
            ("$range(1, 2000, 1)", "1000"),
            ("$range(1, 2)", "argument 3"),
            ("$hash('a', 'MD5')", "MD5"),
            ("$parse('{')", "parse"),
            ("$parse(1)", "string"),
        ] {
            let error = evaluate(source).expect_err(source);
            assert!(error.contains(named), "{source}: {error}");
        }
    }
}
