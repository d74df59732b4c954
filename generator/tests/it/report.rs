//! `report`: a page of a simulated run, and of a real one against the emulated AWS; each is looked at in a browser.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::end_to_end::stage::{GROUP, Stage};
use crate::node;
use crate::operate::{begun, newest, operate};
use crate::run::{Done, Run};

/// Bytes of a page, at most, of a thousand instances too.
const BYTES_MAX: usize = 1_000_000;

/// The page that a command wrote, held to what every page is.
fn page(done: &Done) -> String {
    let html = done.read("page.html");
    assert!(html.len() < BYTES_MAX, "{} bytes", html.len());
    let links = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    for link in links {
        let id = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leads elsewhere"));
        assert!(html.contains(&format!("id=\"{id}\"")), "nothing is called {id}");
    }
    for elsewhere in ["src=", "@import", "<script", "<link"] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
    let ids: Vec<&str> =
        html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id is there twice: {ids:?}");
    html
}

/// Looks at a page in Chromium, narrow and wide, light and dark: nothing is said on the console or asked for elsewhere, nothing is
/// wider than the window, keys lead to every part and scroll it, and text can be read.
fn is_fit_for_a_browser(page: &Path) {
    // The browser unpacks itself where any test looks for it: one at a time, or one starts what another still writes.
    static BROWSER: Mutex<()> = Mutex::new(());
    let alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = node::script("browser", "look.mjs").arg(page).output().expect("node starts");
    drop(alone);
    assert!(seen.status.success(), "{}", String::from_utf8_lossy(&seen.stderr));
    let seen = String::from_utf8(seen.stdout).expect("text");
    let looks: Vec<Value> = seen.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(looks.len(), 4, "{seen}");
    for look in looks {
        assert_eq!((&look["said"], &look["pageWidth"]), (&json!([]), &look["width"]), "{look:#}");
        let focused: BTreeSet<&str> =
            look["focused"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
        for part in ["#timeline", "#machine", "Capacity over time", "Timeline", "summary"] {
            assert!(focused.contains(part), "the keyboard does not come to {part}: {look:#}");
        }
        assert_eq!(look["isScrolled"], json!(true), "{look:#}");
        assert!(look["contrast"].as_f64().is_some_and(|contrast| contrast >= 4.5), "{look:#}");
    }
}

/// The row of a figure: what it was, and what it is.
fn figure(html: &str, what: &str) -> Vec<String> {
    let row = html
        .lines()
        .find(|line| line.contains(&format!(">{what}</th>")))
        .unwrap_or_else(|| panic!("no {what}"));
    let cells = row.split("<td class=\"number\">").skip(1);
    cells.map(|cell| cell.split('<').next().unwrap_or_default().to_owned()).collect()
}

/// Whether the picture has a state that was entered, and one that was not.
fn is_lit(html: &str, state: &str) -> bool {
    let mark = format!(">{state}</text>");
    let (before, _) = html.split_once(&mark).unwrap_or_else(|| panic!("the picture has no {state}"));
    before.rfind("<g class=\"pale\">") < before.rfind("</g>\n")
}

#[test]
fn a_scenario_becomes_a_page_with_its_chart_lanes_timeline_and_path() {
    let done = Run::new(&["report", "scaling-policy-in", "--strategy", "out-in", "-o", "page.html"])
        .stdout("")
        .stderr_has("wrote page.html")
        .ok();
    let html = page(&done);
    for part in [
        "Every invariant held.",
        "recycled: 3 -&gt; 6 -&gt; 3 instances",
        "class=\"capacity\"",
        "i-00000000000000001</text>",
        "announces: recycled",
        "asg-recycle simulate stack.yaml --strategy out-in --scenario scaling-policy-in",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for what in ["minimum", "desired capacity", "maximum", "suspended processes"] {
        let [before, after] = &figure(&html, what)[..] else { panic!("{what}: two figures") };
        assert_eq!(before, after, "{what}");
    }
    assert!(
        is_lit(&html, "Take lock") && !is_lit(&html, "Refuse unknown strategy"),
        "what was entered is lit, and only that"
    );
    is_fit_for_a_browser(&done.folder.join("page.html"));
    Run::new(&["report", "no-such-thing", "--strategy", "out-in", "-o", "page.html"])
        .stderr_has("no scenario of out-in")
        .exits(2);
}

#[test]
fn a_scenario_is_named_with_its_strategy_too_and_what_is_neither_file_nor_scenario_is_told() {
    let named = "out-in/bad-image-in-a-group-of-twelve";
    let done = Run::new(&["report", named, "-o", "page.html"]).ok();
    let again = page(&done).replace("&#x2f;", "/");
    assert!(again.contains(&format!("--strategy out-in --scenario {named}")), "it says how it is run again");
    let done = Run::new(&["report", named, "-o", "-"]).stdout_has("</html>").stderr("").ok();
    assert!(!done.has("-"), "`-` is standard output");
    Run::new(&["report", named, "--strategy", "in-out", "-o", "page.html"])
        .stderr_has("no scenario of in-out")
        .exits(2);
    Run::new(&["report", "nope", "-o", "page.html", "--stack", "webops"])
        .stderr_has("`nope` is no file, and without `--strategy` no scenario but the name of a group: no region is set")
        .exits(2);
}

#[test]
fn a_file_is_a_scenario_with_its_strategy_and_what_goes_wrong_is_told() {
    let scenario = "about: launches <fail> for good\nstrategies: [in-out]\ngroup: {desired: 2, min: 2, max: 2}\n\
                    events: [{at: 1s, do: {fail_launches: {for: 10h, message: no capacity}}}]\n";
    let done = Run::new(&["report", "mine.yaml", "--output", "page.html"]).file("mine.yaml", scenario).ok();
    let html = page(&done);
    assert!(html.contains("with in-out") && html.contains("launches &lt;fail&gt; for good"), "{html}");
    assert!(html.contains("class=\"bad\""), "it failed");
}

#[test]
fn a_thousand_instances_stay_below_a_megabyte_and_fit_for_a_browser() {
    let scenario =
        "about: large\nstrategies: [instance-refresh]\ngroup: {desired: 1000, min: 1000, max: 2000}\n";
    let done = Run::new(&["report", "large.yaml", "-o", "page.html"]).file("large.yaml", scenario).ok();
    let html = page(&done);
    let lanes = html.matches("<text y=\"").count();
    assert!(lanes >= 2_000, "a lane for each that was there, {lanes}");
    // What the timeline calls an instance is what its lane is called.
    assert!(html.contains(" instances: 1001-1") && html.contains("\">i-00000000000001001</text>"));
    is_fit_for_a_browser(&done.folder.join("page.html"));
}

#[test]
fn a_real_recycle_becomes_a_page_by_its_group_and_by_its_execution() {
    let mut stage = Stage::new("out-in");
    operate(&mut stage, &["report", GROUP, "-o", "page.html"]).stderr_has("nothing ran for").exits(2);
    let replaced: Vec<String> =
        stage.emulator.group(GROUP).instances.iter().map(|one| one.id.clone()).collect();
    assert_eq!(replaced.len(), 3);
    assert_eq!(stage.recycle().status, "SUCCEEDED");
    let execution = newest(&mut stage, 1);
    let done = operate(&mut stage, &["report", GROUP, "-o", "page.html"]).stderr_has("wrote page.html").ok();
    let by_group = page(&done);
    is_fit_for_a_browser(&done.folder.join("page.html"));
    let by_execution = page(&operate(&mut stage, &["report", &execution, "-o", "page.html"]).ok());
    assert_eq!(by_group, by_execution, "the same execution");
    for old in replaced {
        assert!(by_group.contains(&format!("terminates {old} with its place")), "{old} is told of");
        assert!(
            by_group.contains(&format!("Terminating EC2 instance: {old}")),
            "{old} is told of by the group"
        );
        assert!(by_group.contains(&format!("\">{old}</text>")), "{old} has a lane");
    }
    assert!(
        by_group.contains("3 -&gt; 6 -&gt; 3 instances, never fewer than 3 in service, 3 of 3 replaced"),
        "{by_group}"
    );
    for what in ["minimum", "desired capacity", "maximum", "suspended processes"] {
        let [before, after] = &figure(&by_group, what)[..] else { panic!("{what}: two figures") };
        assert_eq!(before, after, "{what}");
    }
    assert!(is_lit(&by_group, "Take lock") && !is_lit(&by_group, "Refuse unknown strategy"));
    assert!(!by_group.contains("not in this picture"), "the picture has every state");
}

#[test]
fn a_failed_recycle_is_told_of_and_not_the_restore_after_it_that_found_nothing() {
    let mut stage = Stage::new("out-in");
    stage.emulator.order("fault_launches", json!({"kind": "target-unhealthy"}));
    assert_eq!(stage.recycle().status, "FAILED");
    let failed = newest(&mut stage, 1);
    let restore = stage.deliver_status_event();
    stage.emulator.wait(&restore);
    let by_group = page(&operate(&mut stage, &["report", GROUP, "-o", "page.html"]).ok());
    assert!(by_group.contains("rolled_back Recycle.LaunchFailed"), "{by_group}");
    assert!(!by_group.contains("nothing was left to put back"), "{by_group}");
    let by_execution = page(&operate(&mut stage, &["report", &failed, "-o", "page.html"]).ok());
    assert_eq!(by_group, by_execution, "the same execution");
}

#[test]
fn a_recycle_that_runs_is_told_so_far_and_what_is_not_the_stacks_is_refused() {
    let (mut stage, execution) = begun("in-out");
    let html = page(&operate(&mut stage, &["report", GROUP, "-o", "page.html"]).ok());
    assert!(
        html.contains(" so far") && html.contains("Each turn of in-out is an execution of its own"),
        "{html}"
    );
    assert!(html.contains(&*execution.rsplit(':').next().expect("a name").to_owned()));
    let foreign = execution.replace("webops-recycle-production", "somebody-else");
    operate(&mut stage, &["report", &foreign, "-o", "page.html"])
        .stderr_has("is no execution of the stack")
        .exits(2);
    operate(&mut stage, &["report", &format!("{execution}0"), "-o", "page.html"])
        .stderr_has("Step Functions does not know")
        .exits(2);
    let denied = json!({"action": "states:GetExecutionHistory", "code": "AccessDeniedException", "message": "no", "count": 1});
    stage.emulator.order("fault_calls", denied);
    let done = operate(&mut stage, &["report", GROUP, "-o", "page.html"])
        .stderr_has("states:GetExecutionHistory is denied: no")
        .exits(3);
    assert!(!done.has("page.html"), "nothing is written of what is not known");
    let stop = json!({"executionArn": execution, "cause": "asg-recycle abort by ann"});
    let stop = json!({"service": "stepfunctions", "call": "stop_execution", "parameters": stop});
    stage.emulator.order("aws", stop);
    let html = page(&operate(&mut stage, &["report", &execution, "-o", "page.html"]).ok());
    assert!(html.contains("asg-recycle abort by ann"), "who stopped it is told: {html}");
}

#[test]
fn an_out_in_that_runs_is_told_as_far_as_it_is() {
    let mut stage = Stage::new("out-in");
    stage.new_launch_template_version();
    operate(&mut stage, &["start", GROUP, "--yes"]).ok();
    stage.wait_for("in-service");
    let html = page(&operate(&mut stage, &["report", GROUP, "-o", "page.html"]).ok());
    assert!(html.contains(" so far"), "{html}");
    assert_eq!(figure(&html, "minimum"), ["3", "6"], "it is doubled, and not put back yet");
    for instance in stage.emulator.group(GROUP).instances {
        assert!(html.contains(&format!("\">{}</text>", instance.id)), "{} has a lane", instance.id);
    }
    assert!(is_lit(&html, "Double") && !is_lit(&html, "Verify"), "what was entered is lit, and only that");
}
