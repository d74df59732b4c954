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

/// How something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AspectOutcome {
    /// As it should be, or stronger; what it is, where there is more to say. It was left alone.
    Kept(String),
    /// It was missing, and is there now.
    Done,
}
