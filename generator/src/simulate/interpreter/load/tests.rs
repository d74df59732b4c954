//! What is refused, by its name.
