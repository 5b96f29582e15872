//! The Lambda Runtime API, as a function's program sees it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

/// How an invocation ended: with the function's answer, or with its error.
pub(crate) type Outcome = Result<Value, Value>;

/// A function's program, started as Lambda would start it.
pub(crate) struct Bootstrap {
    child: Child,
    started: Instant,
    events: mpsc::Sender<(String, String)>,
    waiting: Waiting,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>;

#[derive(Clone)]
struct Api {
    events: Arc<AsyncMutex<mpsc::Receiver<(String, String)>>>,
    waiting: Waiting,
}

impl Bootstrap {
    /// Starts a program with these variables.
    pub(crate) async fn start<'a>(
        program: &str,
        variables: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, queue) = mpsc::channel(1);
        let waiting = Waiting::default();
        let api = Api { events: Arc::new(AsyncMutex::new(queue)), waiting: Arc::clone(&waiting) };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(responded))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .with_state(api);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let mut command = Command::new(program);
        // Nothing of this machine's, as on Lambda.
        command.env_clear().envs(variables);
        command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
        let started = Instant::now();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        Self { child, started, events, waiting }
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many bytes of memory it has at present.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Invokes the function with an event.
    pub(crate) async fn invoke(&self, request_id: &str, event: &Value) -> Outcome {
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap().insert(request_id.to_owned(), answer);
        self.events.send((request_id.to_owned(), event.to_string())).await.unwrap();
        answered.await.unwrap()
    }

    /// Waits for it to end by itself, and says what it wrote.
    pub(crate) async fn wait(self) -> String {
        let output = self.child.wait_with_output().await.unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// Ends it, and says what it wrote: its log.
    pub(crate) async fn stop(mut self) -> String {
        self.child.start_kill().unwrap();
        let output = self.child.wait_with_output().await.unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline that Lambda gives is in the system's time")]
async fn next(State(api): State<Api>) -> impl IntoResponse {
    // Once the test is over, there is no next event.
    let Some((id, event)) = api.events.lock().await.recv().await else { std::future::pending().await };
    let deadline =
        (SystemTime::now() + Duration::from_secs(15)).duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:f".into()),
        ("content-type", "application/json".into()),
    ];
    (headers, event)
}

async fn responded(State(api): State<Api>, Path(id): Path<String>, body: String) -> impl IntoResponse {
    settle(&api, &id, Ok(serde_json::from_str(&body).unwrap()))
}

async fn failed(State(api): State<Api>, Path(id): Path<String>, body: String) -> impl IntoResponse {
    settle(&api, &id, Err(serde_json::from_str(&body).unwrap()))
}

fn settle(api: &Api, id: &str, outcome: Outcome) -> http::StatusCode {
    api.waiting.lock().unwrap().remove(id).unwrap().send(outcome).unwrap();
    http::StatusCode::ACCEPTED
}
