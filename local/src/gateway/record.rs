//! What happened to a request, for the log and for tests.

use std::time::Duration;

use shared::store::Cost;

/// One request or event, once it is answered.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// The route that took it, as the template spells it.
    pub route: String,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub duration: Duration,
    /// The function that served it, by logical id, and what that cost in DynamoDB.
    pub function: Option<(String, Cost)>,
    /// The authorizer that was asked, if its answer was not remembered, and what that cost.
    pub authorizer: Option<(String, Cost)>,
    /// What the functions were sent and what they answered, if somebody is looking.
    pub exchanges: Vec<Exchange>,
}

/// An event and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The function, by logical id.
    pub function: String,
    /// The event.
    pub event: String,
    /// The answer, or why there is none.
    pub answer: Result<String, String>,
}

impl Record {
    /// Everything it cost in DynamoDB.
    #[must_use]
    pub fn total(&self) -> Cost {
        let costs = [&self.function, &self.authorizer].into_iter().flatten().map(|(_, cost)| cost.clone());
        costs.fold(Cost::default(), Cost::plus)
    }

    /// The route that took it, or that none did.
    fn target(&self) -> String {
        match self.route.as_str() {
            "" | "$default" => format!("{} (no route)", self.method),
            route => route.to_owned(),
        }
    }

    /// A line in the log: the route, never the path, which can name people.
    pub(crate) fn log(&self) {
        let cost = self.total();
        let objects =
            if cost.object_calls > 0 { format!(", S3 {} calls", cost.object_calls) } else { String::new() };
        tracing::info!(
            target: "kith::gateway",
            "{} {} {:.1} ms, DynamoDB {} calls {:.1} R {:.1} W{objects}",
            self.target(),
            self.status,
            self.duration.as_secs_f64() * 1000.0,
            cost.calls,
            cost.read_units,
            cost.write_units,
        );
    }
}
