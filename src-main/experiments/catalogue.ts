import type { NetworkSummary, Preset, Preview } from '../contract/catalogue.js'
import { describeIssues } from '../contract/config-issues.js'
import { fixedByWeights, type RunConfig } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import { isUserError, UserError } from '../contract/errors.js'
import type { CreateRun } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Datasets } from './datasets.js'
import { hint } from '../contract/near.js'
import type { Catalogue } from './ports.js'
import { resolveConfig, type Resolved } from './resolve.js'

/** Makes whole configurations of presets, data sets and overrides, and says what is wrong with them. */
export class Configurations {
  readonly services: Pick<Services['catalogue'], 'presets' | 'architectures' | 'preview'>

  constructor(
    private readonly catalogue: Catalogue,
    private readonly datasets: Datasets,
  ) {
    this.services = {
      presets: async () => catalogue.presets(),
      architectures: async () => catalogue.architectures(),
      preview: (request) => this.preview(request),
    }
  }

  /** @throws UserError BAD_INPUT that names every field that is wrong */
  async create(request: CreateRun): Promise<Checked & { dataset: Dataset }> {
    const preset = await this.preset(request.preset)
    const dataset = await this.datasets.find(request.dataset)
    const { overrides = {}, epochs } = request
    return { ...(await this.check(resolveConfig({ base: preset.config, preset: preset.name, dataset, overrides, epochs }))), dataset }
  }

  /** A fork's configuration: its parent's, with overrides. @throws UserError BAD_INPUT that names every field that is wrong */
  async fork(parent: RunConfig, { overrides, epochs }: Pick<CreateRun, 'overrides' | 'epochs'>): Promise<Checked & { dataset: Dataset }> {
    const dataset = await this.datasets.find(parent.dataset)
    return { ...(await this.check(forked(parent, dataset, { overrides, epochs }))), dataset }
  }

  /** What would become of a fork, as `preview` says of a new run. */
  async previewFork(parent: RunConfig, request: Pick<CreateRun, 'overrides' | 'epochs'>): Promise<Preview> {
    return this.look(forked(parent, await this.datasets.find(parent.dataset), request))
  }

  private async preview(request: CreateRun): Promise<Preview> {
    try {
      const preset = await this.preset(request.preset)
      const dataset = await this.datasets.find(request.dataset)
      const { overrides = {}, epochs } = request
      return await this.look(resolveConfig({ base: preset.config, preset: preset.name, dataset, overrides, epochs }))
    } catch (error) {
      // An unknown preset or data set is one more thing for the form to show beside its field.
      if (!isUserError(error) || (error.code !== 'BAD_INPUT' && error.code !== 'NOT_FOUND')) throw error
      const path = error.code === 'NOT_FOUND' ? 'dataset' : 'preset'
      return { ...NOTHING, issues: [{ path, message: error.message }] }
    }
  }

  private async look({ config, issues, stepsPerEpoch }: Resolved): Promise<Preview> {
    if (!config) return { ...NOTHING, issues, stepsPerEpoch }
    const found = await this.catalogue.validate(config)
    if (found.length) return { ...NOTHING, config, issues: found, stepsPerEpoch }
    const [summary, dial] = await Promise.all([this.catalogue.describe(config), this.catalogue.dial(config)])
    return { config, summary, issues: [], stepsPerEpoch, dial }
  }

  private async preset(name: string): Promise<Preset> {
    const presets = await this.catalogue.presets()
    const preset = presets.find((each) => each.name === name)
    if (preset) return preset
    const names = presets.map((each) => each.name)
    throw new UserError('BAD_INPUT', `There is no preset ${name}: ${hint(name, names, 'see the list of presets.')}`)
  }

  private async check({ config, issues }: Resolved): Promise<Checked> {
    const found = config ? await this.catalogue.validate(config) : issues
    if (!config || found.length) throw new UserError('BAD_INPUT', `This configuration cannot run. ${describeIssues(found)}`)
    return { config, summary: await this.catalogue.describe(config) }
  }
}

/** A fork begins with its parent's weights, which fit no other shapes. */
function forked(parent: RunConfig, dataset: Dataset, { overrides = {}, epochs }: Pick<CreateRun, 'overrides' | 'epochs'>): Resolved {
  const resolved = resolveConfig({ base: parent, preset: parent.preset, dataset, overrides, epochs })
  if (!resolved.config) return resolved
  const { config } = resolved
  const issues = fixedByWeights()
    .filter((key) => JSON.stringify(config[key]) !== JSON.stringify(parent[key]))
    .map((key) => ({
      path: key,
      message: `decides the shapes of the weights, and a fork begins with those of its parent: leave it at ${JSON.stringify(parent[key])}, or start a new run.`,
    }))
  return issues.length ? { ...resolved, config: null, issues } : resolved
}

const NOTHING: Preview = { config: null, summary: null, issues: [], stepsPerEpoch: null, dial: null }

interface Checked {
  config: RunConfig
  summary: NetworkSummary
}
