import { KEY_META, REFUSAL_META } from '../../contract/entry.js'
import type { Spent } from './tickets.js'

const REFUSALS: Record<Exclude<Spent, 'good'>, string> = {
  used: 'The address of this window was already used. Each address opens only one window.',
  expired: 'The address of this window has expired.',
  unknown: 'The address of this window belongs to an earlier start of the workbench.',
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

function withMeta(page: string, name: string, content: string): string {
  const meta = `<meta name="${name}" content="${escaped(content)}" />`
  return page.includes('<head>') ? page.replace('<head>', () => `<head>\n    ${meta}`) : `${meta}${page}`
}

/** The page for a window with a ticket: it contains the key of its tab, or the reason why it gets none. */
export function entryPage(page: string, spent: Spent, newKey: () => string): { status: 200 | 401; page: string } {
  if (spent === 'good') return { status: 200, page: withMeta(page, KEY_META, newKey()) }
  return { status: 401, page: withMeta(page, REFUSAL_META, REFUSALS[spent]) }
}
