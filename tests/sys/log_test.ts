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
