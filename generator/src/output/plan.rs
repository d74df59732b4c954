//! What has to be done to a folder so that it holds what is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::conflict::{Conflict, Obstacle};
use super::diff;
use super::error::{OutputError, is_absent};
use super::folder::{Edits, Folder, Wanted};
use super::leftover;
use super::manifest::{FILE_NAME as MANIFEST, Manifest, PackageRecord};
use crate::digest;

/// A file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Disk {
    Absent,
    File(Vec<u8>),
    Other,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is written; it was not there.
    Create,
    /// It is written over an older one.
    Update,
    /// It is as it should be.
    Keep,
    /// It was generated earlier, is no longer wanted, and is removed.
    Remove,
    /// It was generated earlier and is no longer wanted, but was edited since: it stays.
    Leave,
    /// It is not there and not wanted.
    Forget,
    /// It is wanted, but writing it would lose something.
    Blocked(Obstacle),
}

/// One file's part of a plan.
#[derive(Debug)]
pub(super) struct FileStep {
    pub(super) change: Change,
    pub(super) disk: Disk,
    pub(super) wanted: Option<Vec<u8>>,
}

impl FileStep {
    /// Of a file that is as it should be, nobody needs the bytes again.
    fn of(change: Change, disk: Disk, wanted: Option<Vec<u8>>) -> Self {
        let (disk, wanted) =
            if change == Change::Keep { (Disk::File(Vec::new()), None) } else { (disk, wanted) };
        Self { change, disk, wanted }
    }
}

/// What has to be done, file by file.
#[derive(Debug)]
pub struct Plan {
    pub(super) root: PathBuf,
    pub(super) edits: Edits,
    pub(super) steps: BTreeMap<String, FileStep>,
    pub(super) before: Manifest,
    pub(super) after: Manifest,
    pub(super) manifest_on_disk: Disk,
    /// What killed runs left: locked until the plan is gone, so that nobody else takes it for his own.
    _leftovers: Vec<File>,
}

impl Folder {
    /// Compares the folder with what it is to hold. Nothing is written.
    pub fn plan(&self, mut wanted: Wanted) -> Result<Plan, OutputError> {
        let mut after = Manifest {
            package: wanted.package,
            stack: wanted.stack,
            files: wanted.carried,
            ..Manifest::default()
        };
        let hashes = wanted.files.iter().map(|(path, contents)| (path.clone(), digest::hex(contents)));
        after.files.extend(hashes);
        let before = &self.manifest;
        let paths = before.files.keys().chain(before.pending.keys()).chain(wanted.files.keys()).cloned();
        let paths: BTreeSet<String> = paths.collect();
        let mut steps = BTreeMap::new();
        for path in paths {
            let wanted = wanted.files.remove(&path);
            if wanted.is_none() && after.files.contains_key(&path) {
                continue; // carried
            }
            let place = self.path.join(&path);
            let step = if wanted.as_deref().is_some_and(|wanted| holds(&place, wanted)) {
                FileStep { change: Change::Keep, disk: Disk::File(Vec::new()), wanted: None }
            } else {
                let disk = read(&place)?;
                let change = decide(&disk, wanted.as_deref(), &before.hashes(&path));
                FileStep::of(change, disk, wanted)
            };
            steps.insert(path, step);
        }
        let leftovers = self.add_leftovers(&mut steps)?;
        Ok(Plan {
            root: self.path.clone(),
            edits: self.edits,
            steps,
            before: before.clone(),
            after,
            manifest_on_disk: read(&self.path.join(MANIFEST))?,
            _leftovers: leftovers,
        })
    }

    /// Has the files removed that killed runs left in the folders that are written to.
    fn add_leftovers(&self, steps: &mut BTreeMap<String, FileStep>) -> Result<Vec<File>, OutputError> {
        // Those above them, too: where a folder is not there yet, its files are written above it.
        let above = |path: &String| -> Vec<String> {
            path.match_indices('/').map(|(at, _)| path[..=at].to_owned()).collect()
        };
        let folders: BTreeSet<String> = steps.keys().flat_map(above).chain([String::new()]).collect();
        let mut files = Vec::new();
        for folder in folders {
            for (name, file) in leftover::in_folder(&self.path.join(&folder)) {
                let path = format!("{folder}{name}");
                let disk = read(&self.path.join(&path))?;
                steps.insert(path, FileStep { change: Change::Remove, disk, wanted: None });
                files.push(file);
            }
        }
        Ok(files)
    }
}

/// Whether a file has these bytes. It is compared part by part: most files are as they should be, and nobody needs them whole.
fn holds(path: &Path, wanted: &[u8]) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    if file.metadata().is_ok_and(|known| !known.is_file() || known.len() != wanted.len() as u64) {
        return false;
    }
    let mut part = [0; PART_BYTES];
    let mut rest = wanted;
    while let Ok(length) = file.read(&mut part) {
        match rest.strip_prefix(&part[..length]) {
            Some(after) if length > 0 => rest = after,
            found => return length == 0 && found == Some(&[]),
        }
    }
    false
}

/// What is read of a file at once.
const PART_BYTES: usize = 16 << 10;

fn read(path: &Path) -> Result<Disk, OutputError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Disk::File(bytes)),
        Err(error) if is_absent(&error) => Ok(Disk::Absent),
        Err(_) if path.is_dir() => Ok(Disk::Other),
        Err(source) => Err(OutputError::file("read", path)(source)),
    }
}

/// What happens to a file, from what is on disk, what is wanted, and the hashes it was generated with before.
fn decide(disk: &Disk, wanted: Option<&[u8]>, known: &[&str]) -> Change {
    let is_ours = |bytes: &[u8]| known.contains(&digest::hex(bytes).as_str());
    match (disk, wanted) {
        (Disk::Absent, None) => Change::Forget,
        (Disk::Absent, Some(_)) => Change::Create,
        (Disk::File(bytes), Some(wanted)) if bytes == wanted => Change::Keep,
        (Disk::File(bytes), Some(_)) if is_ours(bytes) => Change::Update,
        (Disk::File(bytes), None) if is_ours(bytes) => Change::Remove,
        (_, None) => Change::Leave,
        (Disk::File(_), Some(_)) if known.is_empty() => Change::Blocked(Obstacle::Foreign),
        (Disk::File(_), Some(_)) => Change::Blocked(Obstacle::Edits),
        (Disk::Other, Some(_)) => Change::Blocked(Obstacle::Folder),
    }
}

impl Plan {
    /// What is dangerous about deploying what the folder will hold over what it holds: a sentence for each.
    pub fn dangers(&self) -> Vec<String> {
        let both = self.after.stack.as_ref().zip(self.before.stack.as_ref());
        both.map(|(after, before)| after.dangers(before)).unwrap_or_default()
    }

    /// The API calls that the role keeps for executions that the former version began.
    pub fn kept_calls(&self) -> impl Iterator<Item = &str> {
        self.after.stack.iter().flat_map(|stack| stack.former_api_calls.iter().map(String::as_str))
    }

    /// Whether the handler's role keeps what removes its network interfaces.
    pub fn keeps_network(&self) -> bool {
        self.after.stack.as_ref().is_some_and(|stack| stack.keeps_network)
    }

    /// The notifier that the machine's role may still call, for executions that the former version began.
    pub fn kept_notifier(&self) -> Option<&str> {
        self.after.stack.as_ref()?.former_notifier.as_deref()
    }

    /// Every file's change but the manifest's, by path.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.steps.iter().map(|(path, step)| (path.as_str(), &step.change))
    }

    /// The handler zip that the folder then holds.
    pub fn package(&self) -> Option<&PackageRecord> {
        self.after.package.as_ref()
    }

    /// Whether the folder holds exactly what is wanted.
    pub fn is_done(&self) -> bool {
        let settled = |change: &Change| matches!(change, Change::Keep | Change::Forget);
        self.changes().all(|(_, change)| settled(change)) && !self.manifest_differs()
    }

    pub(super) fn manifest_differs(&self) -> bool {
        self.manifest_on_disk != Disk::File(self.after.print())
    }

    /// The files that stand in the way, unless edits are overwritten.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let conflict = |(path, change): (&str, &Change)| match change {
            Change::Blocked(obstacle) => Some(Conflict { path: path.to_owned(), obstacle: *obstacle }),
            _ => None,
        };
        match self.edits {
            Edits::Protect => self.changes().filter_map(conflict).collect(),
            Edits::Overwrite => Vec::new(),
        }
    }

    /// Whether nothing was generated into the folder yet.
    pub fn is_first(&self) -> bool {
        self.manifest_on_disk == Disk::Absent
    }

    /// What would change, as unified diffs; empty when nothing would. Of a folder that nothing was generated into the names of the files
    /// that are not there are enough: their lines would be tens of thousands.
    pub fn diff(&self) -> String {
        let names_only = |step: &FileStep| self.is_first() && step.disk == Disk::Absent;
        let steps = self.steps.iter().filter(|(_, step)| step.change != Change::Keep);
        let mut text: String = steps
            .map(|(path, step)| match &step.wanted {
                Some(_) if names_only(step) => diff::unified(path, None, Some(&[])),
                wanted => diff::unified(path, contents(&step.disk), wanted.as_deref()),
            })
            .collect();
        // The hashes of what differs say nothing that the differences do not.
        if text.is_empty() && self.manifest_differs() {
            text += &diff::unified(MANIFEST, contents(&self.manifest_on_disk), Some(&self.after.print()));
        }
        text
    }
}

fn contents(disk: &Disk) -> Option<&[u8]> {
    match disk {
        Disk::File(bytes) => Some(bytes),
        Disk::Absent | Disk::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Disk, Obstacle, PART_BYTES, decide, holds};
    use crate::digest;

    #[test]
    fn a_file_holds_what_it_holds_from_the_first_byte_to_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        for length in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES] {
            let bytes = vec![b'a'; length];
            std::fs::write(&place, &bytes).unwrap();
            assert!(holds(&place, &bytes), "{length}");
            assert!(!holds(&place, &[&bytes[..], b"a"].concat()), "{length}");
            if let Some((_, before)) = bytes.split_last() {
                assert!(!holds(&place, &[before, b"b"].concat()), "{length}");
                assert!(!holds(&place, before), "{length}");
            }
        }
        assert!(!holds(folder.path(), b"") && !holds(&folder.path().join("absent"), b""));
    }

    #[test]
    fn every_meeting_of_disk_wish_and_memory_has_its_outcome() {
        let file = |text: &str| Disk::File(text.as_bytes().to_vec());
        let (old, other) = (digest::hex(b"old"), digest::hex(b"other"));
        let (old, other) = (&[old.as_str()][..], &[other.as_str()][..]);
        let cases: &[(Disk, Option<&str>, &[&str], Change)] = &[
            (Disk::Absent, None, old, Change::Forget),
            (Disk::Absent, Some("new"), &[], Change::Create),
            (Disk::Absent, Some("new"), old, Change::Create),
            (file("new"), Some("new"), &[], Change::Keep),
            (file("new"), Some("new"), old, Change::Keep),
            (file("old"), Some("new"), old, Change::Update),
            (file("old"), Some("new"), other, Change::Blocked(Obstacle::Edits)),
            (file("old"), Some("new"), &[], Change::Blocked(Obstacle::Foreign)),
            (file("old"), None, old, Change::Remove),
            (file("old"), None, other, Change::Leave),
            (Disk::Other, Some("new"), old, Change::Blocked(Obstacle::Folder)),
            (Disk::Other, None, old, Change::Leave),
        ];
        for (disk, wanted, known, expected) in cases {
            let found = decide(disk, wanted.map(str::as_bytes), known);
            assert_eq!(&found, expected, "{disk:?} {wanted:?} {known:?}");
        }
    }
}
