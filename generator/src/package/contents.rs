//! What goes into a package: the crate that is compiled, and what lies beside the binary.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::PackageError;
use super::inputs::Inputs;
use super::limits::UNZIPPED_BYTES_MAX;
use super::sources::handler_sources;
use crate::config::{HandlerSection, PLACE_FOR_SECRETS, PackagedFiles};
use crate::render::Files;
use crate::secret;

/// The settings' name in the package.
pub(super) const SETTINGS: &str = "settings.json";

/// What goes into a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The crate that is compiled (see [`handler_sources`](super::handler_sources)): path to contents.
    pub sources: Files,
    /// What lies beside the binary: path in the zip to contents.
    pub beside: Files,
}

impl Contents {
    /// A crate with nothing beside its binary.
    pub fn of_crate(sources: Files) -> Self {
        Self { sources, beside: Files::new() }
    }

    /// The handler with the settings and files that a stack packages; files are looked for in `folder`.
    pub fn of_handler(handler: &HandlerSection, folder: &Path) -> Result<Self, PackageError> {
        let mut beside = packaged_files(&handler.files, folder)?;
        if !handler.settings.is_empty() {
            let text = serde_json::json!(handler.settings); // a sorted map
            beside.insert(SETTINGS.to_owned(), format!("{text:#}\n").into_bytes());
        }
        Ok(Self { sources: handler_sources(), beside })
    }

    /// What of a build's inputs the contents are.
    pub fn inputs(&self) -> Inputs {
        Inputs::of_files(&self.sources, &self.beside)
    }
}

fn packaged_files(files: &PackagedFiles, folder: &Path) -> Result<Files, PackageError> {
    let (mut read, mut faults) = (Files::new(), Vec::new());
    let mut room = UNZIPPED_BYTES_MAX;
    for (path, source) in files.iter() {
        match packaged_file(folder, source, room) {
            Ok(contents) => {
                room -= contents.len() as u64;
                read.insert(path.to_string(), contents);
            }
            Err((reason, fix)) => faults.push(PackageError::PackagedFile {
                path: path.to_string(),
                source_path: folder.join(&**source),
                reason,
                fix,
            }),
        }
    }
    match faults.len() {
        0 => Ok(read),
        1 => Err(faults.remove(0)),
        _ => Err(PackageError::Several(faults)),
    }
}

/// The contents of one, where they may be packaged.
fn packaged_file(folder: &Path, source: &str, room: u64) -> Result<Vec<u8>, Wrong> {
    let contents = read_file(&plain_file(folder, source)?, room)?;
    match secret::found(&contents) {
        Some(what) => Err((format!("looks like it holds {what}"), PLACE_FOR_SECRETS)),
        None => Ok(contents),
    }
}

/// What is wrong with a file, and the fix.
type Wrong = (String, &'static str);

/// The place of a plain file below a folder, with no link on the way.
fn plain_file(folder: &Path, source: &str) -> Result<PathBuf, Wrong> {
    let mut place = PathBuf::from(folder);
    for part in source.split('/') {
        place.push(part);
        let metadata = fs::symlink_metadata(&place).map_err(|error| {
            (format!("cannot be read: {error}"), "paths are looked for beside stack.yaml")
        })?;
        if metadata.is_symlink() {
            let fix =
                "put the file itself there: what a link leads to may be another file on another machine";
            return Err((format!("is a link, or lies behind one (`{}`)", place.display()), fix));
        }
    }
    if place.is_file() {
        return Ok(place);
    }
    Err(("is no plain file".to_owned(), "name each file that is to be packaged"))
}

fn read_file(place: &Path, room: u64) -> Result<Vec<u8>, Wrong> {
    let mut contents = Vec::new();
    let read = File::open(place).and_then(|file| file.take(room + 1).read_to_end(&mut contents));
    read.map_err(|error| (format!("cannot be read: {error}"), "it has to stay while it is packed"))?;
    if contents.len() as u64 > room {
        let reason = format!("is more than fits: Lambda unpacks {UNZIPPED_BYTES_MAX} bytes at most");
        return Err((reason, "package less"));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Contents, SETTINGS, plain_file, read_file};
    use crate::config::Config;

    fn contents(folder: &std::path::Path, files: &[(&str, &str)]) -> Result<Contents, String> {
        let mut config = Config::with_defaults("web".parse().unwrap());
        for (path, source) in files {
            config.handler.files.insert(path, source).map_err(|problem| problem.to_string())?;
        }
        config.handler.settings.insert("AWS_USE_FIPS_ENDPOINT", "true").unwrap();
        config.handler.settings.insert("AWS_ENDPOINT_URL_SFN", "https://sfn.example").unwrap();
        Contents::of_handler(&config.handler, folder).map_err(|fault| fault.to_string())
    }

    #[test]
    fn settings_are_sorted_and_files_are_read_beside_the_stack() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("certs")).unwrap();
        fs::write(folder.path().join("certs/ca.pem"), "-----BEGIN CERTIFICATE-----").unwrap();
        let contents = contents(folder.path(), &[("ca.pem", "certs/ca.pem")]).unwrap();
        assert_eq!(contents.beside.keys().collect::<Vec<_>>(), ["ca.pem", SETTINGS]);
        let text = String::from_utf8(contents.beside[SETTINGS].clone()).unwrap();
        let expected = "{\n  \"AWS_ENDPOINT_URL_SFN\": \"https://sfn.example\",\n  \"AWS_USE_FIPS_ENDPOINT\": \"true\"\n}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn links_folders_absent_files_and_secrets_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("real"), "x").unwrap();
        fs::write(at("pair.pem"), format!("-----BEGIN {} KEY-----\n", "PRIVATE")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("folder"), at("linked")).unwrap();
        fs::write(at("folder/inner"), "x").unwrap();
        for (source, part) in [
            ("absent", "cannot be read"),
            ("folder", "is no plain file"),
            ("link", "is a link"),
            ("linked/inner", "is a link, or lies behind one"),
            ("pair.pem", "looks like it holds a private key"),
            ("../real", "leads out of the folder of stack.yaml"),
            ("/etc/hosts", "leads out of the folder of stack.yaml"),
        ] {
            let fault = contents(folder.path(), &[("x", source)]).unwrap_err();
            assert!(fault.contains(part), "{source}: {fault}");
        }
        let both = contents(folder.path(), &[("a", "absent"), ("l", "link"), ("r", "real")]).unwrap_err();
        assert!(both.contains("`a`: `") && both.contains("cannot be read"), "{both}");
        assert!(both.contains("`l`: `") && both.contains("is a link") && both.lines().count() == 2, "{both}");
        for path in ["../x", "/x", "a/../../x"] {
            let fault = contents(folder.path(), &[(path, "real")]).unwrap_err();
            assert!(fault.contains("leads out of the package"), "{path}: {fault}");
        }
    }
    #[test]
    fn a_file_that_vanishes_while_it_is_packed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), "x").unwrap();
        let place = plain_file(folder.path(), "ca.pem").unwrap();
        assert_eq!(read_file(&place, 1), Ok(b"x".to_vec()));
        fs::remove_file(&place).unwrap();
        let (reason, fix) = read_file(&place, 1).unwrap_err();
        assert!(
            reason.contains("No such file") && fix.contains("has to stay while it is packed"),
            "{reason}"
        );
    }
}
