//! How fast the local stack is, on the machine that this runs on.
//!
//! | module | what is in it |
//! |---|---|
//! | this one | what is asked for, and the stack it is tried on |
//! | `chat` | pairs of people who talk |
//! | `device` | one person's device, as any client is |
//! | `raw` | what the storage takes by itself, to compare with |
//! | `figures` | percentiles |
//!
//! It prints figures beside those that are to be reached, and fails only if something is lost: how
//! fast a machine is, and what else it does, is not the program's fault. Stack and clients are one
//! process, so that whatever the clients cost is in the figures, too.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod chat;
mod device;
mod figures;
mod raw;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use local::stack::Overrides;
use local::{Options, Stack};
use mimalloc::MiMalloc;
use tempfile::TempDir;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// Whatever may go wrong: it ends the bench.
type Failure = Box<dyn Error + Send + Sync>;

/// Measures how fast the local stack is.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Pairs of people who talk: as fast as they can, and at a steady pace.
    Chat(Chat),
}

/// How much is said.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Chat {
    /// How many pairs.
    #[arg(long, default_value_t = 50)]
    pairs: usize,
    /// For how many seconds each part goes on.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many messages a second all of them send at a steady pace.
    #[arg(long, default_value_t = 50)]
    pace: u32,
}

/// Where the stack keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    Memory,
    Disk,
}

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let Bench::Chat(chat) = Arguments::parse().bench;
    // The lines that the program writes are written here, too, and thrown away.
    let lines = fmt::layer().with_target(false).with_writer(std::io::sink);
    let filter =
        Targets::new().with_default(LevelFilter::WARN).with_target("kith::gateway", LevelFilter::INFO);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    for storage in [Storage::Memory, Storage::Disk] {
        let folder = TempDir::with_prefix("kith-bench-")?;
        let stack = Stack::start(&options(storage, folder.path().into()), Overrides::default()).await?;
        let result = chat::run(&stack, storage, chat).await;
        stack.stop().await;
        result?;
    }
    Ok(())
}

fn options(storage: Storage, data: PathBuf) -> Options {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml").into();
    Options {
        memory: storage == Storage::Memory,
        data,
        http_port: 0,
        ws_port: 0,
        s3_port: 0,
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        clock_offset: 0,
        demo: false,
        template,
    }
}

/// A time in milliseconds, to be read.
fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
