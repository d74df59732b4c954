//! What an expression reads, calls and binds, and what Step Functions would refuse in it.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

use super::children::children;
use super::functions::FUNCTIONS;

/// Paths below `$states.context` that exist while an execution of ours runs.
const CONTEXT_PATHS: &[(&str, &[&str])] = &[
    ("Execution", &["Id", "Input", "Name", "RedriveCount", "StartTime"]),
    ("Map", &["Item"]),
    ("State", &["EnteredTime", "Name", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
];

/// Functions that are never called with the context as their missing argument.
const WITHOUT_ARGUMENTS: &[&str] = &["millis", "now", "random", "uuid"];

/// Functions that give something else every time.
pub(super) const IMPURE: &[&str] = &["millis", "now", "random", "shuffle", "uuid"];

/// Which fields of `$states` an expression reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four fields of one object, each read or not")]
pub struct StatesUse {
    /// `$states.input`.
    pub input: bool,
    /// `$states.result`.
    pub result: bool,
    /// `$states.errorOutput`.
    pub error_output: bool,
    /// `$states.context`.
    pub context: bool,
}

/// What an expression reads, calls and binds.
#[derive(Debug, Default)]
pub struct Survey {
    pub(super) names: BTreeSet<String>,
    /// Functions of the language that are called.
    pub(super) called: BTreeSet<String>,
    pub(super) states: StatesUse,
    /// Names that the expression binds itself: parameters of functions and the left sides of `:=`.
    pub(super) local: BTreeSet<String>,
    /// Names bound in the block so far.
    bound: BTreeSet<String>,
    /// Names bound more than once in a block.
    rebound: BTreeSet<String>,
    pub(super) has_function: bool,
    /// Whether it reads what is around the context: `%`.
    pub(super) reads_above: bool,
    /// What Step Functions would refuse whatever the machine's variables are.
    refused: Vec<String>,
}

impl Survey {
    /// Of a parsed expression.
    pub fn of(tree: &AstNode) -> Self {
        let mut survey = Self::default();
        survey.visit(tree, true);
        survey
    }

    /// Names of the variables that it reads from outside, `states` included.
    pub fn variables(&self) -> BTreeSet<String> {
        let is_outer = |name: &String| !self.local.contains(name) && !FUNCTIONS.contains(&name.as_str());
        self.names.iter().filter(|name| !name.is_empty() && is_outer(name)).cloned().collect()
    }

    /// Everything in it that Step Functions would refuse or the interpreter does not know, each as one fragment, where the
    /// names in `assigned` are variables of the machine.
    pub fn refusals(&self, assigned: &BTreeSet<String>) -> Vec<String> {
        let hidden = self.called.intersection(assigned);
        let hidden = hidden.map(|name| format!("variable `{name}` hides the function that is called"));
        // The library's functions keep the values from when they were made; those of the language see the new ones.
        let rebound = self.rebound.iter().filter(|_| self.has_function);
        let rebound =
            rebound.map(|name| format!("`${name}` is bound twice beside a function that may read it"));
        self.refused.iter().cloned().chain(hidden).chain(rebound).collect()
    }

    /// Visits a node; `top` tells whether it is evaluated over the input of the whole expression, which does not exist
    /// in Step Functions.
    fn visit(&mut self, node: &AstNode, top: bool) {
        match node {
            AstNode::Variable(name) if name.is_empty() => self.reads_input(top, "$"),
            AstNode::Variable(name) => self.reads_variable(name),
            AstNode::ParentVariable(_) => self.reads_input(true, "$$"),
            AstNode::Name(name) => self.reads_input(top, name),
            AstNode::Wildcard => self.reads_input(top, "*"),
            AstNode::Descendant => self.reads_input(top, "**"),
            AstNode::Parent(_) => {
                self.reads_above = true;
                self.reads_input(top, "%");
            }
            AstNode::Path { steps } => self.visit_path(steps, top),
            AstNode::Function { name, args, .. } => {
                self.calls(name, args, top);
                self.visit_all(args, top);
            }
            AstNode::Binary { op, lhs, .. } => {
                self.binds(*op, lhs);
                self.visit_all(children(node), top);
            }
            AstNode::Lambda { params, body, .. } => {
                self.has_function = true;
                self.local.extend(params.iter().cloned());
                self.visit_scope(std::slice::from_ref(&**body), top);
            }
            AstNode::Block(items) => self.visit_scope(items, top),
            AstNode::ObjectTransform { input, pattern } => {
                self.visit(input, top);
                self.visit_all(pattern.iter().flat_map(|(key, value)| [key, value]), false);
            }
            AstNode::Sort { input, terms } => {
                self.visit(input, top);
                self.visit_all(terms.iter().map(|(term, _)| term), false);
            }
            AstNode::Transform { .. } => self.visit_all(children(node), false),
            _ => self.visit_all(children(node), top),
        }
    }

    fn visit_all<'a>(&mut self, nodes: impl IntoIterator<Item = &'a AstNode>, top: bool) {
        nodes.into_iter().for_each(|node| self.visit(node, top));
    }

    /// Visits what has names of its own.
    fn visit_scope(&mut self, nodes: &[AstNode], top: bool) {
        let around = std::mem::take(&mut self.bound);
        self.visit_all(nodes, top);
        self.bound = around;
    }

    fn binds(&mut self, op: BinaryOp, name: &AstNode) {
        if let (BinaryOp::ColonEqual, AstNode::Variable(name)) = (op, name) {
            self.local.insert(name.clone());
            if !self.bound.insert(name.clone()) {
                self.rebound.insert(name.clone());
            }
        }
    }

    fn visit_path(&mut self, steps: &[PathStep], top: bool) {
        let states_path = states_path(steps);
        for (index, step) in steps.iter().enumerate() {
            match &states_path {
                Some(names) if index == 0 => self.reads_states(names),
                _ => self.visit(&step.node, top && index == 0),
            }
            for stage in &step.stages {
                if let Stage::Filter(condition) = stage {
                    self.visit(condition, false);
                }
            }
        }
    }

    fn reads_variable(&mut self, name: &str) {
        if name == "states" {
            self.states = StatesUse { input: true, result: true, error_output: true, context: true };
        }
        self.refuse_eval(name);
        self.names.insert(name.to_owned());
    }

    fn reads_states(&mut self, names: &[&str]) {
        self.names.insert("states".to_owned());
        match names.first().copied() {
            Some("input") => self.states.input = true,
            Some("result") => self.states.result = true,
            Some("errorOutput") => self.states.error_output = true,
            Some("context") => {
                self.states.context = true;
                self.reads_context(&names[1..]);
            }
            other => {
                self.refused.push(format!("$states has no field `{}`", other.unwrap_or_default()));
            }
        }
    }

    fn reads_context(&mut self, names: &[&str]) {
        let Some(first) = names.first() else { return };
        let known = CONTEXT_PATHS.iter().find(|(name, _)| name == first).map(|(_, fields)| *fields);
        let second_known =
            names.get(1).is_none_or(|second| known.is_some_and(|known| known.contains(second)));
        if known.is_none() || !second_known {
            let path = names.iter().take(2).copied().collect::<Vec<_>>().join(".");
            self.refused.push(format!("`$states.context.{path}` is not supported"));
        }
    }

    fn calls(&mut self, name: &str, args: &[AstNode], top: bool) {
        self.refuse_eval(name);
        if !FUNCTIONS.contains(&name) {
            self.names.insert(name.to_owned());
            return;
        }
        self.called.insert(name.to_owned());
        if args.is_empty() && !WITHOUT_ARGUMENTS.contains(&name) {
            self.reads_input(top, &format!("${name}()"));
        }
    }

    fn refuse_eval(&mut self, name: &str) {
        if name == "eval" {
            self.refused.push("Step Functions has no $eval; use $parse".to_owned());
        }
    }

    fn reads_input(&mut self, top: bool, what: &str) {
        if top {
            self.refused.push(format!(
                "`{what}` reads the input of the expression, which there is none of; use $states.input"
            ));
        }
    }
}

/// The names after `$states` in a path that begins with it.
fn states_path(steps: &[PathStep]) -> Option<Vec<&str>> {
    let (head, rest) = steps.split_first()?;
    let plain = head.stages.is_empty() && matches!(&head.node, AstNode::Variable(name) if name == "states");
    if !plain || rest.is_empty() {
        return None;
    }
    let names = rest.iter().map_while(|step| match &step.node {
        AstNode::Name(name) => Some(name.as_str()),
        _ => None,
    });
    Some(names.collect()).filter(|names: &Vec<_>| !names.is_empty())
}
