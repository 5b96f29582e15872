//! What is tried again, how, and until when.
//!
//! Two layers: the SDK's own standard retry (three attempts, for lost connections, time-outs,
//! 5xx and throttling), and around it this one, which goes on until the request's deadline
//! and also knows what the SDK does not: transactions that conflict with each other.
//! Everything sent through here may be repeated: see the write ids in the module's rules.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::meter::Request;
use crate::error::{Cause, Error, Result};

/// Errors that pass, beside all 5xx: the SDK gives up on some after three attempts, and never retries others.
const PASSING: [&str; 9] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Why a call did not succeed.
#[derive(Debug)]
pub(crate) enum Failed<E> {
    /// The service refused it, and would again. Boxed like the call itself: the SDK's types are large.
    Sdk(Box<SdkError<E, HttpResponse>>),
    /// It might have succeeded later, but there was no time left.
    Deadline(Cause),
}

impl<E> Failed<E> {
    /// The service's own error, if it refused the call.
    pub(crate) fn into_refusal(self) -> Result<E, Self> {
        match self {
            Self::Sdk(error) => match *error {
                SdkError::ServiceError(service) => Ok(service.into_err()),
                other => Err(Self::Sdk(other.into())),
            },
            late @ Self::Deadline(_) => Err(late),
        }
    }
}

impl<E: StdError + Send + Sync + 'static> From<Failed<E>> for Error {
    fn from(failed: Failed<E>) -> Self {
        match failed {
            Failed::Sdk(error) => Self::internal(*error),
            Failed::Deadline(cause) => Self::Unavailable(cause),
        }
    }
}

/// Sends until it succeeds, fails for good, or the request's deadline comes.
pub(crate) async fn until_deadline<T, E, F>(send: impl FnMut() -> F) -> Result<T, Failed<E>>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    until_deadline_if(send, is_passing).await
}

/// The same, with what counts as passing decided by the caller.
pub(super) async fn until_deadline_if<T, E, F>(
    mut send: impl FnMut() -> F,
    passes: impl Fn(&SdkError<E, HttpResponse>) -> bool,
) -> Result<T, Failed<E>>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let mut pause = Backoff::default();
    loop {
        let cause: Cause = match timeout_at(pause.deadline, Box::pin(send())).await {
            Ok(Ok(output)) => return Ok(output),
            Ok(Err(error)) if passes(&error) => error.into(),
            Ok(Err(error)) => return Err(Failed::Sdk(error.into())),
            Err(elapsed) => elapsed.into(),
        };
        pause.wait_after(cause).await.map_err(Failed::Deadline)?;
    }
}

/// Whether the same call may succeed later.
pub(super) fn is_passing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(service) => {
            service.raw().status().is_server_error()
                || service.err().code().is_some_and(|code| PASSING.contains(&code))
        }
        _ => false,
    }
}

/// Pauses that double, with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug)]
pub(crate) struct Backoff {
    deadline: Instant,
    ceiling: Duration,
    longest: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_secs(1);

    /// Pauses that do not become longer than this.
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { longest, ..Self::default() }
    }

    /// Waits, unless the deadline comes first.
    pub(crate) async fn wait(&mut self, why: &'static str) -> Result<()> {
        self.wait_after(OutOfTime(why).into()).await.map_err(Error::Unavailable)
    }

    async fn wait_after(&mut self, cause: Cause) -> Result<(), Cause> {
        let until = Instant::now() + self.ceiling.mul_f64(fastrand::f64());
        if until >= self.deadline {
            return Err(cause);
        }
        sleep_until(until).await;
        self.ceiling = (self.ceiling * 2).min(self.longest);
        Ok(())
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { deadline: Request::current_deadline(), ceiling: Self::FIRST, longest: Self::LONGEST }
    }
}

/// The deadline came while waiting for something other than a failed call.
#[derive(Debug)]
struct OutOfTime(&'static str);

impl fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no time left: {}", self.0)
    }
}

impl StdError for OutOfTime {}
