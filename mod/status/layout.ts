/** What all pages have: head, navigation, foot. */
import { html } from "hono/html";

export type Html = ReturnType<typeof html>;

/** What a page is told beside its contents. */
export interface PageFacts {
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What its forms must carry; null where nobody is signed in who may change things. */
  readonly formKey: string | null;
  readonly signedIn: boolean;
}

/** The pages of the navigation. */
export const PAGES = [
  ["/", "Overview"],
  ["/queue", "Queue"],
  ["/decisions", "Decisions"],
  ["/accounts", "Accounts"],
  ["/domains", "DNS and certificates"],
  ["/reports", "Reports"],
] as const;

/** A whole page; `path` is its own in the navigation. */
export function page(facts: PageFacts, path: string, title: string, body: Html): Html {
  return shell(
    `${title} - Roost on ${facts.hostname}`,
    html`
      <header>
        <h1>Roost on ${facts.hostname}</h1>
        <nav aria-label="Pages">
          <ul>${PAGES.map(([at, name]) =>
            html`<li><a href="${at}"${
              at === path
                ? html`
                  aria-current="page"
                `
                : ""
            }>${name}</a></li>`
          )}</ul>
        </nav>
      </header>
      <main>${body}</main>
      <footer>${facts.signedIn
        ? signOut(facts)
        : html`<p><a href="/sign-in">Sign in</a> with a token to change things.</p>`}
      <p>Times are UTC. The same as data: <a href="/api/status">/api/status</a>, <a href="/metrics">/metrics</a>, described in
      <a href="/api/openapi.json">/api/openapi.json</a>. Mail programs: <a href="/setup">set-up</a>.</p></footer>
      <script src="/live.js" defer></script>
    `,
  );
}

/** A page without navigation, for who is not signed in. */
export function plainPage(title: string, body: Html): Html {
  return shell(title, html`<main>${body}</main>`);
}

function shell(title: string, body: Html): Html {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/style.css">
      </head>
      <body>
    ${body}
      </body>
    </html>
  `;
}

function signOut({ formKey }: PageFacts): Html {
  return html`<form class="row" method="post" action="/sign-out"><button>Sign out</button>${
    formKey === null ? html`<span>Your token may only read.</span>` : ""
  }</form>`;
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

/** "2026-01-02T03:04:05.000Z" as people read it. */
export function moment(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`;
}
