//! What is asked of load balancers about a group's instances.

use serde_json::json;

use super::load_balancers::{LoadBalancer, LoadBalancerKind, TargetFact};
use crate::aws::AwsError;
use crate::operate::answers::SeenGroup;
use crate::operate::answers::group::{InstanceHealthAnswer, LatticeTargetsPage, TargetHealthAnswer};
use crate::operate::fleet::reads::token;
use crate::operate::session::StackSession;
use crate::operate::session::operation::{
    DESCRIBE_INSTANCE_HEALTH, DESCRIBE_TARGET_HEALTH, LIST_LATTICE_TARGETS,
};

/// Load balancers that are asked at most.
const LOAD_BALANCERS_MAX: usize = 10;
/// Targets that one page holds, as VPC Lattice has it, and pages that are read at most.
const TARGETS_PER_PAGE: &str = "100";
const TARGET_PAGES_MAX: usize = 20;

/// How a group's instances are to its load balancers, and why some could not be asked: what is not known of an instance's health
/// must not hide what is known of the group.
pub(in crate::operate) fn targets(
    session: &StackSession,
    group: &SeenGroup,
) -> Result<(Vec<TargetFact>, Vec<String>), AwsError> {
    let (mut facts, mut unasked) = (Vec::new(), Vec::new());
    let balancers = LoadBalancer::of(group);
    let mut done = 0;
    for balancer in balancers.iter().take(LOAD_BALANCERS_MAX) {
        done += 1;
        match asked(session, balancer) {
            Ok(told) => facts.extend(told),
            Err(error) if is_gone(&error) => unasked.push(format!("{} is gone", balancer.name())),
            Err(error @ AwsError::NotAccepted { .. }) => return Err(error),
            Err(error) => {
                let is_throttled = matches!(error, AwsError::Throttled { .. });
                let text = error.to_string();
                if !unasked.contains(&text) {
                    unasked.push(text);
                }
                if is_throttled {
                    break; // so would be what comes after it
                }
            }
        }
    }
    let left: Vec<&str> = balancers.iter().skip(done).map(LoadBalancer::name).collect();
    if !left.is_empty() {
        unasked.push(format!("not asked: {}", left.join(", ")));
    }
    Ok((facts, unasked))
}

/// Whether a load balancer is no more (fact G1).
fn is_gone(error: &AwsError) -> bool {
    ["TargetGroupNotFound", "LoadBalancerNotFound", "ResourceNotFoundException"]
        .iter()
        .any(|code| error.is(code))
}

fn asked(session: &StackSession, balancer: &LoadBalancer) -> Result<Vec<TargetFact>, AwsError> {
    Ok(match balancer.kind {
        LoadBalancerKind::TargetGroup => {
            let answer: TargetHealthAnswer =
                session.ask(&DESCRIBE_TARGET_HEALTH, &json!({"TargetGroupArn": balancer.id}))?;
            answer.target_health_descriptions.list.into_iter().map(|one| balancer.of_target(one)).collect()
        }
        LoadBalancerKind::Classic => {
            let answer: InstanceHealthAnswer =
                session.ask(&DESCRIBE_INSTANCE_HEALTH, &json!({"LoadBalancerName": balancer.id}))?;
            answer.instance_states.list.into_iter().map(|one| balancer.of_classic(one)).collect()
        }
        LoadBalancerKind::VpcLattice => {
            let first = json!({"targetGroupIdentifier": balancer.name(), "maxResults": TARGETS_PER_PAGE});
            let targets = session.list(
                &LIST_LATTICE_TARGETS,
                first,
                TARGET_PAGES_MAX,
                |page: LatticeTargetsPage| (page.items, token("nextToken", page.next_token)),
            )?;
            targets.into_iter().map(|one| balancer.of_lattice(one)).collect()
        }
    })
}
