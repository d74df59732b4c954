//! Which of the places that a build writes to is full, by what cargo says.

use std::fmt;
use std::path::{Path, PathBuf};

/// What the system says where no byte more fits.
const SIGNS: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// A place that a build writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildPlace {
    /// Where it compiles.
    Target(PathBuf),
    /// Where cargo keeps the crates that it fetches.
    CargoHome(PathBuf),
    /// Where compilers and linkers keep what they need for a moment.
    Temporary(PathBuf),
}

impl BuildPlace {
    fn folder(&self) -> &Path {
        match self {
            Self::Target(folder) | Self::CargoHome(folder) | Self::Temporary(folder) => folder,
        }
    }
}

/// The place, and what to do where it is full.
impl fmt::Display for BuildPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, fix) = match self {
            Self::Target(_) => (
                "where it is compiled, which takes about 450 MB",
                "name a folder on another disk with `--cache-dir`",
            ),
            Self::CargoHome(_) => (
                "where cargo keeps the crates that it fetches",
                "set `CARGO_HOME` to a folder on another disk",
            ),
            Self::Temporary(_) => (
                "where compilers keep what they need for a moment",
                "set `TMPDIR` to a folder on another disk",
            ),
        };
        write!(formatter, "`{}`, {what}: free some space there, or {fix}", self.folder().display())
    }
}

/// Those places of a full disk in one sentence or, where it is not known which of them is full, in a list.
pub(super) fn listed(places: &[BuildPlace]) -> String {
    match places {
        [place] => format!(": {place}"),
        places => {
            let lines: Vec<String> = places.iter().map(|place| format!("  {place}")).collect();
            format!("; cargo does not say where, and it is one of these:\n{}", lines.join("\n"))
        }
    }
}

/// Whether a line says that a disk is full.
pub(super) fn is_sign(line: &str) -> bool {
    SIGNS.iter().any(|sign| line.contains(sign))
}

/// The places that are full; none where nothing says that one is, and all where nothing says which.
pub(super) fn full(said: &str, places: &[BuildPlace]) -> Vec<BuildPlace> {
    let signs = said.lines().filter_map(|line| {
        let at = SIGNS.iter().filter_map(|sign| line.find(sign)).min()?;
        Some((line, at))
    });
    let mut is_full = false;
    let mut named: Vec<usize> = Vec::new();
    for (line, at) in signs {
        is_full = true;
        named.extend(nearest(line, at, places));
    }
    let is_meant = |number: usize| is_full && (named.is_empty() || named.contains(&number));
    (0..places.len()).filter(|number| is_meant(*number)).map(|number| places[number].clone()).collect()
}

/// The place in which the file lies that a line names next to its sign: a compiler names its source before what it writes. Of places
/// within each other it is the inner one.
fn nearest(line: &str, sign: usize, places: &[BuildPlace]) -> Option<usize> {
    let found = places.iter().enumerate().flat_map(|(number, place)| {
        let folder = place.folder().to_string_lossy().into_owned();
        let length = folder.len();
        let ends = |at: &usize| line[at + length..].chars().next().is_none_or(|next| !next.is_alphanumeric());
        let all: Vec<usize> = line.match_indices(&folder).map(|(at, _)| at).filter(ends).collect();
        all.into_iter().map(move |at| (at.abs_diff(sign), std::cmp::Reverse(length), number))
    });
    found.min().map(|(_, _, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &str) -> Vec<&'static str> {
        let places = [
            BuildPlace::Target("/tmp/cache/target".into()),
            BuildPlace::CargoHome("/root/.cargo".into()),
            BuildPlace::Temporary("/tmp".into()),
        ];
        let name = |place: &BuildPlace| match place {
            BuildPlace::Target(_) => "target",
            BuildPlace::CargoHome(_) => "cargo",
            BuildPlace::Temporary(_) => "temporary",
        };
        full(said, &places).iter().map(name).collect()
    }

    /// Each as cargo 1.95 and what it calls said it, on a disk of 3 MB.
    #[test]
    fn the_place_is_the_one_whose_file_could_not_be_written() {
        let target = "error: failed to write to `/tmp/cache/target/release/deps/rmetazL5vlm/full.rmeta`: No space left on device (os error 28)";
        assert_eq!(told(target), ["target"]);
        let temporary = "  cargo:warning=/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/ring-0.17.14/crypto/curve25519/curve25519.c:1924:1: \
                         fatal error: error writing to /tmp/cc5k6gUr.s: No space left on device";
        assert_eq!(told(temporary), ["temporary"]);
        let cargo = "warning: failed to write cache, path: /root/.cargo/registry/index/index.crates.io-1949cf8c6b5b557f/.cache/ru/st/rustls, error: \
                     No space left on device (os error 28)\n Downloading crates ...\nerror: No space left on device (os error 28)";
        assert_eq!(told(cargo), ["cargo"]);
        let rustc = "error: couldn't create a temp dir: No space left on device (os error 28) at path \"/tmp/rustcXyZ\"";
        assert_eq!(told(rustc), ["temporary"]);
        let both = format!("{target}\n{temporary}");
        assert_eq!(told(&both), ["target", "temporary"]);
    }

    #[test]
    fn every_place_is_told_of_where_nothing_says_which() {
        let llvm = "rustc-LLVM ERROR: IO failure on output stream: No space left on device\nerror: could not compile `/root/.cargo/x`";
        assert_eq!(told(llvm), ["target", "cargo", "temporary"]);
        assert_eq!(told("Disk quota exceeded (os error 122)").len(), 3);
        assert_eq!(told("error: no such file `/tmp/x`"), Vec::<&str>::new());
        assert_eq!(told("failed to write `/tmpfs/x`: No space left on device").len(), 3, "another folder");
        let listed = listed(&[BuildPlace::Target("/t".into()), BuildPlace::Temporary("/tmp".into())]);
        assert!(
            listed.starts_with("; cargo does not say where") && listed.contains("\n  `/tmp`, where"),
            "{listed}"
        );
    }
}
