//! A campaign for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::replay::Replay;
use crate::problem::counted;
use crate::simulate::campaign::{Campaign, FailingRun};

/// As text; `replay` is the command of the whole.
pub fn text(campaign: &Campaign, replay: &Replay) -> String {
    let (runs, transitions) = (counted(campaign.runs, "scenario"), campaign.transitions);
    let mut text = format!("{runs}, {}, {transitions} state transitions\n", seeds(campaign));
    for (ending, count) in &campaign.endings {
        let seed = campaign.first_seeds.get(ending).copied().unwrap_or_default();
        let _ = writeln!(text, "{count:>10}  {ending}, first with seed {seed}");
    }
    if campaign.failures.is_empty() {
        text += "every invariant held in every one\n";
    }
    for failure in &campaign.failures {
        text += &failed(failure, replay);
    }
    if !campaign.failures.is_empty() {
        let _ = writeln!(text, "\n{} failed", counted(campaign.failures.len() as u64, "scenario"));
    }
    text
}

fn seeds(campaign: &Campaign) -> String {
    match campaign.runs {
        1 => format!("seed {}", campaign.seed),
        runs => format!("seeds {} to {}", campaign.seed, campaign.seed.wrapping_add(runs.saturating_sub(1))),
    }
}

fn failed(failure: &FailingRun, replay: &Replay) -> String {
    let FailingRun { seed, strategy, .. } = failure;
    let mut text = format!("\nseed {seed} with {strategy}:\n");
    for fault in &failure.faults {
        let _ = writeln!(text, "  {fault}");
    }
    for line in again(failure, replay).to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
    let scenario = serde_yaml::to_string(&failure.scenario).unwrap_or_else(|_| failure.scenario.to_string());
    let _ =
        writeln!(text, "  the smallest scenario found (`--strategy {strategy} --scenario FILE` shows it):");
    for line in scenario.lines() {
        let _ = writeln!(text, "    {line}");
    }
    for fault in &failure.faults_of_smallest {
        let _ = writeln!(text, "  there: {fault}");
    }
    text
}

/// The command that gives a failure again.
fn again(failure: &FailingRun, replay: &Replay) -> Replay {
    let seed = failure.seed.to_string();
    replay.with(["--campaign", "1", "--seed", &seed, "--strategy", &failure.strategy])
}

/// What `simulate --campaign --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CampaignReport {
    /// Of this form: 1.
    pub version: u32,
    /// The version of the generator.
    pub generator_version: String,
    /// Hash of the file that the machine was made from.
    pub configuration_sha256: String,
    /// What it found.
    #[serde(flatten)]
    pub found: Campaign,
    /// What failed, in order of seeds.
    pub failures: Vec<CampaignFailure>,
}

/// A scenario that failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CampaignFailure {
    /// What was run, and what was wrong.
    #[serde(flatten)]
    pub failing: FailingRun,
    /// The command that makes the scenario again.
    pub replay: String,
}

/// The JSON Schema of [`CampaignReport`].
pub fn json_schema() -> Value {
    schemars::schema_for!(CampaignReport).to_value()
}

/// For programs; `replay` is the command of the whole.
pub fn json(campaign: &Campaign, replay: &Replay) -> CampaignReport {
    let failure = |failure: &FailingRun| CampaignFailure {
        failing: failure.clone(),
        replay: again(failure, replay).command(),
    };
    CampaignReport {
        version: 1,
        generator_version: replay.version.to_owned(),
        configuration_sha256: replay.digest.clone(),
        found: campaign.clone(),
        failures: campaign.failures.iter().map(failure).collect(),
    }
}
