import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { connectWebSocket } from '../../../src-main/transport/websocket-client.js'
import { builtWorkbench } from '../support/built.js'
import { launchBrowser } from '../support/chromium.js'
import { startServer } from '../support/server.js'
import { fillHome, type ShownHome } from './home.js'
import { SHOTS, type Shot } from './shots.js'
import { removeFolder } from '../../fixtures/home.js'

const ROOT = join(import.meta.dirname, '../../..')
const THEMES = ['light', 'dark'] as const
const WIDTHS = [1100, 1600]

/** The pictures in README and docs, by the name of their shot. */
const DOCS = ['lab-inspector', 'lab-flow', 'run-charts', 'compare-charts', 'runs']
/** For the pictures in the docs: size in CSS pixels, device pixels per CSS pixel, and maximum size in bytes. */
const [WIDTH, HEIGHT, SCALE, LARGEST] = [1440, 900, 1.5, 300_000]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, home: { type: 'string' }, docs: { type: 'boolean', default: false } },
})
const out = values.out ?? join(ROOT, 'out', 'screenshots')
const tell = (line: string): void => console.log(line)

/** Waits until nothing is loading or moving any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('#content').waitFor()
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(600)
}

async function take(page: Page, shot: Shot, address: string): Promise<Buffer> {
  await page.goto(address)
  await page.reload()
  await settled(page)
  await shot.prepare?.(page)
  await settled(page)
  const size = page.viewportSize()
  if (shot.window || !size) return page.screenshot()
  // Invisible parts are not rendered, so the window becomes as high as the page.
  const height = await page.evaluate<number>('document.documentElement.scrollHeight')
  await page.setViewportSize({ ...size, height: Math.min(6000, Math.max(size.height, height)) })
  await settled(page)
  const picture = await page.screenshot()
  await page.setViewportSize(size)
  return picture
}

/** A home with the content of the shots, in a folder that is kept if the user names one. */
async function openShown(entry: string, folder: string) {
  const server = await startServer(entry, folder)
  try {
    const { client, close } = connectWebSocket(server.address, server.token)
    const note = join(folder, 'shown.json')
    let shown: ShownHome
    if (existsSync(note)) {
      shown = JSON.parse(readFileSync(note, 'utf8')) as ShownHome
      // Restores the queue: interrupted runs would be placed behind the waiting ones.
      await client.runs.bulk.mutate({ ids: shown.queued, action: 'pause' })
      await client.runs.bulk.mutate({ ids: [shown.live, ...shown.queued], action: 'resume' })
    } else {
      shown = await fillHome(client, tell)
      writeFileSync(note, JSON.stringify(shown))
    }
    return { server, shown, close }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function takeAll(browser: Browser, shots: Shot[], addressOf: (shot: Shot) => Promise<string>): Promise<void> {
  await mkdir(out, { recursive: true })
  for (const theme of THEMES)
    for (const width of WIDTHS) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: 'reduce' })
      for (const shot of shots) {
        const name = `${shot.name}-${theme}-${width}.png`
        try {
          await writeFile(join(out, name), await take(page, shot, await addressOf(shot)))
        } catch (error) {
          process.exitCode = 1
          tell(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
        }
      }
      await page.close()
      tell(`${theme}, ${width} pixels: done`)
    }
}

async function takeDocs(browser: Browser, addressOf: (shot: Shot) => Promise<string>): Promise<void> {
  const folder = join(ROOT, 'docs', 'images')
  await mkdir(folder, { recursive: true })
  for (const shot of SHOTS.filter(({ name }) => DOCS.includes(name))) {
    const page = await browser.newPage({
      viewport: { width: WIDTH, height: HEIGHT },
      deviceScaleFactor: SCALE,
      colorScheme: 'light',
      reducedMotion: 'reduce',
    })
    const small = await sharp(await take(page, { ...shot, window: true }, await addressOf(shot)))
      .png({ palette: true, quality: 90, effort: 10, compressionLevel: 9 })
      .toBuffer()
    const file = join(folder, `${shot.name}.png`)
    if (small.length > LARGEST) throw new Error(`${file} would have ${small.length} bytes, and ${LARGEST} is the most`)
    await writeFile(file, small)
    tell(`${file}: ${Math.round(small.length / 1000)} kB`)
    await page.close()
  }
}

const unknown = positionals.filter((name) => !SHOTS.some((shot) => shot.name === name))
if (unknown.length > 0) throw new Error(`no such picture: ${unknown.join(', ')}; there are ${SHOTS.map(({ name }) => name).join(', ')}`)
const wanted = SHOTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const { server: entry } = await builtWorkbench()
const folder = mkdtempSync(join(tmpdir(), 'retrace-screenshots-'))
const home = values.home ?? join(folder, 'home')
const browser = await launchBrowser()
const full = await openShown(entry, home)
const empty = await startServer(entry, join(folder, 'empty'))
try {
  const addressOf = async ({ empty: isEmpty, address }: Shot): Promise<string> =>
    `${await (isEmpty ? empty : full.server).windowAddress()}#${address(full.shown)}`
  if (values.docs) await takeDocs(browser, addressOf)
  else await takeAll(browser, wanted, addressOf)
} finally {
  await full.close()
  await browser.close()
  await Promise.all([full.server.stop(), empty.stop()])
  removeFolder(folder)
}
