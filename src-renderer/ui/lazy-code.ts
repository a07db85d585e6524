let trusted = Promise.resolve()
let trust = (): void => undefined
let lost = false

/**
 * Sets whether the workbench is at this window's address. If it was and no longer is, code loaded from there could come from another
 * program, and would have all permissions of this window.
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
 * Loads code on first use, or, if the workbench is not running, once it is running again. Every `import()` of this program goes through
 * here. A failed one is retried by the next call.
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
