//! The choice between results for people and results for programs.

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: JSON that a schema in docs/ describes, which `docs/operating.md` names.
    Json,
}
