import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

const CHILDREN = new URL("../support/children.js", import.meta.url).href;

/** Starts a program, says its process id once that runs, and ends by itself as little as that. */
const PARENT = `
  import { spawn } from "node:child_process";
  import { endsWithTests } from ${JSON.stringify(CHILDREN)};
  const child = spawn(process.execPath, ["-e", "console.log('there'); setInterval(() => {}, 1000)"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endsWithTests(child);
  child.stdout.on("data", () => console.log(child.pid));
  setInterval(() => {}, 1000);
`;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`what tests start ends with them, also on ${signal}`, { timeout: 120_000 }, async () => {
    const parent = spawn(process.execPath, ["--input-type=module", "-e", PARENT], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: parent.stdout }), "line");
    const child = Number(line);
    assert(isAlive(child));
    parent.kill(signal);
    await once(parent, "exit");
    while (isAlive(child)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
