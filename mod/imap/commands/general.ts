/** Commands that need no mailbox: CAPABILITY, NOOP (and CHECK), LOGOUT, ID, ENABLE, NAMESPACE. */
import { SHARED_TOP } from "../../store/shared_name.ts";
import { okay } from "../reply.ts";
import type { Handled } from "../rules.ts";
import type { ImapSession } from "../session.ts";

/** RFC 3501 6.1.1. */
export function capability(session: ImapSession): Handled {
  session.out.line(`* CAPABILITY ${session.capabilities()}`);
  return okay("Capability completed");
}

/** NOOP and CHECK: a look at the mailbox; what changed is told before the reply (RFC 3501 6.1.2, 6.4.1). */
export function noop(session: ImapSession): Handled | Promise<Handled> {
  const box = session.boxOrNull;
  return box === null ? okay("Completed") : box.mailbox.refresh().then(() => okay("Completed"));
}

/** RFC 3501 6.1.3. */
export function logout(session: ImapSession): Handled {
  session.out.line("* BYE Logging out");
  return { ...okay("Logout completed"), then: "close" };
}

/** RFC 2971. What the client says of itself goes to the log, cut short: it may be anything. */
export function id(
  session: ImapSession,
  command: { readonly fields: readonly { readonly name: string; readonly value: string | null }[] | null },
): Handled {
  const client: Record<string, string> = {};
  for (const { name, value } of command.fields ?? []) {
    const key = name.toLowerCase();
    if (value !== null && (key === "name" || key === "version" || key === "os")) {
      client[key] = value.slice(0, 80);
    }
  }
  session.log.debug("imap client", client);
  session.out.line(`* ID ("name" "Roost" "version" "${session.ports.config.version.replace(/["\\]/g, "")}")`);
  return okay("ID completed");
}

/** RFC 5161: what is not known, not offered or enabled already is passed over in silence. */
export async function enable(
  session: ImapSession,
  command: { readonly capabilities: readonly string[] },
): Promise<Handled> {
  const before = new Set(session.enabled);
  for (const capability of command.capabilities) {
    if (capability === "UTF8=ACCEPT") session.enabled.add("UTF8=ACCEPT");
    if (capability === "IMAP4REV2") session.enabled.add("IMAP4rev2");
    if (capability === "UIDONLY") session.enabled.add("UIDONLY");
    if (capability === "METADATA" && session.mail.watch) {
      session.enabled.add("METADATA");
      await (await import("./notify.ts")).followMetadata(session);
    }
    if (!session.ports.index) continue;
    if (capability === "QRESYNC") session.enabled.add("QRESYNC");
    if (capability === "QRESYNC" || capability === "CONDSTORE") await session.enableCondstore();
  }
  const box = session.boxOrNull;
  box?.adapt(session.enabled);
  const enabled = [...session.enabled].filter((e) => !before.has(e));
  session.out.line(["* ENABLED", ...enabled].join(" "));
  // What was asked for in sequence numbers cannot be told any more.
  const dropped = session.uidOnly ? box?.updates.dropNumbered() ?? [] : [];
  for (const tag of dropped) session.out.line(`* NO [NOUPDATE "${tag}"] This search was by message numbers`);
  return okay("Enable completed");
}

/** RFC 2342: a personal namespace without a prefix, and the one of other users' mailboxes. */
export function namespace(session: ImapSession): Handled {
  const { sharing, store: { separator } } = session.ports;
  const others = sharing ? `(("${SHARED_TOP}${separator}" "${separator}"))` : "NIL";
  session.out.line(`* NAMESPACE (("" "${separator}")) ${others} NIL`);
  return okay("Namespace completed");
}
