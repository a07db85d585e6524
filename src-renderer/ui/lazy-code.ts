let trusted = Promise.resolve()
let trust = (): void => undefined
let lost = false

/**
 * Says whether the workbench is at this window's address. Where it was and is not, code that is fetched from there could be that of another
 * program, with all that this window may do.
 */
export function setCodeTrusted(now: boolean): void {
  if (now) {
    lost = false
    trust()
  } else if (!lost) {
    lost = true
    trusted = new Promise((resolve) => (trust = resolve))
  }
}

/**
 * Code that is loaded when it is wanted first, and while the workbench is away when that is back. Every `import()` of this program goes
 * through here. One that fails is tried again by the next call.
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined
  return () => {
    loaded ??= trusted.then(load).catch((error: unknown) => {
      loaded = undefined
      throw error
    })
    return loaded
  }
}
