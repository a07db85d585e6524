import { readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { contentPolicy } from '../content-policy.js'

export const SCHEME = 'app'
/** The origin of the page: one of its own, which `file:` does not provide. */
export const PAGE_ORIGIN = `${SCHEME}://retrace`

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Whether an address belongs to the page of this program. */
export const isOwnAddress = (address: string): boolean => address === PAGE_ORIGIN || address.startsWith(`${PAGE_ORIGIN}/`)

function refuse(status: number, text: string): Response {
  return new Response(text, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
}

/**
 * Serves the page's own requests from the folder of the built page, and nothing outside it. A path without a file extension is a route of
 * the page and gets the page.
 */
export function pageHandler(folder: string): (request: Pick<Request, 'url' | 'method'>) => Promise<Response> {
  return async ({ url, method }) => {
    if (!isOwnAddress(url)) return refuse(403, 'Only the page of Retrace is served.')
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'Only GET is supported.')
    let path: string
    try {
      path = decodeURIComponent(new URL(url).pathname)
    } catch {
      return refuse(400, 'This address is malformed.')
    }
    const file = join(folder, extname(path) === '' ? 'index.html' : path)
    const inside = relative(folder, file)
    if (inside.startsWith(`..${sep}`) || inside === '..' || path.includes('\0')) return refuse(403, 'This file is not part of the page.')
    try {
      return new Response(await readFile(file), {
        headers: {
          'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
          'Content-Security-Policy': contentPolicy(),
          'X-Content-Type-Options': 'nosniff',
          'Cache-Control': 'no-store',
        },
      })
    } catch (error) {
      if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return refuse(404, 'File not found.')
      throw error
    }
  }
}
