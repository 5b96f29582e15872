//! JSON logs on standard output, as CloudWatch takes them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging for a function on Lambda: one JSON object a line, fields at the top level.
///
/// `level` is one such as `info`; anything else counts as that.
pub fn start(level: Option<&str>) {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(filter(level))).init();
}

/// Kith's own words from `level` up. Of what the SDK and others log, which can contain
/// requests, only warnings.
fn filter(level: Option<&str>) -> Targets {
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    Targets::new().with_default(LevelFilter::WARN).with_targets([("kith", level), ("shared", level)])
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn only_kiths_own_words_get_louder() {
        let filter = filter(Some("DEBUG"));
        assert!(filter.would_enable("shared::store", &Level::DEBUG));
        assert!(filter.would_enable("kith::request", &Level::INFO));
        assert!(!filter.would_enable("aws_smithy_runtime::client", &Level::INFO));
        assert!(filter.would_enable("aws_smithy_runtime::client", &Level::WARN));
    }

    #[test]
    fn what_is_no_level_is_info() {
        let filter = filter(Some("verbose"));
        assert!(filter.would_enable("kith::request", &Level::INFO));
        assert!(!filter.would_enable("kith::request", &Level::DEBUG));
    }
}
