/**
 * The service worker of browser windows. While the workbench is not running, a window that is reloaded gets its page from here, together
 * with the key that it needs to continue when the workbench is back.
 *
 * Meanwhile, another program may use the workbench's port, and can therefore serve pages of this very origin. What a window hands over is
 * therefore kept only in this worker's memory, which no page can read, and is given only to pages whose every byte is known to be the
 * workbench's: the build writes the hashes of its files next to this one.
 */
importScripts('/keeper-files.js')

/** Hashes of the page's files by path. */
const { FILES } = self
const PAGE = '/index.html'
const CACHE = 'retrace'
/** Time limits for the server to deliver the page, and for a reload from the old page to the new one, in milliseconds. */
const PAGE_MS = 3000
const RELOAD_MS = 10_000

/** Windows that show the workbench's own page, by client id. */
const known = new Set()
/** Keys of windows that were just left. */
const kept = []

async function isOurs(response, path) {
  if (response.status !== 200) return false
  const digest = await crypto.subtle.digest('SHA-256', await response.clone().arrayBuffer())
  return btoa(String.fromCharCode(...new Uint8Array(digest))) === FILES[path]
}

/** A file stored by this worker; pages of another program could have replaced it, so it is verified. */
async function stored(path) {
  const found = await caches.match(path, { cacheName: CACHE })
  return found && (await isOurs(found, path)) ? found : null
}

async function fetched(path, request = path) {
  const response = await fetch(request)
  if (await isOurs(response, path)) await (await caches.open(CACHE)).put(path, response.clone())
  // The names of these files contain a hash of their content: nothing else may be served under them.
  else if (path.startsWith('/assets/')) return Response.error()
  return response
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds, null))

async function page({ request, resultingClientId }) {
  const fresh = await Promise.race([fetch(request), sleep(PAGE_MS)]).catch(() => null)
  // Another version of the workbench, or another program: neither gets anything from here.
  if (fresh && !(await isOurs(fresh, PAGE))) return fresh
  const own = fresh ?? (await stored(PAGE))
  if (own) known.add(resultingClientId)
  return own ?? Response.error()
}

self.addEventListener('install', (event) => {
  // Fonts for PDF files are large and rarely needed.
  const wanted = Object.keys(FILES).filter((path) => !path.includes('DejaVu'))
  event.waitUntil(Promise.all(wanted.map(async (path) => (await stored(path)) ?? (await fetched(path, path === PAGE ? '/' : path)))))
})

self.addEventListener('activate', (event) => {
  const tidy = async () => {
    const cache = await caches.open(CACHE)
    for (const request of await cache.keys()) if (!(new URL(request.url).pathname in FILES)) await cache.delete(request)
    await self.clients.claim()
  }
  event.waitUntil(tidy())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname, search } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  // Tickets are handled by the server.
  if (request.mode === 'navigate') {
    if (pathname === '/' && search === '') event.respondWith(page(event))
  } else if (pathname in FILES) event.respondWith(stored(pathname).then((found) => found ?? fetched(pathname, request)))
})

const others = async (than) => (await self.clients.matchAll({ type: 'window' })).filter(({ id }) => id !== than)

const ANSWERS = {
  /** A window is being left, possibly for a reload. */
  leave: (_client, { key }) => void kept.push({ key, at: Date.now() }),
  /** A page has just been loaded. */
  arrive(client) {
    const last = known.has(client.id) ? kept.pop() : undefined
    client.postMessage({ kind: 'arrived', key: last && Date.now() - last.at < RELOAD_MS ? last.key : null })
  },
  /** A window without a key asks the others, one of which may be admitted. */
  async ask(client) {
    for (const other of await others(client.id)) other.postMessage({ kind: 'asked', by: client.id })
  },
  /** An admitted window gives its key to one that asked. A page that is not known to be ours has to be loaded through this worker first. */
  async give(_client, { to, key }) {
    const client = await self.clients.get(to)
    client?.postMessage(known.has(to) ? { kind: 'given', key } : { kind: 'reload' })
  },
}

self.addEventListener('message', (event) => {
  event.waitUntil(ANSWERS[event.data.kind]?.(event.source, event.data))
})
