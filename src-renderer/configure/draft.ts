import { computed, reactive, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { ActivationDial, ConfigIssue, NetworkSummary, Preview } from '../../src-main/contract/catalogue.js'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import { messageOf } from '../home/errors.js'
import { checkField, configLabel, defaultOption, hasField, isForeignOption, type FieldKey } from '../home/fields.js'
import type { Obstacle } from '../ui/obstacles.js'

/** The changes of a draft to its origin. */
export interface Changes {
  overrides: RunOverrides
  epochs?: number
}

export interface DraftOrigin {
  /** Asks the back end for a preview of changes to the origin; null while nothing is chosen. */
  ask: ComputedRef<((changes: Changes) => Promise<Preview>) | null>
  /** Where unchanged values come from, such as "the preset". */
  title: string
}

/** The state of a configuration form: the changes, the back end's preview of them, and the errors. */
export interface Draft {
  origin: string
  /** Length in steps or epochs; null keeps the origin's. */
  length: Ref<number | null>
  lengthUnit: Ref<'steps' | 'epochs'>
  overrides: Partial<Record<FieldKey, unknown>>
  set(key: FieldKey, value: unknown): void
  /** Resets a key to the origin's value. */
  reset(key: FieldKey): void
  /** The effective value: the change, otherwise the origin's. */
  valueOf(key: FieldKey): unknown
  /** The error of a key: from the schema at once, from the back end after a moment. */
  problemOf(key: FieldKey): string | null
  /** Settings that have no effect or do harm, for a key and for all of them. */
  warningsOf(key: FieldKey): string[]
  warnings: ShallowRef<ConfigIssue[]>
  /** The errors of the form's keys, all of which must be fixed before anything can be started. */
  obstacles: ComputedRef<Obstacle[]>
  /** Issues that belong to no key of the form. */
  general: ComputedRef<string[]>
  changes(): Changes
  /** Makes the form show a complete configuration; `base` is the configuration without changes. */
  take(config: RunConfig, base: RunConfig): void
  /** The origin without changes. */
  base: ShallowRef<RunConfig | null>
  /** The configuration with the changes; null while they are invalid. */
  config: ShallowRef<RunConfig | null>
  summary: ShallowRef<NetworkSummary | null>
  dial: ShallowRef<ActivationDial | null>
  stepsPerEpoch: Ref<number | null>
  totalSteps: ComputedRef<number | null>
  totalEpochs: ComputedRef<number | null>
  /** Asks the back end again, which may have more information now. */
  refresh(): Promise<void>
  /** Whether the preview does not reflect the current values yet. */
  checking: Ref<boolean>
  ready: ComputedRef<boolean>
}

const DEBOUNCE_MS = 250

/** Keys determined by the origin of a draft. */
const GIVEN: ReadonlySet<string> = new Set(['preset', 'dataset', 'image', 'classes'])

const keyOf = ({ path }: ConfigIssue): string => path.split('.')[0] ?? ''

/** The values of a configuration that differ from those of another, without those determined by preset and data set. */
export const differingValues = (whole: RunConfig, plain: RunConfig): Partial<Record<FieldKey, unknown>> =>
  Object.fromEntries(
    (Object.keys(whole) as FieldKey[])
      .filter((key) => !GIVEN.has(key) && JSON.stringify(whole[key]) !== JSON.stringify(plain[key]))
      .map((key) => [key, whole[key]]),
  )

/** To be called in a component's setup, because its watchers end with the component. */
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
  /** Without options of a previously chosen architecture. */
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
      // Earlier requests are for outdated values, and their answers are ignored.
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
      // A value that was set back manually is no longer a change.
      if (base.value && JSON.stringify(value) === JSON.stringify(base.value[key])) delete overrides[key]
      else overrides[key] = value
    },
    reset: (key) => {
      delete overrides[key]
    },
    // A schedule in fractions of the run depends on the length, which may differ from the origin's.
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
