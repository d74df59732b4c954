//! Filters and object constructors over the items of a list, set apart from the expression that they stand in.
//!
//! A machine that polls filters the same list of instances again and again, of which few have changed. Who evaluates an
//! expression can remember what came of each item.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

use super::children::children_mut;
use super::functions::{CONTAINS_REGEX, FUNCTIONS, REMEMBERED};
use super::survey::{IMPURE, Survey};

/// What stands in the place of one: a call with its index, the list, and the variables that it reads.
pub const EACH_ITEM: &str = "each_item";
/// What [`ItemStep::whole`] is evaluated over, beside the variables.
pub const LIST: &str = "the list";
/// What [`ItemStep::of_item`] is evaluated over, beside the variables.
pub const ITEM: &str = "the item";

/// A step over the items of a list that reads, beside the item, variables of the machine only.
#[derive(Debug)]
pub struct ItemStep {
    /// The variables, in the order of the call's arguments.
    pub variables: Vec<String>,
    /// The step over the whole list.
    pub whole: AstNode,
    /// Whether it makes something of each item; else it keeps those of which everything holds.
    pub makes: bool,
    /// What is evaluated for one item: what is made of it, or each thing that has to hold.
    pub of_item: Vec<AstNode>,
}

/// Puts a call of [`EACH_ITEM`] where a step over the items of a variable's list can be set apart, and adds the step.
pub(super) fn set_apart(tree: &mut AstNode, assigned: &BTreeSet<String>, found: &mut Vec<ItemStep>) {
    if let AstNode::Path { steps } = tree
        && let Some(step) = first_item_step(steps, assigned)
    {
        let call = call(found.len(), steps, &step);
        *tree = with_the_rest(call, steps, &step);
        found.push(step.apart());
        return;
    }
    for child in children_mut(tree) {
        set_apart(child, assigned, found);
    }
}

/// Where the step is in its path, and what it does.
struct Found {
    /// Index of the path's step that makes something, or whose items are filtered.
    at: usize,
    makes: Option<AstNode>,
    filters: Vec<AstNode>,
    variables: Vec<String>,
}

fn first_item_step(steps: &[PathStep], assigned: &BTreeSet<String>) -> Option<Found> {
    let is_root =
        |node: &AstNode| matches!(node, AstNode::Variable(name) if !name.is_empty() && name != "states");
    if !steps.first().is_some_and(|first| is_root(&first.node)) || steps.iter().any(is_marked) {
        return None;
    }
    for (at, step) in steps.iter().enumerate() {
        if at > 0 && step.stages.is_empty() && matches!(step.node, AstNode::Object(_)) {
            let variables = read_by(&step.node, assigned)?;
            return Some(Found { at, makes: Some(step.node.clone()), filters: Vec::new(), variables });
        }
        if at > 0 && !matches!(step.node, AstNode::Name(_)) {
            return None;
        }
        if !step.stages.is_empty() {
            return filtered(at, step, assigned);
        }
    }
    None
}

/// The filters that come first at a step.
fn filtered(at: usize, step: &PathStep, assigned: &BTreeSet<String>) -> Option<Found> {
    let mut found = Found { at, makes: None, filters: Vec::new(), variables: Vec::new() };
    for stage in &step.stages {
        let Stage::Filter(condition) = stage else { break };
        let Some(variables) = read_by(condition, assigned).filter(|_| is_condition(condition)) else { break };
        found.filters.push((**condition).clone());
        found.variables.extend(variables);
    }
    found.variables.sort();
    found.variables.dedup();
    (!found.filters.is_empty()).then_some(found)
}

/// Whether a step binds what it passes, is read by one further on, or has the whole path give a list, whatever the number of
/// items: `[]`.
fn is_marked(step: &PathStep) -> bool {
    let is_filter = |stage: &Stage| matches!(stage, Stage::Filter(_));
    !step.stages.iter().all(is_filter)
        || step.focus.is_some()
        || step.index_var.is_some()
        || step.ancestor_label.is_some()
        || step.is_tuple
}

/// Whether a filter cannot be an index.
fn is_condition(filter: &AstNode) -> bool {
    match filter {
        AstNode::Name(_) => true, // what it is shows when it is evaluated
        AstNode::Path { steps } => {
            steps.iter().all(|step| step.stages.is_empty() && is_condition(&step.node))
        }
        AstNode::Binary { op, .. } => matches!(
            op,
            BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::In
                | BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::LessThan
                | BinaryOp::LessThanOrEqual
                | BinaryOp::GreaterThan
                | BinaryOp::GreaterThanOrEqual
        ),
        AstNode::Function { name, .. } => {
            ["not", "exists", "contains", CONTAINS_REGEX, "boolean"].contains(&name.as_str())
        }
        AstNode::Block(steps) => steps.last().is_some_and(is_condition),
        _ => false,
    }
}

/// The machine's variables that a tree reads; none where it reads anything else than them and the item.
fn read_by(tree: &AstNode, assigned: &BTreeSet<String>) -> Option<Vec<String>> {
    let survey = Survey::of(tree);
    let foreign = |name: &String| name == "states" || IMPURE.contains(&name.as_str());
    if survey.has_function || survey.reads_above || survey.names.iter().chain(&survey.called).any(foreign) {
        return None;
    }
    let of_others = |name: &&String| {
        !name.is_empty()
            && REMEMBERED.iter().all(|(_, remembered)| remembered != name)
            && !FUNCTIONS.contains(&name.as_str())
    };
    let names: Vec<_> = survey.names.difference(&survey.local).filter(of_others).cloned().collect();
    names.iter().all(|name| assigned.contains(name)).then_some(names)
}

fn call(index: usize, steps: &[PathStep], step: &Found) -> AstNode {
    let last = if step.makes.is_some() { step.at } else { step.at + 1 };
    let mut path = steps[..last].to_vec();
    for step in &mut path {
        step.stages.clear();
    }
    #[expect(clippy::cast_precision_loss, reason = "an expression has few of them")]
    let mut args = vec![AstNode::Number(index as f64), AstNode::Path { steps: path }];
    args.extend(step.variables.iter().cloned().map(AstNode::Variable));
    AstNode::Function { name: EACH_ITEM.to_owned(), args, is_builtin: true }
}

/// The call with what is left of its path.
fn with_the_rest(call: AstNode, steps: &[PathStep], step: &Found) -> AstNode {
    let mut first = PathStep::new(call);
    first.stages = steps[step.at].stages[step.filters.len()..].to_vec();
    let rest = &steps[step.at + 1..];
    if first.stages.is_empty() && rest.is_empty() {
        return first.node;
    }
    AstNode::Path { steps: std::iter::once(first).chain(rest.iter().cloned()).collect() }
}

impl Found {
    fn apart(self) -> ItemStep {
        let Self { makes, filters, variables, .. } = self;
        let over = |name: &str, step: Option<AstNode>, filters: &[AstNode]| {
            let mut list = PathStep::new(AstNode::Name(name.to_owned()));
            list.stages = filters.iter().map(|filter| Stage::Filter(Box::new(filter.clone()))).collect();
            let steps = std::iter::once(list).chain(step.map(PathStep::new)).collect();
            bind(variables.iter().map(String::as_str), AstNode::Path { steps })
        };
        let of_item = match &makes {
            Some(made) => vec![over(ITEM, Some(made.clone()), &[])],
            None => filters
                .iter()
                .map(|filter| over(ITEM, Some(AstNode::Block(vec![filter.clone()])), &[]))
                .collect(),
        };
        ItemStep { whole: over(LIST, makes.clone(), &filters), makes: makes.is_some(), of_item, variables }
    }
}

/// `($a := a; $b := b; body)`.
pub(super) fn bind<'a>(names: impl Iterator<Item = &'a str>, body: AstNode) -> AstNode {
    let mut steps: Vec<_> = names
        .map(|name| AstNode::Binary {
            op: BinaryOp::ColonEqual,
            lhs: Box::new(AstNode::Variable(name.to_owned())),
            rhs: Box::new(AstNode::Name(name.to_owned())),
        })
        .collect();
    if steps.is_empty() {
        return body;
    }
    steps.push(body);
    AstNode::Block(steps)
}
