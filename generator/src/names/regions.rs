//! The regions of AWS by partition: the one list, by which `stack.yaml`, Terraform's variables and CloudFormation's rules refuse a region that
//! there is not.

use asg_recycle_handler::spelling;

/// The day that the list was taken on. A region that is newer is named in `newer_regions` of `stack.yaml`.
pub const LISTED_ON: &str = "2026-11-27";

/// A partition of AWS: regions that share accounts, and nothing with other partitions.
struct Partition {
    /// As ARNs name it.
    id: &'static str,
    /// What the names of its regions begin with, also of those that are not listed; empty where others do not.
    prefix: &'static str,
    /// Its regions.
    regions: &'static [&'static str],
}

/// Source: `partitions.json` of botocore 1.44.5. A test holds the list to the botocore that the tests install.
const PARTITIONS: &[Partition] = &[
    Partition {
        id: "aws",
        prefix: "",
        regions: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
    },
    Partition { id: "aws-cn", prefix: "cn-", regions: &["cn-north-1", "cn-northwest-1"] },
    Partition { id: "aws-us-gov", prefix: "us-gov-", regions: &["us-gov-east-1", "us-gov-west-1"] },
    Partition { id: "aws-iso", prefix: "us-iso-", regions: &["us-iso-east-1", "us-iso-west-1"] },
    Partition { id: "aws-iso-b", prefix: "us-isob-", regions: &["us-isob-east-1", "us-isob-west-1"] },
    Partition { id: "aws-iso-e", prefix: "eu-isoe-", regions: &["eu-isoe-west-1"] },
    Partition { id: "aws-iso-f", prefix: "us-isof-", regions: &["us-isof-east-1", "us-isof-south-1"] },
    Partition { id: "aws-eusc", prefix: "eusc-", regions: &["eusc-de-east-1"] },
];

fn of(region: &str) -> &'static Partition {
    let named = PARTITIONS.iter().find(|each| !each.prefix.is_empty() && region.starts_with(each.prefix));
    named.unwrap_or(&PARTITIONS[0])
}

/// The partition that a region belongs to, by its name, so that it is known of a new region, too. The state machine's definition names it, so
/// a stack is generated for one.
pub fn partition(region: &str) -> &'static str {
    of(region).id
}

/// The regions that are known of the partition of a region.
pub fn beside(region: &str) -> &'static [&'static str] {
    of(region).regions
}

/// Whether there is such a region, as far as the list goes.
pub fn is_known(region: &str) -> bool {
    beside(region).contains(&region)
}

/// Whether a text may be the name of a region, newer than the list: it stands in the names of hosts, so that nothing but letters, digits
/// and hyphens may be in it.
pub fn may_be(region: &str) -> bool {
    const LENGTH_MAX: usize = 32; // twice the longest, and less than a part of a host's name takes
    let is_ours = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LENGTH_MAX).contains(&region.len())
        && region.bytes().all(is_ours)
        && !region.starts_with('-')
        && !region.ends_with('-')
}

/// The region that was probably meant, of any partition.
pub fn meant(region: &str) -> Option<&'static str> {
    spelling::nearest(region, PARTITIONS.iter().flat_map(|each| each.regions.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_of_the_partition_that_its_name_says() {
        for each in PARTITIONS {
            for region in each.regions {
                assert_eq!(partition(region), each.id, "{region}");
                assert!(is_known(region) && region.len() <= super::super::REGION_LENGTH_MAX, "{region}");
            }
        }
        assert!(!is_known("eu-west-9") && !is_known("cn-south-1"));
        for newer in ["eu-west-9", "eusc-de-west-2"] {
            assert!(may_be(newer), "{newer}");
        }
        for other in ["", "EU-WEST-2", "eu west 2", "example.com/", "eu-west-2#", "-", "eu_west_2"] {
            assert!(!may_be(other), "{other}");
        }
        assert_eq!(meant("EU-WEST-2"), Some("eu-west-2"));
        assert_eq!(partition("cn-south-1"), "aws-cn");
        assert_eq!(meant("eu-west-9").map(|region| &region[..8]), Some("eu-west-"));
    }
}
