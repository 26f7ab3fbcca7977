import { logOutcomes } from "../../mod/queue/outcome_log.ts";
import { newMessage, type Outcome } from "../../mod/queue/record.ts";
import { assertEquals } from "../support/assert.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { envelope } from "./rig.ts";

function outcome(recipient: number, state: Outcome["state"]): Outcome {
  return { recipient, state, status: "2.0.0", why: "", host: null, reply: null };
}

Deno.test("logOutcomes() writes a line a recipient, counts, and says when a report is dropped", () => {
  for (const [sender, dropped] of [["me@home.test", 0], [null, 2]] as const) {
    const log = new MemoryLog();
    const counts = { delivered: 0, deferred: 0, failed: 0 };
    const message = newMessage({
      id: "m",
      created: 0,
      envelope: envelope(["a@x", "b@x", "c@x", "d@x"], sender),
      size: 1,
      offset: 1,
    });
    const outcomes = (["delivered", "pending", "failed", "expired"] as const).map((s, i) => outcome(i, s));
    logOutcomes(
      message,
      { kind: "attempt", at: 1, destination: "x", attempts: 1, next: 2, outcomes },
      log,
      counts,
      {
        places: [0],
        outcomes: [{
          kind: "delivered",
          host: "mx",
          reply: { code: 250, status: null, lines: [""] },
          tls: "TLSv1.3",
          dsnPassedOn: false,
        }],
      },
    );
    assertEquals([log.lines[0]?.fields.tls, log.lines[1]?.fields.tls], ["TLSv1.3", undefined]);
    assertEquals(log.lines[1]?.fields.next, "1970-01-01T00:00:00.002Z");
    assertEquals(counts, { delivered: 1, deferred: 1, failed: 2 });
    assertEquals(
      log.lines.filter((l) => l.level === "info").map((l) => [l.event, l.fields.to]),
      [["delivered", "a@x"], ["deferred", "b@x"], ["failed", "c@x"], ["expired", "d@x"]],
    );
    assertEquals(log.lines.filter((l) => l.event === "report dropped").length, dropped);
  }
});
