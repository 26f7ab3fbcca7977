import type { ReceivedSummaries, StatusSnapshot } from "../../mod/status/types.ts";

/** A snapshot with a different number in each place. */
export const SNAPSHOT: StatusSnapshot = {
  version: "1.2.3",
  commit: null,
  hostname: "mail.example.org",
  network: "closed",
  started: "2026-01-02T03:04:05.000Z",
  uptime: 3700,
  listeners: [{ kind: "smtp", address: "127.0.0.1", port: 25, connections: 2 }],
  queue: { size: 1, pending: 1, oldest: "2026-01-02T03:04:05.000Z" },
  mail: { accepted: 1, refused: 2, delivered: 3, sent: 4, bounced: 5 },
  logins: { ok: 6, refused: 7 },
  disk: { path: "/d", free: 1e9, total: 2e9 },
  memory: { rss: 5e7, heap: 1e7 },
  certificates: [],
};

/** Reports of others about one domain. */
export const RECEIVED: ReceivedSummaries = {
  tls: [{
    received: "2026-01-02T03:04:05.000Z",
    organization: "Far <b>",
    id: "r1",
    begin: "2026-01-01T00:00:00.000Z",
    end: "2026-01-01T23:59:59.000Z",
    domain: "example.org",
    successes: 120,
    failures: 11,
    worst: [{ type: "certificate-expired", mx: "mail.example.org", sessions: 11 }],
  }],
  dmarc: [{
    received: "2026-01-02T03:04:05.000Z",
    organization: "Far",
    id: "r2",
    begin: "2026-01-01T00:00:00.000Z",
    end: "2026-01-01T23:59:59.000Z",
    domain: "example.org",
    policy: "none",
    passed: 300,
    failed: 13,
    quarantined: 0,
    rejected: 0,
    worst: [{ source: "192.0.2.1", headerFrom: "example.org", messages: 13 }],
  }],
};
