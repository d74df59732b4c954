//! Files that stand in the way of writing a folder.

/// What would be lost by writing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Edits of a generated file.
    Edits,
    /// A file that asg-recycle did not write.
    Foreign,
    /// A folder in the file's place.
    Folder,
}

impl Obstacle {
    fn as_str(self) -> &'static str {
        match self {
            Self::Edits => "was edited",
            Self::Foreign => "was there before",
            Self::Folder => "is a folder",
        }
    }
}

/// A file that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its path under the folder.
    pub path: String,
    /// Why it is not overwritten.
    pub obstacle: Obstacle,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.obstacle.as_str())
    }
}
