import type { Socket } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLocalServer, takePort } from '../../src-main/hosts/server/http.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { pairs, type PlayedHome } from '../fixtures/played-home.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { serveHome } from './support/serve-home.js'
import { foreign, lineOf, openPage, seriousFindings } from './support/watched-page.js'

const fail = (error: Error): void => {
  throw error
}

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** The built page in a real browser with the real local server, and a back end controlled by the test. */
describe.skipIf(noBrowser)('the window', () => {
  let browser: Browser
  let pagePath: string

  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)

  afterAll(() => browser?.close())

  const serve = (home: PlayedHome, port?: number) => serveHome(home, pagePath, port)

  it('goes on by itself after its connection broke, without a gap or a doubled point', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 100_000 } })
    home.advance(50)
    const port = await takePort(0)
    let reachable = true
    const connections = new Set<Socket>()
    port.on('connection', (socket) => (reachable ? void connections.add(socket) : void socket.destroy()))
    const server = startLocalServer(port, { api: home.api, page: pagePath, onDefect: fail })
    const { page, context } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 50, last: 50 })

    reachable = false
    for (const socket of connections) socket.destroy()
    const banner = page.getByText('The workbench stopped unexpectedly or cannot be reached.')
    await banner.waitFor()
    home.advance(30)
    reachable = true
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 10_000 }).toEqual({ count: 80, last: 80 })
    await banner.waitFor({ state: 'detached' })
    await context.close()
    await server.close()
  })

  it('says what to do when the workbench was restarted and has forgotten the keys of its windows', async () => {
    const home = await homeOfTest()
    const server = await serve(home)
    const { page, context } = await openPage(browser)
    await page.goto(server.windowAddress)
    await page.getByText('No runs yet').waitFor()
    await server.close()
    await page.getByText('The workbench was closed.').waitFor()
    // Without a home, nothing survives the server.
    const again = await serve(home, server.port)
    await page.getByText('This window is not authorized').waitFor({ timeout: 10_000 })
    await page.goto(again.windowAddress)
    await page.getByText('No runs yet').waitFor()
    await context.close()
    await again.close()
  })

  it('draws 200,000 points, and hundreds of live ones, without losing any', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 1_000_000 } })
    home.advance(200_000)
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: 200_000, last: 200_000 })
    for (let batch = 0; batch < 100; batch++) {
      home.advance(3)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 200_300, last: 200_300 })
    const { series } = await home.runs.series({ id, keys: ['train/loss'] })
    expect(pairs(series[0]!)).toHaveLength(200_300)
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })

  it('can be used by the keyboard alone: from the empty table to a running run', async () => {
    const home = await homeOfTest()
    const server = await serve(home)
    const { page, context } = await openPage(browser)
    await page.goto(server.windowAddress)
    await page.getByText('No runs yet').waitFor()

    /** Presses Tab until the focus is on something with this name. */
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let press = 0; press < 80; press++) {
        await page.keyboard.press('Tab')
        // Passed as text, because code that runs in the page has types that the rest of this program does not have.
        const label = await page.evaluate<string>(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? ''",
        )
        if (name.test(label.trim())) return
      }
      throw new Error(`no way to ${String(name)} by the keyboard`)
    }
    await tabTo(/^Start your first run$/)
    await page.keyboard.press('Enter')
    await page.locator('[data-field="steps"]').waitFor()
    await expect.poll(() => page.getByTestId('start').isEnabled()).toBe(true)
    await tabTo(/^Start run$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/#\/runs\/[a-z0-9]+$/)
    await tabTo(/^Stop$/)
    await page.keyboard.press('Enter')
    await tabTo(/^Stop run$/)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByTestId('status').innerText()).toBe('stopped')
    await context.close()
    await server.close()
  })

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'has no serious barrier in its states of failure and warning, %s theme',
    async (scheme) => {
      const home = await homeOfTest()
      const failed = await home.runs.create(REQUEST)
      home.addPoints(failed.id, 'train/loss', [
        { step: 1, value: 2.3 },
        { step: 2, value: NaN },
      ])
      home.end(failed.id, 'diverged', 'The training loss became NaN at step 2.')
      const server = await serve(home)
      const { page, context, addresses, complaints } = await openPage(browser, { scheme, width: 1100 })
      await page.goto(`${server.windowAddress}#/runs/${failed.id}`)
      await page.getByTestId('reason').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await page.goto(`${server.address}/#/new`)
      // The preset has loaded, which sets every field.
      await page.getByTestId('parameters').filter({ hasText: /\d/ }).waitFor()
      await page.locator('[data-group="Network"] .fold').click()
      await page.locator('[data-field="h"] input').fill('3')
      await page.getByRole('alert').getByText('Choose 0.1').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await page.goto(`${server.address}/#/datasets`)
      await page.getByRole('button', { name: 'Import' }).click()
      await page.getByLabel('Path').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      expect(foreign(addresses, String(server.port))).toEqual([])
      expect(complaints).toEqual([])
      await context.close()
      await server.close()
    },
  )
})
