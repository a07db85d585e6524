import { computed, type Ref } from 'vue'
import type { ConfigIssue } from '../../src-main/contract/catalogue.js'
import { fixedByWeights, type RunConfig, type RunOverrides } from '../../src-main/contract/config.js'
import type { Connection } from '../home/api.js'
import { useDraft, type Changes, type Draft } from './draft.js'

export interface ForkDraft extends Draft {
  /** Makes the form show a configuration; returns its errors, if any, in which case the form is unchanged. */
  load(config: RunOverrides): Promise<ConfigIssue[]>
}

/** The keys that a fork cannot change, with the reason. */
export const FIXED_IN_FORK: ReadonlyMap<string, string> = new Map<string, string>([
  ...fixedByWeights().map((key) => [key, 'Determines the shapes of the weights, which come from the parent.'] as const),
  ['preset', 'The preset of the parent.'],
  [
    'dataset',
    'The weights fit the classes of this data set. To continue on another one, export the weights and use the file as initial weights of a new run.',
  ],
])

/** The draft of a fork: the configuration of its parent, or with `doubled` that of twice the depth, with changes. */
export function useForkDraft(
  client: Pick<Connection['client'], 'runs'>,
  parent: { id: string; config: RunConfig },
  doubled: Ref<boolean>,
): ForkDraft {
  const ask = computed(() => {
    const more = doubled.value ? { doubled: true } : {}
    return (changes: Changes) => client.runs.previewFork.query({ id: parent.id, ...changes, ...more })
  })
  const preview = (changes: Changes) => ask.value(changes)
  const draft = useDraft({ ask, title: 'the parent' })
  return {
    ...draft,
    async load(overrides) {
      const { config, issues } = await preview({ overrides })
      if (issues.length > 0 || !config) return issues
      draft.take(config, draft.base.value ?? parent.config)
      return []
    },
  }
}
