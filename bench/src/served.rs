//! A stack in a process of its own, so that what it takes of the processors can be told from what its
//! clients take.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bench::Failure;
use bench::seed::options;
use local::Stack;
use local::lambda::Lambda;
use local::stack::Overrides;
use shared::clock::Clock;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

/// Clock ticks a second in `/proc`, on every Linux there is (`USER_HZ`).
const TICKS: u64 = 100;

/// Such a process.
pub(crate) struct Served {
    pub(crate) url: String,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    started: Instant,
}

impl Served {
    /// Starts one on a data folder. `alone` says that nobody follows its table's stream.
    pub(crate) async fn start(data: &Path, alone: bool) -> Result<Self, Failure> {
        let started = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--data").arg(data).stdin(Stdio::piped()).stdout(Stdio::piped());
        if alone {
            command.arg("--alone");
        }
        let mut child = command.kill_on_drop(true).spawn()?;
        let input = child.stdin.take().ok_or("it cannot be told anything")?;
        let output = BufReader::new(child.stdout.take().ok_or("it says nothing")?).lines();
        let mut served = Self { url: String::new(), child, input, output, started };
        served.url = served.line().await?;
        Ok(served)
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits until what follows from all that was written is done.
    pub(crate) async fn drained(&mut self) -> Result<(), Failure> {
        self.input.write_all(b"drained\n").await?;
        self.line().await.map(drop)
    }

    /// How much time of a processor it has taken so far.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failure> {
        let id = self.child.id().ok_or("it has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name in parentheses may have anything in it (proc_pid_stat(5)); user and system time are
        // the twelfth and the thirteenth field after it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS))
    }

    /// Ends it politely.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        drop(self.input);
        self.child.wait().await?;
        Ok(())
    }

    async fn line(&mut self) -> Result<String, Failure> {
        Ok(self.output.next_line().await?.ok_or("it ended")?)
    }
}

/// What such a process does: it says where it is, and answers each line once all is done, until there
/// are no more.
pub(crate) async fn serve(data: &Path, alone: bool) -> Result<(), Failure> {
    let mut overrides = Overrides::default();
    if alone {
        for function in ["StreamFunction", "JobsFunction"] {
            let nothing = async |_| Ok("null".into());
            let nobody = Lambda::from_fn("nobody", Duration::from_secs(1), Clock::system(), nothing);
            overrides.functions.insert(function.into(), nobody);
        }
    }
    let stack = Stack::start(&options(data), overrides).await?;
    println!("{}", stack.http_url());
    let (asked, mut asks) = mpsc::channel(1);
    // It waits for its input in a thread of its own.
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines();
        while lines.next().is_some_and(|line| line.is_ok()) && asked.blocking_send(()).is_ok() {}
    });
    while asks.recv().await.is_some() {
        stack.drained().await;
        println!("drained");
    }
    stack.stop().await;
    Ok(())
}
