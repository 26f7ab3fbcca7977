/** Assertions for tests, over node:assert, with the names Deno people know. */
import nodeAssert from "node:assert/strict";

/** Fails unless `condition` holds. */
export function assert(condition: unknown, message?: string): asserts condition {
  nodeAssert.ok(condition, message);
}

/** Fails unless both are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Fails unless `fn` throws an error whose text holds `text`; gives the error. */
export function assertThrows(fn: () => unknown, text = ""): Error {
  try {
    fn();
  } catch (e) {
    return checked(e, text);
  }
  throw new nodeAssert.AssertionError({ message: "Expected an exception, got none" });
}

/** Fails unless the promise rejects with an error whose text holds `text`; gives the error. */
export async function assertRejects(fn: () => Promise<unknown>, text = ""): Promise<Error> {
  try {
    await fn();
  } catch (e) {
    return checked(e, text);
  }
  throw new nodeAssert.AssertionError({ message: "Expected a rejection, got none" });
}

/** Fails unless `text` matches. */
export function assertMatch(text: string, pattern: RegExp, message?: string): void {
  nodeAssert.match(text, pattern, message);
}

function checked(e: unknown, text: string): Error {
  nodeAssert.ok(e instanceof Error, `Expected an Error, got ${e}`);
  nodeAssert.ok(`${e.name}: ${e.message}`.includes(text), `Expected "${text}" in "${e.name}: ${e.message}"`);
  return e;
}
