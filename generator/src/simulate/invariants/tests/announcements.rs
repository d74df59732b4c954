//! Announcements that come in pairs, and those that do not.

use super::*;

const RESTORE: &str = "arn:aws:states:eu-west-2:123456789012:execution:recycle:restore";

const OTHER: &str = "arn:aws:states:eu-west-2:123456789012:execution:recycle:other";

/// What is done: noting a start beside the lock, announcing a status by somebody, dying, and being redriven.
enum Deed {
    Note,
    Tell(&'static str, &'static str),
    Die,
    Redrive,
}

fn found(deeds: &[Deed]) -> Vec<String> {
    let mut fixture = CheckerFixture::started(Promise::KeepsServing, |group| group.current_instances = 3, "");
    fixture.start_as(Mode::Restore, RESTORE, Replace::Outdated, Allowed::Always);
    for deed in deeds {
        match deed {
            Deed::Note => {
                let update = json!({
                    "TableName": "recycles", "Key": {"auto_scaling_group_name": {"S": GROUP}},
                    "UpdateExpression": "SET started = :me", "ExpressionAttributeValues": {":me": {"S": ONE}},
                });
                fixture.call_by(ONE, "dynamodb", "updateItem", &update);
            }
            Deed::Tell(by, status) => fixture.tell(by, status),
            Deed::Die => fixture.end(ONE, ExecutionStatus::Aborted, None, None),
            Deed::Redrive => fixture.checker.execution_redriven(&fixture.world, ONE),
        }
    }
    let violations = fixture.violated();
    violations.iter().map(|one| format!("{}: {}", one.invariant.name(), one.detail)).collect()
}

#[test]
fn a_start_without_an_end_and_an_end_that_is_told_twice_are_found() {
    use Deed::{Die, Note, Redrive, Tell};
    let good: [&[Deed]; 7] = [
        &[Note, Tell(ONE, "started"), Tell(ONE, "recycled")],
        &[Tell(ONE, "failed")],
        &[Note, Tell(ONE, "started"), Die, Tell(RESTORE, "restored")],
        // Whether the first was sent before it died, nobody knows.
        &[Note, Tell(ONE, "started"), Tell(ONE, "recycled"), Die, Tell(RESTORE, "recycled")],
        &[Note, Die, Tell(RESTORE, "restored")],
        &[Note, Tell(ONE, "started"), Tell(ONE, "failed"), Tell(RESTORE, "restored")],
        // One that is redriven says nothing more: who took its lock over ends what it had started.
        &[Note, Tell(ONE, "started"), Redrive, Tell(OTHER, "skipped")],
    ];
    for deeds in good {
        assert_eq!(found(deeds), Vec::<String>::new());
    }
    let bad: [(&[Deed], &str); 4] = [
        (&[Note, Tell(ONE, "started")], "has no end"),
        (&[Note, Tell(ONE, "started"), Die], "has no end"),
        (&[Note, Tell(ONE, "started"), Note, Tell(ONE, "started"), Tell(ONE, "recycled")], "had an end"),
        (
            &[Note, Tell(ONE, "started"), Tell(ONE, "recycled"), Die, Tell(RESTORE, "restored")],
            "had announced recycled",
        ),
    ];
    for (deeds, expected) in bad {
        let found = found(deeds);
        assert!(matches!(&found[..], [one] if one.contains(expected)), "{expected}: {found:?}");
    }
}
