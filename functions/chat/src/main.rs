//! The Lambda: reads its environment, and serves [`chat`].

use chat::Rest;
use lambda_http::{Error, run};
use shared::{Environment, logs};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    let environment = Environment::on_lambda(std::env::vars())?;
    let rest = Rest::new(&environment)?;
    rest.warm_up().await;
    run(chat::router(rest)).await
}
