/** The day's mail as a picture: one line a fate, drawn as SVG, with the same numbers as text for who does not see it. */
import { html, raw } from "hono/html";
import { type Fate, FATES, type SlotCounts } from "./history.ts";
import type { Html } from "./layout.ts";

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 44;
const BOTTOM = 28;
const TOP = 14;
/** Milliseconds that are drawn as one point: half an hour. */
const POINT = 1_800_000;

const LABELS: Readonly<Record<Fate, string>> = {
  accepted: "accepted",
  refused: "refused",
  delivered: "into mailboxes",
  sent: "sent to others",
  bounced: "bounced",
};

/** The plot of a day, with its legend and totals. */
export function plot(day: readonly SlotCounts[]): Html {
  const points = gathered(day);
  const most = niceTop(Math.max(1, ...points.flatMap((p) => FATES.map((f) => p[f]))));
  const totals = FATES.map((f) => [f, day.reduce((sum, s) => sum + s[f], 0)] as const);
  const summary = totals.map(([fate, n]) => `${n} ${LABELS[fate]}`).join(", ");
  return html`
    <div class="scroll newest" tabindex="0" role="region" aria-label="Plot">
      <svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
        aria-label="Mail of the last 24 hours by half hours: ${summary}">
    ${raw(grid(points, most))}
    ${raw(
      FATES.map((fate) => `<polyline class="s-${fate}" points="${line(points, fate, most)}"/>`).join("\n"),
    )}
      </svg>
    </div>
    <ul class="legend">${totals.map(([fate, n]) =>
      html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><line class="s-${fate}" x1="0" y1="4" x2="24" y2="4"/></svg> ${n} ${
        LABELS[fate]
      }</li>`
    )}</ul>
  `;
}

function gathered(day: readonly SlotCounts[]): SlotCounts[] {
  const halves = Map.groupBy(day, (slot) => Math.floor(slot.start / POINT) * POINT);
  return [...halves].map(([start, slots]) => {
    const sum = (fate: Fate) => slots.reduce((n, s) => n + s[fate], 0);
    return {
      start,
      accepted: sum("accepted"),
      refused: sum("refused"),
      delivered: sum("delivered"),
      sent: sum("sent"),
      bounced: sum("bounced"),
    };
  });
}

/** 1, 2 or 5 times a power of ten, at least `n`. */
export function niceTop(n: number): number {
  const power = 10 ** Math.floor(Math.log10(n));
  return ([1, 2, 5, 10].find((m) => m * power >= n) ?? 10) * power;
}

function x(i: number, count: number): number {
  return Math.round((LEFT + (WIDTH - LEFT - 8) * (count > 1 ? i / (count - 1) : 0)) * 10) / 10;
}

function y(n: number, most: number): number {
  return Math.round((TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / most)) * 10) / 10;
}

function line(points: readonly SlotCounts[], fate: Fate, most: number): string {
  return points.map((p, i) => `${x(i, points.length)},${y(p[fate], most)}`).join(" ");
}

/** Numbers of ours only: nothing in it comes from outside. */
function grid(points: readonly SlotCounts[], most: number): string {
  const levels = most === 1 ? [0, 1] : [0, most / 2, most];
  const across = levels.map((n) =>
    `<line class="grid" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(n, most)}" y2="${y(n, most)}"/>` +
    `<text x="${LEFT - 6}" y="${y(n, most) + 4}" text-anchor="end">${n}</text>`
  );
  const hours = points.flatMap((p, i) => {
    const time = new Date(p.start);
    if (time.getUTCMinutes() !== 0 || time.getUTCHours() % 4 !== 0) return [];
    const label = `${String(time.getUTCHours()).padStart(2, "0")}:00`;
    return [`<text x="${x(i, points.length)}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>`];
  });
  return [...across, ...hours].join("\n");
}
