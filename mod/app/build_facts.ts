/** What the compile task records; a build carries a file of its own in place of this one. */
export const BUILD_FACTS: { readonly commit: string | null; readonly built: boolean } = {
  commit: null,
  built: false,
};
