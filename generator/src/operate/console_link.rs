//! Where an execution is seen in a browser.

use crate::names;

/// The page of an execution in the console; none where it is not known where the partition has its console.
pub fn execution_link(region: &str, execution: &str) -> Option<String> {
    let console = names::console(region)?;
    Some(format!("https://{region}.{console}/states/home?region={region}#/v2/executions/details/{execution}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_console() {
        let host = |region| {
            execution_link(region, "arn:x").and_then(|link| Some(link.split_once("/states")?.0.to_owned()))
        };
        assert_eq!(host("eu-west-2").as_deref(), Some("https://eu-west-2.console.aws.amazon.com"));
        assert_eq!(host("cn-north-1").as_deref(), Some("https://cn-north-1.console.amazonaws.cn"));
        assert_eq!(
            host("us-gov-west-1").as_deref(),
            Some("https://us-gov-west-1.console.amazonaws-us-gov.com")
        );
        assert_eq!(host("us-iso-east-1"), None);
    }
}
