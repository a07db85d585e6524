import { describe, expect, it } from 'vitest'
import { CreateRunSchema } from '../../src-main/contract/runs.js'
import { RunOverridesSchema } from '../../src-main/contract/config.js'

describe('overrides', () => {
  it('hold only what was given, so that defaults do not overwrite a preset', () => {
    expect(RunOverridesSchema.parse({ h: 0.2 })).toEqual({ h: 0.2 })
    expect(CreateRunSchema.parse({ preset: 'p', dataset: 'd' }).overrides).toEqual({})
  })

  it('refuse values of the wrong kind, and leave room for options of architectures, which are scalars', () => {
    expect(RunOverridesSchema.safeParse({ damping: 1 }).data).toEqual({ damping: 1 })
    expect(RunOverridesSchema.safeParse({ damping: { of: 1 } }).success).toBe(false)
    expect(RunOverridesSchema.safeParse({ batch: 0 }).success).toBe(false)
  })
})
