//! Every sample against the modelled world that is there without a scenario: it comes to what `events list` says of it.

use serde_json::Value;

use super::{Local, handler};
use crate::run::Run;

const GROUP: &str = "webops-asg-1";
const OTHER: &str = "webops-asg-2";

/// The groups that a sample that starts a recycle is about, in the order of the answer. `None` where it says that it starts nothing, or restores.
fn recycled(name: &str) -> &'static [&'static str] {
    match name {
        "create-tags-two-groups" => &[GROUP, OTHER],
        "modify-template-default" => &[OTHER],
        _ => &[GROUP],
    }
}

#[test]
fn every_sample_does_what_is_said_of_it() {
    let local = Local::start(handler(), "", &["--offline"]);
    let list = Run::new(&["events", "list"]).ok().stdout;
    let samples: Vec<(&str, &str)> = list.lines().filter_map(|line| line.split_once("  ")).collect();
    assert!(samples.len() > 10, "{list}");
    for (name, about) in samples {
        let report = local.client(&["--sample", name, "--format", "json"]).ok().stdout;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let decisions = report["answer"]["decisions"].as_array().cloned().unwrap_or_default();
        let of = |key: &str| decisions.iter().filter_map(|one| one[key].as_str()).collect::<Vec<_>>();
        let executions = report["executions"].as_array().map_or(0, Vec::len);
        if about.ends_with("starts nothing") {
            assert!(of("decision").iter().all(|one| *one == "skip"), "{name}: {report}");
            assert_eq!(executions, 0, "{name}: {report}");
        } else if about.contains("an execution of the stack's state machine") {
            assert_eq!((of("decision"), executions), (vec!["start"], 1), "{name}: {report}");
            assert!(of("reason").iter().all(|reason| reason.starts_with("restore ")), "{name}: {report}");
        } else {
            let expected = recycled(name);
            assert_eq!(of("decision"), vec!["start"; expected.len()], "{name}: {report}");
            assert_eq!(of("group"), expected, "{name}: {report}");
            assert!(of("reason").iter().all(|reason| reason.starts_with("recycle ")), "{name}: {report}");
            assert_eq!(executions, expected.len(), "{name}: {report}");
        }
    }
}
