//! A compiled handler answers one event before it is packaged: what does not start, or does not answer, is found here and not
//! after a deployment.

use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asg_recycle_handler::contract::{
    DEFAULT_TIME_ZONE, OWN_ROLE_ARNS, STATE_MACHINE_ARN, STRATEGIES, TAG_CHANGES, TOPIC_ARN,
};
use serde_json::Value;

use super::error::PackageError;
use super::request::BuildRequest;
use super::toolchain::Tools;
use crate::config::{Architecture, USUAL_STRATEGY};
use crate::runtime::{LocalFunction, Notice, Outcome, Sandbox, api};

/// An event that the handler decides on without a call to AWS.
const EVENT: &str = include_str!("../../../templates/events/update-sizes.json");
/// How long the answer may take: far longer than it does, also where an emulator of another processor runs it.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where qemu looks for the C library of the processor that it emulates; it is qemu's own name.
const LIBRARIES: &str = "QEMU_LD_PREFIX";

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trial {
    /// The handler answered as it should.
    Passed,
    /// This machine cannot run it, for this reason.
    Impossible(String),
}

/// Gives the event to a binary that was compiled for the request.
pub(super) fn run(binary: &Path, request: &BuildRequest) -> Result<Trial, PackageError> {
    let runner = match Runner::find(request) {
        Ok(runner) => runner,
        Err(reason) => return Ok(Trial::Impossible(reason)),
    };
    let said = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&said);
    let sandbox = Sandbox::new(runner.function(binary), move |notice| {
        if let Notice::Line(line) = notice {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    let address = match api::serve(&sandbox) {
        Ok(address) => address,
        Err(error) => return Ok(Trial::Impossible(error.to_string())),
    };
    if let Err(error) = sandbox.start(&address.to_string()) {
        return Ok(Trial::Impossible(format!("the binary cannot be started: {error}")));
    }
    let (_, outcome) = sandbox.invoke(EVENT.as_bytes().to_vec());
    sandbox.stop();
    let said = said.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
    if let Some(line) = said.lines().find(|line| is_of_the_loader(line)) {
        return Ok(Trial::Impossible(line.to_owned()));
    }
    let how = match outcome {
        Outcome::Answer(answer) => match serde_json::from_slice::<Value>(&answer) {
            Ok(answer) if answer["decisions"][0]["decision"] == "skip" => return Ok(Trial::Passed),
            _ => format!("it answered `{}`", String::from_utf8_lossy(&answer)),
        },
        Outcome::Error(error) => error.to_string(),
    };
    Err(PackageError::TrialFailed { how, said })
}

/// Whether the system's loader says that the C library here is older than the runtime's: that is this machine's affair.
fn is_of_the_loader(line: &str) -> bool {
    line.contains("version `GLIBC_") && line.contains("' not found (required by ")
}

/// What runs a binary here: the machine itself, or an emulator of its processor.
#[derive(Debug, PartialEq, Eq)]
struct Runner {
    emulator: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl Runner {
    /// That of the request's processor; else why there is none.
    fn find(request: &BuildRequest) -> Result<Self, String> {
        let (processor, debian, libraries, loader) = match request.architecture {
            Architecture::Arm64 => {
                ("aarch64", "arm64", "/usr/aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1")
            }
            Architecture::X86_64 => {
                ("x86_64", "amd64", "/usr/x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2")
            }
        };
        let mut environment = environment();
        if OS == "linux" && ARCH == processor {
            return Ok(Self { emulator: None, environment });
        }
        let tools = Tools { environment: &request.environment };
        let emulator = ["", "-static"].iter().find_map(|kind| tools.find(&format!("qemu-{processor}{kind}")));
        let Some(emulator) = emulator else {
            return Err(format!(
                "this machine does not run {}; on Debian and its kin `apt-get install qemu-user libc6-{debian}-cross` lets it",
                request.architecture.as_str(),
            ));
        };
        let named = request.environment.get(OsStr::new(LIBRARIES)).map(PathBuf::from);
        if named.is_some() || !Path::new(loader).exists() {
            let libraries = named.unwrap_or_else(|| libraries.into());
            if !libraries.is_dir() {
                return Err(format!(
                    "`{}` has no C library of {} here: there is no folder `{}`; on Debian and its kin \
                     `apt-get install libc6-{debian}-cross` brings it, and `{LIBRARIES}` may name another",
                    emulator.display(),
                    request.architecture.as_str(),
                    libraries.display(),
                ));
            }
            environment.insert(LIBRARIES.to_owned(), libraries.display().to_string());
        }
        Ok(Self { emulator: Some(emulator), environment })
    }

    fn function(self, binary: &Path) -> LocalFunction {
        let (program, arguments) = match self.emulator {
            Some(emulator) => (emulator, vec![binary.to_owned()]),
            None => (binary.to_owned(), Vec::new()),
        };
        LocalFunction {
            program,
            arguments,
            folder: binary.parent().unwrap_or(Path::new("/")).to_owned(),
            environment: self.environment,
            name: NAME.to_owned(),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"),
            timeout: PATIENCE,
        }
    }
}

const NAME: &str = "trial";
const REGION: &str = "eu-west-2";
const ACCOUNT: &str = "123456789012";

/// What the handler needs to start. AWS is an address at which nobody listens: the event asks for none of it.
fn environment() -> BTreeMap<String, String> {
    let variables = [
        (STATE_MACHINE_ARN.name, format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}")),
        (TOPIC_ARN.name, format!("arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}")),
        (OWN_ROLE_ARNS.name, format!("arn:aws:iam::{ACCOUNT}:role/{NAME}")),
        (STRATEGIES.name, USUAL_STRATEGY.to_owned()),
        (DEFAULT_TIME_ZONE.name, "UTC".to_owned()),
        (TAG_CHANGES.name, "propagated".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", NAME.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", NAME.to_owned()),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", NAME.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{NAME}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", NAME.to_owned()),
        ("TZ", ":UTC".to_owned()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

#[cfg(test)]
mod tests {
    use asg_recycle_handler::contract::VARIABLES;

    use super::{Architecture, BuildRequest, EVENT, Runner, environment, is_of_the_loader};
    use crate::package::Compiler;

    #[test]
    fn a_processor_that_this_machine_does_not_run_is_told_with_what_would_run_it() {
        let request = |architecture| BuildRequest {
            architecture,
            compiler: Compiler::Auto,
            cache_folder: "unused".into(),
            keep_build: false,
            trial: true,
            environment: [("PATH".into(), "/nowhere".into())].into(),
        };
        let of_both = [Architecture::Arm64, Architecture::X86_64].map(request);
        let found: Vec<_> = of_both.iter().map(Runner::find).collect();
        let told: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()).collect();
        assert!(told.iter().all(|reason| reason.contains("qemu-user libc6-")), "{told:?}");
        let own = usize::from(cfg!(target_os = "linux"));
        assert_eq!(told.len(), 2 - own, "at most its own");
    }

    #[test]
    fn the_handler_gets_every_variable_that_it_needs() {
        let set = environment();
        for variable in VARIABLES.iter().filter(|variable| variable.required) {
            assert!(set.contains_key(variable.name), "{}", variable.name);
        }
    }

    #[test]
    fn an_older_c_library_is_this_machines_affair_and_a_panic_is_not() {
        let loader = "/x/bootstrap: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /x/bootstrap)";
        assert!(is_of_the_loader(loader));
        assert!(!is_of_the_loader("thread 'main' panicked at src/main.rs:1:1: version `GLIBC_2.34'"));
        serde_json::from_str::<serde_json::Value>(EVENT).expect("an event is JSON");
    }
}
