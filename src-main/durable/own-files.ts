/**
 * Makes all files that this process and its children create from now on readable by this user only. Every program of Retrace calls it
 * first; Windows manages permissions differently, and a user's folders there are closed to others anyway.
 */
export function keepToOwner(): void {
  process.umask(0o077)
}
