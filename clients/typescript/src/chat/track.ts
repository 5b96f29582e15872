/** What has been seen of one conversation, and what of that is new. */
import type { Message } from "../types.js";
import type { Place } from "./position.js";

/** Who is told. */
export interface TrackListener {
  message(message: Message): void;
  changed(message: Message): void;
}

/**
 * Takes the messages of a conversation in any order and however often, from pushes, answers and pages,
 * and tells of each once: of new ones in the order of `seq`, and of changes as they come, but never of an
 * older one behind a newer one.
 *
 * `seq` counts messages and `revision` counts changes, both without gaps: so whatever is missing shows.
 */
export class Track {
  #place: Place | undefined;
  /** Messages that cannot be told yet, as one before them is missing; or as the place is not known. */
  readonly #ahead = new Map<number, Message>();
  /** Changes that were told although one before them is missing: of which message each one was. */
  readonly #changes = new Map<number, number>();
  /** The first message that was pushed before the place was known. */
  #firstPushed = Number.POSITIVE_INFINITY;
  /** How far the server has said that the conversation is. */
  readonly #known: Place = { seq: 0, revision: 0 };

  constructor(
    private readonly listener: TrackListener,
    place?: Place,
  ) {
    this.#place = place && { ...place };
  }

  /** How far it is; undefined as long as nobody has said where it begins. */
  get place(): Readonly<Place> | undefined {
    return this.#place;
  }

  /** The last message that was seen or heard of. */
  get lastSeq(): number {
    return Math.max(this.#known.seq, this.#place?.seq ?? 0);
  }

  /** Whether there is something that has not been seen. */
  get isBehind(): boolean {
    return this.missesMessages || this.missesChanges;
  }

  /** Whether there are messages that have not been seen. */
  get missesMessages(): boolean {
    return this.#place === undefined || this.#place.seq < this.#known.seq;
  }

  /** Whether there are changes that have not been seen. */
  get missesChanges(): boolean {
    return this.#place === undefined || this.#place.revision < this.#known.revision;
  }

  /** The server says that the conversation is at least this far. */
  expect(seq: number, revision: number): void {
    this.#known.seq = Math.max(this.#known.seq, seq);
    this.#known.revision = Math.max(this.#known.revision, revision);
  }

  /**
   * Begins here. If it has begun, it is not as far as this perhaps, and what lies between has not been
   * seen. What was pushed before counts as new, even if it is told here that it has been seen.
   */
  begin(place: Place): void {
    this.expect(place.seq, place.revision);
    if (this.#place !== undefined) {
      return;
    }
    this.#place = { seq: Math.min(place.seq, this.#firstPushed - 1), revision: place.revision };
    const waiting = [...this.#ahead.values()];
    this.#ahead.clear();
    for (const message of waiting) {
      this.offer(message);
    }
  }

  /** A message that was pushed. */
  push(message: Message): void {
    if (this.#place === undefined && message.revision === 0) {
      this.#firstPushed = Math.min(this.#firstPushed, message.seq);
    }
    this.offer(message);
  }

  /** A message, as it is or was. */
  offer(message: Message): void {
    this.expect(message.seq, message.revision);
    const place = this.#place;
    if (place === undefined || message.seq > place.seq) {
      const other = this.#ahead.get(message.seq);
      if (other === undefined || other.revision < message.revision) {
        this.#ahead.set(message.seq, message);
      }
      this.#tell();
    } else if (message.revision > place.revision && !this.#changes.has(message.revision)) {
      const isOld = this.#hasNewer(message);
      this.#note(message);
      if (!isOld) {
        this.listener.changed(message);
      }
    }
  }

  /** Every change up to this one has been offered, or was made again later. */
  changesSeenTo(revision: number): void {
    const place = this.#place;
    if (place !== undefined && revision > place.revision) {
      place.revision = revision;
      this.#settle(place);
    }
  }

  /** Tells of the messages whose turn it is. */
  #tell(): void {
    const place = this.#place;
    for (let next = place && this.#ahead.get(place.seq + 1); place && next; next = this.#ahead.get(place.seq + 1)) {
      this.#ahead.delete(next.seq);
      place.seq = next.seq;
      this.#note(next);
      this.listener.message(next);
    }
  }

  #hasNewer({ seq, revision }: Message): boolean {
    return [...this.#changes].some(([other, of]) => of === seq && other > revision);
  }

  #note({ seq, revision }: Message): void {
    const place = this.#place;
    if (place !== undefined && revision > place.revision) {
      this.#changes.set(revision, seq);
      this.#settle(place);
    }
  }

  #settle(place: Place): void {
    while (this.#changes.has(place.revision + 1)) {
      place.revision += 1;
    }
    for (const revision of this.#changes.keys()) {
      if (revision <= place.revision) {
        this.#changes.delete(revision);
      }
    }
  }
}
