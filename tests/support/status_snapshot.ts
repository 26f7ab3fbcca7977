import type { StatusSnapshot } from "../../mod/status/types.ts";

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
