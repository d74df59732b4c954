//! What an expression reads, and what is refused in it.

use std::collections::BTreeSet;

use jsonata_core::parser;

use super::*;

fn compile(source: &str) -> Result<Expression, Vec<String>> {
    let assigned = ["group", "list", "round", "x"].map(str::to_owned).into();
    Expression::compile(source, &assigned)
}

#[test]
fn an_expression_names_the_variables_that_it_reads() {
    let expression = compile(" $x := $group.size + $count($list) + $other ").expect("it parses");
    assert_eq!(expression.variables(), ["group", "list", "x"]);
    assert_eq!(expression.states(), None);
    assert_eq!(compile("$round + 1").expect("it is a variable").variables(), ["round"]);
    assert_eq!(expression.source(), "$x := $group.size + $count($list) + $other");
}

#[test]
fn the_fields_of_states_that_it_reads_are_known() {
    let read = |source| compile(source).expect(source).states().expect(source);
    assert_eq!(read("$states.input.a"), StatesUse { input: true, ..StatesUse::default() });
    assert_eq!(
        read("[$states.result.Groups[0].Name] & $states.errorOutput.Error"),
        StatesUse { result: true, error_output: true, ..StatesUse::default() }
    );
    assert_eq!(read("$states.context.State.Name"), StatesUse { context: true, ..StatesUse::default() });
    assert!(read("$keys($states)").context);
}

#[test]
fn what_step_functions_refuses_is_refused_by_name() {
    for (source, named) in [
        ("group.size", "`group`"),
        ("$.size", "`$`"),
        ("$$.size", "`$$`"),
        ("$map($list, function($i) { size })", "`size`"),
        ("$exists(size)", "`size`"),
        ("$uppercase()", "`$uppercase()`"),
        ("$eval('1')", "$eval"),
        ("$states.output", "`output`"),
        ("$states.context.Task.Token", "`$states.context.Task.Token`"),
        ("$states.context.Execution.RoleArn", "`$states.context.Execution.RoleArn`"),
        ("$round(1.5)", "`round`"),
        ("$foo(", "S0"),
    ] {
        let refusals = compile(source).expect_err(source).join("\n");
        assert!(refusals.contains(named), "{source}: {refusals}");
    }
}

#[test]
fn clock_chance_and_context_make_it_impure() {
    for (source, pure) in [
        ("$group.size + $states.input.a + $count($list)", true),
        ("$millis() > $x", false),
        ("$map($list, $random)", false),
        ("$states.context.State.Name", false),
        ("$keys($states)", false),
    ] {
        assert_eq!(compile(source).expect(source).is_pure(), pure, "{source}");
    }
}

#[test]
fn a_search_for_a_regex_can_be_remembered() {
    let tree = |source: &str| format!("{:?}", compile(source).expect(source));
    assert!(tree("$list[$not($contains(state, /^a/i))]").contains(CONTAINS_REGEX));
    assert!(!tree("$list[$contains(state, 'a') and $match(state, /a/)]").contains(CONTAINS_REGEX));
    assert!(tree("$match($x, /a/)[0].groups[0]").contains(MATCH_REGEX));
    assert!(!tree("$list.$match(state, /a/, 1)").contains(MATCH_REGEX));
}

#[test]
fn the_context_inside_a_path_is_no_input_of_the_expression() {
    for source in [
        "$list[size > 1].{ 'a': size, 'b': $ }",
        "$list^(>size).size",
        "$list{ name: size }",
        "$list.$string()",
        "$list.(size; *)",
    ] {
        compile(source).expect(source);
    }
}

#[test]
fn a_name_bound_twice_beside_a_function_is_refused() {
    for source in
        ["($y := 1; $f := function() { $y }; $y := 2; $f())", "($f := 1; $f := function() { 1 }; $f())"]
    {
        let refused = compile(source).expect_err(source).join("\n");
        assert!(refused.contains("is bound twice"), "{refused}");
    }
    for source in ["($y := 1; $y := $y + 1)", "[($y := 1; $y), $map($list, function($n) { ($y := $n; $y) })]"]
    {
        assert!(compile(source).is_ok(), "{source}");
    }
}

#[test]
fn only_a_whole_string_is_an_expression() {
    assert_eq!(delimited("{% $x %}"), Some(" $x "));
    assert_eq!(delimited(" {% $x %}"), None);
    assert_eq!(delimited("a {% $x %}"), None);
}

#[track_caller]
fn reads(expression: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    let tree = parser::parse(expression).expect(expression);
    assert_eq!(Survey::of(&tree).variables(), expected, "{expression}");
}

#[test]
fn variables_are_those_that_come_from_outside() {
    reads("$a.b + $count($c)", &["a", "c"]);
    reads("($x := $a; $x & $y)", &["a", "y"]);
    reads("$map($list, function($i, $n) { $i.id & $n & $outer })", &["list", "outer"]);
    reads("$states.input.id", &["states"]);
    reads("($f := function($i) { $i }; $f($a))", &["a"]);
    reads("$g(1)", &["g"]);
    reads("instances[id in $journal.replace].$", &["journal"]);
    reads("$map($list, $string)", &["list"]);
    reads("'$quoted' & /$regex/", &[]);
}

#[test]
fn a_broken_expression_is_an_error() {
    assert!(compile("$foo(").is_err());
}
