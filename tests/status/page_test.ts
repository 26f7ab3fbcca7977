import { duration, size, statusPage } from "../../mod/status/page.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { SNAPSHOT } from "../support/status_snapshot.ts";

Deno.test("size() and duration() read well", () => {
  assertEquals([0, 999, 1000, 1536, 15_000_000, 2.5e11].map(size), [
    "0 B",
    "999 B",
    "1.0 KB",
    "1.5 KB",
    "15.0 MB",
    "250 GB",
  ]);
  assertEquals([5, 65, 3700, 90_000].map(duration), ["5 s", "1 min", "1 h 1 min", "1 d 1 h"]);
});

Deno.test("statusPage() says so when the queue is empty, and when a certificate is about to end", async () => {
  const now = Date.UTC(2026, 0, 2);
  const certificate = {
    source: "own",
    names: ["a.test"],
    issuer: "CN=x",
    expires: "2026-01-05T00:00:00.000Z",
    fingerprint: "AA:BB",
  };
  const page = String(
    await statusPage(
      { ...SNAPSHOT, queue: { ...SNAPSHOT.queue, size: 0 }, certificates: [certificate] },
      [],
      { tls: [], dmarc: [] },
      true,
      now,
    ),
  );
  assert(page.includes("Empty: everything was delivered"));
  assert(page.includes('class="bad">in 3 days'));
  assert(page.includes("/ca.pem"));
  assert(!page.includes("Reported by others"));
});
