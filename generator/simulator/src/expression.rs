//! One `JSONata` expression, parsed once: what it reads, and what Step Functions would refuse in it.

mod children;
mod functions;
mod items;
mod survey;

use std::collections::BTreeSet;

use children::children_mut;
use functions::REMEMBERED;
use items::bind;
use jsonata_core::ast::AstNode;
use jsonata_core::parser;
use survey::IMPURE;

pub use children::children;
pub use functions::{CONTAINS_REGEX, FUNCTIONS, MATCH_REGEX};
pub use items::{EACH_ITEM, ITEM, ItemStep, LIST};
pub use survey::{StatesUse, Survey};

/// The expression in a string that Step Functions evaluates: one that begins with `{%` and ends with `%}`.
pub fn delimited(text: &str) -> Option<&str> {
    text.strip_prefix("{%")?.strip_suffix("%}")
}

/// A parsed expression, ready to be evaluated any number of times.
#[derive(Debug)]
pub struct Expression {
    source: String,
    /// The expression inside a block that binds what it reads from the evaluation's input, an object. So one evaluator
    /// serves all expressions, and what it compiled for one is kept.
    tree: AstNode,
    /// Steps that stand as calls of [`EACH_ITEM`] in the tree.
    item_steps: Vec<ItemStep>,
    variables: Vec<String>,
    states: Option<StatesUse>,
    pure: bool,
}

impl Expression {
    /// Parses the text between `{%` and `%}`. Of the names it reads, `assigned` are variables of the machine.
    ///
    /// # Errors
    /// Everything in it that Step Functions would refuse or the interpreter does not know, each as one fragment.
    pub fn compile(source: &str, assigned: &BTreeSet<String>) -> Result<Self, Vec<String>> {
        let mut body = parser::parse(source).map_err(|error| vec![error.to_string()])?;
        let survey = Survey::of(&body);
        let refusals = survey.refusals(assigned);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let variables: Vec<_> = survey.names.intersection(assigned).cloned().collect();
        let impure = |name: &&str| survey.names.contains(*name) || survey.called.contains(*name);
        let pure = !IMPURE.iter().any(impure) && !survey.states.context;
        let states = survey.names.contains("states").then_some(survey.states);
        let bound = variables.iter().map(String::as_str).chain(states.map(|_| "states"));
        if REMEMBERED.iter().any(|(name, _)| survey.called.contains(*name)) {
            call_remembered(&mut body);
        }
        let mut item_steps = Vec::new();
        items::set_apart(&mut body, assigned, &mut item_steps);
        let tree = bind(bound, body);
        Ok(Self { source: source.trim().to_owned(), tree, item_steps, variables, states, pure })
    }

    /// The text, without the blanks around it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The tree to evaluate over an object that holds the variables it reads and `states`.
    pub fn tree(&self) -> &AstNode {
        &self.tree
    }

    /// Takes out what its tree calls as [`EACH_ITEM`], by index.
    pub fn take_item_steps(&mut self) -> Vec<ItemStep> {
        std::mem::take(&mut self.item_steps)
    }

    /// The machine's variables that it reads.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Whether the same variables, input, result and error output always give the same value: it reads neither clock nor
    /// chance nor the context.
    pub fn is_pure(&self) -> bool {
        self.pure
    }

    /// What it reads of `$states`; none where it does not read it at all.
    pub fn states(&self) -> Option<StatesUse> {
        self.states
    }
}

/// Puts what stands in [`REMEMBERED`] where it applies.
fn call_remembered(tree: &mut AstNode) {
    if let AstNode::Function { name, args, .. } = tree
        && let Some((_, remembered)) = REMEMBERED.iter().find(|(of, _)| of == name)
        && let [_, AstNode::Regex { pattern, flags }] = args.as_mut_slice()
    {
        let regex = [pattern, flags].map(|text| AstNode::String(std::mem::take(text)));
        args.splice(1.., regex);
        (*remembered).clone_into(name);
    }
    children_mut(tree).into_iter().for_each(call_remembered);
}

#[cfg(test)]
mod tests;
