import { computed, reactive, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { ActivationDial, ConfigIssue, NetworkSummary, Preview } from '../../src-main/contract/catalogue.js'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import { messageOf } from '../home/errors.js'
import { checkField, configLabel, defaultOption, hasField, isForeignOption, type FieldKey } from '../home/fields.js'
import type { Obstacle } from '../ui/obstacles.js'

/** What differs from where a draft began. */
export interface Changes {
  overrides: RunOverrides
  epochs?: number
}

export interface DraftOrigin {
  /** What the back end makes of changes to the origin; null while nothing is chosen. */
  ask: ComputedRef<((changes: Changes) => Promise<Preview>) | null>
  /** Where unchanged values come from, such as "the preset". */
  title: string
}

/** The state of a form of a configuration: what was changed, what the back end makes of it, and what is wrong. */
export interface Draft {
  origin: string
  /** Length in steps or epochs; null takes the origin's. */
  length: Ref<number | null>
  lengthUnit: Ref<'steps' | 'epochs'>
  overrides: Partial<Record<FieldKey, unknown>>
  set(key: FieldKey, value: unknown): void
  /** Back to the origin's value. */
  reset(key: FieldKey): void
  /** The value in force: the change, else the origin's. */
  valueOf(key: FieldKey): unknown
  /** What is wrong with a key, from the schema at once, from the back end after a moment. */
  problemOf(key: FieldKey): string | null
  /** What cannot take effect or does harm, by key and of all. */
  warningsOf(key: FieldKey): string[]
  warnings: ShallowRef<ConfigIssue[]>
  /** What is wrong with keys of the form: nothing can be started before all of it is mended. */
  obstacles: ComputedRef<Obstacle[]>
  /** Issues that belong to no key of the form. */
  general: ComputedRef<string[]>
  changes(): Changes
  /** Makes the form show a whole configuration, given what it would be without changes. */
  take(config: RunConfig, base: RunConfig): void
  /** The origin without changes. */
  base: ShallowRef<RunConfig | null>
  /** With the changes; null while they are wrong. */
  config: ShallowRef<RunConfig | null>
  summary: ShallowRef<NetworkSummary | null>
  dial: ShallowRef<ActivationDial | null>
  stepsPerEpoch: Ref<number | null>
  totalSteps: ComputedRef<number | null>
  totalEpochs: ComputedRef<number | null>
  /** Asks the back end again, which may know more now. */
  refresh(): Promise<void>
  /** The preview does not answer to the present values yet. */
  checking: Ref<boolean>
  ready: ComputedRef<boolean>
}

const DEBOUNCE_MS = 250

/** Keys that follow from what a draft begins with. */
const GIVEN: ReadonlySet<string> = new Set(['preset', 'dataset', 'image', 'classes'])

const keyOf = ({ path }: ConfigIssue): string => path.split('.')[0] ?? ''

/** The values of a configuration that differ from those of another, without what follows from preset and data set. */
export const differingValues = (whole: RunConfig, plain: RunConfig): Partial<Record<FieldKey, unknown>> =>
  Object.fromEntries(
    (Object.keys(whole) as FieldKey[])
      .filter((key) => !GIVEN.has(key) && JSON.stringify(whole[key]) !== JSON.stringify(plain[key]))
      .map((key) => [key, whole[key]]),
  )

/** To be called in a component's setup: it watches until that is left. */
export function useDraft({ ask, title }: DraftOrigin): Draft {
  const length = ref<number | null>(null)
  const lengthUnit = ref<'steps' | 'epochs'>('steps')
  const overrides = reactive<Partial<Record<FieldKey, unknown>>>({})
  const base = shallowRef<RunConfig | null>(null)
  const config = shallowRef<RunConfig | null>(null)
  const summary = shallowRef<NetworkSummary | null>(null)
  const dial = shallowRef<ActivationDial | null>(null)
  const stepsPerEpoch = ref<number | null>(null)
  const issues = shallowRef<ConfigIssue[]>([])
  const warnings = shallowRef<ConfigIssue[]>([])
  const checking = ref(false)

  const arch = computed(() => String(overrides.arch ?? (base.value ?? config.value)?.arch))
  /** Without options of an architecture that was chosen before. */
  const applicable = computed(() => Object.fromEntries(Object.entries(overrides).filter(([key]) => !isForeignOption(key, arch.value))))

  const localProblems = computed(() => {
    const found = new Map<FieldKey, string>()
    for (const [key, value] of Object.entries(applicable.value) as [FieldKey, unknown][]) {
      const problem = checkField(key, value)
      if (problem) found.set(key, problem)
    }
    return found
  })

  const lengthProblem = computed(() => {
    if (length.value === null) return null
    return lengthUnit.value === 'steps'
      ? checkField('steps', length.value)
      : length.value > 0
        ? null
        : 'Enter a number of epochs greater than 0.'
  })

  function changes(): Changes {
    const inSteps = lengthUnit.value === 'steps'
    return {
      overrides: {
        ...(JSON.parse(JSON.stringify(applicable.value)) as RunOverrides),
        ...(length.value !== null && inSteps ? { steps: length.value } : {}),
      },
      ...(length.value !== null && !inSteps ? { epochs: length.value } : {}),
    }
  }

  function clear(): void {
    config.value = null
    warnings.value = []
    summary.value = null
    dial.value = null
  }

  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function preview(): Promise<void> {
    const mine = ++asked
    if (!ask.value || localProblems.value.size > 0 || lengthProblem.value) {
      checking.value = false
      clear()
      return
    }
    try {
      const answer = await ask.value(changes())
      if (mine !== asked) return
      config.value = answer.config
      summary.value = answer.summary
      dial.value = answer.dial
      issues.value = answer.issues
      warnings.value = answer.warnings
      stepsPerEpoch.value = answer.stepsPerEpoch
    } catch (error) {
      if (mine !== asked) return
      clear()
      issues.value = [{ path: '', message: messageOf(error) }]
    }
    checking.value = false
  }

  let baseAsked = 0
  watch(
    ask,
    async (now) => {
      const mine = ++baseAsked
      base.value = null
      if (!now) return
      try {
        const answer = await now({ overrides: {} })
        if (mine === baseAsked) base.value = answer.config
      } catch (error) {
        if (mine === baseAsked) issues.value = [{ path: '', message: messageOf(error) }]
      }
    },
    { immediate: true },
  )

  watch(
    [ask, length, lengthUnit, overrides],
    () => {
      checking.value = true
      // What was asked before answers to other values.
      asked++
      issues.value = []
      clearTimeout(timer)
      timer = setTimeout(() => void preview(), DEBOUNCE_MS)
    },
    { immediate: true },
  )

  const totalSteps = computed(() => {
    if (length.value === null) return base.value?.steps ?? null
    if (lengthUnit.value === 'steps') return length.value
    return stepsPerEpoch.value === null ? null : Math.max(1, Math.round(length.value * stepsPerEpoch.value))
  })

  const obstacles = computed<Obstacle[]>(() => {
    const found = new Map<string, string>(localProblems.value)
    if (lengthProblem.value) found.set('steps', lengthProblem.value)
    for (const issue of issues.value) {
      const key = keyOf(issue)
      if (hasField(key) && !found.has(key)) found.set(key, issue.message)
    }
    return [...found].map(([key, message]) => ({ field: key, label: key === 'steps' ? 'Length' : configLabel(key), message }))
  })

  return {
    origin: title,
    length,
    lengthUnit,
    overrides,
    set: (key, value) => {
      // What is set back by hand is no change.
      if (base.value && JSON.stringify(value) === JSON.stringify(base.value[key])) delete overrides[key]
      else overrides[key] = value
    },
    reset: (key) => {
      delete overrides[key]
    },
    // A schedule in parts of the run follows the length, which may be another one than the origin's.
    valueOf: (key) =>
      key in overrides
        ? overrides[key]
        : ((key === 'schedule' ? (config.value ?? base.value) : (base.value ?? config.value))?.[key] ?? defaultOption(key)),
    problemOf: (key) =>
      localProblems.value.get(key) ??
      (key === 'steps' ? lengthProblem.value : null) ??
      issues.value.find((issue) => keyOf(issue) === key)?.message ??
      null,
    warnings,
    warningsOf: (key) => warnings.value.flatMap((warning) => (keyOf(warning) === key ? warning.message : [])),
    obstacles,
    general: computed(() =>
      issues.value
        .filter((issue) => !hasField(keyOf(issue)))
        .map(({ path, message }) => (path === '' || path === 'preset' || path === 'dataset' ? message : `${path}: ${message}`)),
    ),
    changes,
    take(whole, plain) {
      for (const key of Object.keys(overrides) as FieldKey[]) delete overrides[key]
      lengthUnit.value = 'steps'
      const { steps, ...others } = differingValues(whole, plain)
      length.value = (steps as number | undefined) ?? null
      Object.assign(overrides, others)
    },
    base,
    config,
    summary,
    dial,
    stepsPerEpoch,
    totalSteps,
    totalEpochs: computed(() =>
      totalSteps.value !== null && stepsPerEpoch.value ? Number((totalSteps.value / stepsPerEpoch.value).toFixed(2)) : null,
    ),
    refresh: preview,
    checking,
    ready: computed(
      () =>
        ask.value !== null &&
        !checking.value &&
        summary.value !== null &&
        issues.value.length === 0 &&
        localProblems.value.size === 0 &&
        !lengthProblem.value,
    ),
  }
}
