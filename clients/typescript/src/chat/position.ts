/** How far a client is. */

/** How far it is in one conversation. */
export interface Place {
  /** It has seen every message up to this one. */
  seq: number;
  /** And every change up to this one. */
  revision: number;
}

/** How far a client is in all of them: to be kept, as JSON, and given to the next one as `since`. */
export interface ChatPosition {
  /** The newest `updatedAt` of all conversations when it had last caught up; null before that. */
  syncedTo: string | null;
  /**
   * In a conversation that is not among `places`, what was said after this time is new; null if everything
   * is. Nothing in it has changed between this time and when the client first connected.
   */
  floor: string | null;
  places: Record<string, Place>;
}

/** Where a client begins that knows nothing. */
export const NOWHERE: ChatPosition = { syncedTo: null, floor: null, places: {} };
