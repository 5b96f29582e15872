import assert from "node:assert/strict";
import { test } from "node:test";
import { randoms } from "../support/randoms.js";

test("a seed makes the same choices for each, whatever the others draw", () => {
  const draw = (random: () => number) => Array.from({ length: 20 }, random);
  const [storm, talker] = [randoms(7, 0), randoms(7, 1)];
  const mixed = Array.from({ length: 20 }, () => [storm(), talker(), talker()]);
  assert.deepEqual(
    mixed.map(([one]) => one),
    draw(randoms(7, 0)),
  );
  assert.deepEqual(mixed.flatMap(([, ...others]) => others).slice(0, 20), draw(randoms(7, 1)));
  assert.notDeepEqual(draw(randoms(7, 0)), draw(randoms(8, 0)));
  assert(draw(randoms(99_999, 2)).every((number) => number > 0 && number < 1));
});
