//! Which key or section was probably meant.

use asg_recycle_handler::spelling::{folded, nearest};

use super::registry;

/// The path of the key or section that was probably meant by a key in a section: the one of that path, a
/// neighbour, or the only one of that name elsewhere.
pub(super) fn key(section: &str, name: &str) -> Option<&'static str> {
    if let Some(path) = paths().find(|path| path.contains('.') && *path == name) {
        return Some(path);
    }
    if let Some(neighbour) = nearest(name, neighbours(section).map(last)) {
        return neighbours(section).find(|path| last(path) == neighbour);
    }
    let name = folded(name.rsplit('.').next().unwrap_or(name));
    let mut elsewhere = paths().filter(|path| folded(last(path)) == name);
    let first = elsewhere.next();
    if elsewhere.next().is_some() { None } else { first }
}

/// The paths of the keys and sections in a section, in the order documented.
pub(super) fn neighbours(section: &str) -> impl Iterator<Item = &'static str> {
    paths().filter(move |path| path.rsplit_once('.').map_or("", |(parent, _)| parent) == section)
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

fn paths() -> impl Iterator<Item = &'static str> {
    let sections = registry::sections().iter().map(|section| section.path.as_ref());
    registry::keys().map(|key| key.path.as_ref()).chain(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_key() {
        for (section, name, meant) in [
            ("handler", "memory_megabyte", Some("handler.memory_megabytes")),
            ("handler", "memoryMegabytes", Some("handler.memory_megabytes")),
            ("handler", "memory-megabytes", Some("handler.memory_megabytes")),
            ("handler", "memory", Some("handler.memory_megabytes")),
            ("handler", "timeout", Some("handler.timeout_seconds")),
            ("handler", "concurrency", Some("handler.reserved_concurrency")),
            ("handler", "architecutre", Some("handler.architecture")),
            ("", "retention_days", Some("logs.retention_days")),
            ("", "handler.memory_megabytes", Some("handler.memory_megabytes")),
            ("", "nmae", Some("name")),
            ("", "Name", Some("name")),
            ("", "notification", Some("notifications")),
            ("", "log_level", None), // two sections have it
            ("handler", "vpc", None),
            ("strategies.in-out", "timeout", None), // two keys hold it
            ("strategies", "inout", Some("strategies.in-out")),
            ("strategies", "in_out", Some("strategies.in-out")),
            ("strategies.in-out", "poll_seconds", Some("strategies.in-out.poll_interval_seconds")),
        ] {
            assert_eq!(key(section, name), meant, "{section} {name}");
        }
    }
}
