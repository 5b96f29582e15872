import assert from "node:assert/strict";
import { test } from "node:test";
import { Track } from "../../src/chat/track.js";
import type { Message } from "../../src/types.js";
import { message } from "../support/server.js";

function tracked(place?: { seq: number; revision: number }) {
  const told: string[] = [];
  const track = new Track(
    {
      message: ({ seq, text }) => told.push(`new ${seq} ${text}`),
      changed: ({ seq, text }) => told.push(`changed ${seq} ${text}`),
    },
    place,
  );
  return { track, told };
}

const edited = (seq: number, revision: number): Message =>
  message(seq, { revision, text: `r${revision}`, editedAt: "x" });

test("messages are told once, in their order, whatever order they come in", () => {
  const { track, told } = tracked({ seq: 0, revision: 0 });
  for (const seq of [2, 1, 1, 4, 2, 3]) {
    track.offer(message(seq));
  }
  assert.deepEqual(told, ["new 1 text 1", "new 2 text 2", "new 3 text 3", "new 4 text 4"]);
  assert.equal(track.isBehind, false);
});

test("a gap in seq, and one in revision, shows", () => {
  const { track } = tracked({ seq: 5, revision: 2 });
  track.offer(message(7));
  assert.equal(track.missesMessages, true);
  track.offer(message(6));
  assert.equal(track.isBehind, false);
  track.offer(edited(1, 4));
  assert.equal(track.missesChanges, true);
  track.offer(edited(2, 3));
  assert.equal(track.isBehind, false);
  assert.deepEqual(track.place, { seq: 7, revision: 4 });
});

test("a change is told once, and never an older one behind a newer one of the same message", () => {
  const { track, told } = tracked({ seq: 5, revision: 0 });
  for (const change of [edited(3, 2), edited(3, 1), edited(3, 2), edited(4, 3)]) {
    track.offer(change);
  }
  assert.deepEqual(told, ["changed 3 r2", "changed 4 r3"]);
  assert.equal(track.isBehind, false);
});

test("a message that was changed before it came is told as it is, and not again", () => {
  const { track, told } = tracked({ seq: 0, revision: 0 });
  track.offer(edited(1, 1));
  track.offer(message(1));
  assert.deepEqual(told, ["new 1 r1"]);
});

test("changes that were made again later are taken for seen once the server has listed what there is", () => {
  const { track, told } = tracked({ seq: 3, revision: 0 });
  track.offer(edited(1, 5));
  track.changesSeenTo(4);
  assert.equal(track.isBehind, false);
  assert.deepEqual(track.place, { seq: 3, revision: 5 });
  assert.deepEqual(told, ["changed 1 r5"]);
});

test("what is pushed before its place is known is new, even if the place says otherwise", () => {
  const { track, told } = tracked();
  track.push(message(8));
  track.push(edited(2, 3));
  assert.deepEqual(told, []);
  track.begin({ seq: 8, revision: 2 });
  assert.deepEqual(told, ["new 8 text 8", "changed 2 r3"]);
  assert.equal(track.isBehind, false);
});

test("any order and repetition of messages and changes ends at the same, with each told once", () => {
  // All that happened to three messages: as they were said, and their changes.
  const happened = [message(1), message(2), message(3), edited(1, 1), edited(2, 2), edited(1, 3)];
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 500; round += 1) {
    const { track, told } = tracked({ seq: 0, revision: 0 });
    const state = new Map<number, string>();
    const offers = [...happened, ...happened].map((item) => ({ item, key: random() }));
    for (const { item } of offers.sort((one, other) => one.key - other.key)) {
      track.offer(item);
    }
    for (const line of told) {
      const [, seq, text] = line.match(/^\w+ (\d+) (.*)$/) ?? [];
      state.set(Number(seq), text ?? "");
    }
    assert.deepEqual([...state.entries()].sort(), [
      [1, "r3"],
      [2, "r2"],
      [3, "text 3"],
    ]);
    assert.equal(new Set(told).size, told.length);
    assert.deepEqual(
      told.filter((line) => line.startsWith("new")).map((line) => line[4]),
      ["1", "2", "3"],
    );
    assert.equal(track.place?.seq, 3);
  }
});
