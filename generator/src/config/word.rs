//! The words that keys take: each an enum whose values have one spelling.

/// Declares an enum of words, in the order documented.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meaning:meta])* $value:ident = $word:literal,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$meaning])* $value,)*
        }

        impl $name {
            /// Every value, in the order documented.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// Their words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The value that `stack.yaml` writes like this.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }

            /// The word in `stack.yaml`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }
        }
    )* };
}

words! {
    /// Processor of the Lambda function, in Lambda's words.
    Architecture {
        /// AWS Graviton.
        Arm64 = "arm64",
        /// Intel and AMD, 64 bits.
        X86_64 = "x86_64",
    }

    /// What the handler is deployed as.
    PackageKind {
        /// A zip that Lambda unpacks onto its own operating system.
        Zip = "zip",
        /// A container image that holds what the zip does.
        Image = "image",
    }

    /// Least serious messages that the Lambda function logs; Lambda's own words are the upper case of these.
    LogLevel {
        /// Every message.
        Trace = "trace",
        /// What helps to follow one decision.
        Debug = "debug",
        /// One line a decision.
        Info = "info",
        /// What somebody should look at some time.
        Warn = "warn",
        /// What somebody has to look at.
        Error = "error",
    }

    /// What Step Functions logs of each execution; its own words are the upper case of these.
    MachineLogLevel {
        /// Every event.
        All = "all",
        /// Errors, also those that are caught.
        Error = "error",
        /// Errors that end an execution.
        Fatal = "fatal",
        /// No event.
        Off = "off",
    }

    /// What subscribers of the topic by e-mail get.
    EmailForm {
        /// The same JSON as everybody.
        Json = "json",
        /// A text for people.
        Text = "text",
    }

    /// What subscribers of the topic by HTTPS get.
    HttpsForm {
        /// The same JSON as everybody.
        Json = "json",
        /// What AWS's chat integration shows in a channel.
        Chat = "chat",
        /// What PagerDuty makes an incident of.
        PagerDuty = "pager_duty",
    }

    /// Which tag changes on a group recycle it; the handler's environment has the same words.
    TagChanges {
        /// Changes of tags that propagate to instances.
        Propagated = "propagated",
        /// Changes of any tag.
        All = "all",
        /// No change of a tag.
        None = "none",
    }
}
