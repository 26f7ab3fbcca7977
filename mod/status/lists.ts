/** Pages that are lists: accounts, decisions, domains with their DNS records and certificates. */
import { html } from "hono/html";
import type { Decision } from "./decisions.ts";
import { type Html, moment, size } from "./layout.ts";
import { healthList } from "./page.ts";
import type { AccountStatus, CertificateStatus, DomainStatus } from "./types.ts";

/** Accounts, what they keep and may keep. */
export function accountsPage(accounts: readonly AccountStatus[]): Html {
  return html`
    <h2>Accounts</h2>
    ${accounts.length === 0 ? html`<p>None yet: <code>roost user add ADDRESS</code>.</p>` : ""}
    <div id="accounts" data-live class="scroll" tabindex="0" role="region" aria-label="Accounts">
      <table>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">State</th>
            <th scope="col" class="n">Mail</th>
            <th scope="col" class="n">Messages</th>
            <th scope="col">Quota</th>
            <th scope="col">Mail program</th>
          </tr>
        </thead>
        <tbody>
    ${accounts.map((a) =>
      html`
        <tr>
          <td>${a.address}</td>
          <td>${a.disabled ? html`<span class="bad">disabled</span>` : "active"}</td>
          <td class="n">${a.used ? size(a.used.octets) : "-"}</td>
          <td class="n">${a.used?.messages ?? "-"}</td>
          <td>${quotaOf(a)}</td>
          <td><a href="/setup/${encodeURIComponent(a.address)}">set-up<span class="hidden"> of ${a
            .address}</span></a></td>
        </tr>
      `
    )}
        </tbody>
      </table>
    </div>
    <p class="sub">Usage is counted for accounts with a quota: <code>roost user quota ADDRESS SIZE</code>.</p>
  `;
}

function quotaOf({ quota, used, address }: AccountStatus): Html | string {
  const { octets, messages } = quota;
  if (octets === null && messages === null) return "none";
  const text = [octets === null ? "" : size(octets), messages === null ? "" : `${messages} messages`].filter((
    t,
  ) => t)
    .join(", ");
  if (octets === null || !used) return text;
  const share = octets === 0 ? 1 : Math.min(1, used.octets / octets);
  return html`
    <meter min="0" max="1" high="0.9" value="${share.toFixed(3)}"
      aria-label="Used by ${address}"></meter> ${Math.round(share * 100)} % of ${text}
  `;
}

/** What was decided last, and why. */
export function decisionsPage(decisions: readonly Decision[]): Html {
  return html`<h2>Decisions</h2>
<div id="decisions" data-live class="scroll" tabindex="0" role="region" aria-label="Decisions">
${
    decisions.length === 0 ? html`<p>None since the start.</p>` : html`
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Host</th>
            <th scope="col">Why</th>
            <th scope="col">ID</th>
          </tr>
        </thead>
        <tbody>
      ${decisions.map((d) =>
        html`
          <tr>
            <td>${moment(d.time)}</td>
            <td class="${d.tone === "plain" ? "" : d.tone}">${d.what}</td>
            <td>${d.from ?? ""}</td>
            <td>${d.to ?? ""}</td>
            <td>${d.peer ?? ""}</td>
            <td>${d.why}</td>
            <td><code class="id">${d.id ?? ""}</code></td>
          </tr>
        `
      )}
        </tbody>
      </table>
    `
  }</div>
<p class="sub">The newest of this run; the log has all.</p>`;
}

/** What should stand in DNS, what does, and the certificates. */
export function domainsPage(
  domains: readonly DomainStatus[],
  certificates: readonly CertificateStatus[],
  authority: boolean,
  now: number,
): Html {
  return html`
    <h2>Certificates</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Certificates">
      <table>
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col">Issued by</th>
            <th scope="col">Ends</th>
            <th scope="col">SHA-256 fingerprint</th>
          </tr>
        </thead>
        <tbody>
    ${certificates.map((c) =>
      html`
        <tr>
          <td>${c.names.join(", ")}</td>
          <td>${c.issuer}</td>
          <td>${ending(c.expires, now)}</td>
          <td><code>${c.fingerprint}</code></td>
        </tr>
      `
    )}
        </tbody>
      </table>
    </div>
    ${authority
      ? html`<p>Mail programs trust this server once its own authority is installed: <a href="/setup">set-up</a>.</p>`
      : ""}
    ${domains.map((d) => domainSection(d))}
  `;
}

function domainSection(d: DomainStatus): Html {
  const wrong = d.findings.filter((f) => f.level !== "ok");
  return html`
    <h2>${d.domain}</h2>
    ${d.asked === null
      ? html`<p>DNS has not been asked: it is being asked now, or this is a closed network.</p>`
      : wrong.length === 0
      ? html`
        <ul class="health">
          <li><b>DNS says what it should.</b> Asked ${moment(d.asked)}.</li>
        </ul>
      `
      : html`${healthList(wrong)}<p class="sub">Asked ${moment(d.asked)}.</p>`}
    <details>
      <summary>What is to be published (${d.records.length} records)</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Records of ${d.domain}">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">Value</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
    ${d.records.map((r) =>
      html`
        <tr>
          <td><code>${r.name}</code></td>
          <td>${r.type}</td>
          <td><code>${r.value}</code></td>
          <td>${r.why}${r.need === "may" ? " (may)" : ""}</td>
        </tr>
      `
    )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

function ending(expires: string, now: number): Html {
  const days = Math.floor((Date.parse(expires) - now) / 86_400_000);
  const tone = days < 14 ? "bad" : "good";
  return html`<span class="${tone}">${days < 0 ? "ended" : `in ${days} days`}</span> (${
    expires.slice(0, 10)
  })`;
}
