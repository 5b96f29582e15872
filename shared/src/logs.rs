//! JSON logs on standard output, as CloudWatch takes them.

use tracing_subscriber::EnvFilter;

/// Starts logging for a function on Lambda: one JSON object a line, fields at the top level.
///
/// `level` is a directive such as `info` or `shared=debug`; anything else counts as `info`.
/// What the SDK logs below `warn` is left out: it can contain requests.
pub fn start(level: Option<&str>) {
    let level = level.unwrap_or("info");
    let filter = EnvFilter::try_new(format!("warn,{level}")).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .init();
}
