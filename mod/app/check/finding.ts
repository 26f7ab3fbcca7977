/** One line of `roost check`. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at, such as "disk" or "example.org MX". */
  readonly about: string;
  /** How it is. */
  readonly what: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
}

export function fine(about: string, what: string): Finding {
  return { level: "ok", about, what, fix: null };
}

export function odd(about: string, what: string, fix: string): Finding {
  return { level: "warn", about, what, fix };
}

export function bad(about: string, what: string, fix: string): Finding {
  return { level: "fail", about, what, fix };
}
