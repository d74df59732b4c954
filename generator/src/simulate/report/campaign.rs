//! A campaign for people and programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::counted;
use crate::simulate::campaign::{Campaign, Failure};

/// As text; `file` is the stack's, for the commands that replay.
pub fn text(campaign: &Campaign, file: &str) -> String {
    let (runs, transitions) = (counted(campaign.runs, "scenario"), campaign.transitions);
    let mut text = format!("{runs}, {}, {transitions} state transitions\n", seeds(campaign));
    for (ending, count) in &campaign.endings {
        let _ = writeln!(text, "{count:>10}  {ending}");
    }
    if campaign.failures.is_empty() {
        text += "every invariant held in every one\n";
    }
    for failure in &campaign.failures {
        text += &failed(failure, file);
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

fn failed(failure: &Failure, file: &str) -> String {
    let Failure { seed, strategy, .. } = failure;
    let mut text = format!("\nseed {seed} with {strategy}:\n");
    for fault in &failure.faults {
        let _ = writeln!(text, "  {fault}");
    }
    let _ = writeln!(
        text,
        "  again: asg-recycle simulate {file} --campaign 1 --seed {seed} --strategy {strategy}"
    );
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

/// As JSON.
pub fn json(campaign: &Campaign) -> Value {
    let failures = campaign.failures.iter().map(|failure| {
        json!({
            "seed": failure.seed, "strategy": failure.strategy, "faults": failure.faults,
            "scenario": failure.scenario, "faults_of_smallest": failure.faults_of_smallest,
        })
    });
    json!({
        "version": 1,
        "seed": campaign.seed,
        "runs": campaign.runs,
        "transitions": campaign.transitions,
        "endings": campaign.endings,
        "failures": failures.collect::<Vec<_>>(),
    })
}
