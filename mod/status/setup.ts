/**
 * What mail programs and the people before them need, for all the world: host and ports are no secret, and no answer tells whether an address
 * is anybody's.
 */
import type { Context, Hono } from "hono";
import { html, raw } from "hono/html";
import { SETUP_BODY } from "../base/limits.ts";
import {
  appleProfile,
  autoconfig,
  autodiscover,
  AUTODISCOVER_FAULT,
  autodiscoverAddress,
  type ClientFacts,
  ourAddress,
} from "./clients.ts";
import { type Env, hostOf, schemeOf, textWithin } from "./http.ts";
import { type Html, plainPage } from "./layout.ts";
import type { StatusPorts } from "./types.ts";

type Ask = Context<Env>;

/** Our own authority, in what forms it is wanted. */
export interface AuthorityFacts {
  readonly der: Uint8Array;
  /** SHA-256, "AA:BB:…". */
  readonly fingerprint: string;
}

const XML = { "content-type": "application/xml; charset=utf-8" };

/** Adds what mail programs ask for by themselves, under any host name that led them here. */
export function addDiscovery(app: Hono<Env>, ports: StatusPorts): void {
  const settings = (c: Ask): Response | Promise<Response> => {
    const facts = ports.clients();
    const domain = domainAsked(c, facts);
    return domain === null ? c.notFound() : c.body(autoconfig(facts, domain), 200, XML);
  };
  app.get("/mail/config-v1.1.xml", settings);
  app.get("/.well-known/autoconfig/mail/config-v1.1.xml", settings);
  app.use(async (c, next) => {
    // Outlook asks for /autodiscover, /Autodiscover and /AutoDiscover.
    if (c.req.path.toLowerCase() !== "/autodiscover/autodiscover.xml") return await next();
    const text = c.req.method === "POST" ? await textWithin(c, SETUP_BODY) : "";
    const facts = ports.clients();
    const address = ourAddress(autodiscoverAddress(text ?? "") ?? "", facts);
    return c.body(address === null ? AUTODISCOVER_FAULT : autodiscover(facts, address), 200, XML);
  });
}

/** Adds the pages for people, and our own authority's certificate. */
export function addSetup(app: Hono<Env>, ports: StatusPorts): void {
  app.get("/ca.pem", (c) => {
    const pem = ports.authority();
    return pem === null ? c.notFound() : c.body(pem, 200, { "content-type": "application/x-x509-ca-cert" });
  });
  // Phones take DER, and know it by this ending.
  app.get("/ca.crt", async (c) => {
    const authority = await authorityOf(ports.authority());
    if (!authority) return c.notFound();
    return c.body(new Uint8Array(authority.der), 200, { "content-type": "application/x-x509-ca-cert" });
  });
  app.get("/setup", async (c) => {
    const asked = c.req.query("address");
    const facts = ports.clients();
    const address = asked === undefined ? null : ourAddress(asked.trim(), facts);
    if (address !== null) return c.redirect(`/setup/${encodeURIComponent(address)}`, 303);
    const fault = asked === undefined ? null : `Addresses here end in ${facts.domains.join(", ")}.`;
    return c.html(startPage(facts, await authorityOf(ports.authority()), fault), fault === null ? 200 : 404);
  });
  app.get("/setup/:address", async (c) => {
    const facts = ports.clients();
    const address = ourAddress(c.req.param("address"), facts);
    if (address === null) return c.redirect("/setup", 303);
    const url = `${originOf(c, facts)}/setup/${encodeURIComponent(address)}`;
    const { qrPath } = await import("./qr.ts");
    return c.html(addressPage(facts, address, await authorityOf(ports.authority()), url, qrPath(url)));
  });
  app.get("/setup/:address/apple.mobileconfig", async (c) => {
    const facts = ports.clients();
    const address = ourAddress(c.req.param("address"), facts);
    const authority = await authorityOf(ports.authority());
    const profile = address === null ? null : await appleProfile(facts, address, authority?.der ?? null);
    if (profile === null) return c.notFound();
    return c.body(profile, 200, {
      "content-type": "application/x-apple-aspen-config; charset=utf-8",
      "content-disposition": `attachment; filename="mail.mobileconfig"`,
    });
  });
}

/** The certificate in a PEM text; null for none. */
export async function authorityOf(pem: string | null): Promise<AuthorityFacts | null> {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem ?? "")?.[1];
  if (base64 === undefined) return null;
  const der = Uint8Array.fromBase64(base64);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der)).toHex().toUpperCase();
  return { der, fingerprint: (hash.match(/../g) ?? []).join(":") };
}

/** By the address in the question, else by the host name that was asked, else the only domain there is. */
function domainAsked(c: Ask, facts: ClientFacts): string | null {
  const email = c.req.query("emailaddress");
  if (email !== undefined) return ourAddress(email, facts)?.split("@")[1] ?? null;
  const host = hostOf(c).replace(/^(autoconfig|autodiscover)\./, "");
  return facts.domains.find((d) => d === host) ?? facts.domains[0] ?? null;
}

/** Where the page is as a phone would ask for it: loopback leads nowhere from there. */
function originOf(c: Ask, { hostname }: ClientFacts): string {
  const host = c.req.header("host") ?? hostname;
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  return `${schemeOf(c)}://${/^(localhost|127\.|\[::1\])/i.test(host) ? `${hostname}${port}` : host}`;
}

function startPage(facts: ClientFacts, authority: AuthorityFacts | null, fault: string | null): Html {
  return plainPage(
    `Mail at ${facts.hostname}`,
    html`<h1>Mail at ${facts.hostname}</h1>
<p>Set up a mail program or a phone.</p>
${fault === null ? "" : html`<p class="told bad" role="alert">${fault}</p>`}
<form class="row" method="get" action="/setup">
<label for="address">Your address</label> <input id="address" name="address" type="email" required autocomplete="email">
<button>Go on</button></form>
${authorityPart(authority)}`,
  );
}

function addressPage(
  facts: ClientFacts,
  address: string,
  authority: AuthorityFacts | null,
  url: string,
  qr: { readonly size: number; readonly path: string },
): Html {
  const base = `/setup/${encodeURIComponent(address)}`;
  return plainPage(
    `Set up ${address}`,
    html`
      <h1>Set up ${address}</h1>
      ${authorityPart(authority)}
      <h2>Thunderbird, Outlook and others</h2>
      <p>Most find these by themselves when you enter the address. Where they ask:</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Settings">
        <table>
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">Server</th>
              <th scope="col">Port</th>
              <th scope="col">Security</th>
            </tr>
          </thead>
          <tbody>
      ${facts.services.map((s) =>
        html`
          <tr>
            <td>${s.kind === "smtp" ? "sending (SMTP)" : `reading (${s.kind.toUpperCase()})`}</td>
            <td><code>${facts.hostname}</code></td>
            <td>${s.port}</td>
            <td>${s.security === "tls" ? "SSL/TLS" : "STARTTLS"}</td>
          </tr>
        `
      )}
          </tbody>
        </table>
      </div>
      <p>User name: <code>${address}</code>, for reading and for sending. Password: yours, or an app password; normal (not "encrypted") password.</p>
      <h2>iPhone, iPad, Mac</h2>
      <p><a href="${base}/apple.mobileconfig">Download the profile</a>, then open Settings: it asks for your password. The profile is not signed, and the device says so.</p>
      <h2>On a phone</h2>
      <p>This page on the phone: <a href="${url}">${url}</a></p>
      <p>
        <svg class="qr" viewBox="0 0 ${qr.size} ${qr.size}" role="img"
          aria-label="QR code of this page's address">
          <path d="${raw(qr.path)}" />
        </svg>
      </p>
    `,
  );
}

function authorityPart(authority: AuthorityFacts | null): Html | "" {
  if (!authority) return "";
  return html`<h2>First: trust this server</h2>
<p>Its certificate comes from an authority of its own. Install that once, so that mail programs believe it:
<a href="/ca.crt">ca.crt</a> (phones, Windows), <a href="/ca.pem">ca.pem</a> (others).</p>
<p>Compare the fingerprint (SHA-256) with the one that the server's owner has, before you trust it: <code>${authority.fingerprint}</code></p>`;
}
