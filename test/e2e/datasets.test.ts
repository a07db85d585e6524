import { mkdirSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentHash } from '../../src-main/data/layout.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer, type RunningServer } from './support/server.js'
import { foreign, openPage, seriousFindings } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'
import { zipSync } from '../fixtures/zip.js'

const CLASSES = { blue: '#2040e0', green: '#20c040', red: '#e02020' }
const EACH = { blue: 60, green: 120, red: 180 }

/** Colour in the middle of an image of the grid. */
const middle = (page: Page, place: number): Promise<number[]> =>
  // Passed as text, because code that runs in the page has types that the rest of this program does not have.
  page.evaluate<number[]>(
    `(() => {
      const canvas = document.querySelector('[data-place="${place}"] canvas')
      return [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data]
    })()`,
  )

/** A data set that takes minutes to read, made of sparse files that take no disk space. */
function putLongDataset(home: string, name: string): void {
  const image = { height: 256, width: 256, channels: 3 }
  const train = 2 ** 20
  const lengths = { 'train.images.u8': train * 256 * 256 * 3, 'train.labels.u16': train * 2 }
  const folder = join(home, 'datasets', name)
  mkdirSync(folder, { recursive: true })
  for (const [file, bytes] of Object.entries(lengths)) {
    writeFileSync(join(folder, file), '')
    truncateSync(join(folder, file), bytes)
  }
  const description = {
    layout: 1,
    name,
    kind: 'images' as const,
    format: 'image-folders',
    image,
    classNames: ['black'],
    counts: { train, test: 0, unlabelled: 0 },
    bytes: lengths['train.images.u8'] + lengths['train.labels.u16'],
    channelMean: [0, 0, 0],
    channelDeviation: [1, 1, 1],
    createdAt: 0,
    source: 'made by a test',
    notes: [],
    files: Object.fromEntries(Object.entries(lengths).map(([file, bytes]) => [file, { bytes, sha256: 'unknown' }])),
  }
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...description, hash: contentHash(description) }))
}

/** The pages of data sets in a real browser with the real back end. */
describe.skipIf(noBrowser)('the pages of data sets', () => {
  let browser: Browser
  let home: string
  let images: string
  let server: RunningServer

  beforeAll(async () => {
    const { server: entry } = await builtWorkbench()
    home = mkdtempSync(join(tmpdir(), 'retrace-e2e-data-'))
    images = mkdtempSync(join(tmpdir(), 'retrace-e2e-images-'))
    for (const [name, background] of Object.entries(CLASSES)) {
      const file = await sharp({ create: { width: 24, height: 24, channels: 3, background } }).png().toBuffer() // prettier-ignore
      mkdirSync(join(images, 'train', name), { recursive: true })
      mkdirSync(join(images, 'val', name), { recursive: true })
      for (let i = 0; i < EACH[name as keyof typeof EACH]; i++) writeFileSync(join(images, 'train', name, `${i}.png`), file)
      writeFileSync(join(images, 'val', name, '1.png'), file)
    }
    writeFileSync(join(images, 'train', 'red', 'broken.png'), 'no image')
    putLongDataset(home, 'long')
    server = await startServer(entry, home)
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    for (const folder of [home, images]) if (folder) removeFolder(folder)
  })

  it('import a folder of images with progress and a report, show it, rename it, and ask before they remove it', async () => {
    const { page, context, addresses, complaints } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="mnist"]').waitFor()

    // Import: an estimate before, progress meanwhile, a report after.
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    const path = page.getByTestId('import-path').locator('input')
    // The dialog focuses its first field when it has opened; text typed elsewhere before would end up there.
    await expect.poll(() => path.evaluate((input) => input.matches(':focus'))).toBe(true)
    // Browsed for, starting from a folder inside of it.
    await path.fill(join(images, 'train'))
    await page.getByTestId('browse').click()
    await page.getByTestId('browse-path').getByText(join(images, 'train')).waitFor()
    await page.getByRole('button', { name: 'folder red' }).waitFor()
    if (process.env['RETRACE_PICTURES']) await page.screenshot({ path: `${process.env['RETRACE_PICTURES']}/browse.png` })
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Folder above' }).click()
    await page.getByRole('button', { name: 'folder train' }).waitFor()
    await page.getByTestId('browse-choose').click()
    await expect.poll(() => path.inputValue()).toBe(images)
    await page.getByTestId('import-name').locator('input').fill('colours')
    await page.getByTestId('import-size').locator('input').fill('16')
    await expect
      .poll(() => page.getByTestId('import-estimate').innerText(), { timeout: 20_000 })
      .toMatch(/image-folders.*takes about 27\d.KiB once imported; .* are free/)
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('progressbar', { name: /Importing/ }).waitFor()
    const report = page.getByTestId('imported')
    await report.waitFor()
    expect(await report.innerText()).toMatch(/363 images in 3 classes imported.*363 resized/)
    await report.getByText('1 skipped: not a PNG, JPEG or WebP image').click()
    await report.getByText('train/red/broken.png').waitFor()

    // The grid, by class and part; only visible images are rendered.
    await report.getByRole('link', { name: 'colours' }).click()
    await page.locator('[data-place="0"] canvas').waitFor()
    expect(await middle(page, 0)).toEqual([0x20, 0x40, 0xe0, 255])
    expect(await page.locator('[data-place]').count()).toBeLessThan(500)
    await page.getByTestId('class').click()
    await page.getByRole('option', { name: 'red (180)' }).click()
    await expect.poll(() => page.getByTestId('shown').innerText()).toBe('180 images')
    await page.getByRole('button', { name: 'Image 180, red' }).waitFor()
    expect(await middle(page, 0)).toEqual([0xe0, 0x20, 0x20, 255])
    await page.locator('[data-place="0"]').focus()
    await page.keyboard.press('End')
    await page.getByRole('button', { name: 'Image 359, red' }).waitFor()
    await page.getByTestId('part').click()
    await page.getByRole('option', { name: 'Test (3)' }).click()
    await page.getByRole('button', { name: 'Image 2, red' }).waitFor()

    // Augmentation: padded with the mean of the channels, so that an edge has another colour.
    await page.getByRole('button', { name: 'Image 2, red' }).click()
    await expect.poll(() => page.getByTestId('augment').locator('canvas').count()).toBe(13)

    // Balance and splits.
    expect(await page.getByRole('img', { name: /^Class balance/ }).getAttribute('aria-label')).toContain(
      'training: from 60 (blue) to 180 (red)',
    )
    const histogram = page.getByTestId('channels').getByRole('img')
    expect(await histogram.getAttribute('aria-label')).toContain('blue: between 0.125 and 0.894, most often from 0.125 to 0.141 (50.0%)')
    await histogram.locator('canvas').waitFor()
    await page.getByLabel('Subset of the training images (0 to 1)').fill('0.5')
    await expect.poll(() => page.getByTestId('split-totals').innerText()).toMatch(/162\s+training\s+18\s+validation\s+180\s+not used/)

    // Rename, verify, and remove after a confirmation.
    await page.getByRole('button', { name: 'Rename data set' }).click()
    await page.getByLabel('Data set name').fill('three-colours')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByTestId('dataset-name').innerText()).toBe('three-colours')
    await page.locator('[data-place="0"] canvas').waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('three-colours is intact').waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    expect(await page.getByRole('dialog').innerText()).toContain('No runs use it')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await page.getByTestId('dataset-name').innerText()).toBe('three-colours')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByTestId('confirm').click()
    await page.locator('[data-dataset="mnist"]').waitFor()
    expect(await page.locator('[data-dataset="three-colours"]').count()).toBe(0)

    expect(foreign(addresses, server.port)).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })

  it('name the runs on a data set before it is removed; they keep what they came to', async () => {
    const { client, close } = connectWebSocket(server.address, server.token)
    await client.datasets.make.mutate({ name: 'used', kind: 'circles', seed: 1 })
    const request = { preset: 'mlp-hamiltonian', dataset: 'used', name: 'User', overrides: { steps: 10 } }
    const made = await client.runs.createSeveral.mutate({ request, seeds: [1, 2] })
    for (const { id } of made)
      await expect.poll(async () => (await client.runs.get.query({ id })).status, { timeout: 60_000 }).toBe('finished')
    const { page, context, complaints } = await openPage(browser)
    await page.goto(`${await server.windowAddress()}#/datasets/used`)
    await page.getByTestId('users').getByText('User, seed 2').waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    const question = page.getByRole('dialog')
    expect(await question.innerText()).toMatch(
      /2 runs use it: User, seed [12], User, seed [12]\. Their results are kept, but they cannot be resumed/,
    )
    await page.getByTestId('confirm').click()
    await page.locator('[data-dataset="mnist"]').waitFor()
    expect(await page.locator('[data-dataset="used"]').count()).toBe(0)
    for (const { id } of made) expect((await client.runs.get.query({ id })).latest['train/loss']).toBeGreaterThan(0)
    expect(complaints).toEqual([])
    await context.close()
    close()
  }, 120_000)

  it('verify with progress, and end it when it is cancelled: nothing is said of what was not read', async () => {
    const { page, context, complaints } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="long"]').getByRole('link', { name: 'long', exact: true }).click()
    const verify = page.getByRole('button', { name: 'Verify', exact: true })
    await verify.click()
    const progress = page.getByTestId('verifying')
    await progress.getByText('reading train.images.u8').waitFor()
    expect(await verify.isDisabled()).toBe(true)
    await progress.getByRole('button', { name: 'Cancel' }).click()
    await progress.waitFor({ state: 'hidden' })
    await expect.poll(() => verify.isEnabled()).toBe(true)
    expect(await page.getByText(/long is (intact|damaged)/).count()).toBe(0)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('take an archive that is dropped on any page: it is sent, imported, and its copy removed; that of a run becomes a run', async () => {
    const { page, context, complaints } = await openPage(browser)
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    const drop = (bytes: Uint8Array, name: string): Promise<unknown> =>
      page.evaluate(`(() => {
        const bytes = Uint8Array.from(atob('${Buffer.from(bytes).toString('base64')}'), (c) => c.charCodeAt(0))
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([bytes], '${name}'))
        const target = document.querySelector('#content')
        for (const type of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
      })()`)
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
    const file = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } }).png().toBuffer() // prettier-ignore
    await drop(zipSync(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`dropped/${'ab'[i % 2]}/${i}.png`, file]))), 'dropped.zip')
    await page.getByTestId('import-path').waitFor()
    await page.getByTestId('import-estimate').getByText('An archive: needs').waitFor()
    expect(readdirSync(join(home, 'uploads'))).toHaveLength(1)
    await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByTestId('imported').getByText('20 images in 2 classes imported').waitFor()
    expect(await page.locator('[data-dataset="dropped"]').innerText()).toContain('dropped.zip (dropped)')
    await expect.poll(() => readdirSync(join(home, 'uploads'))).toEqual([])

    const examples = join(import.meta.dirname, '../../resources/examples')
    const archive = readdirSync(examples).find((name) => name.endsWith('.tar.gz'))!
    await drop(readFileSync(join(examples, archive)), 'example.retrace.tar.gz')
    await page.waitForURL(/#\/runs\/[a-z0-9]+/)
    await page.getByRole('tab', { name: 'Charts' }).waitFor()
    await expect.poll(() => readdirSync(join(home, 'uploads'))).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })

  it.each(slice(['light', 'dark'], import.meta.filename))('have no serious barrier in the %s theme', async (scheme) => {
    const { page, context, complaints } = await openPage(browser, { scheme, width: 1100 })
    page.setDefaultTimeout(30_000)
    await page.goto(await server.windowAddress())
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.locator('[data-dataset="mnist"]').waitFor()
    const findings: Record<string, string[]> = { list: await seriousFindings(page) }
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByTestId('import-path').locator('input').fill(images)
    await page.getByTestId('import-estimate').getByText('image-folders').waitFor()
    findings['import'] = await seriousFindings(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    // Points from a seed, and their page.
    await page.getByRole('button', { name: 'Generate points' }).click()
    await page.getByTestId('make-name').locator('input').fill(`spirals-${scheme}`)
    findings['make'] = await seriousFindings(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Generate', exact: true }).click()
    await page.getByRole('link', { name: `spirals-${scheme}` }).click()
    await page.getByRole('img', { name: /The first 2000 points/ }).waitFor()
    findings['points'] = await seriousFindings(page)
    await page.getByRole('link', { name: 'Data sets', exact: true }).click()
    await page.getByRole('link', { name: 'mnist' }).click()
    await page.locator('[data-place="3"]').click()
    await expect.poll(() => page.getByTestId('augment').locator('canvas').count()).toBe(13)
    findings['images'] = await seriousFindings(page)
    expect(Object.entries(findings).filter(([, list]) => list.length > 0)).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
  })
})
