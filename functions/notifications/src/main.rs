//! The Lambda: reads its environment, and serves [`notifications`].

use lambda_http::{Error, run};
use shared::{App, Environment, logs};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    let environment = Environment::on_lambda(std::env::vars())?;
    let app = App::new(&environment)?;
    app.store.warm_up().await;
    run(notifications::router(app)).await
}
