//! The flags that keep this machine's paths out of the binary.

use std::path::Path;

use crate::shell;

/// 1980-01-01, the zip's date, for whatever would otherwise note the time.
pub(super) const SOURCE_DATE_EPOCH: &str = "315532800";

/// The folders that the compilers see and the binary must not hold.
pub(super) struct SourcePlaces {
    /// `CARGO_HOME`: the crates' sources.
    cargo_home: String,
    /// The crate that is built.
    source: String,
    /// Cargo's target folder: code that build scripts write.
    target: String,
    /// The standard library's sources, where they are installed.
    standard_library: String,
    /// What the standard library calls that folder when its sources are not installed.
    standard_library_name: String,
}

impl SourcePlaces {
    /// The folders of a real build.
    pub(super) fn new(cargo_home: &Path, source: &Path, target: &Path, sysroot: &Path, commit: &str) -> Self {
        Self {
            cargo_home: shown(cargo_home),
            source: shown(source),
            target: shown(target),
            standard_library: shown(&sysroot.join("lib/rustlib/src/rust")),
            standard_library_name: format!("/rustc/{commit}"),
        }
    }

    /// Names in place of folders, for the cache's key: the same on every machine.
    pub(super) fn symbolic() -> Self {
        let name = str::to_owned;
        Self {
            cargo_home: name("CARGO_HOME"),
            source: name("SOURCE"),
            target: name("TARGET"),
            standard_library: name("STD"),
            standard_library_name: name("/rustc/COMMIT"),
        }
    }

    /// Variables of the script in the emitted crate.
    pub(super) fn in_script() -> Self {
        let name = str::to_owned;
        Self {
            cargo_home: name("$cargo_home"),
            source: name("$crate"),
            target: name("$target"),
            standard_library: name("$sysroot/lib/rustlib/src/rust"),
            standard_library_name: name("/rustc/$commit"),
        }
    }

    /// From and to; where one folder lies in another, the later pair wins.
    fn mappings(&self) -> [(&str, &str); 4] {
        [
            (&self.cargo_home, "/cargo"),
            (&self.standard_library, &self.standard_library_name),
            (&self.source, "/handler"),
            (&self.target, "/target"), // by hand it lies in the crate
        ]
    }

    /// For rustc: paths mapped, and no build id, which some linkers make from more than the contents.
    pub(super) fn rustc_flags(&self) -> Vec<String> {
        let maps = self.mappings().map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
        maps.into_iter().chain(["-Clink-arg=-Wl,--build-id=none".to_owned()]).collect()
    }

    /// For the C compiler, quoted as a shell would want it.
    pub(super) fn c_flags(&self) -> String {
        let maps = self.mappings().map(|(from, to)| shell::quoted(&format!("-ffile-prefix-map={from}={to}")));
        maps.join(" ")
    }
}

/// A path as text for messages and flags.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::SourcePlaces;

    #[test]
    fn flags_survive_blanks_and_quotes_in_folders() {
        let place = Path::new("/it's here");
        let places = SourcePlaces::new(place, place, place, place, "abc");
        assert!(places.rustc_flags().contains(&"--remap-path-prefix=/it's here=/cargo".to_owned()));
        assert!(places.c_flags().starts_with(r"'-ffile-prefix-map=/it'\''s here=/cargo' "));
    }

    #[test]
    fn the_flags_in_the_key_name_no_folder_of_this_machine() {
        let flags = SourcePlaces::symbolic().rustc_flags().join(" ");
        assert!(!flags.contains("/home") && !flags.contains("/root") && !flags.contains("/tmp"), "{flags}");
    }
}
