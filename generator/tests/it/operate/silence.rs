//! An endpoint that takes connections and never answers: whoever waits for it learns of that within half a minute, of every command.

use std::collections::BTreeSet;
use std::net::TcpListener;

use super::printed::about_a_stack;
use crate::end_to_end::stage::GROUP;
use crate::run::Run;

/// Every command that asks AWS, as somebody writes it.
const COMMANDS: &[&str] = &[
    "status",
    "status search-asg-1",
    "status --regions eu-west-2,eu-west-1",
    "watch search-asg-1",
    "plan search-asg-1",
    "start search-asg-1 --yes",
    "start search-asg-1 --dry-run --wait",
    "wait search-asg-1",
    "abort search-asg-1 --yes",
    "restore search-asg-1 --yes",
    "pause search-asg-1 --why x --yes",
    "pause --all --why x --yes",
    "resume search-asg-1 --yes",
    "history",
    "history search-asg-1 --who",
    "dlq list",
    "dlq show 1",
    "dlq redrive --yes",
    "doctor",
    "report search-asg-1 -o page.html",
    "simulate --group search-asg-1",
    "bootstrap-state --bucket states --yes",
];

/// A run against an address at which nobody answers.
fn asking(address: &str, words: &str) -> Run {
    let words: Vec<&str> = words.split(' ').collect();
    Run::new(&words)
        .env("AWS_ACCESS_KEY_ID", "operator")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-the-night")
        .env("AWS_REGION", "eu-west-2")
        .env("AWS_ENDPOINT_URL", address)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ASG_RECYCLE_STACK", "webops-recycle-production")
}

/// How often somebody has come to be asked, of whom nobody was answered.
fn asked(silent: &TcpListener) -> usize {
    silent.set_nonblocking(true).expect("a listener that does not wait");
    silent.incoming().take_while(Result::is_ok).count()
}

/// The time follows from how often it is waited, and for how long each time, which is told: 20 s and 8 s.
#[test]
fn a_silent_endpoint_is_told_within_half_a_minute_by_every_command() {
    let under_way: Vec<_> = COMMANDS
        .iter()
        .map(|words| {
            let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = format!("http://{}", silent.local_addr().expect("an address"));
            let run = asking(&address, words)
                .stderr_has("note: AWS does not answer sts:GetCallerIdentity (no answer came within 20 s); asking again in 0.4 s")
                .stderr_has(&format!("cannot reach {address} for sts:GetCallerIdentity: no answer came within 8 s"))
                .stderr_lacks("secret-of-the-night");
            (words, silent, run.begin())
        })
        .collect();
    for (words, silent, command) in under_way {
        command.exits(3);
        // Of two regions the second is asked once more.
        let waits = if words.contains("--regions") { 3 } else { 2 };
        assert_eq!(asked(&silent), waits, "`{words}`");
    }
}

/// It took twelve seconds.
#[test]
fn a_port_that_refuses_is_told_within_seconds() {
    let refusing = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", refusing.local_addr().expect("an address"));
    drop(refusing);
    asking(&address, "status")
        .stderr_has("asking again in 1.6 s")
        .stderr_lacks("asking again in 3.2 s")
        .stderr_has(&format!("cannot reach {address} for sts:GetCallerIdentity"))
        .exits(3);
    asking("", &format!("status --endpoint-url {address}")).stderr_lacks("asking again").exits(3);
}

/// Nothing is asked again of a region that AWS does not have, and nothing at all of what cannot be the name of one: in the name of a host
/// it could be anybody's.
#[test]
fn a_region_that_there_is_not_is_told_at_once_by_every_command() {
    let nowhere = |words: &str, region: &str| {
        let run = asking("", words).env("AWS_REGION", "eu-west-2").stderr_lacks("asking again");
        if words.contains("--regions") { run } else { run.env("AWS_REGION", region) }
    };
    for words in COMMANDS.iter().filter(|words| !words.contains("--regions")) {
        nowhere(words, "eu-wset-2")
            .stderr_has("AWS had no region `eu-wset-2` on ")
            .stderr_has("and no host `sts.eu-wset-2.amazonaws.com` is found; did you mean `eu-west-2`?")
            .exits(2);
        nowhere(words, "EU-WEST-2")
            .stderr_has("`EU-WEST-2` cannot be the name of a region; did you mean `eu-west-2`?")
            .exits(2);
    }
    for words in ["status --region example.com/", "status --regions 1.example.com#,.example.com/?"] {
        nowhere(words, "").stderr_has("cannot be the name of a region\n").exits(2);
    }
    nowhere("status --region=", "").stderr_has("no region is set").exits(2);
    asking("", "operator-policy --region eu-wset-2")
        .stdout_has("arn:aws:sqs:eu-wset-2:")
        .stderr_has("note: AWS had no region `eu-wset-2` on ")
        .stderr_has("; did you mean `eu-west-2`?")
        .ok();
}

/// So that the list above stays whole.
#[test]
fn every_command_about_a_stack_is_tried_against_silence() {
    let tried: BTreeSet<&str> =
        COMMANDS.iter().map(|words| words.split(" search-asg-1").next().expect("one")).collect();
    for (command, _) in about_a_stack() {
        let is_tried = tried.iter().any(|words| words.starts_with(&*command));
        // It asks nobody.
        assert!(
            is_tried || command == "operator-policy",
            "`{command}` is not tried against an endpoint that is silent"
        );
    }
    assert!(COMMANDS.iter().any(|words| words.contains(GROUP)));
}

/// It is what was written, and nothing that comes back by itself: it is not asked again, and told as bad input.
#[test]
fn what_is_no_url_is_not_taken_for_an_endpoint_that_is_away() {
    for words in ["status", "doctor", "bootstrap-state --bucket states --yes"] {
        asking("http://my host:4566", words)
            .stderr_has("`http://my host:4566` cannot be where services are: ")
            .stderr_has("; write a URL, such as `http://localhost:4566`")
            .stderr_lacks("asking again")
            .exits(2);
    }
    let flagged = "status --endpoint-url localhost:x";
    asking("", flagged).stderr_has("`localhost:x` cannot be where services are: ").exits(2);
}
