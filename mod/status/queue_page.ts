/** The queue, and what can be done to it: one form, so that it works without scripts. */
import { html } from "hono/html";
import { STATUS_QUEUE } from "../base/limits.ts";
import { duration, type Html, type PageFacts, size } from "./layout.ts";
import type { QueueAction, QueueChanges, QueueItem } from "./types.ts";

/** The actions as buttons; the dangerous ones last. */
const BUTTONS: readonly (readonly [QueueAction, string])[] = [
  ["retry", "Try now"],
  ["hold", "Hold"],
  ["release", "Release"],
  ["bounce", "Send back"],
  ["drop", "Drop"],
];

const DONE: Readonly<Record<QueueAction, string>> = {
  retry: "to be tried now",
  hold: "held",
  release: "released",
  bounce: "sent back",
  drop: "dropped",
};

/** The body of the page. `told`: what came of the action before. */
export function queuePage(facts: PageFacts, queue: readonly QueueItem[], told: string | null): Html {
  const shown = queue.slice(0, STATUS_QUEUE);
  return html`
    <h2>Queue</h2>
    ${told === null ? "" : html`<p class="told" role="status">${told}</p>`}
    ${facts.formKey === null
      ? html`<p>To change something here, <a href="/sign-in">sign in</a> with a token that may.</p>`
      : ""}
    <div id="queue" data-live>
    ${queue.length === 0 ? html`<p>Empty: everything was delivered.</p>` : queueForm(facts, shown)}
    ${queue.length > shown.length
      ? html`<p>The first ${shown.length} of ${queue.length}; all of them: <code>roost queue list</code>.</p>`
      : ""}
    </div>
  `;
}

/** What came of an action, in words. */
export function toldOf(action: QueueAction, { done, busy, missing }: QueueChanges): string {
  const parts = [`${done.length} ${DONE[action]}`];
  if (busy.length > 0) parts.push(`${busy.length} being tried at this moment: try again, or hold first`);
  if (missing.length > 0) parts.push(`${missing.length} gone meanwhile`);
  return parts.join("; ");
}

function queueForm({ formKey, now }: PageFacts, queue: readonly QueueItem[]): Html {
  const table = html`
    <div class="scroll" tabindex="0" role="region" aria-label="Messages in the queue">
      <table>
        <thead>
          <tr>${formKey === null
            ? ""
            : html`<th scope="col"><span class="hidden">Chosen</span></th>`}<th scope="col">ID</th><th scope="col">State</th><th scope="col">From</th><th scope="col">To</th>
    <th scope="col" class="n">Size</th><th scope="col" class="n">Tries</th><th scope="col">Next try</th><th scope="col">Last answer</th></tr>
        </thead>
        <tbody>
    ${queue.map((q) =>
      html`<tr>${
        formKey === null
          ? ""
          : html`<td><input type="checkbox" name="id" value="${q.id}" aria-label="Choose ${q.id}"></td>`
      }
<td><code class="id">${q.id}</code></td><td>${q.state}</td><td>${q.sender}</td>
<td>${recipientsOf(q)}</td><td class="n">${size(q.size)}</td><td class="n">${q.attempts}</td>
<td>${nextTry(q, now)}</td><td>${q.recipients.find((r) => r.reply)?.reply ?? ""}</td></tr>`
    )}
        </tbody>
      </table>
    </div>
  `;
  if (formKey === null) return table;
  return html`<form method="post" action="/queue"><input type="hidden" name="key" value="${formKey}">
${table}
<div class="actions">${
    BUTTONS.map(([action, label]) =>
      html`
        <button name="action" value="${action}">${label}</button>
      `
    )
  }</div>
<p class="sub">For those ticked. "Send back" tells the sender; "Drop" tells nobody and cannot be undone.</p></form>`;
}

function recipientsOf(q: QueueItem): string {
  const all = q.recipients.map((r) => r.address);
  return all.length > 3 ? `${all.slice(0, 3).join(", ")} and ${all.length - 3} more` : all.join(", ");
}

function nextTry(q: QueueItem, now: number): string {
  if (q.state === "held") return "when released";
  return q.next === null ? "now" : `in ${duration(Math.max(0, (Date.parse(q.next) - now) / 1000))}`;
}
