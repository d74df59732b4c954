//! Table tests of the windows, with the days on which the clocks change.

use super::*;

/// The first `count` windows, each as `opens..closes` without seconds and `Z`.
fn windows(mode: WindowMode, text: &str, zone_name: &str, now: &str, count: usize) -> Vec<String> {
    let hours = WindowHours::parse(text).expect(text);
    let zone = zone(zone_name).expect(zone_name);
    let windows = hours.windows(mode, &zone, now.parse().expect(now));
    let short = |text: &str| text.strip_suffix(":00Z").expect("whole minutes, UTC").to_owned();
    windows.iter().take(count).map(|w| format!("{}..{}", short(&w.opens_at), short(&w.closes_at))).collect()
}

fn check(text: &str, zone: &str, now: &str, expected: &[&str]) {
    assert_eq!(
        windows(WindowMode::Allow, text, zone, now, expected.len()),
        expected,
        "{text} in {zone} at {now}"
    );
}

#[test]
fn a_plain_window_opens_every_day_until_the_horizon() {
    let all = windows(WindowMode::Allow, "22:00,23:30", "UTC", "2026-06-01T12:00:00Z", 99);
    assert_eq!(all.len(), 15);
    assert_eq!(all[0], "2026-06-01T22:00..2026-06-01T23:30");
    assert_eq!(all[14], "2026-06-15T22:00..2026-06-15T23:30");
}

#[test]
fn a_window_that_spans_midnight_closes_the_next_day() {
    check("22:00,04:00", "UTC", "2026-06-01T12:00:00Z", &["2026-06-01T22:00..2026-06-02T04:00"]);
}

#[test]
fn a_window_that_is_open_opens_now_and_one_that_just_closed_is_gone() {
    check("22:00,04:00", "UTC", "2026-06-01T01:15:00Z", &["2026-06-01T01:15..2026-06-01T04:00"]);
    check("22:00,04:00", "UTC", "2026-06-01T04:00:00Z", &["2026-06-01T22:00..2026-06-02T04:00"]);
    check("22:00,04:00", "UTC", "2026-06-01T22:00:00Z", &["2026-06-01T22:00..2026-06-02T04:00"]);
}

#[test]
fn the_last_window_is_not_cut_at_the_horizon() {
    let all = windows(WindowMode::Allow, "22:00,04:00", "UTC", "2026-06-01T23:00:00Z", 99);
    assert_eq!(all.last().map(String::as_str), Some("2026-06-16T22:00..2026-06-17T04:00"));
}

#[test]
fn times_are_of_the_zone() {
    check("22:00,04:00", "Europe/London", "2026-06-01T12:00:00Z", &["2026-06-01T21:00..2026-06-02T03:00"]);
    check("22:00,04:00", "America/New_York", "2026-01-10T12:00:00Z", &["2026-01-11T03:00..2026-01-11T09:00"]);
    check("09:00,10:00", "Pacific/Apia", "2026-06-01T12:00:00Z", &["2026-06-01T20:00..2026-06-01T21:00"]);
}

#[test]
fn zones_are_found_in_any_case_and_others_are_refused() {
    assert_eq!(zone("europe/london").unwrap().iana_name(), Some("Europe/London"));
    assert_eq!(zone("UTC").unwrap(), TimeZone::UTC);
    assert_eq!(zone("Europe/Lndon").unwrap_err(), "not an IANA time zone; did you mean `Europe/London`?");
    assert_eq!(zone("").unwrap_err(), "not an IANA time zone");
    assert!(zone("GMT+25").is_err());
}

#[test]
fn london_skips_an_hour_in_march() {
    // 2026-03-29: 00:59:59 GMT is followed by 02:00:00 BST.
    let now = "2026-03-28T12:00:00Z";
    check("00:30,02:30", "Europe/London", now, &["2026-03-29T00:30..2026-03-29T01:30"]);
    check("01:30,03:00", "Europe/London", now, &["2026-03-29T01:00..2026-03-29T02:00"]);
    check("00:30,01:30", "Europe/London", now, &["2026-03-29T00:30..2026-03-29T01:00"]);
    // Times that the clocks skip altogether do not occur that day.
    check("01:15,01:45", "Europe/London", now, &["2026-03-30T00:15..2026-03-30T00:45"]);
    check("22:00,04:00", "Europe/London", now, &["2026-03-28T22:00..2026-03-29T03:00"]);
}

#[test]
fn london_doubles_an_hour_in_october() {
    // 2026-10-25: 01:59:59 BST is followed by 01:00:00 GMT.
    let now = "2026-10-24T12:00:00Z";
    check("00:30,02:30", "Europe/London", now, &["2026-10-24T23:30..2026-10-25T02:30"]);
    check(
        "01:15,01:45",
        "Europe/London",
        now,
        &["2026-10-25T00:15..2026-10-25T00:45", "2026-10-25T01:15..2026-10-25T01:45"],
    );
    check(
        "00:00,01:30",
        "Europe/London",
        now,
        &["2026-10-24T23:00..2026-10-25T00:30", "2026-10-25T01:00..2026-10-25T01:30"],
    );
    check("22:00,04:00", "Europe/London", now, &["2026-10-24T21:00..2026-10-25T04:00"]);
}

#[test]
fn new_york_changes_at_two() {
    // 2026-03-08: 01:59:59 EST is followed by 03:00:00 EDT; 2026-11-01: 01:59:59 EDT by 01:00:00 EST.
    check("02:30,03:30", "America/New_York", "2026-03-07T12:00:00Z", &["2026-03-08T07:00..2026-03-08T07:30"]);
    check("23:00,05:00", "America/New_York", "2026-03-07T12:00:00Z", &["2026-03-08T04:00..2026-03-08T09:00"]);
    check("23:00,05:00", "America/New_York", "2026-10-31T12:00:00Z", &["2026-11-01T03:00..2026-11-01T10:00"]);
    check(
        "01:30,02:00",
        "America/New_York",
        "2026-10-31T12:00:00Z",
        &["2026-11-01T05:30..2026-11-01T06:00", "2026-11-01T06:30..2026-11-01T07:00"],
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    // 2026-04-05: 02:00 +11 becomes 01:30 +10:30; 2026-10-04: 02:00 +10:30 becomes 02:30 +11.
    let autumn = "2026-04-04T12:00:00Z";
    check("01:00,03:00", "Australia/Lord_Howe", autumn, &["2026-04-04T14:00..2026-04-04T16:30"]);
    check(
        "01:30,01:45",
        "Australia/Lord_Howe",
        autumn,
        &["2026-04-04T14:30..2026-04-04T14:45", "2026-04-04T15:00..2026-04-04T15:15"],
    );
    let spring = "2026-10-03T12:00:00Z";
    check("01:00,03:00", "Australia/Lord_Howe", spring, &["2026-10-03T14:30..2026-10-03T16:00"]);
    check("02:05,02:25", "Australia/Lord_Howe", spring, &["2026-10-04T15:05..2026-10-04T15:25"]);
}

#[test]
fn apia_skipped_a_whole_day_and_its_last_daylight_saving() {
    // 2011-12-30 did not occur: 29 December 23:59:59 -10 is followed by 31 December 00:00:00 +14.
    check(
        "22:00,04:00",
        "Pacific/Apia",
        "2011-12-29T12:00:00Z",
        &["2011-12-29T12:00..2011-12-29T14:00", "2011-12-30T08:00..2011-12-30T14:00"],
    );
    // 2021-04-04: 04:00 +14 becomes 03:00 +13, for good.
    check(
        "03:00,04:00",
        "Pacific/Apia",
        "2021-04-03T12:00:00Z",
        &["2021-04-03T13:00..2021-04-03T15:00", "2021-04-04T14:00..2021-04-04T15:00"],
    );
}

#[test]
fn utc_never_changes() {
    for now in ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"] {
        let all = windows(WindowMode::Allow, "01:15,01:45", "UTC", now, 99);
        assert_eq!(all.len(), 15);
        assert!(all.iter().all(|window| window.contains("T01:15..")), "{all:?}");
    }
}

#[test]
fn an_exclusion_window_is_the_complement_of_a_recycle_window() {
    for (zone_name, now) in [
        ("Europe/London", "2026-03-28T12:00:00Z"),
        ("Europe/London", "2026-10-24T00:30:00Z"),
        ("America/New_York", "2026-10-31T12:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T14:40:00Z"),
        ("Pacific/Apia", "2011-12-29T12:00:00Z"),
        ("UTC", "2026-06-01T23:00:00Z"),
    ] {
        for (excluded, allowed) in [("01:15,01:45", "01:45,01:15"), ("22:00,04:00", "04:00,22:00")] {
            assert_eq!(
                windows(WindowMode::Deny, excluded, zone_name, now, 99),
                windows(WindowMode::Allow, allowed, zone_name, now, 99),
                "{excluded} in {zone_name} at {now}"
            );
        }
    }
}

#[test]
fn weekdays_are_the_days_on_which_a_window_starts() {
    // 2026-06-01 is a Monday.
    let now = "2026-06-01T12:00:00Z";
    check(
        "Fri-Sun 22:00,04:00",
        "UTC",
        now,
        &[
            "2026-06-05T22:00..2026-06-06T04:00",
            "2026-06-06T22:00..2026-06-07T04:00",
            "2026-06-07T22:00..2026-06-08T04:00",
            "2026-06-12T22:00..2026-06-13T04:00",
        ],
    );
    check(
        "tue/thu 09:00,10:00",
        "UTC",
        now,
        &["2026-06-02T09:00..2026-06-02T10:00", "2026-06-04T09:00..2026-06-04T10:00"],
    );
    check(
        "Sat-Mon 09:00,10:00",
        "UTC",
        now,
        &[
            "2026-06-06T09:00..2026-06-06T10:00",
            "2026-06-07T09:00..2026-06-07T10:00",
            "2026-06-08T09:00..2026-06-08T10:00",
        ],
    );
    assert_eq!(
        windows(WindowMode::Deny, "Mon-Fri 09:00,17:00", "UTC", now, 2),
        ["2026-06-01T17:00..2026-06-02T09:00", "2026-06-02T17:00..2026-06-03T09:00"]
    );
    assert_eq!(
        windows(WindowMode::Deny, "Mon-Fri 09:00,17:00", "UTC", "2026-06-05T18:00:00Z", 1),
        ["2026-06-05T18:00..2026-06-08T09:00"]
    );
}

#[test]
fn seconds_count() {
    let hours = WindowHours::parse("10:00:01,10:00:02").unwrap();
    let windows = hours.windows(WindowMode::Allow, &TimeZone::UTC, "2026-06-01T00:00:00.9Z".parse().unwrap());
    assert_eq!(
        windows[0],
        Window { opens_at: "2026-06-01T10:00:01Z".to_owned(), closes_at: "2026-06-01T10:00:02Z".to_owned() }
    );
}

#[test]
fn windows_in_which_no_recycle_can_begin_are_refused() {
    let check = |mode, text| WindowHours::parse(text).unwrap().check_length(mode);
    let open =
        |seconds| Err(format!("open for {seconds} s, in which no recycle can begin; make it 60 s at least"));
    let left = |seconds| {
        Err(format!("leaves {seconds} s of the day, in which no recycle can begin; leave 60 s at least"))
    };
    assert_eq!(check(WindowMode::Allow, "10:00:00,10:00:59"), open(59));
    assert_eq!(check(WindowMode::Allow, "Mon 23:59:59,00:00"), open(1));
    assert_eq!(check(WindowMode::Allow, "23:59:30,00:00:30"), Ok(()));
    assert_eq!(check(WindowMode::Deny, "10:00:59,10:00:00"), left(59));
    assert_eq!(check(WindowMode::Deny, "00:00,23:59:59"), left(1));
    assert_eq!(check(WindowMode::Deny, "00:00,23:59"), Ok(()));
    assert_eq!(check(WindowMode::Deny, "Mon-Sat 00:00,23:59:59"), Ok(()), "Sundays are left");
    assert_eq!(check(WindowMode::Deny, "10:00:00,10:00:01"), Ok(()));
}

#[test]
fn windows_are_in_order_and_apart_everywhere() {
    for name in
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "Asia/Kathmandu"]
    {
        let zone = zone(name).unwrap();
        for text in ["00:00,23:59", "23:59,00:00", "12:00,11:59", "01:00,02:00", "Mon 00:00,23:59:59"] {
            for mode in [WindowMode::Allow, WindowMode::Deny] {
                let now: Timestamp = "2026-03-20T06:30:00Z".parse().unwrap();
                let windows = WindowHours::parse(text).unwrap().windows(mode, &zone, now);
                let bounds: Vec<Timestamp> = windows
                    .iter()
                    .flat_map(|w| [&w.opens_at, &w.closes_at])
                    .map(|t| t.parse().unwrap())
                    .collect();
                assert!(bounds.is_sorted_by(|a, b| a < b), "{text} in {name}: {windows:?}");
                assert!(!windows.is_empty() && bounds[0] >= now && bounds[1] > now, "{text} in {name}");
            }
        }
    }
}

#[test]
fn malformed_windows_say_what_is_wrong() {
    for (text, expected) in [
        ("", "expected `HH:MM,HH:MM`"),
        ("22:00", "expected `HH:MM,HH:MM`"),
        ("22:00-04:00", "expected `HH:MM,HH:MM`"),
        ("22:00,04:00,05:00", "`04:00,05:00` is not a time of day"),
        ("9:00,10:00", "`9:00` is not a time of day"),
        ("24:00,04:00", "`24:00` is not a time of day"),
        ("22:60,04:00", "`22:60` is not a time of day"),
        ("22:00:60,04:00", "`22:00:60` is not a time of day"),
        ("22:00:00:00,04:00", "`22:00:00:00` is not a time of day"),
        ("+1:00,04:00", "`+1:00` is not a time of day"),
        ("２2:00,04:00", "is not a time of day"),
        ("22,04", "`22` is not a time of day"),
        ("04:00,04:00:00", "start and end are equal"),
        ("Mon-Fry 22:00,04:00", "`Fry` is not a day"),
        ("Mon- 22:00,04:00", "`` is not a day"),
        ("Monday 22:00,04:00", "`Monday` is not a day"),
    ] {
        let fault = WindowHours::parse(text).expect_err(text);
        assert!(fault.contains(expected), "{text}: {fault}");
    }
}
