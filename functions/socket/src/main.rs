//! The Lambda: reads its environment, and runs [`socket::Socket`].

use lambda_runtime::{Error, run, service_fn};
use shared::{Environment, logs};
use socket::Socket;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    let environment = Environment::on_lambda(std::env::vars())?;
    let socket = Socket::new(&environment)?;
    socket.warm_up().await;
    run(service_fn(|event| socket.handle(event))).await
}
