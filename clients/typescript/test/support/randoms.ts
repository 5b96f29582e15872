/** Chance that can be had once more. */

/**
 * Numbers from 0 up to 1, the same for the same seed. Each of those who act at once needs numbers of their
 * own, or what one gets would depend on when the others draw. So each makes the same choices, one after the
 * other; at what moments, the machine decides.
 */
export function randoms(seed: number, whose: number): () => number {
  // Lehmer's generator, with the numbers of Park and Miller (1993): nothing is to be kept secret.
  let state = (seed + 1 + whose * 15_485_863) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
