//! A [`Stack`] to the files of each output format.

mod format;
mod print;
mod hcl;
mod terraform;
mod yaml;
mod parameters;
mod cloudformation;
mod formats;
mod readme;
mod docs;

use crate::stack::Stack;

pub use cloudformation::CloudFormation;
pub use format::{Description, Files, Offer, OutputFormat};
pub use formats::FORMATS;
pub use terraform::Terraform;

/// The files that belong to no format: the state machine's definition, which every format embeds unchanged, the
/// `README.md` for the person who deploys the stack, and what whoever operates it reads.
pub fn shared(stack: &Stack) -> Files {
    let definition = (stack.machine.file.to_owned(), stack.machine.definition.clone().into_bytes());
    let readme = ("README.md".to_owned(), readme::render(stack).into_bytes());
    Files::from([definition, readme]).into_iter().chain(docs::files(stack)).collect()
}
