//! What must hold, each with a name and a sentence.

use std::fmt;

/// An invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// See [`Invariant::sentence`], as for all.
    NeverBelowPromise,
    /// The upper bound.
    NeverAboveAllowed,
    /// Who takes over has shown that it can.
    ProvedBeforeLeaving,
    /// What the world takes comes back in time.
    OutageNotProlonged,
    /// What was changed is put back.
    SizesRestored,
    /// No false success.
    TrueSuccess,
    /// No failure without a reason.
    FailureSaysWhy,
    /// The lock holds.
    OneRecycleAtATime,
    /// Forbidden means forbidden.
    NoMutationWhenForbidden,
    /// Nothing is replaced twice.
    ReplacedOnce,
    /// Every request is met or fails loudly.
    NoRequestLost,
    /// Whoever heard of a start hears of its end.
    OneEndForEachStart,
    /// Nobody keeps the lock for nothing.
    LockReleased,
    /// It ends.
    ComesToRest,
    /// The roles allow what is asked for.
    Permitted,
    /// What was simulated is what AWS would do.
    WithinModel,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 16] = [
        Self::NeverBelowPromise,
        Self::NeverAboveAllowed,
        Self::ProvedBeforeLeaving,
        Self::OutageNotProlonged,
        Self::SizesRestored,
        Self::TrueSuccess,
        Self::FailureSaysWhy,
        Self::OneRecycleAtATime,
        Self::NoMutationWhenForbidden,
        Self::ReplacedOnce,
        Self::NoRequestLost,
        Self::OneEndForEachStart,
        Self::LockReleased,
        Self::ComesToRest,
        Self::Permitted,
        Self::WithinModel,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NeverBelowPromise => "never-below-promise",
            Self::NeverAboveAllowed => "never-above-allowed",
            Self::ProvedBeforeLeaving => "proved-before-leaving",
            Self::OutageNotProlonged => "outage-not-prolonged",
            Self::SizesRestored => "sizes-restored",
            Self::TrueSuccess => "true-success",
            Self::FailureSaysWhy => "failure-says-why",
            Self::OneRecycleAtATime => "one-recycle-at-a-time",
            Self::NoMutationWhenForbidden => "no-mutation-when-forbidden",
            Self::ReplacedOnce => "replaced-once",
            Self::NoRequestLost => "no-request-lost",
            Self::OneEndForEachStart => "one-end-for-each-start",
            Self::LockReleased => "lock-released",
            Self::ComesToRest => "comes-to-rest",
            Self::Permitted => "permitted",
            Self::WithinModel => "within-model",
        }
    }

    /// What it says.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NeverBelowPromise => {
                "healthy capacity in service never falls below what the strategy promises, less what the world itself took"
            }
            Self::NeverAboveAllowed => {
                "there are never more live instances than the group's maximum or what replacing needs, and what rebalancing may add"
            }
            Self::ProvedBeforeLeaving => {
                "an instance that is replaced leaves only when those that take over, enough for what the strategy promises, have been in \
                 service for `proving_seconds`; with one out at a time that is so from the second on"
            }
            Self::OutageNotProlonged => {
                "what the world takes and asks for is launched as soon as without the recycle: a minute later at most where one is \
                 taken out at a time, an hour while a doubling is undone, and the capacity ends no lower; or people were told that putting back failed"
            }
            Self::SizesRestored => {
                "when all is over, sizes and suspended processes are as they were, or as somebody else set them meanwhile, no \
                 instance more for one that went, or people were told that putting back failed and the journal is kept"
            }
            Self::TrueSuccess => {
                "an execution that reports success left nothing to replace in service and enough current instances healthy"
            }
            Self::FailureSaysWhy => "an execution that fails or stands back says why",
            Self::OneRecycleAtATime => "only the execution that holds the group's lock changes the group",
            Self::NoMutationWhenForbidden => {
                "nothing is changed in a dry run, outside the windows, by an execution that was redriven, or on a group that was not \
                 opted in, and no instance that was there and is protected from scale-in is terminated"
            }
            Self::ReplacedOnce => {
                "an execution that reports success, and that nobody left another request to, took no more of the healthy instances away again that it \
                 had launched than others took and asked to go, or it left alone"
            }
            Self::NoRequestLost => {
                "when all is over, every request was met or an execution failed or stood back with a reason"
            }
            Self::OneEndForEachStart => {
                "every start that is announced is followed by exactly one end, whatever becomes of the execution"
            }
            Self::LockReleased => {
                "when all is over, neither lock nor journal of the group is left, or people were told that putting back failed"
            }
            Self::ComesToRest => "everything ends, no later than a recycle may",
            Self::Permitted => "no call is made that the caller's role does not allow",
            Self::WithinModel => "the model knows everything that it is asked",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
