//! A function that panics when it is told to, for the test that the others may.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<&'static str, Error> {
    assert!(event.payload["panic"] != true, "it panics on purpose");
    Ok("fine")
}
