//! `cargo run`: all of Kith on this machine.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use local::stack::Overrides;
use local::{Options, Stack, demo};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// Functions, gateways and storage are one program here, on many threads that hand each other what they
/// allocate: with the system's own allocator that takes a sixth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let lines = fmt::layer().with_target(false).with_writer(std::io::stderr).with_filter(filter());
    tracing_subscriber::registry().with(lines).init();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kith: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    // Before anything is started, so that no signal is missed.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stack = Stack::start(options, overrides()).await?;
    say(&addresses(options, &stack))?;
    let work = async {
        if options.demo {
            show(&stack).await?;
        }
        say("ready\n")?;
        std::future::pending().await
    };
    let result: std::io::Result<()> = tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        result = work => result,
    };
    stack.stop().await;
    Ok(result?)
}

/// Adds people to look at, and says how to sign in. The stack is there without them, too.
async fn show(stack: &Stack) -> std::io::Result<()> {
    match demo::tell(stack).await {
        Ok(()) => say(&demo::sign_ins(&stack.http_url())),
        Err(error) => {
            eprintln!("kith: the demo is not complete: {error}");
            Ok(())
        }
    }
}

/// A line per request, and what goes wrong; or what `RUST_LOG` asks for.
#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
fn filter() -> Targets {
    let asked = std::env::var("RUST_LOG").ok().and_then(|directives| directives.parse().ok());
    asked.unwrap_or_else(|| {
        Targets::new().with_default(LevelFilter::WARN).with_targets([
            ("kith::gateway", LevelFilter::INFO),
            // It warns of every condition that does not hold, which is nothing out of the ordinary.
            ("dynoxide", LevelFilter::ERROR),
            // It calls every refusal an error, even that there is no such object.
            ("s3s", LevelFilter::OFF),
        ])
    })
}

#[expect(clippy::disallowed_methods, reason = "only main.rs reads the environment")]
fn overrides() -> Overrides {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (dynamodb_endpoint, s3_endpoint) =
        (variable("AWS_ENDPOINT_URL_DYNAMODB"), variable("AWS_ENDPOINT_URL_S3"));
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"];
    // Whose they are is for services elsewhere to check; here they would only be a risk.
    let is_elsewhere = dynamodb_endpoint.is_some() || s3_endpoint.is_some();
    let aws = names.into_iter().filter(|_| is_elsewhere);
    // The embedded DynamoDB has its streams with it.
    let aws = aws.chain(dynamodb_endpoint.is_some().then_some("AWS_ENDPOINT_URL_DYNAMODB_STREAMS"));
    let aws = aws.filter_map(|name| Some((name.to_owned(), variable(name)?))).collect();
    Overrides { dynamodb_endpoint, s3_endpoint, aws, ..Overrides::default() }
}

/// Where everything is.
fn addresses(options: &Options, stack: &Stack) -> String {
    let (url, s3) = (stack.http_url(), stack.s3_endpoint());
    let sockets = stack.ws_url().map_or_else(String::new, |url| format!("WebSocket  {url}\n"));
    let data = if options.memory { "nothing is kept".to_owned() } else { options.data.display().to_string() };
    format!(
        "Kith's local stack, for development only\n\
         HTTP API   {url}\n\
         {sockets}\
         Reference  {url}/docs\n\
         S3         {s3}\n\
         Data       {data}\n"
    )
}

/// Says something. Whoever reads it may have gone: that is fine.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
