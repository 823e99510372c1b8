// What every part of the page shares: what the sandbox said of itself last, and what is open.

export const state = {
  /** As `/sandbox/health` has it; `instance` and `cleared` say which sandbox this is. */
  health: { instance: "", cleared: 0, refused: 0 },
  /** The message or the refused request whose details are shown. */
  selected: null,
  /** Whether who opens a chat by the keyboard is to go on in it. */
  enters: false,
  open: closed(null),
};

/**
 * A conversation: `messages` are those that are drawn, the newest `limit` of those `before` a number. Without that
 * number it goes on as messages arrive. How many are `unread`; how often it was read, so that the last answer counts.
 */
export function closed(user) {
  return { user, messages: new Map(), limit: 60, before: undefined, unread: 0, reads: 0 };
}
