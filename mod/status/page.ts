/** The overview: health, the day's mail, numbers, listeners. */
import { html } from "hono/html";
import type { SlotCounts } from "./history.ts";
import { duration, type Html, size } from "./layout.ts";
import { plot } from "./plot.ts";
import type { HealthFinding, StatusSnapshot } from "./types.ts";

/** The body of the page for a snapshot. */
export function overview(
  s: StatusSnapshot,
  health: readonly HealthFinding[],
  day: readonly SlotCounts[],
): Html {
  return html`
    <p class="sub">Version ${s.version}${s.commit ? ` (${s.commit})` : ""}, up ${duration(s.uptime)}, ${s
      .network} network</p>
    <h2>Health</h2>
    <div id="health" data-live>${healthList(health)}</div>
    <h2>Mail of the last 24 hours</h2>
    <div id="day" data-live>${plot(day)}</div>
    <h2>Since the start</h2>
    <div id="numbers" data-live class="cards">
    ${card(s.mail.accepted, "messages accepted")}${card(s.mail.delivered, "delivered to mailboxes")}
    ${card(s.mail.sent, "sent to others")}${card(s.queue.size, "in the queue")}
    ${card(s.mail.refused, "refused")}${card(s.mail.bounced, "bounced")}
    ${card(s.logins.ok, "logins")}${card(s.logins.refused, "logins refused")}
    ${card(s.disk.free === null ? "?" : size(s.disk.free), "disk free")}${card(size(s.memory.rss), "memory")}
    </div>
    <h2>Listeners</h2>
    <div id="listeners" data-live class="scroll" tabindex="0" role="region" aria-label="Listeners">
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Address</th>
            <th scope="col" class="n">Open connections</th>
          </tr>
        </thead>
        <tbody>
    ${s.listeners.map((l) =>
      html`
        <tr>
          <td>${l.kind}</td>
          <td><code class="id">${l.address}:${l.port}</code></td>
          <td class="n">${l.connections}</td>
        </tr>
      `
    )}
        </tbody>
      </table>
    </div>
  `;
}

/** What is not as it should be; a word of comfort where nothing is. */
export function healthList(health: readonly HealthFinding[]): Html {
  if (health.length === 0) {
    return html`
      <ul class="health">
        <li><b>All is well.</b></li>
      </ul>
    `;
  }
  return html`<ul class="health">${
    health.map((f) =>
      html`<li class="${f.level}"><b>${
        f.level === "ok" ? "" : f.level === "warn" ? "Look: " : "Broken: "
      }${f.about}</b>: ${f.what}${f.fix === null ? "" : html`<p>${f.fix}</p>`}</li>`
    )
  }</ul>`;
}

function card(value: string | number, label: string): Html {
  return html`<div class="card"><b>${value}</b><span>${label}</span></div>`;
}
