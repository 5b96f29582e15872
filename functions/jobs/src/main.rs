//! The Lambda: reads its environment, and runs [`jobs::Jobs`].

use jobs::Jobs;
use lambda_runtime::{Error, run, service_fn};
use shared::{App, Environment, logs};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    let environment = Environment::on_lambda(std::env::vars())?;
    let jobs = Jobs::new(App::new(&environment)?);
    jobs.warm_up().await;
    run(service_fn(|event| jobs.handle(event))).await
}
