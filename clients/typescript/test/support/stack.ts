/** The local stack, started for a test. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { endsWithTests } from "./children.js";

/** Where the repository is, seen from the folder that `npm test` runs in. */
const REPOSITORY = path.resolve("../..");

export interface Stack {
  http: string;
  sockets: string;
  stop(): Promise<void>;
}

/** Starts one on free ports, that keeps nothing, and waits until it answers. */
export async function startStack(): Promise<Stack> {
  const ports = ["--http-port", "0", "--ws-port", "0", "--s3-port", "0"];
  const template = path.join(REPOSITORY, "template.yaml");
  const child = spawn(findBinary(), ["--memory", ...ports, "--template", template], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // What it says of what goes wrong; it must be read, or it would wait for somebody to do so.
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  endsWithTests(child);
  const places = await announced(child);
  if (places === undefined) {
    await ended;
    throw new Error(`The local stack ended before it was ready. ${complaint}`);
  }
  return {
    http: place(places, "HTTP API"),
    sockets: place(places, "WebSocket"),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function findBinary(): string {
  const target = process.env["CARGO_TARGET_DIR"] ?? path.join(REPOSITORY, "target");
  const binary = process.env["KITH_BIN"] ?? path.join(target, "debug", "kith");
  if (!existsSync(binary)) {
    throw new Error(`There is no local stack at ${binary}: run cargo build, or say in KITH_BIN where it is.`);
  }
  return binary;
}

/** What it says until it is ready: names, and where they are. Undefined if it ends before that. */
async function announced({ stdout }: { stdout: Readable }): Promise<Map<string, string> | undefined> {
  const places = new Map<string, string>();
  for await (const line of createInterface({ input: stdout })) {
    if (line === "ready") {
      return places;
    }
    const [, name, url] = line.match(/^(\S.*?) +(\w+:\S+)$/) ?? [];
    if (name !== undefined && url !== undefined) {
      places.set(name, url);
    }
  }
  return undefined;
}

function place(places: Map<string, string>, name: string): string {
  const url = places.get(name);
  if (url === undefined) {
    throw new Error(`The local stack did not say where its ${name} is.`);
  }
  return url;
}
