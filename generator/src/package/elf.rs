//! Whether a binary runs on the Lambda runtime: the processor it is for and the newest glibc that it asks for.

use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, SHT_DYNSYM};
use object::read::elf::FileHeader as _;
use object::{Endianness, read};

use super::error::PackageError;
use crate::config::Architecture;

/// The glibc of provided.al2023: major and minor version.
const RUNTIME_GLIBC: (u32, u32) = (2, 34);

/// A versioned symbol that the binary takes from a library.
struct Need {
    symbol: String,
    version: String,
}

/// Refuses a binary that the runtime would not start.
pub(super) fn check(binary: &[u8], architecture: Architecture) -> Result<(), PackageError> {
    let header = FileHeader64::<Endianness>::parse(binary).map_err(not_elf)?;
    let endian = header.endian().map_err(not_elf)?;
    let found = header.e_machine(endian);
    let wanted = match architecture {
        Architecture::Arm64 => EM_AARCH64,
        Architecture::X86_64 => EM_X86_64,
    };
    if found != wanted {
        return Err(PackageError::WrongMachine { found: found.0, wanted: architecture.as_str() });
    }
    let needs = needs(binary, header, endian).map_err(not_elf)?;
    let newest =
        needs.into_iter().filter(|need| is_too_new(&need.version)).max_by_key(|need| glibc(&need.version));
    newest
        .map_or(Ok(()), |need| Err(PackageError::GlibcTooNew { version: need.version, symbol: need.symbol }))
}

fn not_elf(error: read::Error) -> PackageError {
    PackageError::NotElf { reason: error.to_string() }
}

fn needs(binary: &[u8], header: &FileHeader64<Endianness>, endian: Endianness) -> read::Result<Vec<Need>> {
    let sections = header.sections(endian, binary)?;
    let Some(versions) = sections.versions(endian, binary)? else { return Ok(Vec::new()) }; // a static binary
    let symbols = sections.symbols(endian, binary, SHT_DYNSYM)?;
    let mut needs = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        let version = versions.version(versions.version_index(endian, index).index())?;
        if let Some(version) = version.filter(|version| version.file().is_some()) {
            needs.push(Need {
                symbol: String::from_utf8_lossy(symbols.symbol_name(endian, symbol)?).into_owned(),
                version: String::from_utf8_lossy(version.name()).into_owned(),
            });
        }
    }
    Ok(needs)
}

/// `GLIBC_2.34` as (2, 34); a patch level does not matter here. `None` for other names such as `GLIBC_PRIVATE`.
fn glibc(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn is_too_new(version: &str) -> bool {
    match glibc(version) {
        Some(needed) => needed > RUNTIME_GLIBC,
        None => version.starts_with("GLIBC_"), // GLIBC_PRIVATE and what is not known yet
    }
}

#[cfg(test)]
mod tests {
    use super::{PackageError, check, glibc, is_too_new};
    use crate::config::Architecture;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(glibc("GLIBC_2.2.5"), Some((2, 2)));
        for fine in ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.34", "GCC_3.0"] {
            assert!(!is_too_new(fine), "{fine}");
        }
        for newer in ["GLIBC_2.35", "GLIBC_2.100", "GLIBC_3.0", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"] {
            assert!(is_too_new(newer), "{newer}");
        }
    }

    #[test]
    fn what_is_not_elf_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\x01\x01\x01"] {
            assert!(matches!(check(bytes, Architecture::X86_64), Err(PackageError::NotElf { .. })));
        }
    }

    /// This very test is an ELF file that is at hand; its bytes are altered to make the cases.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    mod on_this_binary {
        use super::{Architecture, PackageError, check};

        fn this_binary() -> Vec<u8> {
            std::fs::read(std::env::current_exe().unwrap()).unwrap()
        }

        #[test]
        fn a_binary_for_another_processor_is_refused() {
            let fault = check(&this_binary(), Architecture::Arm64).unwrap_err();
            assert_eq!(fault.to_string(), "the compiled binary is for ELF machine 62, not for arm64");
        }

        #[test]
        fn a_newer_glibc_is_refused_with_the_symbol_that_needs_it() {
            let mut binary = this_binary();
            let name = b"\0GLIBC_2.34\0";
            let places: Vec<usize> =
                (0..binary.len() - name.len()).filter(|at| binary[*at..].starts_with(name)).collect();
            for at in &places {
                binary[*at..*at + name.len()].copy_from_slice(b"\0GLIBC_2.99\0");
            }
            assert!(!places.is_empty(), "the binary asks for GLIBC_2.34");
            let fault = check(&binary, Architecture::X86_64).unwrap_err();
            let PackageError::GlibcTooNew { version, symbol } = &fault else { panic!("{fault}") };
            assert_eq!(version, "GLIBC_2.99");
            assert!(!symbol.is_empty());
            assert!(fault.to_string().contains("--compiler zig"), "{fault}");
        }
    }
}
