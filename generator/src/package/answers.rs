//! What programs said of themselves, kept while their files are the same: asking costs more than all the rest of a
//! build that has nothing to do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::cache::write_atomically;
use super::error::PackageError;
use crate::digest;

/// The file's name in the cache.
const FILE: &str = "answers.json";
/// Answers that are kept; more would be those of tools that are long gone.
const COUNT_MAX: usize = 32;

/// The answers that are kept in a cache.
#[derive(Debug)]
pub(super) struct Answers {
    folder: Option<PathBuf>,
    known: RefCell<BTreeMap<String, String>>,
}

impl Answers {
    /// Those of a cache; a file that cannot be read is as good as none.
    pub(super) fn open(folder: &Path) -> Self {
        let known = fs::read(folder.join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Self { folder: Some(folder.to_owned()), known: RefCell::new(known.unwrap_or_default()) }
    }

    /// None, and nothing is kept.
    pub(super) fn none() -> Self {
        Self { folder: None, known: RefCell::default() }
    }

    /// What a program answered while the files at `places` were as they are, else what it answers when it is asked.
    pub(super) fn of(
        &self,
        places: &[PathBuf],
        arguments: &[&str],
        ask: impl FnOnce() -> Result<String, PackageError>,
    ) -> Result<String, PackageError> {
        let Some(key) = key(places, arguments) else { return ask() };
        if let Some(answer) = self.known.borrow().get(&key) {
            return Ok(answer.clone());
        }
        let answer = ask()?;
        let mut known = self.known.borrow_mut();
        if known.len() >= COUNT_MAX {
            known.clear();
        }
        known.insert(key, answer.clone());
        if let Some(folder) = &self.folder {
            let text = serde_json::to_vec(&*known).expect("texts");
            let _ = write_atomically(folder, FILE, &text); // asked again next time
        }
        Ok(answer)
    }
}

/// The arguments with each file's place, size and time; `None` where there is no file to know a change by.
fn key(places: &[PathBuf], arguments: &[&str]) -> Option<String> {
    let mut parts = vec![arguments.join(" ")];
    for place in places {
        let metadata = fs::metadata(place).ok()?;
        let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        parts.push(format!("{} {} {}", place.display(), metadata.len(), time.as_nanos()));
    }
    (!places.is_empty()).then(|| digest::hex_of_all(parts.iter().map(String::as_bytes)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Answers;

    #[test]
    fn a_program_is_asked_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "1").unwrap();
        let ask = |answer: &str| {
            let answers = Answers::open(folder.path());
            answers.of(std::slice::from_ref(&program), &["-v"], || Ok(answer.to_owned())).unwrap()
        };
        assert_eq!((ask("one"), ask("two")), ("one".to_owned(), "one".to_owned()));
        fs::write(&program, "12").unwrap();
        assert_eq!((ask("three"), ask("four")), ("three".to_owned(), "three".to_owned()));
        let none = |answer: &str| Answers::open(folder.path()).of(&[], &["-v"], || Ok(answer.to_owned()));
        assert_eq!((none("five").unwrap(), none("six").unwrap()), ("five".to_owned(), "six".to_owned()));
        fs::write(folder.path().join("answers.json"), "nonsense").unwrap();
        assert_eq!(ask("seven"), "seven");
    }
}
