/** Programs that tests start. Nothing of them outlives the tests, whatever becomes of these. */
import type { ChildProcess } from "node:child_process";

const children = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of children) {
    child.kill("SIGKILL");
  }
});
// The runner ends a file that takes too long with SIGTERM, after which nobody would be told of the exit.
for (const [signal, number] of [["SIGINT", 2] as const, ["SIGTERM", 15] as const]) {
  process.once(signal, () => process.exit(128 + number));
}

/** Sees to it that a program ends with this one at the latest. */
export function endsWithTests(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => children.delete(child));
}
