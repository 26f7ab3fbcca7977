import { CLIENT_NEXT_ADDRESS } from "../../mod/base/limits.ts";
import { err, ok, type Result } from "../../mod/base/result.ts";
import { connectFirst } from "../../mod/outbound/race.ts";
import type { Conn } from "../../mod/wire/conn.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { ScriptConn } from "../support/script_conn.ts";

function race(addresses: readonly string[]) {
  const clock = new FakeClock();
  const begun: string[] = [];
  const late: string[] = [];
  const answers = new Map<string, (made: Result<Conn, string>) => void>();
  let raced: string | null = null;
  const connect = (address: string) => {
    begun.push(address);
    return new Promise<Result<Conn, string>>((resolve) => answers.set(address, resolve));
  };
  const done = connectFirst(addresses, connect, clock, (address) => void late.push(address)).then((r) => {
    raced = `${r.won?.address ?? "-"} after ${r.failed.map((f) => f.address).join(" ")}`;
  });
  const answer = async (address: string, well: boolean) => {
    const conn = new ScriptConn();
    answers.get(address)?.(well ? ok(conn) : err("no"));
    await settle();
    return conn;
  };
  return { clock, begun, late, answer, done, raced: () => raced };
}

Deno.test("connectFirst() takes the first address when it answers", async () => {
  const r = race(["a", "b"]);
  await r.answer("a", true);
  assertEquals([r.raced(), r.begun, r.clock.waiting], ["a after ", ["a"], 0]);
});

Deno.test("connectFirst() goes on at once after a failure, and ends when all have failed", async () => {
  const r = race(["a", "b"]);
  await r.answer("a", false);
  assertEquals([r.raced(), r.begun], [null, ["a", "b"]]);
  await r.answer("b", false);
  assertEquals([r.raced(), r.clock.waiting], ["- after a b", 0]);
  const none = race([]);
  await none.done;
  assertEquals(none.raced(), "- after ");
});

Deno.test("connectFirst() begins the next beside one that is silent, and hangs up on who comes too late", async () => {
  const r = race(["a", "b", "c"]);
  await r.clock.advance(CLIENT_NEXT_ADDRESS - 1);
  assertEquals(r.begun, ["a"]);
  await r.clock.advance(1);
  assertEquals(r.begun, ["a", "b"]);
  await r.clock.advance(CLIENT_NEXT_ADDRESS);
  assertEquals(r.begun, ["a", "b", "c"]);
  await r.answer("b", true);
  assertEquals([r.raced(), r.clock.waiting], ["b after ", 0]);
  const late = await r.answer("c", true);
  assert(late.destroyed);
  await r.answer("a", false);
  assertEquals(r.late, ["a"]);
});

Deno.test("connectFirst() lets a bug out", async () => {
  const connect = () => Promise.reject(new TypeError("bug"));
  assertEquals(await connectFirst(["a"], connect, new FakeClock()).catch((e) => e.message), "bug");
});
