/** The outcome of something that may fail by plan: parsing, looking up, deciding. Exceptions are for bugs and broken I/O. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly error: E;
};

/** Wraps a value as success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps an expected failure. */
export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Ends a `switch` over a union: to forget a member does not compile. */
export function unreachable(value: never): never {
  throw new TypeError(`Cannot get here: unexpected ${JSON.stringify(value)}`);
}
