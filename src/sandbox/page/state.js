// What the page knows and every part of it shares: the chats, what is open, and which sandbox this is.

export const state = {
  /** User → their newest message and how many are unread; the one who wrote last is the last entry. */
  chats: new Map(),
  /** Number → a refused request, oldest first. */
  refused: new Map(),
  /** How many refused requests were not looked at. */
  unseen: 0,
  /** The number of the newest message that was taken over. */
  seen: 0,
  /** Which sandbox this is, how often it was cleared, and how often a chat was deleted, as far as it is shown. */
  shown: { instance: "", cleared: 0, deleted: 0 },
  /** The message or the refused request whose details are shown. */
  selected: null,
  /** Whether who opens a chat by the keyboard is to go on in it. */
  enters: false,
  open: closed(null),
};

/**
 * A conversation: whether it is drawn up to the `newest` and down to the `oldest` message, how many newer ones were
 * `missed`, and whether something that the user `wrote` is on its way.
 */
export function closed(user) {
  return { user, messages: new Map(), newest: true, oldest: true, missed: 0, wrote: false };
}
