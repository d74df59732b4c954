//! The formulas of other tools, which a benchmark prints beside our own times, held against figures worked out by hand.

#[path = "../../benches/peers.rs"]
mod formulas;

use formulas::{Basis, Formula, PEERS, Peer, Setting, ideal_double_and_halve, ideal_one_by_one, seen};

const GROUP: Setting = Setting { instances: 10, reaction: 8, boot: 240, health_lag: 0, drain: 330 };

fn peer(name: &str) -> &'static Peer {
    PEERS.iter().find(|peer| peer.name == name).unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn the_formulas_give_the_times_that_were_worked_out_by_hand() {
    assert_eq!(ideal_double_and_halve(&GROUP, 15), 585);
    assert_eq!(ideal_one_by_one(&GROUP, 15), 5850);
    assert_eq!((seen(0, 15), seen(1, 15), seen(15, 15)), (0, 15, 15));
    for (name, seconds) in [
        ("instance refresh, defaults, warmup 300 s", 7050),
        ("instance refresh, defaults, no warmup", 4050),
        ("instance refresh, min 100 max 200, no warmup", 653),
        ("instance refresh, min 100 max 200, warmup 300 s", 953),
        ("Bouncer canary", 840),
        ("Bouncer serial", 5850),
        ("Bouncer rolling", 3300),
        ("Riff-Raff autoscaling", 601),
    ] {
        assert_eq!((peer(name).wall_clock)(&GROUP), Some(seconds), "{name}");
    }
}

#[test]
fn reads_of_a_loop_that_asks_for_every_instance_add_up() {
    assert_eq!((peer("Bouncer canary").reads)(&GROUP), Some(17 * 23 + 17 * 41 + 22 * 41));
    assert_eq!((peer("Bouncer serial").reads)(&GROUP), Some(10 * 39 * 21));
}

#[test]
fn peers_that_give_up_have_no_time() {
    let eleven = Setting { instances: 11, ..GROUP };
    assert_eq!((peer("hmrc in-out, N groups of one").wall_clock)(&GROUP), None);
    assert!((peer("hmrc in-out, N groups of one").wall_clock)(&Setting { instances: 1, ..GROUP }).is_some());
    assert_eq!((peer("hmrc out-in, at least, as its monitor reports it").wall_clock)(&eleven), None);
    let slow = Setting { boot: 900, ..GROUP };
    assert_eq!((peer("18F asg_recycle, by the clock, looks at no health").wall_clock)(&slow), None);
}

#[test]
fn every_peer_stays_within_what_can_be() {
    for peer in PEERS {
        assert!(!peer.source.is_empty(), "{}", peer.name);
        for instances in [1, 3, 10, 100] {
            let group = Setting { instances, ..GROUP };
            let of = |formula: Formula| formula(&group);
            assert!(of(peer.peak) >= Some(instances), "{}", peer.name);
            assert!(of(peer.in_service_min) <= Some(instances), "{}", peer.name);
            assert!(of(peer.wall_clock).is_none_or(|seconds| seconds >= group.in_service()), "{}", peer.name);
            assert!(of(peer.mutations).is_none_or(|calls| calls > 0), "{}", peer.name);
            assert!(of(peer.reads).is_none_or(|calls| calls < 10_000_000), "{}", peer.name);
            // A machine is billed for an ending only where there is one.
            assert!(of(peer.transitions).is_some() || of(peer.wall_clock).is_none(), "{}", peer.name);
        }
    }
    assert!(PEERS.iter().any(|peer| peer.basis == Basis::Simulated));
}
