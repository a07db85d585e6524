import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Calls } from '../fixtures/calls.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { openMenu } from './support/menu.js'
import { picture } from './support/picture.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { downloadOf } from './support/exported.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
const DIFF = 'diff --git a/step.ts b/step.ts\n-const h = 0.1\n+const h = 0.2\n'

/** Every command of a run by its buttons, and what the window shows at its end. */
describe.skipIf(noBrowser)('the life of a run', () => {
  let browser: Browser
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const status = (page: Page, label: string) => page.getByTestId('status').getByText(label, { exact: true }).waitFor()
  const reach = (services: Calls, id: string, wanted: string) =>
    expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe(wanted)
  async function choose(page: Page, title: string): Promise<void> {
    await openMenu(page.getByTestId('run-menu'))
    await page.locator('.v-list-item-title', { hasText: new RegExp(`^${title}$`) }).click()
  }

  it('is paused, resumed without a break in its series, stopped, begun anew, run again, archived and removed, each undone', async () => {
    const workbench = await openWorkbench({ stepMs: 20 })
    const { services, server } = workbench
    const { id } = await services.runs.create({ ...REQUEST, name: 'lives', overrides: { steps: 100_000 } })
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await status(page, 'running')
    await expect.poll(async () => (await services.runs.get({ id })).step).toBeGreaterThan(15)
    await page.getByRole('button', { name: 'Pause' }).click()
    await status(page, 'paused')
    const { step: paused } = await services.runs.get({ id })
    await page.getByRole('button', { name: 'Resume' }).click()
    await status(page, 'running')
    await expect.poll(async () => (await services.runs.get({ id })).step).toBeGreaterThan(paused + 5)
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByTestId('confirm').click()
    await status(page, 'stopped')
    const stopped = await services.runs.get({ id })
    const loss = (await services.runs.overview({ id })).series.find(({ key }) => key === 'train/loss')
    expect(loss?.count).toBe(stopped.step)
    expect(stopped.checkpoints.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['start', 'pause', 'stop']))
    expect(await seriousFindings(page)).toEqual([])

    await choose(page, 'Restart …')
    await page.getByTestId('confirm').click()
    await status(page, 'running')
    expect((await services.runs.get({ id })).step).toBeLessThan(stopped.step)
    await choose(page, 'Run again')
    await page.waitForURL((url) => !url.hash.includes(id))
    await status(page, 'queued')
    const copy = page.url().split('/').at(-1)!
    expect((await services.runs.get({ id: copy })).config).toEqual(stopped.config)
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByTestId('confirm').click()
    await status(page, 'stopped')

    await choose(page, 'Archive')
    await expect.poll(async () => (await services.runs.get({ id: copy })).archived).toBe(true)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await services.runs.get({ id: copy })).archived).toBe(false)
    await choose(page, 'Remove')
    await page.waitForURL(/#\/runs$/)
    expect((await services.runs.removed()).map(({ run }) => run.id)).toEqual([copy])
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await expect.poll(async () => (await services.runs.removed()).length).toBe(0)
    await services.runs.get({ id: copy })
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })

  it('that fails, diverges or rebuilds its states badly is told of in the window and by the system', async () => {
    let behaviour: object = {}
    const workbench = await openWorkbench({ environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs: 5, ...behaviour }) }) })
    const { services, server } = workbench
    const { page, context } = await openPage(browser, { scheme: 'dark', width: 1600 })
    await context.grantPermissions(['notifications'], { origin: server.address })
    await page.addInitScript(`
      window.shown = []
      window.Notification = class { static permission = 'granted'; constructor(title, { body }) { window.shown.push(title + ': ' + body) } }
      document.hasFocus = () => false
    `)
    await page.goto(server.windowAddress)
    await page.getByTestId('alerts').click()
    await page.getByLabel('Notify me when this window is in the background').check()
    await page.keyboard.press('Escape')
    const ends = [
      ['fails', { dies: { step: 12, how: 'throw' } }, 'failed', /^Run failed: fails failed: .*no more at step 12/],
      ['diverges', { divergesAt: 14 }, 'diverged', /^Run diverged: diverges diverged: The training loss became NaN at step 14/],
      [
        'rebuilds',
        { reconstruction: 0.5 },
        'finished',
        /^Reconstruction error: At step \d+, the reconstruction error of rebuilds is 5\.0e-1/,
      ],
    ] as const
    const told: RegExp[] = []
    for (const [name, how, end, message] of ends) {
      behaviour = how
      const { id } = await services.runs.create({ ...REQUEST, name, overrides: { steps: 30 } })
      await reach(services, id, end)
      told.push(message)
      const shown = async (): Promise<boolean> => {
        const all = await page.evaluate<string[]>('window.shown')
        return told.every((each) => all.some((text) => each.test(text)))
      }
      await expect.poll(shown).toBe(true)
    }
    await page.getByTestId('alerts').click()
    const list = page.getByRole('dialog').or(page.getByRole('menu')).or(page.locator('.v-overlay__content')).last()
    for (const title of ['Run failed', 'Run diverged', 'Reconstruction error', 'Run finished'])
      await list.getByText(title, { exact: true }).first().waitFor()
    await picture(page, 'alerts-of-ends-dark-1600')
    expect(await seriousFindings(page)).toEqual([])
    await context.close()
    await workbench.close()
  })

  it('is backed up as it goes on, with its home checked, and says with what commit and changes it was made', async () => {
    const workbench = await openWorkbench({ stepMs: 50 })
    const { services, server, home } = workbench
    const { id } = await services.runs.create({ ...REQUEST, name: 'kept', overrides: { steps: 100_000 } })
    await reach(services, id, 'running')
    const { environment } = await services.runs.get({ id })
    const db = await openDatabase(databaseFile(home))
    createStores(db).runs.updateRecord(id, { environment: { ...environment, commit: 'c0ffee', diff: DIFF } })
    db.close()
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${server.windowAddress}#/runs/${id}?tab=environment`)
    await page.getByText('c0ffee').waitFor()
    await page.getByText('Uncommitted changes').last().click()
    await page.getByText('+const h = 0.2').waitFor()
    await picture(page, 'environment-light-1600')
    expect(await seriousFindings(page)).toEqual([])
    const patch = await downloadOf(page, () => page.getByRole('button', { name: 'Download patch' }).click())
    expect(readFileSync(await patch.path(), 'utf8')).toBe(DIFF)

    await page.goto(`${server.address}/#/settings`)
    const file = join(home, 'exports', 'backup.tar')
    await page.getByLabel('Backup file (in the export folder)').fill('backup.tar')
    await page.getByRole('button', { name: 'Back up', exact: true }).click()
    await page.getByText(/Backed up \d+ files/).waitFor()
    expect((await services.runs.get({ id })).status).toBe('running')
    await page.getByRole('button', { name: 'Check home' }).click()
    await page.getByText('The database, checkpoints and data sets are intact.').waitFor()
    const restore = page.getByTestId('restore')
    await restore.getByLabel('Full path of the backup file').fill(file)
    await restore.getByRole('button', { name: 'Restore …' }).click()
    await page.getByText(/It replaces everything in this home: 1 run and \d+ data sets?,/).waitFor()
    await picture(page, 'restore-light-1600')
    expect(await seriousFindings(page)).toEqual([])
    await page.getByTestId('confirm').click()
    await page.getByText(/The backup is intact and will be restored the next time Retrace starts/).waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
  })
})
