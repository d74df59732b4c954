//! The nodes right below a node of an expression.

use jsonata_core::ast::{AstNode, Stage};

/// Writes a function that gives the nodes right below a node: to be read, or with `mut` to be changed.
macro_rules! nodes_below {
    ($(#[$about:meta])* $visible:vis fn $name:ident, $iter:ident $(, $mutable:tt)?) => {
        $(#[$about])*
        $visible fn $name(tree: &$($mutable)? AstNode) -> Vec<&$($mutable)? AstNode> {
            match tree {
                AstNode::Path { steps } => {
                    let mut nodes = Vec::new();
                    for step in steps {
                        nodes.push(&$($mutable)? step.node);
                        for stage in &$($mutable)? step.stages {
                            if let Stage::Filter(condition) = stage {
                                nodes.push(condition);
                            }
                        }
                    }
                    nodes
                }
                AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
                AstNode::Unary { operand: inner, .. }
                | AstNode::Lambda { body: inner, .. }
                | AstNode::FunctionApplication(inner) => vec![inner],
                AstNode::Function { args: items, .. }
                | AstNode::Array(items)
                | AstNode::ArrayGroup(items)
                | AstNode::Block(items) => items.$iter().collect(),
                AstNode::Call { procedure, args } => {
                    std::iter::once(&$($mutable)? **procedure).chain(args).collect()
                }
                AstNode::Object(members) => {
                    members.$iter().flat_map(|(key, value)| [key, value]).collect()
                }
                AstNode::ObjectTransform { input, pattern } => {
                    let members = pattern.$iter().flat_map(|(key, value)| [key, value]);
                    std::iter::once(&$($mutable)? **input).chain(members).collect()
                }
                AstNode::Conditional { condition, then_branch, else_branch } => {
                    let branches = [condition, then_branch].into_iter().chain(else_branch);
                    branches.map(|node| &$($mutable)? **node).collect()
                }
                AstNode::Sort { input, terms } => {
                    let terms = terms.$iter().map(|(term, _)| term);
                    std::iter::once(&$($mutable)? **input).chain(terms).collect()
                }
                AstNode::Transform { location, update, delete } => {
                    let parts = [location, update].into_iter().chain(delete);
                    parts.map(|node| &$($mutable)? **node).collect()
                }
                AstNode::String(_)
                | AstNode::Name(_)
                | AstNode::Number(_)
                | AstNode::Boolean(_)
                | AstNode::Null
                | AstNode::Undefined
                | AstNode::Placeholder
                | AstNode::Regex { .. }
                | AstNode::Variable(_)
                | AstNode::ParentVariable(_)
                | AstNode::Wildcard
                | AstNode::Descendant
                | AstNode::Parent(_) => Vec::new(),
            }
        }
    };
}

nodes_below! {
    /// The nodes right below a node.
    pub fn children, iter
}
nodes_below! {
    /// The same, to be changed.
    pub(super) fn children_mut, iter_mut, mut
}
