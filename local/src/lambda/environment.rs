//! Where a function runs: an execution environment, which works on one event at a time.
//!
//! Lambda freezes it as soon as the handler has answered
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>): what the handler
//! has begun and not waited for stands still, perhaps for ever. So each environment here is a thread
//! with a runtime of its own, which runs only while the handler does. What is left on it then is
//! dropped, and a warning says so; it is not thawed with the next event, as on Lambda it might be,
//! since what it holds would be missing to others in this process. Only what blocks a thread of its
//! own (`spawn_blocking`) cannot be stopped by anybody, and goes on to its end.
//!
//! What carries the functions' calls to AWS is shared by all environments, and so runs elsewhere:
//! see [`super::client`].

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// How many environments of a function are kept for the next event: fewer than are busy at once, and
/// threads would come and go with the events.
const KEPT: usize = 128;

/// For how long a handler that blocks its thread is waited for once its time is over.
const PATIENCE: Duration = Duration::from_millis(100);

type Work = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// The environments of a function: as many as have been needed at once.
#[derive(Debug, Default)]
pub(super) struct Environments {
    idle: Mutex<Vec<Environment>>,
}

/// The way to a thread that waits for something to do, and ends when this is dropped.
#[derive(Debug)]
struct Environment(mpsc::Sender<Job>);

struct Job {
    name: String,
    work: Work,
    limit: Duration,
    done: oneshot::Sender<Outcome>,
}

enum Outcome {
    Answered(Result<String, String>),
    Crashed(String),
    TimedOut,
    Broken(std::io::Error),
}

impl Environments {
    /// Runs a handler, for this long at most. It runs to its end even if nobody waits for that.
    pub(super) async fn run(&self, name: &str, work: Work, limit: Duration) -> Result<String, String> {
        let late = || Err(format!("it took longer than {} s", limit.as_secs()));
        let (done, outcome) = oneshot::channel();
        let mut job = Job { name: name.to_owned(), work, limit, done };
        let environment = loop {
            let environment = match self.idle(Vec::pop) {
                Some(environment) => environment,
                None => Environment::start().map_err(|error| error.to_string())?,
            };
            // One whose thread has ended by itself is of no use any more.
            match environment.0.send(job) {
                Ok(()) => break environment,
                Err(mpsc::SendError(unsent)) => job = unsent,
            }
        };
        match tokio::time::timeout(limit + PATIENCE, outcome).await {
            Ok(Ok(Outcome::Answered(result))) => {
                self.keep(environment);
                result
            }
            Ok(Ok(Outcome::Crashed(message))) => Err(format!("it crashed: {message}")),
            Ok(Ok(Outcome::Broken(error))) => Err(error.to_string()),
            Ok(Ok(Outcome::TimedOut)) | Err(_) => late(),
            Ok(Err(_)) => Err("its environment ended".into()),
        }
    }

    /// Keeps one for the next event, unless there are enough.
    fn keep(&self, environment: Environment) {
        self.idle(|idle| {
            if idle.len() < KEPT {
                idle.push(environment);
            }
        });
    }

    fn idle<T>(&self, what: impl FnOnce(&mut Vec<Environment>) -> T) -> T {
        what(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Environment {
    fn start() -> std::io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::Builder::new().name("lambda".into()).spawn(move || {
            let mut kept = None;
            while let Ok(job) = jobs.recv() {
                let runtime = match kept.take().map_or_else(runtime, Ok) {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = job.done.send(Outcome::Broken(error));
                        return;
                    }
                };
                kept = job.run(runtime);
            }
        })?;
        Ok(Self(sender))
    }
}

impl Job {
    /// Runs on this runtime; answers it if there is nothing left on it.
    fn run(self, runtime: Runtime) -> Option<Runtime> {
        let Self { name, work, limit, done } = self;
        let work = async move { tokio::time::timeout(limit, work).await };
        let outcome = match catch_unwind(AssertUnwindSafe(|| runtime.block_on(work))) {
            Ok(Ok(result)) => Outcome::Answered(result),
            Ok(Err(_)) => Outcome::TimedOut,
            Err(panic) => Outcome::Crashed(message(&*panic)),
        };
        let left = runtime.metrics().num_alive_tasks();
        let is_whole = matches!(outcome, Outcome::Answered(_));
        if is_whole && left > 0 {
            tracing::warn!(
                function = name,
                tasks = left,
                "a handler answered with work left, which Lambda freezes"
            );
        }
        let runtime = if is_whole && left == 0 {
            Some(runtime)
        } else {
            runtime.shutdown_background();
            None
        };
        // Whoever waited may have gone.
        let _ = done.send(outcome);
        runtime
    }
}

/// One that knows the time, and has no sockets of its own: it needs none, and each would take files
/// that a laptop has not too many of.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const SOON: Duration = Duration::from_millis(100);

    async fn run(
        environments: &Environments,
        work: impl Future<Output = String> + Send + 'static,
    ) -> Result<String, String> {
        environments.run("f", Box::pin(async { Ok(work.await) }), SOON).await
    }

    #[tokio::test]
    async fn what_a_handler_spawned_does_not_go_on() {
        let environments = Environments::default();
        let went_on = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&went_on);
        let work = async move {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                flag.store(true, Ordering::SeqCst);
            });
            tokio::task::yield_now().await;
            "answer".into()
        };
        assert_eq!(run(&environments, work).await.unwrap(), "answer");
        tokio::time::sleep(SOON).await;
        // Nor with the next event.
        let next = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            String::new()
        };
        run(&environments, next).await.unwrap();
        assert!(!went_on.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn what_a_handler_waits_for_is_done() {
        let work = async {
            let spawned = tokio::spawn(async { tokio::task::spawn_blocking(|| 1).await.unwrap() + 1 });
            spawned.await.unwrap().to_string()
        };
        assert_eq!(run(&Environments::default(), work).await.unwrap(), "2");
    }

    #[tokio::test]
    async fn a_crash_and_a_time_out_are_errors_and_the_next_event_is_worked_on() {
        let environments = Environments::default();
        // What it says itself takes long to find out where it was.
        let crash = environments.run("f", Box::pin(async { panic!("no {}", "way") }), SOON * 50).await;
        assert_eq!(crash.unwrap_err(), "it crashed: no way");
        let asleep = run(&environments, std::future::pending()).await;
        assert_eq!(asleep.unwrap_err(), "it took longer than 0 s");
        let blocked = async {
            thread::sleep(Duration::from_secs(1));
            String::new()
        };
        assert_eq!(run(&environments, blocked).await.unwrap_err(), "it took longer than 0 s");
        assert_eq!(run(&environments, async { "fine".into() }).await.unwrap(), "fine");
    }

    #[tokio::test]
    async fn events_at_once_have_an_environment_each_and_later_ones_share_it() {
        let environments = Environments::default();
        let barrier = Arc::new(tokio::sync::Barrier::new(8));
        let all = (0..8).map(|_| {
            let barrier = Arc::clone(&barrier);
            run(&environments, async move {
                barrier.wait().await;
                String::new()
            })
        });
        assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
        assert_eq!(environments.idle(|idle| idle.len()), 8);
        for _ in 0..8 {
            run(&environments, async { String::new() }).await.unwrap();
        }
        assert_eq!(environments.idle(|idle| idle.len()), 8);
    }
}
