//! The handler as a container image: what it is built from, for any tool that reads a Dockerfile.

use super::format::{Files, View};
use super::print::print;
use crate::template;

/// Template and file, beside the zip.
const FILES: &[(&str, &str)] =
    &[("image/Dockerfile.j2", "Dockerfile"), ("image/dockerignore.j2", ".dockerignore")];

/// The files, where the handler is deployed as an image.
pub(super) fn render(view: &View<'_>) -> Files {
    if view.stack.repository.is_none() {
        return Files::new();
    }
    let environment = template::environment();
    let file = |(template, file): &(&str, &str)| {
        ((*file).to_owned(), print(&environment, template, &view.seen).into_bytes())
    };
    FILES.iter().map(file).collect()
}
