/**
 * Makes everything that this process and its children write from now on readable by this user alone. Every program of ours begins with
 * it; Windows keeps rights otherwise, and a user's folders there are closed to others anyway.
 */
export function keepToOwner(): void {
  process.umask(0o077)
}
