//! Makes up scenarios: groups, faults and moments, all from a seed. A scenario is a tree of values as a file would
//! hold it, so that it can be taken apart, written down and run again.
//!
//! Most worlds are small and quick, so that many can be tried; one in ten has a big group, reads that are as late as
//! anybody has seen them, or a storm of minutes.

mod calls;
mod draw;
mod events;
mod group;

use asg_recycle_simulator::random::Random;
use serde_json::{Map, Value, json};

use draw::{between, seconds};

/// The environments of a scenario with several stacks, which take the same groups and share a table of locks.
pub(super) const STACKS: [&str; 2] = ["dev", "qa"];

/// Makes one up, for stacks that watch these alarms.
pub(super) fn invent(seed: u64, alarms: &[String]) -> Value {
    // Neighbouring seeds are far apart after the first number, not before.
    let random = &Random::seeded(seed ^ 0x5851_f42d_4c95_7f2d);
    random.bits();
    let group = group::group(random);
    let (triggers, stops) = (triggers(random), stops(random));
    let redrives = redrives(random);
    let mut document = json!({
        "about": format!("made up from seed {seed}"),
        "world": world(random, seed, alarms),
        "group": group,
        "triggers": triggers,
        "events": events::events(random, alarms),
        "stops": stops,
        "redrives": redrives,
    });
    // From numbers of their own, so that a seed without these is what it was before there were any.
    let random = &Random::seeded(seed ^ 0x2545_f491_4f6c_dd1d);
    if random.happens(10) {
        document["stacks"] = json!(STACKS);
    }
    if random.happens(10) {
        second_group(random, &mut document, alarms);
    }
    let random = &Random::seeded(seed ^ 0x1405_7b7e_f767_814f);
    if random.happens(8) {
        add(&mut document, "events", events::rare(random));
    }
    let random = &Random::seeded(seed ^ 0x9e6c_63d0_876a_9a63);
    if random.happens(12) {
        strange(random, &mut document);
    }
    document
}

/// What others take by Auto Scaling's own means, a quota over all groups, a template that goes, and events that come late.
fn strange(random: &Random, document: &mut Value) {
    match between(random, 0, 9) {
        0 => document["world"]["instance_quota"] = json!(between(random, 1, 14)),
        1 | 2 => {
            let after =
                if random.happens(70) { seconds(random, 5, 900) } else { seconds(random, 3600, 200_000) };
            if let Some(triggers) = document["triggers"].as_array_mut() {
                let late = usize::try_from(random.up_to(triggers.len() as u64 - 1)).unwrap_or(0);
                triggers[late]["delivered_after"] = after;
            }
        }
        _ => {
            for _ in 0..between(random, 1, 2) {
                add(document, "events", events::strange(random));
            }
        }
    }
}

/// Another group beside the first, with a request and what happens to it.
fn second_group(random: &Random, document: &mut Value, alarms: &[String]) {
    const NAME: &str = "jobs-asg-1";
    let mut group = group::group(random);
    group["name"] = json!(NAME);
    document["other_groups"] = json!([group]);
    let mut add_to_it = |list: &str, mut item: Value| {
        item["group"] = json!(NAME);
        add(document, list, item);
    };
    let asks = *random.one_of(&["launch_change", "tag_change"]);
    add_to_it("triggers", json!({"at": seconds(random, 0, 900), "event": asks}));
    for _ in 0..between(random, 0, 2) {
        add_to_it("events", events::event(random, alarms));
    }
}

/// One more in a list of the scenario's.
fn add(document: &mut Value, list: &str, item: Value) {
    if let Some(items) = document[list].as_array_mut() {
        items.push(item);
    }
}

fn world(random: &Random, seed: u64, alarms: &[String]) -> Value {
    let mut world = Map::new();
    world.insert("seed".to_owned(), json!(seed));
    if random.happens(30) {
        world.insert("error_names".to_owned(), json!("spaced"));
    }
    if seed.is_multiple_of(2) {
        world.insert("terminated_twice".to_owned(), json!("answered"));
    }
    if random.happens(30) {
        let by = if random.happens(30) { seconds(random, 9, 40) } else { seconds(random, 1, 8) };
        world.insert("read_lag".to_owned(), json!({"by": by, "percent": between(random, 10, 60)}));
    }
    if random.happens(20) {
        world.insert("latency".to_owned(), json!(format!("{}ms", between(random, 20, 2000))));
    }
    let mut states = Map::new();
    for name in alarms {
        // One that is on or missing ends a recycle before it begins, so most are quiet.
        let state = if random.happens(90) { "OK" } else { *random.one_of(&["ALARM", "INSUFFICIENT_DATA"]) };
        if random.happens(97) {
            states.insert(name.clone(), json!(state));
        }
    }
    if !states.is_empty() {
        world.insert("alarms".to_owned(), Value::Object(states));
    }
    Value::Object(world)
}

fn triggers(random: &Random) -> Value {
    let kinds = ["launch_change", "launch_change", "tag_change", "tag_restated", "redelivery"];
    let count = match between(random, 0, 9) {
        0..=5 => 0,
        6..=8 => between(random, 1, 3),
        _ => between(random, 4, 8),
    };
    let mut triggers = vec![json!({"at": "0s", "event": random.one_of(&kinds[..4])})];
    for _ in 0..count {
        triggers.push(json!({"at": seconds(random, 1, 1500), "event": random.one_of(&kinds)}));
    }
    Value::Array(triggers)
}

fn stops(random: &Random) -> Value {
    let count = match between(random, 0, 19) {
        0..=13 => 0,
        14..=18 => 1,
        _ => 2,
    };
    let stop = |_| {
        if random.happens(50) {
            json!({"after_transitions": between(random, 2, 250)})
        } else {
            json!({"at": seconds(random, 2, 1500)})
        }
    };
    (0..count).map(stop).collect()
}

/// What somebody stopped, or what failed, somebody may redrive: before its restore, or long after it.
fn redrives(random: &Random) -> Value {
    if random.happens(15) { json!([seconds(random, 2, 9000)]) } else { json!([]) }
}
