import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser } from './support/chromium.js'
import { startServer } from './support/server.js'

/** Width and height of the window in CSS pixels, and device pixels for each. */
const [WIDTH, HEIGHT, SCALE] = [1280, 860, 1.5]

type Api = ReturnType<typeof connectWebSocket>['client']

interface Shot {
  /** File name without its ending. */
  name: string
  /** Makes what the picture shows, by the real workbench, and brings the page there. */
  prepare(api: Api, page: Page): Promise<void>
}

/** Waits until a run has come so far; throws when it ends otherwise. */
async function reaches(api: Api, id: string, fraction: number): Promise<void> {
  for (;;) {
    const { status, step, totalSteps, reason } = await api.runs.get.query({ id })
    if (step >= fraction * totalSteps) return
    if (!['queued', 'starting', 'running'].includes(status)) throw new Error(`the run is ${status}: ${reason}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const SHOTS: Shot[] = [
  {
    name: 'run',
    async prepare(api, page) {
      const run = await api.runs.create.mutate({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'Hamiltonian on digits' })
      await page.goto(new URL(`#/runs/${run.id}`, page.url()).href)
      await reaches(api, run.id, 0.7)
      await page.locator('[data-line="test/accuracy"]').waitFor({ state: 'attached' })
    },
  },
]

/**
 * Takes the pictures of the documentation: the real server on an empty home, real runs, a real browser in the light theme.
 * @param folder where the PNG files go
 * @param names of the shots to take; all when empty
 */
async function takeScreenshots(folder: string, names: string[], tell: (line: string) => void): Promise<void> {
  const unknown = names.filter((name) => !SHOTS.some((shot) => shot.name === name))
  if (unknown.length > 0) throw new Error(`no such picture: ${unknown.join(', ')}; there are ${SHOTS.map(({ name }) => name).join(', ')}`)
  const { server: entry } = await builtWorkbench()
  const home = mkdtempSync(join(tmpdir(), 'retrace-screenshots-'))
  const server = await startServer(entry, home)
  const browser = await launchBrowser()
  const { client, close } = connectWebSocket(server.url.origin, server.url.searchParams.get('token') ?? '')
  try {
    await mkdir(folder, { recursive: true })
    for (const { name, prepare } of SHOTS.filter((shot) => names.length === 0 || names.includes(shot.name))) {
      const page = await browser.newPage({
        viewport: { width: WIDTH, height: HEIGHT },
        deviceScaleFactor: SCALE,
        colorScheme: 'light',
        reducedMotion: 'reduce',
      })
      await page.goto(server.url.href)
      await page.getByRole('link', { name: 'Runs', exact: true }).waitFor()
      await prepare(client, page)
      await page.waitForTimeout(500)
      const file = join(folder, `${name}.png`)
      const small = await sharp(await page.screenshot())
        .png({ palette: true, quality: 90, effort: 10, compressionLevel: 9 })
        .toBuffer()
      await writeFile(file, small)
      tell(`${file}: ${Math.round(small.length / 1000)} kB`)
      await page.close()
    }
  } finally {
    await close()
    await browser.close()
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

await takeScreenshots(join(import.meta.dirname, '../../docs/images'), process.argv.slice(2), (line) => console.log(line))
