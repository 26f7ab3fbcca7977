/**
 * Who is who, from the domains of the config and the accounts: a frozen picture, made anew at every reload. All names compare in lower case;
 * RFC 5321 2.4 lets the host that owns a local part decide so.
 */
import { ALIAS_DEPTH, ALIAS_TARGETS } from "../base/limits.ts";
import type { Address } from "../mail/address.ts";
import { accountId, type Accounts } from "./account.ts";
import type { AccountId, Directory, Resolution, Target } from "./directory.ts";

/** What the directory needs to know of one of our domains. */
export interface DomainRules {
  /** Where mail for names nobody has goes, or null. */
  readonly catchAll: Address | null;
  /** What parts "you" from "lists" in you+lists@, or null when nothing does. */
  readonly subaddress: string | null;
  /** Alias (local part, lower case) to where its mail goes. */
  readonly aliases: Readonly<Record<string, readonly Address[]>>;
}

/** The Directory of this server. `domains` by name in A-labels, in the order of the config. */
export class LocalDirectory implements Directory {
  readonly #domains: ReadonlyMap<string, DomainRules>;
  readonly #aliases: ReadonlyMap<string, readonly Address[]>;
  readonly #accounts: Accounts;

  constructor(domains: ReadonlyMap<string, DomainRules>, accounts: Accounts) {
    this.#domains = domains;
    this.#accounts = accounts;
    const aliases = new Map<string, readonly Address[]>();
    for (const [domain, rules] of domains) {
      for (const [local, to] of Object.entries(rules.aliases)) {
        aliases.set(`${local.toLowerCase()}@${domain}`, to);
      }
    }
    this.#aliases = aliases;
  }

  isLocal(domain: string): boolean {
    return this.#domains.has(domain.toLowerCase());
  }

  resolve(recipient: Address): Resolution {
    let address = recipient;
    if (address.domain === "") {
      const first = this.#domains.keys().next().value;
      if (address.local.toLowerCase() !== "postmaster" || first === undefined) return { kind: "not-local" };
      address = { local: "postmaster", domain: first };
    }
    if (!this.isLocal(address.domain)) return { kind: "not-local" };
    const found: Found = { targets: new Map(), unfolded: new Set(), disabled: false };
    this.#expand(address, null, new Set(), found);
    if (found.targets.size > 0) return { kind: "targets", targets: [...found.targets.values()] };
    return { kind: found.disabled ? "disabled" : "unknown-user" };
  }

  maySendAs(account: AccountId, sender: Address): boolean {
    if (accountId(sender) === account) return this.isLocal(sender.domain);
    const found = this.resolve(sender);
    return found.kind === "targets" &&
      found.targets.some((t) => t.kind === "account" && t.account === account);
  }

  accounts(): readonly AccountId[] {
    return [...this.#accounts.keys()];
  }

  /** Adds what `address` leads to. `above` are the aliases on the way here. */
  #expand(address: Address, detail: string | null, above: ReadonlySet<string>, found: Found): void {
    if (found.targets.size >= ALIAS_TARGETS) return;
    const rules = this.#domains.get(address.domain.toLowerCase());
    if (!rules) {
      const key = `>${address.local}@${address.domain.toLowerCase()}`;
      found.targets.set(key, { kind: "forward", address });
      return;
    }
    if (this.#exact(address, detail, above, found)) return;
    // you+lists@ is you@ when nobody is called "you+lists". The first separator counts; what follows is the detail.
    const at = rules.subaddress === null ? -1 : address.local.indexOf(rules.subaddress);
    if (rules.subaddress !== null && at > 0) {
      const base = { local: address.local.slice(0, at), domain: address.domain };
      if (this.#exact(base, address.local.slice(at + rules.subaddress.length), above, found)) return;
    }
    if (address.local.toLowerCase() === "postmaster") return this.#postmaster(address.domain, found);
    const key = `*@${address.domain.toLowerCase()}`;
    if (rules.catchAll && !above.has(key) && above.size < ALIAS_DEPTH) {
      this.#expand(rules.catchAll, null, new Set([...above, key]), found);
    }
  }

  /** Adds the alias or account of exactly this name; false when there is none. */
  #exact(address: Address, detail: string | null, above: ReadonlySet<string>, found: Found): boolean {
    const key = accountId({ local: address.local, domain: address.domain.toLowerCase() });
    const alias = this.#aliases.get(key);
    // An alias that names itself ("you: [you, friend@elsewhere]") means the account of that name, and else nothing.
    if (alias && !above.has(key) && above.size < ALIAS_DEPTH) {
      // Each alias unfolds once: doubled ways through it would only find the same again, and could be very many.
      if (found.unfolded.has(key)) return true;
      found.unfolded.add(key);
      const way = new Set([...above, key]);
      for (const to of alias) this.#expand(to, detail, way, found);
      return true;
    }
    const account = this.#accounts.get(key);
    if (!account) return alias !== undefined;
    if (account.disabled) found.disabled = true;
    else found.targets.set(key, { kind: "account", account: key, detail });
    return true;
  }

  /** RFC 5321 4.5.1: mail to postmaster is always taken. Without an alias the first account of the domain, or of all, has the office. */
  #postmaster(domain: string, found: Found): void {
    const able = [...this.#accounts.values()].filter((a) => !a.disabled);
    const holder = able.find((a) => a.id.endsWith(`@${domain.toLowerCase()}`)) ?? able[0];
    if (holder) found.targets.set(holder.id, { kind: "account", account: holder.id, detail: null });
  }
}

interface Found {
  readonly targets: Map<string, Target>;
  readonly unfolded: Set<string>;
  disabled: boolean;
}
