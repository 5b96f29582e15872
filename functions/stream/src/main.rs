//! The Lambda: reads its environment, and runs [`stream::Stream`].

use lambda_runtime::{Error, run, service_fn};
use shared::{Environment, logs};
use stream::Stream;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    let environment = Environment::on_lambda(std::env::vars())?;
    let stream = Stream::new(&environment)?;
    stream.warm_up().await;
    run(service_fn(|event| stream.handle(event))).await
}
