//! Lambda: the functions of the template, run in this process as Lambda would run them.
//!
//! An event goes in as JSON text and an answer comes out as JSON text, through the types that
//! the Lambda runtime itself uses. Each function has its own variables and its own clients; a
//! panic or a time-out is a failed invocation, and nothing else. Once a handler has answered, what
//! it left to be done is not done: Lambda would have frozen it.

pub(crate) mod client;
mod environment;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use authorizer::Authorizer;
use avatars::Avatars;
use axum::Router;
use chat::Rest;
use jobs::Jobs;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::clock::Clock;
use shared::environment::BadVariable;
use shared::limits::Rules;
use shared::profiles::avatar::Pictures;
use shared::push::Pushes;
use shared::store::{Cost, Request};
use shared::{App, Environment};
use socket::Socket;
use stream::Stream;

use crate::template;
use environment::Environments;

type Answer = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;
type Handler = Arc<dyn Fn(String, Context) -> Answer + Send + Sync>;

/// A function that can be invoked.
#[derive(Clone)]
pub struct Lambda {
    name: Arc<str>,
    timeout: Duration,
    clock: Clock,
    handler: Handler,
    environments: Arc<Environments>,
}

/// How an invocation ended.
#[derive(Debug)]
pub struct Invocation {
    /// The answer, or why there is none.
    pub result: Result<String, String>,
    /// What it cost in DynamoDB.
    pub cost: Cost,
}

/// A function cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The template names a binary that this program does not contain.
    #[error("{0} is built from {1:?}, which the local stack does not know")]
    Unknown(String, String),
    /// A variable is missing.
    #[error("{0}: {1}")]
    Variable(String, BadVariable),
    /// It could not be made.
    #[error("{0}: {1}")]
    Broken(String, String),
}

impl Lambda {
    /// The function that the template declares under this logical id.
    pub fn new(
        id: &str,
        declared: &template::Function,
        environment: &Environment,
    ) -> Result<Self, FunctionError> {
        let bad_variable = |error| FunctionError::Variable(id.to_owned(), error);
        let app = || App::new(environment).map_err(bad_variable);
        let handler = match declared.binary.as_str() {
            "accounts" => {
                let rules = Rules::read(environment).map_err(bad_variable)?;
                let pushes = Pushes::new(environment).map_err(bad_variable)?;
                http(accounts::router(app()?, rules, pushes))
            }
            "chat" => http(chat::router(Rest::new(environment).map_err(bad_variable)?)),
            "profiles" => http(profiles::router(app()?, Pictures::read(environment).map_err(bad_variable)?)),
            "friends" => http(friends::router(app()?)),
            "notifications" => http(notifications::router(app()?)),
            "posts" => http(posts::router(app()?)),
            "comments" => http(comments::router(app()?)),
            "stream" => {
                let stream = Stream::new(environment).map_err(bad_variable)?;
                typed(move |event| {
                    let stream = stream.clone();
                    async move { stream.handle(event).await.map_err(|error| error.to_string()) }
                })
            }
            "socket" => {
                let socket = Socket::new(environment).map_err(bad_variable)?;
                typed(move |event| {
                    let socket = socket.clone();
                    async move { socket.handle(event).await.map_err(|error| error.to_string()) }
                })
            }
            "jobs" => {
                let jobs = Jobs::new(app()?);
                typed(move |event| {
                    let jobs = jobs.clone();
                    async move { jobs.handle(event).await.map_err(|error| error.to_string()) }
                })
            }
            "avatars" => {
                let avatars = Avatars::new(environment).map_err(bad_variable)?;
                typed(move |event| {
                    let avatars = avatars.clone();
                    async move { avatars.handle(event).await.map_err(|error| error.to_string()) }
                })
            }
            "fallback" => {
                let broken =
                    |error: serde_json::Error| FunctionError::Broken(id.to_owned(), error.to_string());
                http(fallback::router().map_err(broken)?)
            }
            "authorizer" => {
                let authorizer = Authorizer::new(app()?);
                typed(move |event| {
                    let authorizer = authorizer.clone();
                    async move { authorizer.handle(event).await.map_err(|error| error.to_string()) }
                })
            }
            other => return Err(FunctionError::Unknown(id.to_owned(), other.to_owned())),
        };
        Ok(Self::with(id, declared.timeout, environment.clock.clone(), handler))
    }

    /// A function of a test's own, in place of one of the template's.
    #[must_use]
    pub fn from_fn<F>(
        name: &str,
        timeout: Duration,
        clock: Clock,
        handle: impl Fn(String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self::with(name, timeout, clock, Arc::new(move |event, _| Box::pin(handle(event))))
    }

    fn with(name: &str, timeout: Duration, clock: Clock, handler: Handler) -> Self {
        Self { name: name.into(), timeout, clock, handler, environments: Arc::default() }
    }

    /// Invokes it and waits for the answer, as long as its time-out allows.
    pub async fn invoke(&self, event: String, request_id: &str) -> Invocation {
        let mut context = Context::default();
        request_id.clone_into(&mut context.request_id);
        context.deadline = u64::try_from(self.clock.now().after(self.timeout).millis()).unwrap_or(0);
        context.invoked_function_arn =
            format!("arn:aws:lambda:us-east-1:000000000000:function:{}", self.name);

        let request = Request::start();
        let (scope, handler) = (request.clone(), Arc::clone(&self.handler));
        let work = async move { scope.scope(async move { handler(event, context).await }).await };
        let result = self.environments.run(&self.name, Box::pin(work), self.timeout).await;
        Invocation { result, cost: request.cost() }
    }
}

impl std::fmt::Debug for Lambda {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lambda")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A function that serves HTTP, as `lambda_http::run` would.
fn http(router: Router) -> Handler {
    Arc::new(move |event, context| {
        let router = router.clone();
        Box::pin(async move {
            let request: LambdaRequest = serde_json::from_str(&event).map_err(|error| error.to_string())?;
            // In two steps, as the adapter itself may not stay across the wait.
            let response = Adapter::from(router).call(LambdaEvent::new(request, context));
            let response = response.await.unwrap_or_else(|never| match never {});
            serde_json::to_string(&response).map_err(|error| error.to_string())
        })
    })
}

/// A function that takes a typed event, as `lambda_runtime::run` would.
fn typed<E, R, F>(handle: impl Fn(LambdaEvent<E>) -> F + Clone + Send + Sync + 'static) -> Handler
where
    E: DeserializeOwned + Send,
    R: Serialize,
    F: Future<Output = Result<R, String>> + Send,
{
    Arc::new(move |event, context| {
        let handle = handle.clone();
        Box::pin(async move {
            let event: E = serde_json::from_str(&event).map_err(|error| error.to_string())?;
            let response = handle(LambdaEvent::new(event, context)).await?;
            serde_json::to_string(&response).map_err(|error| error.to_string())
        })
    })
}
