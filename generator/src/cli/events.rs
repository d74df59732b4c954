//! `events`: the embedded sample events.

use serde_json::{Value, json};

use super::context::Context;
use super::exit_code::Failure;
use super::format::Format;
use crate::samples::{self, SAMPLES, SampleValue};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the samples.
    #[command(after_help = "Example: asg-recycle events list")]
    List {
        /// How it is printed.
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
        format: Format,
    },
    /// Print a sample, ready to be sent.
    #[command(after_help = "Example: asg-recycle events show delete-tags --set group=payments-asg-1 --batch")]
    Show {
        /// The sample's name.
        name: String,
        #[command(flatten)]
        shape: Shape,
    },
}

/// How a sample is to be.
#[derive(Debug, clap::Args)]
pub(super) struct Shape {
    /// What it is about: group, other-group, instance, template, machine, role, account or region; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) settings: Vec<SampleValue>,
    /// As a batch of the queue, which is how the deployed function gets it.
    #[arg(long)]
    pub(super) batch: bool,
}

impl Shape {
    /// An event in that shape.
    pub(super) fn of(&self, event: Value) -> Value {
        if self.batch { samples::batch(&[event], "eu-west-2", "123456789012") } else { event }
    }
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let text = match &arguments.what {
        What::List { format: Format::Text } => {
            let lines: Vec<String> =
                SAMPLES.iter().map(|sample| format!("{:<27} {}\n", sample.name, sample.about)).collect();
            lines.concat()
        }
        What::List { format: Format::Json } => {
            let samples = SAMPLES.iter().map(|sample| json!({"name": sample.name, "about": sample.about}));
            format!("{:#}\n", Value::Array(samples.collect()))
        }
        What::Show { name, shape } => {
            let event = samples::event(name, &shape.settings).map_err(Failure::Input)?;
            format!("{:#}\n", shape.of(event))
        }
    };
    context.console.result(&text)
}
