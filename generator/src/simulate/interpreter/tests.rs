//! Rules of the language.
