/** The status page: one plain document, rendered here, no script and nothing loaded from outside. */
import { html, raw } from "hono/html";
import { reportTable } from "./report_table.ts";
import type { QueueItem, ReceivedSummaries, StatusSnapshot } from "./types.ts";

type Html = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --soft: #6b7280; --line: #d4d7dd; --bad: #b42318; --good: #157347; --card: #f7f7f9; }
@media (prefers-color-scheme: dark) { :root { --soft: #9aa3b2; --line: #3a404b; --bad: #ff8b7e; --good: #6fd19a; --card: #1b1f26; } body { background: #12151a; color: #e7eaf0; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 60rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.sub { color: var(--soft); margin: .2rem 0 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; } .card span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; } th.n, td.n { text-align: right; } td.n { font-variant-numeric: tabular-nums; }
code { font-size: .85em; overflow-wrap: anywhere; } .bad { color: var(--bad); } .good { color: var(--good); } footer { color: var(--soft); margin-top: 2.5rem; font-size: .85rem; }
`;

/** The page for a snapshot; `now` in milliseconds since 1970. */
export function statusPage(
  s: StatusSnapshot,
  queue: readonly QueueItem[],
  received: ReceivedSummaries,
  authority: boolean,
  now: number,
): Html {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="refresh" content="30">
        <title>Roost on ${s.hostname}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <header>
          <h1>Roost on ${s.hostname}</h1>
          <p class="sub">version ${s.version}${s.commit ? ` (${s.commit})` : ""}, up ${duration(
            s.uptime,
          )}, ${s.network} network</p>
        </header>
        <main>
    <div class="cards">
    ${card(s.mail.accepted, "messages accepted")}${card(s.mail.delivered, "delivered to mailboxes")}${card(
      s.mail.sent,
      "sent to others",
    )}
    ${card(s.queue.size, "in the queue")}${card(s.mail.refused, "refused")}${card(s.mail.bounced, "bounced")}
    ${card(s.logins.ok, "logins")}${card(s.logins.refused, "logins refused")}
    ${card(s.disk.free === null ? "?" : size(s.disk.free), "disk free")}${card(size(s.memory.rss), "memory")}
    </div>
    <h2>Listeners</h2>
    <div class="scroll"><table><tr><th>Service</th><th>Address</th><th class="n">Open connections</th></tr>
    ${s.listeners.map((l) =>
      html`
        <tr>
          <td>${l.kind}</td>
          <td><code>${l.address}:${l.port}</code></td>
          <td class="n">${l.connections}</td>
        </tr>
      `
    )}
    </table></div>
    <h2>Queue</h2>
    ${queueTable(queue, s.queue.size, now)}
    ${reportTable(received)}
    <h2>Certificates</h2>
    <div class="scroll"><table><tr><th>For</th><th>Issued by</th><th>Ends</th><th>SHA-256 fingerprint</th></tr>
    ${s.certificates.map((c) =>
      html`
        <tr>
          <td>${c.names.join(", ")}</td>
          <td>${c.issuer}</td>
          <td>${ending(c.expires, now)}</td>
          <td><code>${c.fingerprint}</code></td>
        </tr>
      `
    )}
    </table></div>
    ${authority
      ? html`<p>Mail programs on a closed network trust this server once its authority is installed: <a href="/ca.pem">ca.pem</a>.</p>`
      : ""}
        </main>
        <footer>Numbers count since the start, ${s
          .started}. The same as data: <a href="/api/status">/api/status</a>, <a href="/metrics">/metrics</a>. This page renews itself every 30 seconds.</footer>
      </body>
    </html>
  `;
}

function card(value: string | number, label: string): Html {
  return html`<div class="card"><b>${value}</b><span>${label}</span></div>`;
}

function queueTable(queue: readonly QueueItem[], total: number, now: number): Html {
  if (total === 0) return html`<p>Empty: everything was delivered.</p>`;
  return html`
    <div class="scroll">
      <table><tr><th>ID</th><th>From</th><th>To</th><th class="n">Size</th><th class="n">Tries</th><th>Next try</th><th>Last answer</th></tr>
    ${queue.slice(0, 100).map((q) =>
      html`
        <tr>
          <td><code>${q.id}</code></td>
          <td>${q.sender}</td>
          <td>${q.recipients.map((r) => r.address).join(", ")}</td>
          <td class="n">${size(q.size)}</td>
          <td class="n">${q.attempts}</td>
          <td>${q.next === null
            ? "now"
            : `in ${duration(Math.max(0, (Date.parse(q.next) - now) / 1000))}`}</td>
          <td>${q.recipients.find((r) => r.reply)?.reply ?? ""}</td>
        </tr>
      `
    )}
      </table>
    </div>${total > 100
      ? html`<p>The first 100 of ${total}; all of them: <code>roost queue list</code>.</p>`
      : ""}
  `;
}

function ending(expires: string, now: number): Html {
  const days = Math.floor((Date.parse(expires) - now) / 86_400_000);
  const tone = days < 14 ? "bad" : "good";
  return html`<span class="${tone}">${days < 0 ? "ended" : `in ${days} days`}</span> (${
    expires.slice(0, 10)
  })`;
}

/** Octets for people: 1.5 MB. */
export function size(octets: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = octets;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds for people: "3 d 4 h", "12 min". */
export function duration(seconds: number): string {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
