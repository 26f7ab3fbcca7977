import type { Log } from "../base/log.ts";

/** A log for verbs: they tell the person what matters themselves. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
