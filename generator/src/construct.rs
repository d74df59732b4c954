//! The stack as a value: what the command line does, for programs that want the files themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::asl::{self, Machine};
use crate::config::Config;
use crate::problem::Problems;
use crate::render::{self, Files, OutputFormat, View};
use crate::stack::{PackageDigest, Stack};

/// The complete stack that recycles Auto Scaling groups, ready to be rendered. Pure: no file is read or written.
///
/// ```
/// use asg_recycle::{AsgRecycle, Terraform, config};
///
/// let config = config::parse(b"name: webops\n").expect("the file has no fault");
/// let files = AsgRecycle::from_config(config).expect("the names fit").synth(&Terraform);
/// assert!(files.contains_key("terraform/versions.tf"));
/// ```
#[derive(Debug, Clone)]
pub struct AsgRecycle {
    config: Config,
    machine: Machine,
    /// API calls of a former version, whose executions may still run.
    former_calls: BTreeSet<String>,
    /// Whether the function of a former version was in a VPC, whose interfaces Lambda still has to remove.
    keeps_network: bool,
    former_notifier: Option<String>,
    stack: Stack,
}

impl AsgRecycle {
    /// Builds the state machine and every resource. The zip's hash stays open: see [`Self::with_package`].
    pub fn from_config(config: Config) -> Result<Self, Problems> {
        config.check()?;
        let machine = asl::build(&config)?;
        let stack = Stack::new(&config, &machine, None)?;
        Ok(Self {
            config,
            machine,
            former_calls: BTreeSet::new(),
            keeps_network: false,
            former_notifier: None,
            stack,
        })
    }

    /// The same stack, deployed over one whose state machine makes these calls: executions of it that still run get the new
    /// role, which allows them too. Set it before the package.
    pub fn upgrading(self, former_calls: BTreeSet<String>) -> Result<Self, Problems> {
        if former_calls == self.former_calls {
            return Ok(self);
        }
        let this = Self { former_calls, ..self };
        let stack = this.described(None)?;
        Ok(Self { stack, ..this })
    }

    /// The same stack, deployed over one whose function is in a VPC that it leaves: its role still lets Lambda remove the network
    /// interfaces. Set it before the package.
    #[must_use]
    pub fn keeping_network(self) -> Self {
        Self { keeps_network: true, stack: self.stack.keeping_network(), ..self }
    }

    /// The same stack, deployed over one that had this notifier: executions of it that still run may go on telling that. Set it before
    /// the package.
    #[must_use]
    pub fn keeping_notifier(self, arn: &str) -> Self {
        Self { former_notifier: Some(arn.to_owned()), stack: self.stack.keeping_notifier(arn), ..self }
    }

    fn described(&self, package: Option<&PackageDigest>) -> Result<Stack, Problems> {
        let mut machine = self.machine.clone();
        machine.api_calls.extend(self.former_calls.iter().cloned());
        let stack = Stack::new(&self.config, &machine, package)?;
        let stack = if self.keeps_network { stack.keeping_network() } else { stack };
        Ok(match &self.former_notifier {
            Some(arn) => stack.keeping_notifier(arn),
            None => stack,
        })
    }

    /// The same stack, deploying this handler zip.
    pub fn with_package(self, package: &PackageDigest) -> Result<Self, Problems> {
        let stack = self.described(Some(package))?;
        Ok(Self { stack, ..self })
    }

    /// The same stack under a version of its own, deploying this handler zip from a bucket.
    pub fn published(self, package: &PackageDigest, bucket: &str, version: &str) -> Result<Self, Problems> {
        let stack = self.described(Some(package))?;
        Ok(Self { stack: stack.published(package, bucket, version), ..self })
    }

    /// What it was built from.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Every resource of the stack.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The state machine: its definition and the API calls that it makes.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Where each state of a configuration's machine stands in the templates, `templates/FILE:LINE`. It takes as long as the
    /// machine does.
    pub fn origins(config: &Config) -> BTreeMap<String, String> {
        asl::origins(config)
    }

    /// The files of one format, by path under the output folder.
    pub fn synth(&self, format: &dyn OutputFormat) -> Files {
        format.render(&self.stack)
    }

    /// The files of these formats, and those that come with any: the state machine and the README.
    pub fn synth_all(&self, formats: &[&dyn OutputFormat]) -> Files {
        let view = View::of(&self.stack);
        formats.iter().flat_map(|format| format.files(&view)).chain(render::shared(&view)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::AsgRecycle;
    use crate::config::Config;
    use crate::render::{self, FORMATS, View};
    use crate::stack::PackageDigest;

    #[test]
    fn executions_of_the_former_version_may_go_on_with_the_new_role() {
        let config = Config::with_defaults("x".parse().unwrap());
        let stack = AsgRecycle::from_config(config).unwrap();
        let may = |stack: &AsgRecycle| format!("{:?}", stack.stack().iam.machine.policy);
        assert!(!may(&stack).contains("autoscaling:EnterStandby"));
        let former = BTreeSet::from(["autoscaling:EnterStandby".to_owned()]);
        let package = PackageDigest::of(b"zip");
        let upgraded = stack.upgrading(former).unwrap().with_package(&package).unwrap();
        assert!(may(&upgraded).contains("autoscaling:EnterStandby"));
        assert!(!upgraded.machine().api_calls.contains("autoscaling:EnterStandby"));
    }

    #[test]
    fn lambda_may_still_remove_the_interfaces_of_a_function_that_leaves_its_vpc() {
        let stack = AsgRecycle::from_config(Config::with_defaults("x".parse().unwrap())).unwrap();
        let attaching = |stack: &AsgRecycle| {
            let statements = &stack.stack().iam.handler.policy.document.statements;
            statements
                .iter()
                .filter(|one| one.actions.iter().any(|action| action == "ec2:DeleteNetworkInterface"))
                .count()
        };
        assert_eq!(attaching(&stack), 0);
        let kept =
            stack.keeping_network().keeping_network().upgrading(BTreeSet::from(["sns:Publish".to_owned()]));
        let kept = kept.unwrap().with_package(&PackageDigest::of(b"zip")).unwrap();
        assert_eq!(attaching(&kept), 2, "what allows Lambda and what forbids the function's code, each once");
    }

    #[test]
    fn formats_do_not_share_a_path_and_all_come_with_the_machine() {
        let package = PackageDigest::of(b"zip");
        let config = Config::with_defaults("x".parse().unwrap());
        let stack = AsgRecycle::from_config(config).unwrap().with_package(&package).unwrap();
        let alone: usize = FORMATS.iter().map(|format| stack.synth(*format).len()).sum();
        let all = stack.synth_all(FORMATS);
        assert_eq!(all.len(), alone + render::shared(&View::of(stack.stack())).len());
        assert_eq!(all["state_machine.asl.json"], stack.stack().machine.readable().as_bytes());
    }

    #[test]
    fn what_is_deployed_over_another_notifier_may_call_that_in_every_format() {
        let former = "arn:aws:lambda:eu-west-2:123456789012:function:former";
        for notifier in [
            "",
            "notifications: {notifier_function_arn: 'arn:aws:lambda:eu-west-2:123456789012:function:f'}\n",
        ] {
            let config = crate::config::parse(format!("name: demo\n{notifier}").as_bytes()).unwrap();
            let stack = AsgRecycle::from_config(config).unwrap();
            let package = PackageDigest::of(b"a zip");
            for (kept, stack) in [
                (false, stack.clone()),
                (true, stack.keeping_notifier(former).with_package(&package).unwrap()),
            ] {
                for format in crate::render::FORMATS {
                    let files = format.render(stack.stack());
                    let texts = files.values().map(|text| String::from_utf8_lossy(text));
                    let granted =
                        texts.map(|text| text.matches(&format!("{former}:*")).count()).sum::<usize>();
                    // Where the parameter is given, and where it is not.
                    assert_eq!(granted, if kept { 2 } else { 0 }, "{}", format.description().title);
                }
                let statement = &stack.stack().iam.notifier.document.statements[0];
                assert_eq!(statement.kept.is_empty(), !kept);
            }
        }
    }
}
