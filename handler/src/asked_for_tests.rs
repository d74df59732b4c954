//! What triggers ask for: which tags count, and what the input says of the event.

use serde_json::json;

use super::tests::{launch, now, opted_in, started, tagged, trigger};
use super::*;
use crate::contract::LaunchTemplateAsked;
use crate::event::LaunchAsked;
use crate::group::GroupTag;
use crate::samples;

#[test]
fn a_tag_change_counts_as_the_settings_say() {
    use TagChanges::{All, None as Never, Propagated};
    let opt_in = "autorecycle_recycle_on_asg_update";
    for (changes, mode, expected) in [
        (vec![("x", Some(true))], Propagated, true),
        (vec![("x", Some(false))], Propagated, false),
        (vec![("x", Some(false)), ("y", Some(true))], Propagated, true),
        (vec![("x", Some(false))], All, true),
        (vec![("x", Some(true))], Never, false),
        (vec![(opt_in, Some(true))], Propagated, false),
        (vec![(opt_in, Some(true)), ("x", Some(true))], Propagated, true),
        (vec![(opt_in, Some(false))], All, true),
        // What AWS services and clusters mark groups with, and what the stack leaves out.
        (vec![("AmazonECSManaged", Some(true))], Propagated, false),
        (vec![("aws:cloudformation:stack-id", Some(true))], All, false),
        (vec![("karpenter.sh/discovery", Some(true))], Propagated, false),
        (vec![("commit", Some(true))], Propagated, false),
        (vec![("build-number", Some(true))], Propagated, false),
        (vec![("commits", Some(true)), ("build-number", Some(true))], Propagated, true),
        // The call does not say: the group knows of `known`, and of no tag that was deleted.
        (vec![("known", None)], Propagated, true),
        (vec![("quiet", None)], Propagated, false),
        (vec![("deleted", None)], Propagated, false),
    ] {
        let ignored_tag_keys = vec!["commit".to_owned(), "build-*".to_owned()];
        let settings = Settings { tag_changes: mode, ignored_tag_keys, ..samples::settings() };
        let mut group = opted_in();
        group.tags.insert("known".to_owned(), GroupTag { value: String::new(), propagates: true });
        group.tags.insert("quiet".to_owned(), GroupTag { value: String::new(), propagates: false });
        let decision = decide(&tagged(&changes), Some(&group), now(), &settings);
        if expected {
            assert_eq!(started(decision).input["replace"], "outdated", "{changes:?} {mode:?}");
        } else {
            assert_eq!(decision, Decision::Skip(Skip::TagsDoNotCount), "{changes:?} {mode:?}");
        }
    }
}

#[test]
fn the_input_says_what_was_asked_for_and_when() {
    let mut deleted = tagged(&[("release", Some(true)), ("quiet", Some(false)), ("gone", Some(true))]);
    if let Cause::Tags { changes, .. } = &mut deleted.cause {
        changes[2].value = None;
    }
    let template =
        LaunchTemplateAsked { id: Some("lt-1".to_owned()), name: None, version: Some("7".to_owned()) };
    let from_template = trigger(Cause::Launch {
        group: "web-asg-1".to_owned(),
        launch: LaunchAsked { template: Some(template), configuration: None },
    });
    let moved = trigger(Cause::Template {
        group: "web-asg-1".to_owned(),
        change: TemplateChange {
            id: Some("lt-1".to_owned()),
            name: None,
            moved: MovedAlias::Latest,
            version: Some(4),
        },
    });
    let mut ahead = launch();
    ahead.source.at = Some("2026-06-01T12:00:09Z".parse().unwrap());
    let mut group = opted_in();
    let version = Some("$Latest".to_owned());
    group.templates.push(TemplateReference { id: Some("lt-1".to_owned()), name: None, version });
    for (trigger, expected) in [
        (deleted, json!({"at": "2026-06-01T11:59:57.000Z", "tags": {"release": "2", "gone": null}})),
        (
            from_template,
            json!({"at": "2026-06-01T11:59:57.000Z", "launch_template": {"id": "lt-1", "version": "7"}}),
        ),
        (
            moved,
            json!({
                "at": "2026-06-01T11:59:57.000Z",
                "template_version": {"id": "lt-1", "alias": "$Latest", "version": 4},
            }),
        ),
        (ahead, json!({"at": "2026-06-01T12:00:00.000Z"})),
    ] {
        let request = started(decide(&trigger, Some(&group), now(), &samples::settings()));
        assert_eq!(request.input["asked_for"], expected);
        assert_eq!(request.input["replace"], "outdated");
    }
}

#[test]
fn a_tag_change_that_cannot_count_needs_no_look_at_the_group() {
    let settings = samples::settings();
    assert_eq!(screen(&tagged(&[("x", Some(false))]), &settings), Some(Skip::TagsDoNotCount));
    assert_eq!(screen(&tagged(&[("x", Some(true))]), &settings), None);
    assert_eq!(screen(&tagged(&[("x", None)]), &settings), None);
}
