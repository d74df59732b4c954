//! Arguments, files, colours and exit codes; the only module that prints.

mod console;
mod context;
pub mod exit_code;
mod input;
mod formats;
mod init;
mod validate;
mod generate;
mod building;
mod package;
mod build;
mod cache;
mod publish;
mod bootstrap_state;
mod report;
mod gone;
mod graph;
mod explain;
mod scenario;
mod scenario_file;
mod simulate;
mod events;
mod invoke;
mod changes;
mod function;
mod local;
mod tags;
mod format;
mod telling;
mod operator;
mod acting;
mod executions;
mod start;
mod restore;
mod abort;
mod wait;
mod live;
mod watch;
mod writing;
mod history;
mod plan;
mod pause;
mod dlq;
mod doctor;
mod operator_policy;
mod status;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use console::{Color, Console};
use context::Context;
use exit_code::Failure;

use crate::aws::Patience;
use crate::package::ProcessEnvironment;

/// Turns one stack.yaml into everything that recycles the instances of Auto Scaling groups by themselves.
#[derive(Debug, Parser)]
#[command(name = "asg-recycle", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Example: asg-recycle build stack.yaml --out out\n\n\
    Exit codes: 0 done; 1 findings, such as drift; 2 bad usage or input; 3 the world failed (cargo, disk, network).")]
struct Cli {
    /// When to use colours: auto, always or never.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented stack.yaml to start from.
    #[command(after_help = "Example: asg-recycle init infrastructure/recycle")]
    Init(init::Arguments),
    /// Report every fault of a stack.yaml, each with its place, reason and fix.
    #[command(after_help = "Example: asg-recycle validate stack.yaml --format json")]
    Validate(validate::Arguments),
    /// Write the stack's files, without compiling the handler.
    #[command(after_help = "Example: asg-recycle generate stack.yaml --out out --check")]
    Generate(generate::Arguments),
    /// Compile the handler and write its Lambda zip.
    #[command(after_help = "Example: asg-recycle package stack.yaml --out out")]
    Package(package::Arguments),
    /// Write everything: the stack's files and the handler's zip.
    #[command(after_help = "Example: asg-recycle build stack.yaml --out out")]
    Build(build::Arguments),
    /// Put the handler's zip, and the template that deploys it, into a bucket.
    #[command(after_help = "Example: asg-recycle publish stack.yaml --bucket artefacts --as 1.4.0 --dry-run")]
    Publish(Box<publish::Arguments>),
    /// Make the bucket that holds Terraform's state, or complete it.
    #[command(after_help = "Example: asg-recycle bootstrap-state --region eu-west-2 --dry-run\n\n\
            Run twice, it changes nothing. What is there already is completed, never weakened: a bucket that is encrypted with a key of yours stays so, and \
            a policy is added to, not written over.")]
    BootstrapState(bootstrap_state::Arguments),
    /// See what was compiled before, and be rid of it.
    #[command(after_help = "Example: asg-recycle cache purge --older-than 30d")]
    Cache(cache::Arguments),
    /// Draw the state machine that would be deployed.
    #[command(
        after_help = "Example: asg-recycle graph stack.yaml --strategy out-in --format svg -o machine.svg"
    )]
    Graph(graph::Arguments),
    /// Tell why something that would be deployed is there.
    #[command(after_help = "Example: asg-recycle explain stack.yaml autoscaling:UpdateAutoScalingGroup\n\n\
            Example: asg-recycle explain stack.yaml recycles_failed\n\n\
            Example: asg-recycle explain stack.yaml \"Describe group\"")]
    Explain(explain::Arguments),
    /// Run the state machine that would be deployed against a modelled group.
    #[command(
        after_help = "Example: asg-recycle simulate stack.yaml --strategy in-out --instances 5 --fault new-instance-dies\n\n\
            Exit code 0 means that every execution ended well and every invariant held."
    )]
    Simulate(Box<simulate::Arguments>),
    /// Run the handler on this machine, under Lambda's Runtime API.
    #[command(
        after_help = "Example: asg-recycle local stack.yaml --offline --sample update-launch-template\n\n\
            Events go to POST /2015-03-31/functions/function/invocations: with `asg-recycle invoke`, curl, or \
            `aws lambda invoke --endpoint-url`."
    )]
    Local(Box<local::Arguments>),
    /// Send an event to the handler that `local` runs, and show its decision.
    #[command(
        after_help = "Example: asg-recycle invoke --sample update-launch-template --set group=web-asg-1\n\n\
            Exit code 1 means that the function answered with an error."
    )]
    Invoke(invoke::Arguments),
    /// Show sample events for every trigger.
    #[command(after_help = "Example: asg-recycle events show update-launch-template")]
    Events(events::Arguments),
    /// Print the tags that opt a group in.
    #[command(after_help = "Example: asg-recycle tags stack.yaml --strategy out-in --set team=payments")]
    Tags(tags::Arguments),
    /// Show what is outdated and what is happening, for a fleet or one group.
    #[command(
        after_help = "Example: asg-recycle status --stack webops-production --state outdated --max-age 7d\n\n\
            Exit code 1 means that something has been outdated for longer than --max-age."
    )]
    Status(Box<status::Arguments>),
    /// Start a recycle by hand, by the handler's own decision.
    #[command(
        after_help = "Example: asg-recycle start web-asg-1 --stack webops-production --replace all --wait\n\n\
            With --wait, exit code 1 means that it did not end well, or not in time."
    )]
    Start(Box<start::Arguments>),
    /// Stop a recycle, and follow the restore that puts back what it changed.
    #[command(after_help = "Example: asg-recycle abort web-asg-1 --stack webops-production\n\n\
            Exit code 1 means that the restore did not end well, or not in time.")]
    Abort(Box<restore::Arguments>),
    /// Put back what a dead execution left changed, from its journal.
    #[command(after_help = "Example: asg-recycle restore web-asg-1 --stack webops-production\n\n\
            Exit code 1 means that it did not end well, or not in time.")]
    Restore(Box<restore::Arguments>),
    /// Block until nothing runs for a group.
    #[command(after_help = "Example: asg-recycle wait web-asg-1 --stack webops-production --timeout 2h\n\n\
            Exit code 1 means that the last recycle did not end well, or that the time is up.")]
    Wait(Box<wait::Arguments>),
    /// Watch a group until nothing runs for it.
    #[command(after_help = "Example: asg-recycle watch web-asg-1 --stack webops-production\n\n\
            On a terminal one screen is drawn again and again; elsewhere a line is printed for each change. Exit codes are those of \
            `wait`.")]
    Watch(Box<wait::Arguments>),
    /// Show what ran in the last 90 days, why, and how it ended.
    #[command(after_help = "Example: asg-recycle history web-asg-1 --stack webops-production --limit 50")]
    History(Box<history::Arguments>),
    /// Write one page of a real or a simulated run, for a browser.
    #[command(after_help = "Example: asg-recycle report web-asg-1 --stack webops-production -o web.html\n\n\
            Example: asg-recycle report scaling-policy-in --strategy out-in -o run.html")]
    Report(Box<report::Arguments>),
    /// Tell what a recycle would do to a group now, and how it would go.
    #[command(
        after_help = "Example: asg-recycle plan web-asg-1 --stack webops-production --write-scenario web.yaml"
    )]
    Plan(Box<plan::Arguments>),
    /// Keep a group, or every group, from being changed for a time.
    #[command(
        after_help = "Example: asg-recycle pause web-asg-1 --stack webops-production --why 'incident 42' --for 2h"
    )]
    Pause(Box<pause::Arguments>),
    /// End the pause of a group, or of every group.
    #[command(after_help = "Example: asg-recycle resume web-asg-1 --stack webops-production")]
    Resume(Box<pause::Which>),
    /// See what could not be delivered or handled, and put it back into the queue.
    #[command(after_help = "Example: asg-recycle dlq list --stack webops-production\n\n\
            Exit code 1 means that `list` found something, or that `redrive` left something.")]
    Dlq(Box<dlq::Arguments>),
    /// Look whether a deployed stack can do its work, and tell what mends what is found.
    #[command(after_help = "Example: asg-recycle doctor --stack webops-production\n\n\
            Exit code 1 means that something was found, 3 that nothing was and some checks could not be made.")]
    Doctor(Box<doctor::Arguments>),
    /// Print the least IAM policy for whoever operates a deployed stack.
    #[command(
        after_help = "Example: asg-recycle operator-policy --stack webops-production --region eu-west-2 --act"
    )]
    OperatorPolicy(operator_policy::Arguments),
    /// Print the JSON Schema of stack.yaml, for editors; or that of scenarios.
    #[command(after_help = "Example: asg-recycle schema > stack.schema.json")]
    Schema {
        /// Of a scenario instead.
        #[arg(long)]
        scenario: bool,
    },
    /// Print a shell's completion script.
    #[command(
        after_help = "Example: asg-recycle completions bash > ~/.local/share/bash-completion/completions/asg-recycle"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let environment: ProcessEnvironment = std::env::vars_os().collect();
    let words: Vec<String> = std::env::args_os().map(|each| each.to_string_lossy().into_owned()).collect();
    let console = Console::standard(Color::scan(&words), &environment);
    let mut context = Context { console, environment, patience: Patience::default() };
    let arguments = match Cli::command().try_get_matches_from(std::env::args_os()) {
        Ok(matches) => Cli::from_arg_matches(&matches),
        Err(error) => return usage(&error, &mut context.console),
    };
    let outcome = match arguments {
        Ok(cli) => run(&cli.command, &mut context),
        Err(error) => return usage(&error, &mut context.console),
    };
    match outcome {
        Ok(()) => ExitCode::from(exit_code::DONE),
        Err(failure) => {
            context.console.failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(command: &Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, context),
        Command::Validate(arguments) => validate::run(arguments, context),
        Command::Generate(arguments) => generate::run(arguments, context),
        Command::Package(arguments) => package::run(arguments, context),
        Command::Build(arguments) => build::run(arguments, context),
        Command::Publish(arguments) => publish::run(arguments, context),
        Command::BootstrapState(arguments) => bootstrap_state::run(arguments, context),
        Command::Cache(arguments) => cache::run(arguments, context),
        Command::Graph(arguments) => graph::run(arguments, context),
        Command::Explain(arguments) => explain::run(arguments, context),
        Command::Simulate(arguments) => simulate::run(arguments, context),
        Command::Local(arguments) => local::run(arguments, context),
        Command::Invoke(arguments) => invoke::run(arguments, context),
        Command::Events(arguments) => events::run(arguments, context),
        Command::Tags(arguments) => tags::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Start(arguments) => start::run(arguments, context),
        Command::Abort(arguments) => abort::run(arguments, context),
        Command::Restore(arguments) => restore::run(arguments, context),
        Command::Wait(arguments) => wait::run(arguments, context),
        Command::Watch(arguments) => watch::run(arguments, context),
        Command::History(arguments) => history::run(arguments, context),
        Command::Report(arguments) => report::run(arguments, context),
        Command::Plan(arguments) => plan::run(arguments, context),
        Command::Pause(arguments) => pause::run(arguments, context),
        Command::Resume(arguments) => pause::resume(arguments, context),
        Command::Dlq(arguments) => dlq::run(arguments, context),
        Command::Doctor(arguments) => doctor::run(arguments, context),
        Command::OperatorPolicy(arguments) => operator_policy::run(arguments, context),
        Command::Schema { scenario: false } => context.console.result(&init::schema_text()),
        Command::Schema { scenario: true } => {
            context.console.result(&format!("{:#}\n", crate::simulate::scenario::json_schema()))
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "asg-recycle", &mut script);
            context.console.result(&String::from_utf8_lossy(&script))
        }
    }
}

/// Prints what the argument parser has to say: help and version are results, the rest is a fault.
fn usage(error: &clap::Error, console: &mut Console) -> ExitCode {
    let text = |colours: bool| {
        let text = error.render();
        if colours { text.ansi().to_string() } else { text.to_string() }
    };
    if error.use_stderr() {
        console.note(&text(console.colours_notes));
        return ExitCode::from(exit_code::INPUT);
    }
    match console.result(&text(console.colours_results)) {
        Ok(()) => ExitCode::from(exit_code::DONE),
        Err(failure) => failure.exit_code(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
