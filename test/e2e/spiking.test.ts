import { describe, expect, it } from 'vitest'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const MINUTE = 60_000

describe.skipIf(noBrowser)('spiking neurons', () => {
  const real = withServer()

  it(
    'are studied in the window: a network is trained, converted and simulated, and the figure shows its accuracy over time steps',
    async () => {
      const { client, close } = await real.connect()
      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByRole('link', { name: 'Studies' }).first().click()
      await page.getByRole('link', { name: 'Set up: Spiking neurons for activations' }).waitFor()
      await page.goto(`${real.server.address}/#/studies/new/spiking?networks=spiking&dataset=mnist&width=16&blocks=1&steps=60&seeds=1`)
      await expect.poll(() => page.getByTestId('study-summary').innerText()).toContain('1 cell, 0 done already')
      await page.getByTestId('start-study').click()
      await expect.poll(() => page.getByTestId('study-counts').innerText(), { timeout: 2 * MINUTE }).toContain('1 finished')
      await page.getByTestId('diagnose').click()
      const drawn = page.getByTestId('lab-figure').filter({ hasText: 'Accuracy over time steps' }).getByRole('img')
      await expect
        .poll(() => drawn.getAttribute('aria-label'), { timeout: MINUTE })
        .toMatch(/over Time steps.*spiking, soft reset from .*spiking, hard reset from /)
      await picture(page, 'study-spiking-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])

      // Far above chance after 256 steps, like the analog network.
      const { studies } = await client.studies.list.query()
      const { report } = await client.studies.get.query({ id: studies[0]!.id })
      const columns = report.tables.find(({ key }) => key === 'time')!.columns
      const values = (key: string) => columns.find((column) => column.key === key)!.values
      const last = values('steps').lastIndexOf(256)
      expect(values('analogAccuracy')[last]).toBeGreaterThan(0.3)
      expect(Math.abs(Number(values('gap')[last]))).toBeLessThan(0.2)

      // The spikes of one image propagate through the layers until its class is determined.
      const { runs } = await client.runs.list.query()
      await page.goto(`${real.server.address}/#/runs/${runs[0]!.id}?tab=lab&diagnostic=spikes`)
      const instrument = page.getByTestId('spikes')
      const tiles = instrument.getByRole('img', { name: /^Spikes of 3 layers/ })
      await tiles.waitFor()
      const fact = (key: string) => instrument.locator(`[data-fact=${key}]`).innerText()
      expect(await instrument.getByTestId('place').innerText()).toBe('step 1 of 64')
      await instrument.getByRole('slider', { name: /^Position/ }).press('End')
      await expect.poll(() => instrument.getByTestId('place').innerText(), { timeout: MINUTE }).toBe('step 64 of 64')
      expect(await fact('now')).toBe(await fact('analog'))
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme })
        await picture(page, `spikes-${scheme}`, { fullPage: true })
      }
      expect(await seriousFindings(page)).toEqual([])
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
      await close()
    },
    4 * MINUTE,
  )
})
