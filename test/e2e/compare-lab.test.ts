import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exported } from './support/exported.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const MINUTE = 60_000

describe.skipIf(noBrowser)('a comparison of results of the lab', () => {
  const real = withServer()

  it(
    'runs what is missing with the same options, lays curves over each other and images side by side',
    async () => {
      const { client, close } = await real.connect()
      const ids: string[] = []
      // A Hamiltonian network, next to one of another paper.
      for (const arch of ['hamiltonian', 'verlet']) {
        const { id } = await client.runs.create.mutate({
          preset: 'hamiltonian-quick',
          dataset: 'mnist',
          name: `quick ${arch}`,
          overrides: { steps: 3, arch },
        })
        ids.push(id)
      }
      for (const id of ids)
        await expect.poll(async () => (await client.runs.get.query({ id })).status, { timeout: 3 * MINUTE }).toBe('finished')

      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByText('quick hamiltonian').first().waitFor()
      await page.goto(`${real.server.address}/#/compare?runs=${ids.join(',')}&tab=lab&diagnostic=reversal`)
      await page.getByText('No results of').waitFor()
      await picture(page, 'compare-lab-empty-light')
      expect(await seriousFindings(page)).toEqual([])

      await client.lab.run.mutate({
        target: { kind: 'run', id: ids[0]! },
        diagnostic: 'reversal',
        options: { images: 2 },
        taskId: 'lab/first',
      })
      await page.getByTestId('missing-results').waitFor()
      await page.getByTestId('run-missing').click()
      const summary = page.getByTestId('lab-summary')
      await expect.poll(() => summary.locator('tbody tr').count()).toBe(2)
      const other = page.locator(`[data-row="${ids[1]}"]`)
      await expect.poll(() => other.innerText(), { timeout: 2 * MINUTE }).toContain('step 3')
      const { results } = await client.lab.results.query({ id: ids[1]! })
      expect(results).toMatchObject([{ diagnostic: 'reversal', options: { images: 2 } }])

      const figures = page.getByTestId('lab-figure')
      await expect
        .poll(() => figures.first().getByRole('img').getAttribute('aria-label'))
        .toMatch(/quick hamiltonian.* from .*quick verlet.* from /)
      expect(await page.locator('.beside .strip').count()).toBeGreaterThan(1)
      await picture(page, 'compare-lab-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      const file = await exported(figures.first().getByRole('button', { name: /^Export/ }), 'CSV')
      const lines = readFileSync(await file.path(), 'utf8').split('\n')
      expect(lines[0]).toMatch(/^run,/)
      expect(new Set(lines.slice(1, -1).map((line) => line.split(',')[0]))).toEqual(new Set(['quick hamiltonian', 'quick verlet']))
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()

      const dark = await openPage(real.browser, { scheme: 'dark', width: 1100 })
      dark.page.setDefaultTimeout(MINUTE)
      await dark.page.goto(await real.server.windowAddress())
      await dark.page.getByText('quick hamiltonian').first().waitFor()
      await dark.page.goto(`${real.server.address}/#/compare?runs=${ids.join(',')}&tab=lab`)
      await dark.page.getByTestId('lab-summary').waitFor()
      await dark.page.getByTestId('lab-figure').first().waitFor()
      await picture(dark.page, 'compare-lab-dark', { fullPage: true })
      expect(await seriousFindings(dark.page)).toEqual([])
      await dark.page.context().close()
      await close()
    },
    8 * MINUTE,
  )
})
