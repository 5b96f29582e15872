//! The Lambda: serves [`fallback`].

use lambda_http::{Error, run};
use shared::logs;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
async fn main() -> Result<(), Error> {
    logs::start(std::env::var("LOG_LEVEL").ok().as_deref());
    run(fallback::router()?).await
}
