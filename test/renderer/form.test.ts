import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { readConfigFile, writeConfigFile } from '../../src-main/contract/config-file.js'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { connectInMemory } from '../../src-main/transport/memory.js'
import { useNewRunDraft, type NewRunDraft } from '../../src-renderer/configure/new-run-draft.js'
import { checkField, formFields, type FieldKey } from '../../src-renderer/home/fields.js'
import { showConfigValue } from '../../src-renderer/configure/show-value.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'

describe('fields of the form', () => {
  const fields = formFields('hamiltonian')

  it('are the keys of the schema, each with a label, a help text and a control', () => {
    expect(fields.length).toBeGreaterThan(20)
    for (const { key, info } of fields) {
      expect(RunConfigSchema.shape).toHaveProperty(key)
      expect(info.label).not.toBe('')
      expect(info.help).not.toBe('')
    }
  })

  it('have the control that their type asks for', () => {
    const control = (key: string) => fields.find((field) => field.key === key)?.control
    expect(control('activation')).toMatchObject({ kind: 'choice', options: expect.arrayContaining(['relu', 'tanh']) as unknown })
    expect(control('batch')).toMatchObject({ kind: 'number', integer: true, min: 1 })
    expect(control('learningRate')).toMatchObject({ kind: 'number', integer: false })
    expect(control('frozenStages')).toEqual({ kind: 'switch' })
    expect(control('stages')).toEqual({ kind: 'stages' })
    for (const key of ['anchorEvery', 'memoryBudget']) expect(control(key)).toEqual({ kind: 'auto' })
  })

  it('leave no key of an object without an editor', () => {
    for (const { key, control } of fields) if (control.kind === 'text') throw new Error(`${key} would be edited as plain text`)
  })
})

describe('checking a value', () => {
  it.each([
    ['h', 0.1, null],
    ['h', -1, /0/],
    ['h', NaN, /number/i],
    ['batch', 1.5, /whole number/],
    ['activation', 'swish', /relu/],
    ['stages', [{ channels: 8, units: 0 }], /1 units: /],
    ['schedule', { kind: 'piecewise', warmup: 0, drops: [-5], factor: 0.1 }, /drops/],
    ['anchorEvery', 'auto', null],
  ] as const)('%s = %j', (key, value, expected) => {
    const problem = checkField(key, value)
    if (expected === null) expect(problem).toBeNull()
    else expect(problem).toMatch(expected)
  })

  it('leaves an option of an architecture that it does not know to the back end', () => {
    expect(checkField('friction' as FieldKey, 0.2)).toBeNull()
  })
})

describe('values in the table of a configuration', () => {
  it.each([
    [
      [
        { channels: 32, units: 7 },
        { channels: 64, units: 6 },
      ],
      '7 × 32, 6 × 64 (units × channels)',
    ],
    [{ height: 28, width: 28, channels: 1 }, '28 × 28 × 1'],
    [{ kind: 'piecewise', warmup: 10, drops: [100, 200], factor: 0.1 }, '× 0.1 at steps 100, 200, warm-up 10 steps'],
    [
      { kind: 'piecewise', unit: 'fraction', warmup: 0.05, drops: [0.5, 0.75], factor: 0.1 },
      '× 0.1 at 50 %, 75 % of the run, warm-up 5 % of the run',
    ],
    [{ kind: 'cosine', warmup: 0 }, 'cosine'],
    [{ pad: 4, flip: true }, 'pad 4, flip yes'],
    [false, 'no'],
    ['auto', 'auto'],
  ])('%j is %s', (value, text) => expect(showConfigValue(value)).toBe(text))
})

describe('a draft of a run', () => {
  async function drafted(work: (draft: NewRunDraft, services: PlayedHome) => Promise<void>): Promise<void> {
    const services = await homeOfTest()
    const scope = effectScope()
    const draft = scope.run(() => useNewRunDraft(connectInMemory(services.api)))!
    draft.preset.value = 'hamiltonian-quick'
    draft.dataset.value = 'mnist'
    await vi.waitFor(() => expect(draft.ready.value).toBe(true))
    await work(draft, services)
    scope.stop()
  }

  it('takes what the preset and the data set give, and asks for nothing else', () =>
    drafted(async (draft) => {
      expect(draft.valueOf('h')).toBe(0.1)
      expect(draft.summary.value?.parameters).toBe(46_714)
      expect(draft.request()).toEqual({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: {} })
    }))

  it('sends only what was changed, and takes a change back', () =>
    drafted(async (draft) => {
      draft.set('learningRate', 0.05)
      draft.length.value = 50
      draft.name.value = '  mine '
      expect(draft.request()).toEqual({
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        name: 'mine',
        overrides: { learningRate: 0.05, steps: 50 },
      })
      draft.lengthUnit.value = 'epochs'
      expect(draft.request()).toMatchObject({ epochs: 50, overrides: { learningRate: 0.05 } })
      draft.reset('learningRate')
      expect(draft.request()?.overrides).toEqual({})
      expect(draft.valueOf('learningRate')).toBe(0.1)
    }))

  it('finds what the schema forbids at once, without asking the back end', () =>
    drafted(async (draft, services) => {
      const preview = vi.spyOn(services.features.configurations, 'preview')
      draft.set('batch', 0)
      expect(draft.problemOf('batch')).toMatch(/1/)
      expect(draft.ready.value).toBe(false)
      await new Promise((resolve) => setTimeout(resolve, 400))
      expect(preview).not.toHaveBeenCalled()
    }))

  it('shows what the back end objects to beside the field, and cannot be started with it', () =>
    drafted(async (draft) => {
      draft.set('h', 3)
      await vi.waitFor(() => expect(draft.problemOf('h')).toMatch(/Choose 0.1/))
      expect(draft.ready.value).toBe(false)
      expect(draft.general.value).toEqual([])
      draft.reset('h')
      await vi.waitFor(() => expect(draft.ready.value).toBe(true))
    }))

  it('takes a whole configuration, and gives the same out again', () =>
    drafted(async (draft) => {
      draft.set('h', 0.2)
      draft.set('schedule', { kind: 'piecewise', warmup: 5, drops: [10, 20], factor: 0.5 })
      draft.length.value = 50
      await vi.waitFor(() => expect(draft.config.value).toMatchObject({ h: 0.2, steps: 50 }))
      const text = writeConfigFile(draft.config.value!)
      draft.reset('h')
      draft.set('batch', 7)
      draft.lengthUnit.value = 'epochs'
      expect(await draft.load(readConfigFile(text, []).config!)).toEqual([])
      expect(draft.request()).toEqual({
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        overrides: { h: 0.2, schedule: { kind: 'piecewise', warmup: 5, drops: [10, 20], factor: 0.5 }, steps: 50 },
      })
      await vi.waitFor(() => expect(draft.ready.value && draft.config.value?.batch === 100).toBe(true))
      expect(writeConfigFile(draft.config.value!)).toBe(text)
    }))

  it('warns beside the field of what cannot take effect, and can be started all the same', () =>
    drafted(async (draft) => {
      expect(draft.warnings.value).toEqual([])
      draft.set('augment', { pad: 0, flip: true })
      await vi.waitFor(() => expect(draft.warningsOf('augment')).toEqual([expect.stringMatching(/Turn flips off/)]))
      expect(draft.ready.value).toBe(true)
      draft.reset('augment')
      await vi.waitFor(() => expect(draft.warnings.value).toEqual([]))
    }))

  it('takes a schedule fraction of the run, and refuses a drop behind its end', () =>
    drafted(async (draft) => {
      draft.set('schedule', { kind: 'piecewise', unit: 'fraction', warmup: 0, drops: [0.5, 1.5], factor: 0.1 })
      expect(draft.problemOf('schedule')).toMatch(/drops 2/)
      draft.set('schedule', { kind: 'piecewise', unit: 'fraction', warmup: 0, drops: [0.5, 1], factor: 0.1 })
      draft.length.value = 60
      await vi.waitFor(() => expect(draft.config.value?.schedule).toMatchObject({ drops: [30, 60] }))
    }))

  it('stays as it was when a configuration cannot be taken', () =>
    drafted(async (draft) => {
      draft.set('h', 0.2)
      const before = draft.request()
      expect(await draft.load({ preset: 'hamiltonian-quick', dataset: 'mnist', h: 3, batch: 9 })).toEqual([
        { path: 'h', message: expect.stringContaining('Choose 0.1') as string },
      ])
      expect(await draft.load({ preset: 'no-such' })).toEqual([
        { path: 'preset', message: expect.stringContaining('There is no preset no-such') as string },
      ])
      expect(draft.request()).toEqual(before)
    }))

  it('shows a refusal that belongs to no field', () =>
    drafted(async (draft) => {
      draft.preset.value = 'no-such'
      await vi.waitFor(() => expect(draft.general.value[0]).toMatch(/There is no preset no-such: /))
      expect(draft.ready.value).toBe(false)
    }))
})
