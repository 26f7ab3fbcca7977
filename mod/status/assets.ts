/** Style and script of the pages, served by ourselves: nothing is loaded from outside, and nothing stands in the pages that could be injected. */

export const STYLE = `
:root { color-scheme: light dark; --soft: #5b6472; --line: #d4d7dd; --bad: #b42318; --good: #146c43; --warn: #8a5a00; --card: #f6f7f9; --ink: #1a1d23; --page: #fff; --link: #0b57d0;
  --c1: #2f6fd6; --c2: #b42318; --c3: #2e8b57; --c4: #8a5a00; --c5: #7a3fb5; }
@media (prefers-color-scheme: dark) { :root { --soft: #a3acba; --line: #3a404b; --bad: #ff8b7e; --good: #6fd19a; --warn: #f0b95b; --card: #1b1f26; --ink: #e7eaf0; --page: #12151a; --link: #8ab4f8;
  --c1: #7aa8f5; --c2: #ff8b7e; --c3: #6fd19a; --c4: #f0b95b; --c5: #c29bf0; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 64rem; background: var(--page); color: var(--ink); }
a { color: var(--link); overflow-wrap: anywhere; } h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.sub { color: var(--soft); margin: .2rem 0 0; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem .4rem; padding: 0; margin: 1rem 0 1.25rem; border-bottom: 1px solid var(--line); }
nav a { display: block; padding: .35rem .7rem; text-decoration: none; border-radius: .4rem .4rem 0 0; color: var(--soft); }
nav a[aria-current] { color: var(--ink); background: var(--card); border: 1px solid var(--line); border-bottom: 0; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; } .card span { color: var(--soft); font-size: .85rem; }
.health { list-style: none; margin: 0; padding: 0; }
.health li { border: 1px solid var(--line); border-left: .35rem solid var(--good); background: var(--card); border-radius: .4rem; padding: .5rem .9rem; margin-bottom: .5rem; }
.health li.warn { border-left-color: var(--warn); } .health li.fail { border-left-color: var(--bad); } .health p { margin: 0; color: var(--soft); }
.scroll { overflow-x: auto; position: relative; } .newest { direction: rtl; } .newest svg { direction: ltr; }
.actions { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .75rem; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; } th.n, td.n { text-align: right; } td.n { font-variant-numeric: tabular-nums; }
td time { white-space: nowrap; } code { font-size: .85em; overflow-wrap: anywhere; } code.id { white-space: nowrap; overflow-wrap: normal; } .bad { color: var(--bad); } .good { color: var(--good); } .warn { color: var(--warn); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; overflow-x: auto; }
form.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .75rem 0; }
button, input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: .4rem; padding: .35rem .8rem; min-height: 2.4rem; }
button { cursor: pointer; } input[type=checkbox] { min-height: 0; width: 1.2rem; height: 1.2rem; } input[type=password], input[type=email] { min-width: min(24rem, 100%); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.told { border: 1px solid var(--line); border-left: .35rem solid var(--link); padding: .5rem .9rem; border-radius: .4rem; }
svg.plot { display: block; width: 100%; min-width: 34rem; height: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
svg.plot text { fill: var(--soft); font-size: 13px; } svg.plot .grid { stroke: var(--line); stroke-width: 1; }
.s-accepted { stroke: var(--c1); } .s-refused { stroke: var(--c2); } .s-delivered { stroke: var(--c3); } .s-sent { stroke: var(--c5); } .s-bounced { stroke: var(--c4); }
svg.plot polyline { fill: none; stroke-width: 2; } .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.2rem; list-style: none; padding: 0; margin: .5rem 0; }
.legend svg { width: 1.6rem; height: .7rem; vertical-align: middle; } .legend line { stroke-width: 4; }
svg.qr { width: min(18rem, 100%); height: auto; background: #fff; border-radius: .4rem; } svg.qr path { fill: #000; }
meter { width: 7rem; } footer { color: var(--soft); margin-top: 2.5rem; font-size: .85rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) { body { font-size: 15px; } h1 { font-size: 1.2rem; } }
`;

/**
 * Renews what the server says has changed, by loading the same page again and taking over its parts marked data-live. A part in which the reader
 * is at work (focus, or something ticked) is left alone.
 */
export const SCRIPT = `
"use strict";
const renew = async () => {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || part.contains(document.activeElement) || part.querySelector("input:checked")) continue;
    if (part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
  }
};
let busy = false;
const stream = new EventSource("/live");
const changed = async () => {
  if (busy || document.hidden) return;
  busy = true;
  try { await renew(); } catch { /* the server is away; the stream comes back by itself */ } finally { busy = false; }
};
stream.onmessage = changed;
// What changed before the stream was there, or while nobody looked.
stream.onopen = changed;
addEventListener("visibilitychange", changed);
addEventListener("pagehide", () => stream.close());
`;
