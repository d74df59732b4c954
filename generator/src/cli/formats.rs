//! `--format`: the words come from the list of formats, so that a new one is offered by itself.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::render::{FORMATS, OutputFormat};

/// The word for all formats at once.
pub(super) const ALL: &str = "all";

/// The formats to write.
#[derive(Debug, Clone)]
pub(super) struct Formats(pub(super) Vec<&'static dyn OutputFormat>);

impl Formats {
    /// Every format.
    pub(super) fn all() -> Self {
        Self(FORMATS.to_vec())
    }

    /// Reads a format's name, or the word for all.
    pub(super) fn parser() -> impl TypedValueParser<Value = Self> {
        let all = PossibleValue::new(ALL).help("All of them.");
        PossibleValuesParser::new(words().chain([all])).map(|word| match named(&word) {
            Some(format) => Self(vec![format]),
            None => Self::all(),
        })
    }
}

/// The names of the formats, with what they are.
pub(super) fn words() -> impl Iterator<Item = PossibleValue> {
    FORMATS.iter().map(|format| {
        let description = format.description();
        PossibleValue::new(description.name).help(description.summary)
    })
}

/// The format of a name.
pub(super) fn named(name: &str) -> Option<&'static dyn OutputFormat> {
    FORMATS.iter().copied().find(|format| format.description().name == name)
}
