import { MailHistory } from "../../mod/status/history.ts";
import { healthList, overview } from "../../mod/status/page.ts";
import { assert } from "../support/assert.ts";
import { SNAPSHOT } from "../support/status_snapshot.ts";

Deno.test("healthList() says that all is well, or what is wrong and what to do", async () => {
  assert(String(await healthList([])).includes("All is well"));
  const text = String(
    await healthList([
      { level: "fail", about: "disk", what: "<full>", fix: "make room" },
      { level: "warn", about: "queue", what: "long", fix: null },
    ]),
  );
  assert(/class="fail">\s*<b>Broken: disk<\/b>: &lt;full&gt;/.test(text), text);
  assert(text.includes("make room") && text.includes("Look: queue"));
});

Deno.test("overview() shows the snapshot", async () => {
  const text = String(await overview(SNAPSHOT, [], new MailHistory().day(0)));
  for (
    const part of ["Version 1.2.3", "up 1 h 1 min", "closed network", "<b>5</b>", "127.0.0.1:25", "1.0 GB"]
  ) {
    assert(text.includes(part), part);
  }
});
