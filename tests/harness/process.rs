//! The local stack as a program of its own, to be killed.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// A program that runs.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    /// From its start to `ready`.
    pub(crate) took: Duration,
    pub(crate) output: String,
    /// Its log, if it is followed.
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Process {
    /// Starts one and waits for `ready`.
    pub(crate) async fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::run(command(data, arguments)).await
    }

    /// The same, on another DynamoDB or S3 than its own.
    pub(crate) async fn start_with(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(data, arguments);
        command.envs(variables.iter().copied());
        Self::run(command).await
    }

    /// The same, and follows its log from then on: whoever starts one so must read it.
    pub(crate) async fn start_followed(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command(data, arguments)).await
    }

    /// Waits for a line of the log with this in it.
    pub(crate) async fn wait_for(&mut self, words: &str) {
        let log = self.log.as_mut().unwrap();
        while !log.next_line().await.unwrap().expect("it goes on").contains(words) {}
    }

    async fn run(mut command: Command) -> Self {
        command.stderr(Stdio::null());
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Self {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let log = child.stderr.take().map(|stderr| BufReader::new(stderr).lines());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut output = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == "ready" {
                let url =
                    output.lines().find_map(|line| line.strip_prefix("HTTP API")).unwrap().trim().to_owned();
                return Self { child, url, took: started.elapsed(), output, log };
            }
            output.push_str(&line);
            output.push('\n');
        }
        panic!("it ended before it was ready: {output}");
    }

    /// Starts one that is expected to end by itself; answers what it says then.
    pub(crate) async fn fail(data: &Path, arguments: &[&str]) -> String {
        Self::fail_to_run(command(data, arguments)).await
    }

    /// The same, on another DynamoDB or S3 than its own.
    pub(crate) async fn fail_with(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = command(data, arguments);
        command.envs(variables.iter().copied());
        Self::fail_to_run(command).await
    }

    async fn fail_to_run(mut command: Command) -> String {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        assert!(!child.wait().await.unwrap().success());
        said
    }

    /// Ends it as a crash would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it politely; answers how long that took.
    pub(crate) async fn terminate(mut self) -> Duration {
        let asked = Instant::now();
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        assert!(self.child.wait().await.unwrap().success());
        asked.elapsed()
    }

    /// A call; `None` if it is not answered.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let client = reqwest::Client::new();
        let mut request = client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.unwrap_or_default()))
    }
}

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kith-under-test"));
    command.arg("--data").arg(data).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for variable in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "RUST_LOG"] {
        command.env_remove(variable);
    }
    command
}
