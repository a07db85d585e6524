import { tmpdir } from 'node:os'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openHomeDisk } from '../../src-main/storage/home-disk.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** The page in a real browser with the real back end, whose trainers compute nothing. */
describe.skipIf(noBrowser)('keeping runs in order', () => {
  let browser: Browser
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it('queues several seeds, reorders them by drag and keyboard, and undoes a removal', async () => {
    const workbench = await openWorkbench({ stepMs: 100 })
    const { services, server } = workbench
    await services.runs.createSeveral({ request: { ...REQUEST, name: 'sweep' }, seeds: [1, 2, 3, 4] })
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    await page.goto(server.windowAddress)
    const queue = page.getByTestId('queue')
    const order = (): Promise<string[]> => queue.locator('.name').allInnerTexts()
    await expect.poll(order).toEqual(['sweep, seed 2', 'sweep, seed 3', 'sweep, seed 4'])
    await picture(page, 'queue-light-1100')

    // On a busy machine the browser may drop a drag that is performed too fast, so it is retried.
    await vi.waitFor(
      async () => {
        await queue.locator('li', { hasText: 'sweep, seed 4' }).dragTo(queue.locator('li').first())
        await expect.poll(order, { timeout: 2000 }).toEqual(['sweep, seed 4', 'sweep, seed 2', 'sweep, seed 3'])
      },
      { timeout: 20_000 },
    )
    await queue.locator('li').nth(2).focus()
    await page.keyboard.press('Alt+ArrowUp')
    await expect.poll(order).toEqual(['sweep, seed 4', 'sweep, seed 3', 'sweep, seed 2'])
    await page.keyboard.press('Alt+ArrowUp')
    await expect.poll(order).toEqual(['sweep, seed 3', 'sweep, seed 4', 'sweep, seed 2'])
    await page.reload()
    await expect.poll(order).toEqual(['sweep, seed 3', 'sweep, seed 4', 'sweep, seed 2'])

    await page.locator('tbody tr', { hasText: 'seed 4' }).getByRole('checkbox').check()
    await page.getByTestId('bulk').getByRole('button', { name: 'Remove' }).click()
    await expect.poll(order).toEqual(['sweep, seed 3', 'sweep, seed 2'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.locator('tbody tr', { hasText: 'seed 4' }).getByText('stopped').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'marks a run, forks it with a visible difference, and changes the settings, %s theme',
    async (scheme) => {
      const workbench = await openWorkbench({ stepMs: 5 })
      const { services, server } = workbench
      const { id } = await services.runs.create({ ...REQUEST, name: 'parent', overrides: { steps: 30 } })
      await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('finished')
      const { page, context, complaints } = await openPage(browser, { scheme, width: 1600 })
      await page.goto(`${server.windowAddress}#/runs/${id}`)
      await page.getByRole('tab', { name: /Notes/ }).click()
      await page.getByPlaceholder('Add tag').fill('deep')
      await page.keyboard.press('Enter')
      await page.getByRole('radio').nth(1).click()
      await page.getByTestId('notes').locator('textarea').first().fill('Learns *well*.')
      await page.getByRole('button', { name: 'Save notes' }).click()
      await expect
        .poll(async () => await services.runs.get({ id }))
        .toMatchObject({ notes: 'Learns *well*.', tags: ['deep'], colour: '#b3261e' })
      await page.getByTestId('rendered').locator('em').getByText('well').waitFor()
      await picture(page, `notes-${scheme}-1600`)
      expect(await seriousFindings(page)).toEqual([])

      await page.getByTestId('run-menu').click()
      await page.getByText('Fork …').click()
      await page.getByRole('dialog').locator('[data-field="learningRate"] input').fill('0.02')
      await page.getByTestId('diff').getByText('learningRate').waitFor()
      await expect.poll(() => page.getByTestId('fork').isEnabled()).toBe(true)
      await page.getByTestId('fork').click()
      await page.getByText('forked from').waitFor()
      await page.getByRole('tab', { name: /Configuration/ }).click()
      await page.getByTestId('diff').getByText('0.02').waitFor()
      await picture(page, `difference-${scheme}-1600`)

      await page.goto(`${server.address}/#/settings`)
      await page.locator('[data-setting="queue.concurrentRuns"] input').fill('2')
      await expect.poll(async () => (await services.settings.get())['queue.concurrentRuns']).toBe(2)
      await page
        .getByTestId('storage')
        .getByText(/ of .* free$/)
        .waitFor()
      await page.getByText('Largest runs').click()
      const use = page.getByTestId('storage').locator('details tr', { hasText: 'parent' }).first()
      await expect.poll(() => use.locator('td').nth(1).innerText()).toMatch(/^\d.*B$/)
      await page.getByTestId('storage').getByRole('button', { name: 'Clean up' }).click()
      await page.getByTestId('plan').getByText('parent').first().waitFor()
      await picture(page, `clean-${scheme}-1600`)
      expect(await seriousFindings(page)).toEqual([])
      await page.getByTestId('confirm').click()
      await expect.poll(async () => (await services.runs.get({ id })).checkpoints.length).toBe(1)
      await picture(page, `settings-${scheme}-1600`)
      // The end of the fork would be announced after the list was read.
      const unfinished = async () => (await services.runs.list()).runs.filter(({ status }) => status !== 'finished').length
      await expect.poll(unfinished, { timeout: 20_000 }).toBe(0)
      await page.getByTestId('alerts').click()
      await page
        .getByText(/parent finished after 30 steps/)
        .first()
        .waitFor()
      await picture(page, `alerts-${scheme}-1600`)
      expect(await seriousFindings(page)).toEqual([])
      // Vuetify learns only in the next timer which of its overlays is on top; a key pressed before reaches none of them.
      const read = page.getByRole('button', { name: 'Alerts', exact: true })
      const closed = async (): Promise<boolean> => {
        await page.keyboard.press('Escape')
        return read.isVisible()
      }
      await expect.poll(closed, { interval: 500, timeout: 10_000 }).toBe(true)
      expect(await seriousFindings(page)).toEqual([])
      expect(complaints).toEqual([])
      await context.close()
      await workbench.close()
    },
  )

  it('warns of a disk that fills, pauses a run before it is full, says so, and notifies a window that nobody looks at', async () => {
    const free = { gib: 50 }
    const disk = openHomeDisk(tmpdir())
    const workbench = await openWorkbench({
      stepMs: 20,
      disk: { ...disk, space: () => ({ free: free.gib * 2 ** 30, total: 2 ** 37 }), files: async () => [] },
    })
    const { services, server } = workbench
    const { id } = await services.runs.create({ ...REQUEST, name: 'thirsty', overrides: { steps: 100_000 } })
    await expect.poll(async () => (await services.runs.get({ id })).step, { timeout: 20_000 }).toBeGreaterThan(5)
    const { page, context } = await openPage(browser, { scheme: 'dark', width: 1100 })
    await context.grantPermissions(['notifications'], { origin: server.address })
    await page.addInitScript(`
      window.shown = []
      window.Notification = class { static permission = 'granted'; constructor(title, { body }) { window.shown.push(title + ': ' + body) } }
      document.hasFocus = () => false
    `)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await page.getByTestId('alerts').click()
    await page.getByLabel('Notify me when this window is in the background').check()
    await page.keyboard.press('Escape')
    const shown = () => page.evaluate<string[]>('window.shown')
    const low = expect.stringMatching(/^Disk space is low: .* has only 3\.0 GiB free\. Clean up/)
    free.gib = 3
    await expect.poll(shown, { timeout: 15_000 }).toEqual([low])
    await page
      .getByText(/has only 3\.0 GiB free\. Clean up old checkpoints/)
      .first()
      .waitFor()
    expect(await services.runs.get({ id })).toMatchObject({ status: 'running' })
    free.gib = 0.5
    await page
      .getByTestId('reason')
      .getByText(/The disk has only 0\.5 GiB free/)
      .waitFor({ timeout: 25_000 })
    expect(await services.runs.get({ id })).toMatchObject({ status: 'paused' })
    await expect.poll(shown).toEqual([low, expect.stringMatching(/^Disk is almost full: .*paused/)])
    await picture(page, 'full-dark-1100')
    expect(await seriousFindings(page)).toEqual([])
    await page.goto(`${server.address}/#/settings`)
    await page
      .getByTestId('storage')
      .getByText(/ of .* free$/)
      .waitFor()
    await picture(page, 'settings-dark-1100')
    await context.close()
    await workbench.close()
  })
})
