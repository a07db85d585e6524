import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Services } from '../../src-main/contract/services.js'
import { UserError } from '../../src-main/contract/errors.js'
import { FakeServices } from '../fixtures/fake-services.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

// A canvas is for the browser test; here it matters what the chart is told.
vi.mock('../../src-renderer/charts/echarts.js', async () => {
  const { defineComponent, h } = await import('vue')
  return { VChart: defineComponent({ props: { option: { type: Object, required: true } }, setup: () => () => h('canvas') }) }
})

vi.setConfig({ testTimeout: 60_000 })

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
let page: TestWindow | null = null

async function open(services: Services, address: string): Promise<TestWindow> {
  page = await openWindow(services, address)
  return page
}

afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

describe('the page of runs', () => {
  it('says what to do when there are none', async () => {
    const { text } = await open(new FakeServices(), '/runs')
    await eventually(() => expect(text()).toContain('No runs yet – start one on the built-in digits'))
    expect(document.querySelector('a[href="/new"]')).not.toBeNull()
  })

  it('shows a row a run and follows it', async () => {
    const fake = new FakeServices()
    const run = await fake.runs.create({ ...REQUEST, name: 'first', overrides: { steps: 200 } })
    const { text } = await open(fake, '/runs')
    await eventually(() => expect(text()).toContain('first'))
    fake.advance(100)
    await eventually(() => expect(text()).toMatch(/running.*first.*mnist.*hamiltonian-quick.*66\.89%.*1\.\d+.*50%.*2 s/))
    fake.end(run.id, 'failed', 'killed')
    await eventually(() => expect(text()).toContain('failed'))
  })

  it('leads to a run by its row and by its name', async () => {
    const fake = new FakeServices()
    const run = await fake.runs.create({ ...REQUEST, name: 'first' })
    const { router, click } = await open(fake, '/runs')
    await click('tbody tr')
    await eventually(() => expect(router.currentRoute.value.path).toBe(`/runs/${run.id}`))
  })
})

describe('the page of a run', () => {
  it('shows status, progress, charts with their last values, and lets the run be stopped after a question', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ ...REQUEST, name: 'live', overrides: { steps: 400 } })
    const { text, click } = await open(fake, `/runs/${id}`)
    fake.advance(100)
    await eventually(() => expect(text()).toMatch(/live.*running.*step 100 of 400 \(25%\).*epoch 1\.3 of 5.*training.*2 s.*6 s left/))
    const loss = await eventually(() => {
      const label = document.querySelector('[data-chart="loss"] [role=img][aria-label]')?.getAttribute('aria-label')
      expect(label).toMatch(/Loss by step\. training: 1\.\d+ at step 100/)
      return label
    })
    expect(loss).toMatch(/^Loss by step/)

    await click('button', /^Stop$/)
    expect((await fake.runs.get(id)).status).toBe('running')
    await click('[data-testid=confirm]')
    await eventually(() => expect(text()).toContain('stopped'))
    expect((await fake.runs.get(id)).status).toBe('stopped')
    await click('button', /^Resume$/)
    await eventually(async () => expect((await fake.runs.get(id)).status).toBe('running'))
  })

  it('shows prominently why a run failed', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    fake.end(id, 'diverged', 'The training loss became NaN at step 7.')
    const { text } = await open(fake, `/runs/${id}`)
    await eventually(() => expect(document.querySelector('[data-testid=reason]')?.textContent).toMatch(/diverged.*NaN at step 7/s))
    expect(text()).toContain('Resume')
  })

  it('warns when rebuilt states are off by more than the tolerance, and not before', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    await open(fake, `/runs/${id}`)
    const row = (await fake.runs.list()).runs[0]!
    const key = 'reversibility/reconstructionError'
    fake.publish({ kind: 'run', run: { ...row, latest: { [key]: 9e-4 } } })
    await eventually(() => expect(document.querySelector('dl.figures')?.textContent).toContain('9.0e−4'))
    expect(document.querySelector('[data-testid=reconstruction]')).toBeNull()
    fake.publish({ kind: 'run', run: { ...row, latest: { [key]: NaN } } })
    await eventually(() => expect(document.querySelector('[data-testid=reconstruction]')?.textContent).toMatch(/off by\s+NaN/))
  })

  it('has the configuration, the log, the checkpoints and the environment', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ ...REQUEST, overrides: { h: 0.25 } })
    const { text, click } = await open(fake, `/runs/${id}`)
    await click('[role=tab]', /^Configuration/)
    await eventually(() => expect(text()).toMatch(/Step size h\s*h\s*0\.25/))
    await click('[role=tab]', /^Log/)
    fake.publish({ kind: 'log', runId: id, entries: [{ runId: id, at: 0, level: 'warn', message: 'too large a step' }] })
    await eventually(() => expect(document.querySelector('[role=log]')?.textContent).toMatch(/warn.*too large a step/))
    await click('[role=tab]', /^Checkpoints/)
    const checkpoint = {
      runId: id,
      step: 80,
      file: '80.safetensors',
      kind: 'schedule' as const,
      bytes: 2048,
      createdAt: 0,
      weightsHash: 'c0ffee',
    }
    fake.publish({ kind: 'checkpoint', checkpoint: { ...checkpoint, metrics: { 'test/accuracy': 0.5 } } })
    await eventually(() => expect(text()).toMatch(/80\s*schedule\s*last\s*50\.00%.*2\.00.KiB.*c0ffee/))
    await click('[role=tab]', /^Environment/)
    await eventually(() => expect(text()).toContain('a'.repeat(64)))
  })

  it('is exported to a file of the machine, and one is imported from there', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ ...REQUEST, name: 'travels' })
    const { click, text, router } = await open(fake, `/runs/${id}`)
    await click('[data-testid=run-menu]')
    await click('.v-list-item', /^Export/)
    const path = (): Promise<HTMLInputElement> =>
      eventually(() => {
        const input = document.querySelector<HTMLInputElement>('[data-testid=run-file-path] input')
        if (!input) throw new Error('no field for the path')
        return input
      })
    await eventually(async () => expect((await path()).value).toBe(`/home/user/.local/share/retrace/exports/travels-${id}.retrace.tar.gz`))
    await click('[data-testid=run-file-go]')
    await eventually(() => expect(text()).toContain('travels was written to'))
    await router.push('/runs')
    await click('header button', /^Import$/)
    const field = await path()
    field.value = '/tmp/run.tar.gz'
    field.dispatchEvent(new Event('input'))
    await click('[data-testid=run-file-go]')
    await eventually(() => expect(document.querySelector('[data-testid=run-name]')?.textContent).toBe('/tmp/run.tar.gz'))
  })

  it('exports the weights of a checkpoint to a file', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    const { click } = await open(fake, `/runs/${id}`)
    await click('[role=tab]', /^Checkpoints/)
    const checkpoint = {
      runId: id,
      step: 80,
      file: 'f',
      kind: 'schedule' as const,
      bytes: 2048,
      createdAt: 0,
      weightsHash: 'c',
      metrics: {},
    }
    fake.publish({ kind: 'checkpoint', checkpoint })
    await click('[data-testid=checkpoint-menu]')
    await click('[data-testid=export-weights]')
    await eventually(() => expect(document.querySelector('[data-testid=weights-file] input')).not.toBeNull())
    const input = document.querySelector<HTMLInputElement>('[data-testid=weights-file] input')!
    input.value = ' /tmp/w.safetensors '
    input.dispatchEvent(new Event('input'))
    await click('[data-testid=write-weights]:not([disabled])')
    await eventually(() =>
      expect(document.body.textContent).toMatch(/weights at step 80 were written to \/tmp\/w\.safetensors \(182.KiB\)/),
    )
  })

  it('can be renamed', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ ...REQUEST, name: 'old' })
    const { click } = await open(fake, `/runs/${id}`)
    await click('button', /^Rename/)
    const input = document.querySelector<HTMLInputElement>('input[aria-label="Name of the run"]')!
    input.value = 'new name'
    input.dispatchEvent(new Event('input'))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await eventually(() => expect(document.querySelector('[data-testid=run-name]')?.textContent).toBe('new name'))
  })

  it('says that there is no such run', async () => {
    const { text } = await open(new FakeServices(), '/runs/nosuch')
    await eventually(() => expect(text()).toContain('There is no run "nosuch"'))
  })
})

describe('the page of comparisons', () => {
  async function three(): Promise<{ fake: FakeServices; ids: string[] }> {
    const fake = new FakeServices()
    const ids: string[] = []
    for (const [seed, h] of [
      [1, 0.1],
      [2, 0.1],
      [1, 0.3],
    ] as const) {
      const name = h === 0.1 ? `small, seed ${seed}` : 'large h'
      const { id } = await fake.runs.create({ ...REQUEST, name, overrides: { seed, h, steps: 400 } })
      ids.push(id)
    }
    fake.advance(160)
    return { fake, ids }
  }

  it('says what to do when nothing is chosen, and takes what is marked in the table of runs', async () => {
    const { fake, ids } = await three()
    const { text, router, click } = await open(fake, '/compare')
    await eventually(() => expect(text()).toContain('Nothing to compare yet'))
    await router.push('/runs')
    const boxes = await eventually(() => {
      const found = [...document.querySelectorAll<HTMLInputElement>('tbody input[type=checkbox]')]
      expect(found).toHaveLength(3)
      return found
    })
    boxes[0]!.click()
    boxes[1]!.click()
    await click('[data-testid=compare]', /^Compare$/)
    await eventually(() => expect(router.currentRoute.value.path).toBe('/compare'))
    expect(
      String(router.currentRoute.value.query['runs'])
        .split(',')
        .every((id) => ids.includes(id)),
    ).toBe(true)
  })

  it('shows a line a run, seeds together with how many they are, final and best values with the difference, and what differs', async () => {
    const { fake, ids } = await three()
    const { click, router, text } = await open(fake, `/compare?runs=${ids.join(',')}`)
    await eventually(() => expect(document.querySelectorAll('[data-chart="train/loss"] [data-line]')).toHaveLength(3))
    await click('button', /^Seeds together$/)
    await eventually(() => {
      const labels = [...document.querySelectorAll('[data-chart="train/loss"] [data-line]')].map((line) => line.textContent)
      expect(labels).toEqual([expect.stringMatching(/small \(2 seeds\).*n=2/), expect.stringMatching(/large h/)])
    })
    expect(router.currentRoute.value.query['group']).toBe('seeds')
    await click('[role=tab]', /^Figures$/)
    await click('button', /^Compare with large h as the baseline$/)
    await eventually(() => expect(document.querySelector(`[data-row="${ids[0]}"]`)?.textContent).toMatch(/small.*2.*81\.83%.*0\.00 pp/s))
    expect(router.currentRoute.value.query['baseline']).toBe(ids[2])
    await click('[role=tab]', /^Configurations$/)
    await eventually(() => {
      const paths = [...document.querySelectorAll<HTMLElement>('[data-path]')].map(({ dataset }) => dataset['path'])
      expect(paths.sort()).toEqual(['h', 'seed'])
    })
    expect(text()).toContain('0.3')
  })

  it('is saved under a name, and shows the same again by that alone, following its runs', async () => {
    const { fake, ids } = await three()
    const { click, router, text } = await open(fake, `/compare?runs=${ids.slice(0, 2).join(',')}&group=seeds&center=median&spread=range`)
    await click('[data-testid=save]')
    const input = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('.v-dialog input')
      if (!found) throw new Error('no field for the name')
      return found
    })
    input.value = 'two seeds'
    input.dispatchEvent(new Event('input'))
    await click('[data-testid=save-name]')
    await eventually(() => expect(router.currentRoute.value.query['saved']).toBe('cmp00001'))
    await router.push('/runs')
    await router.push('/compare?saved=cmp00001')
    await eventually(() => expect(text()).toContain('two seeds'))
    await eventually(() =>
      expect(router.currentRoute.value.query).toMatchObject({ runs: ids.slice(0, 2).join(','), center: 'median', spread: 'range' }),
    )
    fake.advance(10)
    await eventually(() =>
      expect(document.querySelector('[data-chart="train/loss"] [data-line]')).toMatchObject({ dataset: { count: '170' } }),
    )

    // Removed at once, which can be undone, also from its own address.
    await click('[aria-label="Remove this comparison"]')
    await eventually(() => expect(text()).toContain('The comparison “two seeds” was removed'))
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Compare'))
    await click('button', /^Undo$/)
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('two seeds'))
    await click('[aria-label="Remove this comparison"]')
    await router.push('/runs')
    await router.push('/compare?saved=cmp00001')
    await click('[data-testid=removed] button', /Bring back “two seeds”/)
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('two seeds'))
  })
})

describe('the page of a new run', () => {
  it('starts a run of what was chosen and goes there', async () => {
    const fake = new FakeServices()
    const { router } = await open(fake, '/new')
    await eventually(() => expect(document.querySelector('[data-testid=parameters]')?.textContent).toBe('46,714'))
    const rate = document.querySelector<HTMLInputElement>('[data-field=learningRate] input')!
    expect(rate.value).toBe('0.1')
    rate.value = '0.03'
    rate.dispatchEvent(new Event('input'))
    document.querySelector('form')!.dispatchEvent(new Event('submit'))
    await eventually(() => expect(router.currentRoute.value.name).toBe('run'))
    const { config } = await fake.runs.get(String(router.currentRoute.value.params.id))
    expect(config.learningRate).toBe(0.03)
  })

  it('shows a wrong value beside its field and cannot be started with it', async () => {
    await open(new FakeServices(), '/new')
    const start = await eventually(() => {
      const button = document.querySelector<HTMLButtonElement>('[data-testid=start]')!
      expect(button.disabled).toBe(false)
      return button
    })
    const batch = document.querySelector<HTMLInputElement>('[data-field=batch] input')!
    batch.value = '0'
    batch.dispatchEvent(new Event('input'))
    await eventually(() => expect(document.querySelector('[data-field=batch] .problem')?.textContent).toMatch(/1/))
    expect(start.disabled).toBe(true)
  })

  it('keeps advanced keys behind a switch', async () => {
    const { click } = await open(new FakeServices(), '/new')
    await eventually(() => expect(document.querySelector('[data-field=h]')).not.toBeNull())
    expect(document.querySelector('[data-field=clipNorm]')).toBeNull()
    await click('input[type=checkbox]', /Show every hyperparameter/)
    await eventually(() => expect(document.querySelector('[data-field=clipNorm]')).not.toBeNull())
  })
})

describe('the page of data sets', () => {
  it('lists them, imports one by its path and removes one after a question', async () => {
    const fake = new FakeServices()
    const { text, click } = await open(fake, '/datasets')
    await eventually(() => expect(text()).toMatch(/mnist.*28 × 28 × 1\s*10\s*8,000\s*2,000\s*7\.48.MiB/))
    await click('header button', /^Import$/)
    const path = await eventually(() => {
      const input = document.querySelector<HTMLInputElement>('[data-testid=import-path] input')
      if (!input) throw new Error('no field for the path')
      return input
    })
    path.value = '/data/cifar'
    path.dispatchEvent(new Event('input'))
    path.closest('form')!.dispatchEvent(new Event('submit'))
    await eventually(() => expect(text()).toContain('imported is imported: 8,000 training images.'))
    expect(document.querySelector('[data-dataset=imported]')).not.toBeNull()
    await click('[data-dataset=mnist] button', /^Remove mnist$/)
    await click('[data-testid=confirm]')
    await eventually(() => expect(document.querySelector('[data-dataset=mnist]')).toBeNull())
  })
})

describe('the frame of the window', () => {
  it('shows which engine runs and what to install', async () => {
    const { text } = await open(new FakeServices(), '/settings')
    await eventually(() => expect(text()).toMatch(/Nothing has to be installed.*Portable engine.*This is the back end of the tests/))
    expect(document.querySelector('[data-testid=engine]')?.getAttribute('aria-label')).toMatch(
      /Portable engine.*This is the back end of the tests/,
    )
  })

  it('shows the back end’s sentence when a command is refused', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    const refusing: Services = {
      ...fake,
      runs: {
        ...fake.runs,
        pause: () => Promise.reject(new UserError('DISK', 'The disk is full: free some space and pause again.')),
      },
    }
    const { text, click } = await open(refusing, `/runs/${id}`)
    await click('button', /^Pause$/)
    await eventually(() => expect(text()).toContain('The disk is full: free some space and pause again.'))
  })

  it('says when the connection is lost, and when it is back nothing', async () => {
    const { text, connection } = await open(new FakeServices(), '/runs')
    connection.become('connecting')
    await eventually(() => expect(text()).toContain('No connection to the workbench'))
    connection.become('open')
    await eventually(() => expect(text()).not.toContain('No connection to the workbench'))
    connection.become('refused')
    await eventually(() => expect(text()).toContain('no longer knows this window'))
  })
})
