//! How quick the handler starts, and what it costs, beside a Python handler that takes the same decisions.
//!
//! `cargo bench -p asg-recycle-handler --bench cold_start --profile release-handler` starts the handler's release
//! build (or the `bootstrap` that is named after `--`) under a Lambda Runtime API, against the AWS services of
//! `tests/local`, over plain HTTP and through TLS, in turns with `recycle.py` under Lambda's own Python runtime client.
//! It prints, and asserts nothing about time.

#[path = "../../tests/local/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod local;
mod measure;
mod python;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::DeflateEncoder};

use local::aws::{Aws, opted_in, update};
use local::function::environment;
use local::tls::Authority;
use measure::{Contestant, Figures, milliseconds};
use python::Python;

/// Cold starts of each, after one that is not counted.
const COLD_STARTS: usize = 15;
/// Warm invocations of each.
const WARM_INVOCATIONS: usize = 300;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench -p asg-recycle-handler --bench cold_start --profile release-handler`");
        return; // `cargo test --benches` does not wait for it
    }
    let named = arguments.iter().find(|argument| !argument.starts_with('-'));
    let bootstrap = Path::new(named.map_or(env!("CARGO_BIN_EXE_bootstrap"), String::as_str));
    if named.is_none() && !bootstrap.components().any(|part| part.as_os_str() == "release-handler") {
        println!("This is not built as what is deployed is; add `--profile release-handler`.\n");
    }
    let python = Python::install();
    let authority = Authority::new("asg-recycle benchmark");
    let bundle = bundle(&python, &authority);
    agree(bootstrap, &python);
    println!("{}\n", machine());
    println!(
        "| {COLD_STARTS} cold starts, {WARM_INVOCATIONS} warm calls, each | spawn to first response, median \
         (min-max) | CPU to first response, median | warm p50 | warm p95 | peak RSS |"
    );
    println!("|---|---|---|---|---|---|");
    for tls in [false, true] {
        let over = if tls { "TLS" } else { "plain HTTP" };
        let account = || Aws::new([("web-asg-1".to_owned(), opted_in("out-in"))].into());
        let accounts = [account(), account()];
        let environments = accounts.each_ref().map(|aws| {
            let address = aws.endpoint(tls.then(|| authority.server()), |_| None);
            let mut environment = environment(&format!("{}://{address}", if tls { "https" } else { "http" }));
            environment.insert("AWS_CA_BUNDLE".to_owned(), bundle.display().to_string());
            environment
        });
        let [for_rust, for_python] = environments;
        let contestants = [Contestant::rust(bootstrap, for_rust), python.contestant(for_python)];
        let [rust, python] = measure::run(&contestants, COLD_STARTS, WARM_INVOCATIONS);
        same_decisions(&accounts);
        row(&format!("{over}, Rust"), &rust);
        row(&format!("{over}, Python"), &python);
        ratios(&format!("{over}, Python / Rust"), &rust, &python);
    }
    sizes(bootstrap, &python);
}

/// The list of authorities that the Python SDK carries, of the size that Lambda's has, and ours: for both contestants.
fn bundle(python: &Python, authority: &Authority) -> PathBuf {
    let bundle = python.folder().join("bundle.pem");
    let text = fs::read_to_string(python.authorities()).expect("botocore's list of authorities");
    fs::write(&bundle, format!("{text}\n{}", authority.pem)).expect("a file");
    bundle
}

/// Gives both every event of the tests, in one batch, and holds what they start and reject against each other.
fn agree(bootstrap: &Path, python: &Python) {
    let folder = format!("{}/../templates/events", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).expect("the events").map(|entry| entry.expect("an entry").path());
    // The minimal event has no id: its identity is a hash that each is free to choose. What AWS Health plans is no launch change.
    let left_out = ["minimal.json", "maintenance-scheduled.json"];
    let is_left_out = |file: &PathBuf| left_out.iter().any(|name| file.ends_with(name));
    let mut files: Vec<_> = files.filter(|file| !is_left_out(file)).collect();
    files.sort();
    let mut events: Vec<_> = files.iter().map(|file| fs::read_to_string(file).expect("a file")).collect();
    events.extend(["mistagged-asg-1", "gone-asg-1"].map(|group| update(group, group).to_string()));
    let groups = [("web-asg-1", "out-in"), ("api-asg-1", "in-out"), ("mistagged-asg-1", "nonsense")];
    let accounts = [(); 2]
        .map(|()| Aws::new(groups.map(|(name, strategy)| (name.to_owned(), opted_in(strategy))).into()));
    let [for_rust, for_python] =
        accounts.each_ref().map(|aws| environment(&format!("http://{}", aws.endpoint(None, |_| None))));
    for contestant in [Contestant::rust(bootstrap, for_rust), python.contestant(for_python)] {
        measure::invoke_once(&contestant, &events);
    }
    same_decisions(&accounts);
    let [rust, python] = accounts.map(|aws| aws.seen(|seen| (seen.executions.len(), seen.messages.len())));
    assert_eq!(rust, python, "the two do not reject alike");
    let (started, rejected) = rust;
    println!("{} events: both start the same {started} executions and reject {rejected}\n", events.len());
}

/// Both were given the same events, so they have started the same executions with the same input.
fn same_decisions(accounts: &[Aws; 2]) {
    let [rust, python] = accounts.each_ref().map(|aws| aws.seen(|seen| seen.executions.clone()));
    assert!(!rust.is_empty() && rust == python, "the two do not decide alike");
}

fn row(name: &str, figures: &Figures) {
    let (min, max) = (figures.first_response.first(), figures.first_response.last());
    println!(
        "| {name} | {} ms ({}-{}) | {} ms | {} ms | {} ms | {:.1} MB |",
        milliseconds(figures.first_response_median()),
        milliseconds(*min.expect("samples")),
        milliseconds(*max.expect("samples")),
        milliseconds(figures.cpu_median()),
        milliseconds(figures.warm(50)),
        milliseconds(figures.warm(95)),
        f64::from(figures.peak_kilobytes) / 1e3,
    );
}

fn ratios(name: &str, rust: &Figures, python: &Figures) {
    let ratio =
        |one: std::time::Duration, other: std::time::Duration| one.as_secs_f64() / other.as_secs_f64();
    println!(
        "| {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        ratio(python.first_response_median(), rust.first_response_median()),
        ratio(python.cpu_median(), rust.cpu_median()),
        ratio(python.warm(50), rust.warm(50)),
        ratio(python.warm(95), rust.warm(95)),
        f64::from(python.peak_kilobytes) / f64::from(rust.peak_kilobytes),
    );
}

fn sizes(bootstrap: &Path, python: &Python) {
    let binary = fs::read(bootstrap).expect("the binary");
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(&binary).expect("memory");
    let deflated = deflated.finish().expect("memory");
    println!("\nbootstrap: {} bytes, deflated as in the zip {} bytes", binary.len(), deflated.len());
    println!(
        "Python: {}, with {}",
        python.version(),
        python::PACKAGES.lines().collect::<Vec<_>>().join(", ")
    );
}

/// What the figures were taken on.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let facts: BTreeMap<String, String> = read("/proc/cpuinfo")
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let fact = |key: &str| facts.get(key).map_or("unknown", String::as_str).to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!("{cores} x {} at {} MHz, load {load} before", fact("model name"), fact("cpu MHz"))
}
