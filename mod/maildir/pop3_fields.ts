/**
 * What a UID list's record says for POP3, as Dovecot has it: `P`, the unique ID under which clients know the message from a server that was here
 * before (empty: its file's name), and `O`, its place among the others there.
 */
export interface Pop3Fields {
  readonly id: string | null;
  readonly order: number | null;
}

/** Null where the record says nothing of it, as nearly all do. */
export function pop3FieldsIn(extensions: string): Pop3Fields | null {
  // Most records have few fields, or none.
  if (!/(?:^| )[PO]/.test(extensions)) return null;
  let id: string | null = null;
  let order: number | null = null;
  for (const field of extensions.split(" ")) {
    if (field.startsWith("P")) id = field.slice(1);
    else if (/^O\d{1,10}$/.test(field)) order = Number(field.slice(1));
  }
  return id === null && order === null ? null : { id, order };
}

/** Those fields of a record alone, each with its space, for a file that gets another name than `base`. */
export function movedPop3Fields(extensions: string, base: string): string {
  const fields = extensions.split(" ").filter((field) => /^[PO]/.test(field));
  const kept = fields.map((field) => field === "P" ? `P${base}` : field).filter((field) =>
    !field.includes(" ")
  );
  return kept.map((field) => `${field} `).join("");
}
