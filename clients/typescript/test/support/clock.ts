/** Time that stands still until a test says otherwise. */
import type { Clock } from "../../src/runtime.js";

interface Timer {
  at: number;
  callback: () => void;
}

export class FakeClock implements Clock {
  now = 0;
  /** What chance says next. */
  chance = 0.5;
  #timers: Timer[] = [];

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.now + milliseconds, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  random(): number {
    return this.chance;
  }

  /** Lets time pass, and whatever was to happen in it happen in its order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await settle();
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) {
        break;
      }
      this.#timers = this.#timers.filter((other) => other !== next);
      this.now = next.at;
      next.callback();
      await settle();
    }
    this.now = end;
  }

  /** How many are waited for. */
  get waiting(): number {
    return this.#timers.length;
  }
}

/** Lets everything happen that can happen now. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
