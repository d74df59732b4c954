//! The handler as a container image: what it is built from, for any tool that reads a Dockerfile.

use super::format::Files;
use super::print::{print, seen};
use crate::stack::Stack;
use crate::template;

/// Template and file, beside the zip.
const FILES: &[(&str, &str)] =
    &[("image/Dockerfile.j2", "Dockerfile"), ("image/dockerignore.j2", ".dockerignore")];

/// The files, where the handler is deployed as an image.
pub(super) fn render(stack: &Stack) -> Files {
    if stack.repository.is_none() {
        return Files::new();
    }
    let environment = template::environment();
    let context = seen(stack);
    let file = |(template, file): &(&str, &str)| {
        ((*file).to_owned(), print(&environment, template, &context).into_bytes())
    };
    FILES.iter().map(file).collect()
}
