import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { readConfigFile, writeConfigFile } from '../../src-main/contract/config-file.js'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { connectInMemory } from '../../src-main/transport/memory.js'
import { useNewRunDraft, type NewRunDraft } from '../../src-renderer/form/new-run-draft.js'
import { checkField, formFields } from '../../src-renderer/form/fields.js'
import { showConfigValue } from '../../src-renderer/form/show-value.js'
import { FakeServices } from '../fixtures/fake-services.js'

describe('fields of the form', () => {
  const fields = formFields()

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
    ['batch', 1.5, /int/i],
    ['activation', 'swish', /relu/],
    ['stages', [{ channels: 8, units: 0 }], /1 units: /],
    ['schedule', { kind: 'piecewise', warmup: 0, drops: [-5], factor: 0.1 }, /drops/],
    ['anchorEvery', 'auto', null],
  ] as const)('%s = %j', (key, value, expected) => {
    const problem = checkField(key, value)
    if (expected === null) expect(problem).toBeNull()
    else expect(problem).toMatch(expected)
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
    [{ kind: 'cosine', warmup: 0 }, 'cosine'],
    [{ pad: 4, flip: true }, 'pad 4, flip yes'],
    [false, 'no'],
    ['auto', 'auto'],
  ])('%j is %s', (value, text) => expect(showConfigValue(value)).toBe(text))
})

describe('a draft of a run', () => {
  async function drafted(work: (draft: NewRunDraft, services: FakeServices) => Promise<void>): Promise<void> {
    const services = new FakeServices()
    const scope = effectScope()
    const draft = scope.run(() => useNewRunDraft(connectInMemory(services)))!
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
      const preview = vi.spyOn(services.catalogue, 'preview')
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
      expect(await draft.load(readConfigFile(text).config!)).toEqual([])
      expect(draft.request()).toEqual({
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        overrides: { h: 0.2, schedule: { kind: 'piecewise', warmup: 5, drops: [10, 20], factor: 0.5 }, steps: 50 },
      })
      await vi.waitFor(() => expect(draft.ready.value && draft.config.value?.batch === 100).toBe(true))
      expect(writeConfigFile(draft.config.value!)).toBe(text)
    }))

  it('stays as it was when a configuration cannot be taken', () =>
    drafted(async (draft) => {
      draft.set('h', 0.2)
      const before = draft.request()
      expect(await draft.load({ preset: 'hamiltonian-quick', dataset: 'mnist', h: 3, batch: 9 })).toEqual([
        { path: 'h', message: expect.stringContaining('Choose 0.1') as string },
      ])
      await expect(draft.load({ preset: 'no-such' })).rejects.toThrow(/no preset/)
      expect(draft.request()).toEqual(before)
    }))

  it('shows a refusal that belongs to no field', () =>
    drafted(async (draft) => {
      draft.preset.value = 'no-such'
      await vi.waitFor(() => expect(draft.general.value[0]).toMatch(/There is no preset "no-such"/))
      expect(draft.ready.value).toBe(false)
    }))
})
