//! In which order the instances leave that a recycle replaces, as the machine takes them where the group stays as it is and no recycle
//! before was stopped or failed. Pure.

use std::collections::BTreeMap;

use crate::operate::answers::{SeenGroup, SeenInstance};
use crate::strategy::LeavingOrder;

/// The order in words.
pub fn in_words(order: Option<LeavingOrder>) -> &'static str {
    match order {
        Some(LeavingOrder::ZonesInTurn) => "one of each Availability Zone in turn, five at a time",
        Some(LeavingOrder::EmptiestZone) => {
            "one that is not healthy before all others, then (not reckoned with here) who came by a recycle that did not end well, \
             then each from the Availability Zone that has fewest instances at that moment"
        }
        None => "as AWS chooses",
    }
}

/// Those that are to be replaced, in the order in which they leave; as they are listed where it is not the machine that decides.
pub fn in_order<'a>(
    group: &SeenGroup,
    chosen: Vec<&'a SeenInstance>,
    order: Option<LeavingOrder>,
) -> Vec<&'a SeenInstance> {
    match order {
        None => chosen,
        Some(LeavingOrder::ZonesInTurn) => zones_in_turn(chosen),
        Some(LeavingOrder::EmptiestZone) => emptiest_zone(group, zones_in_turn(chosen)),
    }
}

fn zones_in_turn(chosen: Vec<&SeenInstance>) -> Vec<&SeenInstance> {
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &SeenInstance)> = Vec::new();
    for instance in chosen {
        let rank = ranks.entry(&instance.availability_zone).or_default();
        ranked.push((*rank, instance));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, instance)| (*rank, &instance.availability_zone));
    ranked.into_iter().map(|(_, instance)| instance).collect()
}

/// Each replacement is taken to come where Auto Scaling launches it: in the zone that has fewest.
fn emptiest_zone<'a>(group: &SeenGroup, turns: Vec<&'a SeenInstance>) -> Vec<&'a SeenInstance> {
    let is_sick = |one: &&SeenInstance| one.lifecycle_state != "InService" || one.health_status != "Healthy";
    let (sick, mut left): (Vec<&SeenInstance>, Vec<&SeenInstance>) = turns.into_iter().partition(is_sick);
    let holds_a_place = |one: &&SeenInstance| !one.is_leaving() && !one.lifecycle_state.contains("Standby");
    let mut held: BTreeMap<&str, usize> =
        group.availability_zones.list.iter().map(|zone| (zone.as_str(), 0)).collect();
    for instance in group.instances.list.iter().filter(holds_a_place) {
        *held.entry(&instance.availability_zone).or_default() += 1;
    }
    let mut ordered = Vec::new();
    let mut swap = |instance: &'a SeenInstance, held: &mut BTreeMap<&str, usize>| {
        let zone = instance.availability_zone.as_str();
        if let Some(count) = held.get_mut(zone) {
            *count = count.saturating_sub(1);
        }
        let fewest = held.values().min().copied().unwrap_or_default();
        let launched = held.iter_mut().min_by_key(|(other, count)| (**count > fewest, **other != zone));
        if let Some((_, count)) = launched {
            *count += 1;
        }
        ordered.push(instance);
    };
    for instance in sick {
        swap(instance, &mut held);
    }
    while !left.is_empty() {
        let count =
            |one: &&SeenInstance| held.get(one.availability_zone.as_str()).copied().unwrap_or_default();
        let fewest = left.iter().map(count).min().unwrap_or_default();
        let next = left.iter().position(|one| count(one) == fewest).unwrap_or_default();
        swap(left.remove(next), &mut held);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::simulate::runner::Detail;
    use crate::simulate::scenario::Scenario;

    fn group(zones: &[(&str, &str)]) -> SeenGroup {
        let mut group = SeenGroup::default();
        group.availability_zones.list = ["a", "b", "c"].map(str::to_owned).to_vec();
        let instance = |(id, zone): &(&str, &str)| SeenInstance {
            id: (*id).to_owned(),
            availability_zone: (*zone).to_owned(),
            lifecycle_state: "InService".to_owned(),
            health_status: "Healthy".to_owned(),
            ..SeenInstance::default()
        };
        group.instances.list = zones.iter().map(instance).collect();
        group
    }

    fn ordered(group: &SeenGroup, order: Option<LeavingOrder>) -> Vec<&str> {
        let chosen = group.instances.list.iter().collect();
        in_order(group, chosen, order).into_iter().map(|one| one.id.as_str()).collect()
    }

    #[test]
    fn zones_take_turns_in_the_order_of_the_list_within_each() {
        let group = group(&[("1", "b"), ("2", "a"), ("3", "b"), ("4", "a"), ("5", "b")]);
        assert_eq!(ordered(&group, Some(LeavingOrder::ZonesInTurn)), ["2", "1", "4", "3", "5"]);
        assert_eq!(ordered(&group, None), ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn the_emptiest_zone_gives_first_and_the_sick_before_all() {
        let mut group = group(&[("1", "a"), ("2", "a"), ("3", "b"), ("4", "c"), ("5", "c")]);
        assert_eq!(ordered(&group, Some(LeavingOrder::EmptiestZone)), ["3", "1", "4", "2", "5"]);
        group.instances.list[4].health_status = "Unhealthy".to_owned();
        assert_eq!(ordered(&group, Some(LeavingOrder::EmptiestZone)), ["5", "3", "1", "4", "2"]);
        group.instances.list[0].lifecycle_state = "Pending".to_owned();
        assert_eq!(ordered(&group, Some(LeavingOrder::EmptiestZone)), ["1", "5", "3", "4", "2"]);
    }

    #[test]
    fn a_replacement_in_another_zone_changes_which_is_the_emptiest() {
        // Zone b has none: what replaces the first comes there, and zone c, which has one, is then the emptiest with old ones.
        let group = group(&[("1", "a"), ("2", "a"), ("3", "a"), ("4", "c"), ("5", "c")]);
        assert_eq!(ordered(&group, Some(LeavingOrder::EmptiestZone)), ["4", "5", "1", "2", "3"]);
    }

    /// A group in the simulator as the machine found it, and the instances in the order in which the machine made them leave.
    fn simulated(strategy: &str, group: &str) -> (SeenGroup, Vec<String>) {
        let config = crate::config::parse(b"name: webops\n").expect("a stack");
        let scenario = Scenario::parse(&format!("group: {group}\n")).expect("a scenario");
        let deployments = scenario.deployments(&config).expect("a stack");
        let run = scenario.runner(&deployments, strategy, Detail::Recording).expect("a run").finish();
        let calls = || run.executions.iter().flat_map(|one| &one.recording).flat_map(|one| &one.calls);
        let found = calls().find(|call| &*call.action == "describeAutoScalingGroups").expect("a look");
        let found = found.answer.result.as_ref().expect("a group");
        let (found, mut group) = (&found["AutoScalingGroups"][0], SeenGroup::default());
        let texts = |list: &Value| -> Vec<Value> { list.as_array().expect("a list").clone() };
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        group.availability_zones.list = texts(&found["AvailabilityZones"]).iter().map(text).collect();
        let instance = |one: &Value| SeenInstance {
            id: text(&one["InstanceId"]),
            availability_zone: text(&one["AvailabilityZone"]),
            lifecycle_state: text(&one["LifecycleState"]),
            health_status: text(&one["HealthStatus"]),
            ..SeenInstance::default()
        };
        group.instances.list = texts(&found["Instances"]).iter().map(instance).collect();
        let terminations = calls().filter(|call| &*call.action == "terminateInstanceInAutoScalingGroup");
        (group, terminations.map(|call| text(&call.arguments["InstanceId"])).collect())
    }

    #[test]
    fn the_machine_makes_them_leave_in_this_order() {
        for (strategy, order) in
            [("out-in", LeavingOrder::ZonesInTurn), ("in-out", LeavingOrder::EmptiestZone)]
        {
            for (count, zones) in [(1, "[a]"), (5, "[a, b]"), (7, "[a, b, c]"), (11, "[a, b, c]")] {
                let sizes = format!("{{min: {count}, desired: {count}, max: {count}, zones: {zones}}}");
                let (group, leavers) = simulated(strategy, &sizes);
                assert_eq!(leavers.len(), count, "{strategy} {sizes}");
                assert_eq!(ordered(&group, Some(order)), leavers, "{strategy} {sizes}");
            }
        }
    }
}
