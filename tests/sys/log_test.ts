import { setUpLog } from "../../mod/sys/log.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";

Deno.test("log lines: text for eyes, values quoted where a peer could break the line", () => {
  const lines: string[] = [];
  const log = setUpLog({ level: "info", format: "text", colours: false }, (l) => void lines.push(l));
  log.debug("hidden");
  log.with({ id: "x1" }).info("mail accepted", { size: 42, helo: "a\nb", none: undefined });
  assertEquals(lines.length, 1);
  assertMatch(lines[0] ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z info {4}mail accepted id=x1 size=42 helo="a\\nb"$/);
});

Deno.test("log lines: JSON for programs, with the cause of an error", () => {
  const lines: string[] = [];
  const log = setUpLog({ level: "debug", format: "json", colours: false }, (l) => void lines.push(l));
  log.error("store failed", { id: "x" }, new Error("disk"));
  const line = JSON.parse(lines[0] ?? "{}");
  assertEquals([line.level, line.event, line.id], ["error", "store failed", "x"]);
  assertMatch(line.cause, /disk/);
  setUpLog({ level: "error", format: "json", colours: false }, () => {});
});

Deno.test("log lines hold nothing that a terminal obeys, whatever a peer said", () => {
  const said = "a\x1b[31m\r\nb\x7f\u009b2J\u0085\u2028\u202e\u2066c";
  for (const format of ["text", "json"] as const) {
    const lines: string[] = [];
    const log = setUpLog({ level: "info", format, colours: false }, (l) => void lines.push(l));
    log.info("login refused", { login: said });
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/.test(lines.join("")), false, lines[0]);
    if (format === "json") assertEquals(JSON.parse(lines[0] ?? "").login, said);
  }
  setUpLog({ level: "error", format: "json", colours: false }, () => {});
});
