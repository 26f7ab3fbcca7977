/** What others report about our domains, added up for the status page. */
import { html } from "hono/html";
import type { ReceivedSummaries } from "./types.ts";

/** Counts of one domain. */
interface Row {
  readonly domain: string;
  reports: number;
  sessions: number;
  failedSessions: number;
  messages: number;
  failedMessages: number;
}

/** Domains shown. */
const SHOWN = 20;

/** A heading and a table; a word where there are no reports. */
export function reportTable(received: ReceivedSummaries): ReturnType<typeof html> {
  const rows = rowsOf(received);
  if (rows.length === 0) {
    return html`
      <h2>Reported by others</h2>
      <p>Nothing yet: reports come by mail, once a day, from those who got mail in your name.</p>
    `;
  }
  return html`
    <h2>Reported by others</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Reports by domain">
      <table>
        <thead>
          <tr>
            <th scope="col">Domain</th>
            <th scope="col" class="n">Reports</th>
            <th scope="col" class="n">TLS sessions to us</th>
            <th scope="col" class="n">failed</th>
            <th scope="col" class="n">Mail in its name</th>
            <th scope="col" class="n">not proven to be ours</th>
          </tr>
        </thead>
        <tbody>
    ${rows.slice(0, SHOWN).map((r) =>
      html`
        <tr>
          <td>${r.domain}</td>
          <td class="n">${r.reports}</td>
          <td class="n">${r.sessions}</td>
          <td class="n ${r.failedSessions > 0 ? "bad" : ""}">${r.failedSessions}</td>
          <td class="n">${r.messages}</td>
          <td class="n">${r.failedMessages}</td>
        </tr>
      `
    )}
      </tbody>
      </table>
    </div>
    <p>From reports by mail of the last 90 days, which anybody can write. The details: <a href="/api/reports/tls">/api/reports/tls</a>,
      <a href="/api/reports/dmarc">/api/reports/dmarc</a>.</p>
  `;
}

function rowsOf({ tls, dmarc }: ReceivedSummaries): readonly Row[] {
  const rows = new Map<string, Row>();
  const rowFor = (domain: string): Row => {
    const fresh = { domain, reports: 0, sessions: 0, failedSessions: 0, messages: 0, failedMessages: 0 };
    const row = rows.get(domain) ?? fresh;
    rows.set(domain, row);
    row.reports++;
    return row;
  };
  for (const report of tls) {
    const row = rowFor(report.domain);
    row.sessions += report.successes + report.failures;
    row.failedSessions += report.failures;
  }
  for (const report of dmarc) {
    const row = rowFor(report.domain);
    row.messages += report.passed + report.failed;
    row.failedMessages += report.failed;
  }
  return [...rows.values()].sort((a, b) => b.reports - a.reports);
}
