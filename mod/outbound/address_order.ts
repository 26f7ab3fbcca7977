/** Which of a host's addresses are tried, and in what order. */
export type AddressFamily = "any" | "ipv6_first" | "ipv4_first" | "ipv6" | "ipv4";

/** The addresses that may be tried, in the order to try them in. "any" leaves them as they are: both families in turn. */
export function inOrder(addresses: readonly string[], family: AddressFamily): readonly string[] {
  const sixes = addresses.filter((a) => a.includes(":"));
  const fours = addresses.filter((a) => !a.includes(":"));
  switch (family) {
    case "any":
      return addresses;
    case "ipv6_first":
      return [...sixes, ...fours];
    case "ipv4_first":
      return [...fours, ...sixes];
    case "ipv6":
      return sixes;
    case "ipv4":
      return fours;
  }
}
