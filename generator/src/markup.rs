//! Text within XML: drawings, and the answers of the modelled Auto Scaling.

/// The text as it stands between two tags. It is not for the values of attributes: quotation marks stay.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_no_markup() {
        assert_eq!(super::escaped("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}
