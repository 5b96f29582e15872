//! What the local stack can be told.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;

/// Runs all of Kith on this machine, for development.
#[derive(Clone, Debug, Parser)]
#[command(name = "kith", version)]
pub struct Options {
    /// Keep nothing: start empty and forget everything at the end.
    #[arg(long)]
    pub memory: bool,

    /// Where to keep the data.
    #[arg(long, value_name = "DIR", default_value = ".kith", conflicts_with = "memory")]
    pub data: PathBuf,

    /// Port of the HTTP API; 0 picks a free one.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub http_port: u16,

    /// Port of the WebSocket API; 0 picks a free one.
    #[arg(long, value_name = "N", default_value_t = 3001)]
    pub ws_port: u16,

    /// Port of S3; 0 picks a free one.
    #[arg(long, value_name = "N", default_value_t = 3002)]
    pub s3_port: u16,

    /// Address to listen on. Whoever reaches it can do everything: there is no TLS here.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: IpAddr,

    /// Let all clocks be ahead by this much, or behind: 25h, -90s, 10d.
    #[arg(long, value_name = "TIME", default_value = "0s", allow_hyphen_values = true, value_parser = offset)]
    pub clock_offset: i64,

    /// Add people, friendships, posts and chats to look at, and print how to sign in.
    #[arg(long)]
    pub demo: bool,

    /// The template to serve; by default the one beside the Cargo.toml this was built from.
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"), hide_default_value = true)]
    pub template: PathBuf,
}

/// The most that clocks can be put forward or back: no time in Kith is before 1970.
const LONGEST_OFFSET: i64 = 20 * 365 * 24 * 60 * 60 * 1000;

/// A signed time with its unit, in milliseconds.
fn offset(text: &str) -> Result<i64, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: i64 = match &text[number.len()..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err("give a number and a unit: ms, s, m, h or d".into()),
    };
    let number: i64 = number.parse().map_err(|_| format!("{number:?} is not a whole number"))?;
    let offset = number.checked_mul(unit).filter(|offset| offset.abs() <= LONGEST_OFFSET);
    offset.ok_or_else(|| "that is more than 20 years".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_a_sign_and_a_unit() {
        assert_eq!(offset("25h"), Ok(90_000_000));
        assert_eq!(offset("-90s"), Ok(-90_000));
        for bad in ["", "h", "5", "1.5h", "5w", "9223372036854775807d", "-30000d"] {
            assert!(offset(bad).is_err(), "{bad:?}");
        }
    }
}
