//! Expressions give what the reference implementation of `JSONata` gives: those of the emitted machines over the very
//! data that they met in the scenarios, and the rules that they rely on, one by one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek as _, Write as _};
use std::process::Stdio;
use std::rc::Rc;

use asg_recycle::simulate::interpreter::{Execution, Machine, Outcome};
use asg_recycle::simulate::services::{Answer, ServiceCall, Services};
use asg_recycle::simulate::time::Moment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Evaluated, recording};
use crate::node;

/// What the reference implementation makes of an expression.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Referred {
    Value(Value),
    Nothing(bool),
    NoJson(bool),
    /// The code of the error.
    Error(String),
}

/// What the reference implementation makes of them.
fn refer(evaluations: &[Evaluated]) -> Vec<Referred> {
    let mut orders = tempfile::tempfile().expect("a file for the expressions");
    for Evaluated { source, variables, now, .. } in evaluations {
        let order = json!({"source": source, "variables": variables, "now": now});
        writeln!(orders, "{order}").expect("the file takes text");
    }
    orders.rewind().expect("the file can be read");
    let output = node::script("evaluate.js").stdin(Stdio::from(orders)).output().expect("node starts");
    let lines = String::from_utf8(output.stdout).expect("an answer is text");
    let answers = lines.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON"));
    let referred: Vec<Referred> = answers.collect();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(referred.len() == evaluations.len(), "{} of {}: {said}", referred.len(), evaluations.len());
    referred
}

/// Whether both give the same; of errors, the same code.
fn agree(ours: &Outcome, theirs: &Referred) -> bool {
    match (ours, theirs) {
        (Outcome::Value(ours), Referred::Value(theirs)) => same(ours, theirs),
        (Outcome::Error(text), Referred::Error(code)) => text.starts_with(&**code),
        (Outcome::Nothing, Referred::Nothing(_)) | (Outcome::NoJson, Referred::NoJson(_)) => true,
        _ => false,
    }
}

/// The same values, keys in the same order: `$string` and `$keys` show it.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let fields = ours.iter().zip(theirs);
            ours.len() == theirs.len()
                && fields.into_iter().all(|(ours, theirs)| ours.0 == theirs.0 && same(ours.1, theirs.1))
        }
        _ => ours == theirs,
    }
}

/// Those on which the two do not agree, as text.
fn disagreements(evaluations: &[Evaluated]) -> Vec<String> {
    let referred = refer(evaluations);
    let pairs = evaluations.iter().zip(&referred).filter(|(ours, theirs)| !agree(&ours.outcome, theirs));
    let told = pairs.map(|(Evaluated { source, variables, outcome, .. }, theirs)| {
        format!("{source}\n  over {variables}\n  ours      {outcome:?}\n  reference {theirs:?}")
    });
    told.collect()
}

#[test]
fn every_expression_of_the_machines_gives_what_the_reference_gives() {
    let evaluations = &recording().evaluations;
    let found = disagreements(evaluations);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), evaluations.len(), found.join("\n"));
    let sources: BTreeSet<&str> = evaluations.iter().map(|each| &*each.source).collect();
    assert!(sources.len() > 150, "only {} expressions were evaluated", sources.len());
}

/// No calls are made.
struct NoServices;

impl Services for NoServices {
    fn call(&mut self, call: &ServiceCall<'_>) -> Answer {
        panic!("nothing is called here: {call:?}")
    }
}

/// Evaluates an expression as the interpreter does, over variables that stand for every kind of value.
fn evaluated(source: &str) -> Evaluated {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": "VARIABLES", "Output": "{% $states.input %}", "Next": "B"},
        "B": {"Type": "Succeed", "Output": format!("{{% {source} %}}")},
    }});
    let definition = definition.to_string().replace("\"VARIABLES\"", VARIABLES);
    let machine = Machine::load(&definition, &BTreeMap::new())
        .unwrap_or_else(|problems| panic!("{source}: {problems}"));
    let kept = Rc::new(RefCell::new(None));
    let keeping = Rc::clone(&kept);
    machine.tell(Box::new(move |evaluation| {
        keeping.replace(Some(Evaluated::of(evaluation)));
    }));
    let arn = "arn:aws:states:eu-west-1:123456789012:execution:recycle:run-1";
    let now = Moment(1_767_603_600_123);
    let input = json!({"list": [3, 1, 2], "text": "a-b", "nested": {"empty": {}, "none": []}});
    let mut execution = Execution::start(&machine, arn, input, now, 1).expect("it starts");
    execution.advance(now, &mut NoServices);
    let last = kept.take();
    last.filter(|last| last.source == source).unwrap_or_else(|| panic!("{source} was not evaluated"))
}

const VARIABLES: &str = r#"{
  "one": [1], "three": [1, 2, 3], "none": [], "nested": [[1], [2, 3]], "nothing": null, "yes": true, "text": "InService",
  "people": [
    {"name": "a", "age": 30, "tags": ["x", "y"]}, {"name": "b", "age": 20, "tags": ["z"]}, {"name": "c", "tags": []}
  ],
  "group": {"size": 3, "zones": {"b": 2, "a": 1}, "instances": [{"id": "i-1", "zone": "a"}, {"id": "i-2", "zone": "b"}]}
}"#;

#[test]
fn the_rules_of_jsonata_are_those_of_the_reference() {
    let evaluations: Vec<_> = RULES.iter().map(|source| evaluated(source)).collect();
    let found = disagreements(&evaluations);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), evaluations.len(), found.join("\n"));
}

#[test]
fn a_wrong_value_is_seen() {
    let mut wrong = evaluated("$three[$ > 1]");
    wrong.outcome = Outcome::Value(json!([2]));
    assert_eq!(disagreements(&[wrong]).len(), 1);
}

/// What the machines rely on, and where implementations are known to differ.
const RULES: &[&str] = &[
    // Sequences of none, of one and of many.
    "$three[$ > 5]",
    "$three[$ > 2]",
    "$three[$ > 1]",
    "[$three[$ > 5]]",
    "[$three[$ > 2]]",
    "$people.name",
    "$people[age > 100].name",
    "$people[name = 'a'].tags",
    "[$people.tags]",
    "$people.[tags]",
    "$people[age != 30].name",
    "$people[$exists(age)].name",
    "$people[0]",
    "$people[-1].name",
    "$people[5]",
    "$people[[0, 2]].name",
    "$people.name[0]",
    "($people.name)[0]",
    "$nested.$",
    "$nested[0]",
    "$one",
    "$one[0]",
    "$none",
    "$none[0]",
    "$three[]",
    "$group.instances[zone = 'a'][]",
    // What is missing.
    "$never",
    "$group.never.deeper",
    "$never + 1",
    "$never & 'text'",
    "$never = $never",
    "$never != 1",
    "$never > 1",
    "$never in [1]",
    "1 in $never",
    "$not($never)",
    "$boolean($never)",
    "$exists($never)",
    "$count($never)",
    "$sum($never)",
    "$max($never)",
    "$string($never)",
    "$number($never)",
    "$append($never, 1)",
    "$append(1, $never)",
    "$merge([$never, {'a': 1}])",
    "$lookup($group, 'never')",
    "$keys($never)",
    "$length($never)",
    "{'kept': 1, 'dropped': $never}",
    "[1, $never, 2]",
    "$never ? 1 : 2",
    "$yes ? $never : 1",
    "false ? 1",
    // null is a value.
    "$nothing",
    "$nothing = null",
    "$exists($nothing)",
    "$boolean($nothing)",
    "$string($nothing)",
    "[$nothing]",
    "$type($nothing)",
    "$nothing & 'x'",
    "$append($nothing, 1)",
    "$count($nothing)",
    // Truth.
    "$boolean([])",
    "$boolean([0])",
    "$boolean([0, 1])",
    "$boolean({})",
    "$boolean('')",
    "$boolean('false')",
    "$boolean(0)",
    "true and $none",
    "$none or false",
    "'a' and 1",
    // Objects.
    "$group.zones",
    "$keys($group)",
    "$each($group.zones, function($value, $key) { $key & $value })",
    "$group.zones.*",
    "$group.**.zone",
    "$merge([{'a': 1, 'b': 2}, {'b': 3, 'c': 4}])",
    "$spread($group.zones)",
    "$sift($group, function($value, $key) { $key != 'zones' })",
    "$group.instances{zone: id}",
    "$people{name: age}",
    "$people{'all': $count(tags)}",
    "$group ~> |zones|{'a': 9}, 'b'|",
    "$string($group)",
    "$string({'b': 1, 'a': [1, 2.5, null, true]})",
    "$lookup($group.zones, 'a')",
    "$lookup($group.instances, 'id')",
    // Lists.
    "$map($three, function($n, $i) { $n * $i })",
    "$map($one, function($n) { $n })",
    "$filter($three, function($n) { $n > 2 })",
    "$filter($three, function($n) { $n > 5 })",
    "$single($three, function($n) { $n = 2 })",
    "$reduce($three, function($sum, $n) { $sum + $n })",
    "$reduce($three, function($sum, $n) { $sum + $n }, 10)",
    "$reduce($none, function($sum, $n) { $sum + $n }, 10)",
    "$sort($states.input.list)",
    "$sort($people, function($l, $r) { $l.name < $r.name }).name",
    "$people^(>name).name",
    "$people^(age).name",
    "$group.instances^(>zone, id).id",
    "$distinct([1, 2, 1, '1'])",
    "$reverse($three)",
    "$zip($three, ['a', 'b'])",
    "[1..4]",
    "[4..1]",
    "[1..$count($none)]",
    "$count([1..10])",
    "$append($three, $one)",
    "$append($none, $none)",
    "$append([], 1)",
    "$three[[0..1]]",
    "$max($three) & '-' & $min($three) & '-' & $average($three) & '-' & $sum($three)",
    "$max($none)",
    "2 in $three",
    "'x' in $people[0].tags",
    "$people.(name & $count(tags))",
    "$people#$i.{'at': $i, 'name': name}",
    "$people@$p.{'name': $p.name}",
    "$group.instances.{'id': id, 'of': %.size}",
    "$shuffle($one)",
    // Texts and numbers.
    "'a' & 1 & true & null",
    "'' & $three",
    "$string(1.0)",
    "$string(0.1 + 0.2)",
    "$string(1e21)",
    "$string(1/3)",
    "$string('text')",
    "$string(-0)",
    "$number('1.50')",
    "$number('0x1f')",
    "$number(true)",
    "$number('many')",
    "$floor(-1.5)",
    "$ceil(1.2)",
    "$round(2.5)",
    "$round(3.5)",
    "$round(-1.55, 1)",
    "$abs(-3)",
    "$power(2, 10)",
    "$sqrt(16)",
    "7 % 3",
    "-7 % 3",
    "7 / 2",
    "1 / 0",
    "$formatNumber(1234.5, '#,##0.00')",
    "$formatBase(255, 16)",
    "$formatInteger(7, '000')",
    "$split($states.input.text, '-')",
    "$split('a, b;c', /[,;] ?/)",
    "$split('abc', '')",
    "$join(['a', 'b'], ', ')",
    "$join($people.name)",
    "$join('a', ',')",
    "$contains($text, 'Service')",
    "$contains($text, /^in/i)",
    "$match('i-0a1 i-0b2', /i-(0[a-z])\\d/)",
    "$replace('a.b.c', '.', '-')",
    "$replace('i-0a1', /i-(.*)/, '$1')",
    "$substring('Terminating:Wait', 0, 11)",
    "$substring('abc', -2)",
    "$substringBefore('Terminating:Wait', ':')",
    "$substringAfter('Terminating:Wait', ':')",
    "$substringBefore('abc', ':')",
    "$trim('  a  b ')",
    "$pad('7', -3, '0')",
    "$uppercase('aß')",
    "$lowercase('ÀB')",
    "$length('a\u{1f600}b')",
    "$substring('a\u{1f600}b', 1, 1)",
    "$base64encode('a-b')",
    "$base64decode('YS1i')",
    "$encodeUrlComponent('a b&c')",
    // Comparisons.
    "1 = '1'",
    "[1] = 1",
    "[1, 2] = [1, 2]",
    "{'a': 1} = {'a': 1}",
    "'a' < 'b'",
    "'B' < 'a'",
    "1 < 2 and 'x' != 'y'",
    "'1' < 2",
    "true < false",
    "[1] < [2]",
    // Times.
    "$millis()",
    "$now()",
    "$now('[Y0001]-[M01]-[D01] [H01]:[m01]', '+0530')",
    "$fromMillis(1767603600123)",
    "$fromMillis(1767603600123, '[FNn], [D1o] [MNn] [Y]')",
    "$toMillis('2026-01-05T09:00:00Z')",
    "$toMillis('2026-01-05T09:00:00.5+02:00')",
    "$toMillis('2026-01-05')",
    "$toMillis('05.01.2026', '[D01].[M01].[Y0001]')",
    "$toMillis('soon')",
    // Functions and blocks.
    "($x := 1; $f := function($n) { $n + $x }; $f(1))",
    "($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))",
    "($add := function($a, $b) { $a + $b }; $one_more := $add(1, ?); $one_more(2))",
    "$three ~> $map(function($n) { $n + 1 }) ~> $sum",
    "(1; 2; 3)",
    "()",
    "($three := 7; $three)",
    "function($x) { $x }",
    "$count",
    "{'f': function() { 1 }}",
    "$type($count)",
    "$assert(true, 'fine')",
    "$group.instances.(\"id\")",
    "$group.`size`",
    // Errors.
    "'a' + 1",
    "-'a'",
    "$sum(['a'])",
    "$text()",
    "$error('because')",
    "$assert(false, 'because')",
    "$length(1)",
    "$uppercase(1)",
    "$floor('1')",
    "$max(['a'])",
    "$join([1, 2])",
    "$substring(1, 2)",
    "$lookup('a', 'b')",
    "$single($three, function($n) { $n > 1 })",
    "$sort([1, 'a'])",
    "[1.5..3]",
    "$map($three)",
    "$undefined_function(1)",
    "$number('')",
    "$power(-8, 0.5)",
    "$sqrt(-1)",
    "{$three[0]: 1}",
    // What Step Functions adds.
    "$partition([1, 2, 3, 4, 5], 2)",
    "$range(1, 9, 2)",
    "$range(3, 1, -1)",
    "$hash('abc', 'SHA-256')",
    "$hash('abc', 'SHA-384')",
    "$parse('{\"b\": [1, null], \"a\": \"x\"}')",
    "$parse('[1]')[0]",
    "$parse('7') + 1",
    "$states.input.nested",
    "$states.input.nested.empty.x",
    "$states.context.State.Name",
    "$states.context.Execution.Id",
];
