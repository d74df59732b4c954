//! The place that keeps states: what belongs to it, and how each of it was found.

/// Where states are to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePlace {
    /// The account's 12 digits.
    pub account: String,
    /// The region of bucket and table.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The table's name, where one is wanted.
    pub table: Option<String>,
}

/// Something that belongs to the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// That the bucket is there.
    Bucket,
    /// That it keeps former versions of a state.
    Versioning,
    /// That what it holds is encrypted.
    Encryption,
    /// That nothing in it can be made public.
    PublicAccess,
    /// That nobody reads or writes it without TLS.
    Transport,
    /// That the table is there.
    Table,
}

impl Aspect {
    /// Those of a bucket that is there, in the order in which they are made.
    pub(super) const OF_BUCKET: [Self; 4] =
        [Self::Versioning, Self::Encryption, Self::PublicAccess, Self::Transport];
}

/// A place as it was looked at.
#[derive(Debug)]
pub struct FoundState {
    pub(super) place: StatePlace,
    pub(super) parts: Vec<Part>,
}

/// One aspect of it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) aspect: Aspect,
    /// As it should be, or stronger, and so left alone: what it is, where there is more to say.
    pub(super) found: Option<String>,
    /// What is written where it is missing.
    pub(super) wanted: Vec<u8>,
}
