//! Which fields there are. Source: the Amazon States Language, `JSONata` mode, as far as it is supported.

/// The fields of an object.
pub(super) struct Fields {
    /// Of a state: its `Type`.
    pub name: &'static str,
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

pub(super) const MACHINE: Fields = Fields {
    name: "machine",
    required: &["QueryLanguage", "StartAt", "States"],
    optional: &["Version", "TimeoutSeconds"],
};

pub(super) const PROCESSOR: Fields =
    Fields { name: "processor", required: &["StartAt", "States"], optional: &["ProcessorConfig"] };

pub(super) const BRANCH: Fields = Fields { name: "branch", required: &["StartAt", "States"], optional: &[] };

/// Each type of state.
pub(super) const TYPES: &[Fields] = &[
    Fields { name: "Choice", required: &["Choices"], optional: &["Default", "Assign", "Output"] },
    Fields { name: "Fail", required: &[], optional: &["Error", "Cause"] },
    Fields {
        name: "Map",
        required: &["ItemProcessor"],
        optional: &[
            "Items",
            "ItemSelector",
            "MaxConcurrency",
            "Label",
            "Assign",
            "Output",
            "Retry",
            "Catch",
            "Next",
            "End",
        ],
    },
    Fields {
        name: "Parallel",
        required: &["Branches"],
        optional: &["Arguments", "Assign", "Output", "Retry", "Catch", "Next", "End"],
    },
    Fields { name: "Pass", required: &[], optional: &["Assign", "Output", "Next", "End"] },
    Fields { name: "Succeed", required: &[], optional: &["Output"] },
    Fields {
        name: "Task",
        required: &["Resource", "Arguments"],
        optional: &["TimeoutSeconds", "Assign", "Output", "Retry", "Catch", "Next", "End"],
    },
    Fields {
        name: "Wait",
        required: &[],
        optional: &["Seconds", "Timestamp", "Assign", "Output", "Next", "End"],
    },
];

impl Fields {
    /// What is wrong with the keys of an object that has these fields.
    pub(super) fn faults<'a>(&'a self, keys: &'a [&str]) -> impl Iterator<Item = (&'a str, String)> {
        let everywhere = ["Type", "Comment", "QueryLanguage"];
        let is_known = move |key: &&&str| {
            [self.required, self.optional, &everywhere].iter().any(|known| known.contains(*key))
        };
        let unknown = keys.iter().filter(move |key| !is_known(key));
        let unknown = unknown.map(|key| (*key, format!("unknown field `{key}` of a {}", self.name)));
        let missing = self.required.iter().filter(|field| !keys.contains(field));
        unknown.chain(missing.map(|field| (*field, format!("missing field `{field}`"))))
    }
}
