//! API Gateway's HTTP API, as the template declares it.
//!
//! | file | what is in it |
//! |---|---|
//! | `request.rs` | a request as it arrived, within API Gateway's limits |
//! | `routes.rs` | which route takes it |
//! | `authorizer.rs` | who asks, remembered for as long as the template says |
//! | `event.rs` | the event that the function gets, payload format 2.0 |
//! | `reply.rs` | the answer that comes back |
//! | `cors.rs` | what other origins may do |
//! | `record.rs` | what happened, for the log and for tests |
//!
//! Throttles are the one thing of the template's API that is left out here.

mod authorizer;
mod cors;
mod event;
mod record;
mod reply;
mod request;
mod routes;

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::response::Response;
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::lambda::Lambda;
use crate::template::{Route, Template, TemplateError};
use authorizer::{Authorizers, Verdict};
use cors::CorsRules;
use event::Event;
pub use record::{Exchange, Record};
use reply::{Reply, message};
use request::Received;
use routes::Routes;

/// A served HTTP API.
#[derive(Debug)]
pub struct Gateway {
    routes: Routes,
    authorizers: Authorizers,
    functions: HashMap<String, Lambda>,
    cors: Option<CorsRules>,
    clock: Clock,
    ids: Ids,
    records: broadcast::Sender<Record>,
}

impl Gateway {
    /// The API of a template, with these functions by logical id.
    pub fn new(
        template: &Template,
        functions: HashMap<String, Lambda>,
        clock: Clock,
        ids: Ids,
        records: broadcast::Sender<Record>,
    ) -> Result<Self, TemplateError> {
        Ok(Self {
            routes: Routes::new(template)?,
            authorizers: Authorizers::new(&template.api, clock.clone()),
            functions,
            cors: template.api.cors.clone().map(CorsRules::new),
            clock,
            ids,
            records,
        })
    }

    /// Answers a request.
    pub async fn answer(&self, request: axum::extract::Request, peer: SocketAddr) -> Response {
        let started = Instant::now();
        let mut record = Record::default();
        let request_id = self.ids.write_id().as_str().to_owned();
        let origin = request.headers().get(http::header::ORIGIN).cloned();
        let mut reply = match Received::read(request, peer).await {
            Ok(received) => {
                let mut reply = self.reply(&received, &request_id, &mut record).await;
                if let Some(cors) = &self.cors {
                    cors.answer_preflight(&received, &mut reply);
                }
                reply
            }
            Err(refusal) => refusal,
        };
        if let (Some(cors), Some(origin)) = (&self.cors, origin) {
            cors.decorate(&origin, &mut reply);
        }
        record.status = reply.status.as_u16();
        record.duration = started.elapsed();
        record.log();
        let _ = self.records.send(record);
        reply.into_response(&request_id)
    }

    async fn reply(&self, received: &Received, request_id: &str, record: &mut Record) -> Reply {
        received.method.as_str().clone_into(&mut record.method);
        received.path.clone_into(&mut record.path);
        let Some(matched) = self.routes.find(&received.method, &received.path) else {
            return message(http::StatusCode::NOT_FOUND, "Not Found");
        };
        let Some(lambda) = self.functions.get(&matched.function) else {
            return message(http::StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let Route { target, authorizer } = &matched.route;
        let route_key = target
            .as_ref()
            .map_or_else(|| "$default".to_owned(), |(method, path)| format!("{method} {path}"));
        record.route.clone_from(&route_key);
        let event = Event {
            received,
            route_key: &route_key,
            parameters: &matched.parameters,
            request_id,
            now: self.clock.now(),
        };

        let mut identity = None;
        if let Some(authorizer) = authorizer {
            match self.authorizers.ask(authorizer, &event, &self.functions, record).await {
                Verdict::Authorized(context) => identity = Some(context),
                Verdict::Refused(reply) => return reply,
            }
        }
        let event = event.for_function(identity.as_ref());
        let invocation = lambda.invoke(event.clone(), request_id).await;
        record.function = Some((matched.function.clone(), invocation.cost));
        // It is whole bodies that are copied here.
        if self.records.receiver_count() > 0 {
            let (function, answer) = (matched.function.clone(), invocation.result.clone());
            record.exchanges.push(Exchange { function, event, answer });
        }
        match invocation.result.and_then(|answer| Reply::parse(&answer)) {
            Ok(reply) => reply,
            Err(error) => {
                tracing::error!(function = matched.function, error, "a function failed");
                message(http::StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }
}
