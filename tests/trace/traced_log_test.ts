import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";
import type { LogFields } from "../../mod/base/log.ts";
import { TracedLog } from "../../mod/trace/traced_log.ts";

Deno.test("TracedLog hands on every line, and decisions about mail to the tracer with all their fields", () => {
  const noted: [string, LogFields][] = [];
  const to = new MemoryLog();
  const log = new TracedLog(to, { note: (event, fields) => void noted.push([event, fields]) });
  const session = log.with({ remote: "192.0.2.1" }).with({ session: 7 });
  log.info("listening", { port: 25 });
  session.info("recipient refused", { id: "t" });
  session.warn("delivery put off");
  session.debug("mail accepted");
  log.error("reception failed", { id: "t" }, new Error("no disk\n  at secret"));
  log.error("session failed", {}, new Error("x"));
  assertEquals(noted, [
    ["recipient refused", { remote: "192.0.2.1", session: 7, id: "t" }],
    ["delivery put off", { remote: "192.0.2.1", session: 7 }],
    ["reception failed", { id: "t", why: "no disk\n  at secret" }],
  ]);
  assertEquals(to.lines.map((l) => l.event), [
    "listening",
    "recipient refused",
    "delivery put off",
    "mail accepted",
    "reception failed",
    "session failed",
  ]);
  assertEquals(to.lines[1]?.fields, { remote: "192.0.2.1", session: 7, id: "t" });
});
