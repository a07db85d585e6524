import type { ActivationDial, Architecture, ConfigIssue, NetworkSummary, Preset, Preview } from '../../contract/catalogue.js'
import { describeIssues } from '../../contract/config-issues.js'
import { fixedByWeights, type RunConfig } from '../../contract/config.js'
import { withKept } from '../../contract/memory.js'
import { accumulationIssues } from '../../contract/micro-batch.js'
import { recipeWarnings } from '../../contract/recipe-warnings.js'
import type { Dataset } from '../../contract/datasets.js'
import { isUserError, UserError } from '../../contract/errors.js'
import type { CreateRun, ForkRun } from '../../contract/runs.js'
import type { Datasets } from '../datasets/datasets.js'
import { divisionIssues } from './division.js'
import { hint } from '../../contract/near.js'
import { resolveConfig, type Ingredients, type Resolved } from './resolve.js'
import type { Awaitable } from '../shared/clock.js'

/** The networks and presets of `numeric`, which need no TensorFlow. */
export interface Catalogue {
  presets(): Awaitable<Preset[]>
  architectures(): Awaitable<Architecture[]>
  /** Why an unknown architecture may be missing, as a clause; null if nothing is known about it. */
  missing?(arch: string): string | null
  /** Issues of a configuration that the schema alone cannot find; empty when it can run. */
  validate(config: RunConfig): Awaitable<ConfigIssue[]>
  describe(config: RunConfig): Awaitable<NetworkSummary>
  /** The settings of a network of twice the depth that starts nearly equivalent to this one, or why there is none, as a sentence. */
  doubled(config: RunConfig): Awaitable<{ config: Pick<RunConfig, 'h' | 'stages'> } | { refusal: string }>
  /** What `memoryBudget` keeps; null for stored backpropagation. */
  dial(config: RunConfig): Awaitable<ActivationDial | null>
}

/** Builds complete configurations from presets, data sets and overrides, and finds their issues. */
export class Configurations {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly datasets: Datasets,
  ) {}

  /** @throws UserError BAD_INPUT that names every field that is wrong */
  async create(request: CreateRun): Promise<Checked & { dataset: Dataset }> {
    const preset = await this.preset(request.preset)
    const dataset = await this.datasets.find(request.dataset)
    const { overrides = {}, epochs } = request
    const resolved = await this.resolve({ base: preset.config, preset: preset.name, dataset, overrides, epochs })
    return { ...(await this.check(resolved, dataset)), dataset }
  }

  /** A fork's configuration: its parent's, with overrides. @throws UserError BAD_INPUT that names every field that is wrong */
  async fork(parent: RunConfig, changes: ForkChanges): Promise<Checked & { dataset: Dataset }> {
    const dataset = await this.datasets.find(parent.dataset)
    return { ...(await this.check(await this.forked(parent, dataset, changes), dataset)), dataset }
  }

  /** The same as `preview`, for a fork. */
  async previewFork(parent: RunConfig, request: ForkChanges): Promise<Preview> {
    const dataset = await this.datasets.find(parent.dataset)
    return this.look(await this.forked(parent, dataset, request), dataset)
  }

  /** Activation memory of the steps of a run. It does not include what `auto` keeps, which depends on the memory that was free at the start. */
  async activations(config: RunConfig): Promise<NetworkSummary['activationBytes']> {
    const [{ activationBytes }, dial] = await Promise.all([
      this.catalogue.describe(config),
      config.memoryBudget === 'auto' ? null : this.catalogue.dial(config),
    ])
    return withKept(activationBytes, dial?.bytes ?? 0)
  }

  /** Resolves the configuration of a new run without creating it, for the form. */
  async preview(request: CreateRun): Promise<Preview> {
    try {
      const preset = await this.preset(request.preset)
      const dataset = await this.datasets.find(request.dataset)
      const { overrides = {}, epochs } = request
      return await this.look(await this.resolve({ base: preset.config, preset: preset.name, dataset, overrides, epochs }), dataset)
    } catch (error) {
      // The form shows an unknown preset or data set as an issue of its field.
      if (!isUserError(error) || (error.code !== 'BAD_INPUT' && error.code !== 'NOT_FOUND')) throw error
      const path = error.code === 'NOT_FOUND' ? 'dataset' : 'preset'
      return { ...NOTHING, issues: [{ path, message: error.message }] }
    }
  }

  /**
   * Names of the presets whose networks accept the samples of a data set as they are; networks for images do not accept points of the
   * plane.
   */
  async fitting(name: string): Promise<string[]> {
    const [presets, dataset] = await Promise.all([this.catalogue.presets(), this.datasets.find(name)])
    const fits = await Promise.all(
      presets.map(async (preset) => {
        const { config } = await this.resolve({ base: preset.config, preset: preset.name, dataset, overrides: {} })
        return config !== null && (await this.catalogue.validate(config)).length === 0
      }),
    )
    return presets.flatMap((preset, at) => (fits[at] ? preset.name : []))
  }

  private async look({ config, issues, stepsPerEpoch }: Resolved, dataset: Dataset): Promise<Preview> {
    if (!config) return { ...NOTHING, issues, stepsPerEpoch }
    const found = await this.problems(config, dataset)
    if (found.length) return { ...NOTHING, config, issues: found, stepsPerEpoch }
    const [summary, dial] = await Promise.all([this.catalogue.describe(config), this.catalogue.dial(config)])
    return { config, summary, issues: [], warnings: recipeWarnings(config, dataset), stepsPerEpoch, dial }
  }

  /** All issues that the schema alone cannot find: of the network, of the batch, and of the images that are available for it. */
  private async problems(config: RunConfig, dataset: Dataset): Promise<ConfigIssue[]> {
    const ofNetwork = await this.catalogue.validate(config)
    return [...ofNetwork, ...accumulationIssues(config), ...(await divisionIssues(config, dataset, () => this.datasets.split(config)))]
  }

  private resolve(ingredients: Omit<Ingredients, 'split' | 'architectures' | 'missing'>): Promise<Resolved> {
    return resolveConfig({
      ...ingredients,
      split: (config) => this.datasets.split(config),
      architectures: async () => this.catalogue.architectures(),
      missing: (arch) => this.catalogue.missing?.(arch) ?? null,
    })
  }

  /**
   * A fork starts from its parent's weights, so that keys which shape the weights cannot change; one of twice the depth from weights for
   * twice the units.
   */
  private async forked(given: RunConfig, dataset: Dataset, { overrides = {}, epochs, doubled }: ForkChanges): Promise<Resolved> {
    const deeper = doubled ? await this.catalogue.doubled(given) : { config: {} }
    if ('refusal' in deeper) return { config: null, issues: [{ path: 'stages', message: deeper.refusal }], stepsPerEpoch: null }
    const parent = { ...given, ...deeper.config }
    const resolved = await this.resolve({ base: parent, preset: parent.preset, dataset, overrides, epochs })
    if (!resolved.config) return resolved
    const { config } = resolved
    const issues = fixedByWeights()
      .filter((key) => JSON.stringify(config[key]) !== JSON.stringify(parent[key]))
      .map((key) => ({
        path: key,
        message: `determines the shapes of the weights, which a fork takes from its parent. Keep ${JSON.stringify(parent[key])}, or start a new run.`,
      }))
    return issues.length ? { ...resolved, config: null, issues } : resolved
  }

  private async preset(name: string): Promise<Preset> {
    const presets = await this.catalogue.presets()
    const preset = presets.find((each) => each.name === name)
    if (preset) return preset
    const names = presets.map((each) => each.name)
    throw new UserError('BAD_INPUT', `There is no preset ${name}: ${hint(name, names, 'see the list of presets.')}`)
  }

  private async check({ config, issues }: Resolved, dataset: Dataset): Promise<Checked> {
    const found = config ? await this.problems(config, dataset) : issues
    if (!config || found.length) throw new UserError('BAD_INPUT', `This configuration is not valid. ${describeIssues(found)}`)
    return { config, summary: await this.catalogue.describe(config) }
  }
}

const NOTHING: Preview = { config: null, summary: null, issues: [], warnings: [], stepsPerEpoch: null, dial: null }

type ForkChanges = Pick<ForkRun, 'overrides' | 'epochs' | 'doubled'>

interface Checked {
  config: RunConfig
  summary: NetworkSummary
}
