import { useRouter } from 'vue-router'
import { GLOSSARY } from '../../../src-main/contract/glossary.js'
import { hasConfiguration, hasTrainer, type RunSummary } from '../../../src-main/contract/runs.js'
import { commandsOf } from '../../ui/describe.js'
import { useRunOrigin } from '../../configure/run-origin.js'
import { useComparisons } from '../../compare/comparisons.js'
import { useDatasets } from '../../home/datasets.js'
import { useExamples } from '../../home/examples.js'
import { useGuide } from '../../home/guide.js'
import { useNotices } from '../../home/notices.js'
import { usePreferences } from '../../home/preferences.js'
import { useRunActions } from '../../runs/run-actions.js'
import { useRuns } from '../../home/runs.js'
import type { Command } from './search.js'

/** Collects all commands and destinations that are available on the current page. */
export function useCommands(
  pages: () => { to: string; title: string }[],
  { showSheet, showHelp }: { showSheet(): void; showHelp(): void },
): () => Command[] {
  const router = useRouter()
  const runs = useRuns()
  const datasets = useDatasets()
  const comparisons = useComparisons()
  const notices = useNotices()
  const actions = useRunActions()
  const preferences = usePreferences()
  const origin = useRunOrigin()
  const examples = useExamples()
  const guide = useGuide()

  const go = (to: string): void => void router.push(to)
  const command = (title: string, run: () => void): Command => ({ id: title, title, kind: 'command', run })
  const attempt = (title: string, work: () => Promise<unknown>): Command => command(title, () => void notices.attempt(work))

  /** Commands for the run whose page is open. */
  function ofRun(run: RunSummary): Command[] {
    const { id, name, status, archived, pinned } = run
    const can = commandsOf(run)
    const idle = !hasTrainer(run) && status !== 'queued'
    return [
      ...(can.pause ? [attempt(`Pause ${name}`, () => runs.pause(id))] : []),
      ...(can.resume ? [attempt(`Resume ${name}`, () => runs.resume(id))] : []),
      ...(can.stop ? [attempt(`Stop ${name}`, () => runs.stop(id))] : []),
      command(`Compare ${name} with other runs`, () => go(`/compare?runs=${id}`)),
      ...(hasConfiguration(run)
        ? [
            attempt(`Run ${name} again`, async () => go(`/runs/${(await runs.again(id)).id}`)),
            command(`New run from ${name}`, () => void origin.newRunFrom(id)),
            command(`Sweep ${name} over …`, () => void origin.sweep(id)),
            command(`Show ${name} in a lecture`, () => go(`/idea?lecture=1&run=${id}`)),
          ]
        : []),
      command(`${pinned ? 'Unpin' : 'Pin'} ${name}`, () => void actions.pin([id], !pinned)),
      ...(idle ? [command(archived ? `Unarchive ${name}` : `Archive ${name}`, () => void actions.archive([id], !archived))] : []),
      ...(hasTrainer(run) ? [] : [attempt(`Remove ${name}`, async () => (await actions.remove([id])).length > 0 && go('/runs'))]),
    ]
  }

  return () => {
    const here = router.currentRoute.value
    const run = here.name === 'run' ? runs.byId.get(String(here.params['id'])) : undefined
    return [
      ...(run ? ofRun(run) : []),
      ...pages().map(({ to, title }) => ({ id: to, title, kind: 'page', run: () => go(to) })),
      command('Import data set', () => go('/datasets?open=import')),
      command('Generate point data set', () => go('/datasets?open=points')),
      command('Import run', () => go('/runs?open=import')),
      attempt('Open the examples', async () => (await examples.open()) && go('/runs')),
      ...(examples.here.length > 0 ? [attempt('Remove examples', examples.remove)] : []),
      command('Clean up, check or back up the home folder', () => go('/settings')),
      command('System theme', () => void (preferences.theme = 'system')),
      command('Light theme', () => void (preferences.theme = 'light')),
      command('Dark theme', () => void (preferences.theme = 'dark')),
      command('The idea in five pictures', () => go('/idea')),
      command('Guided first run', () => void router.push('/runs').then(guide.begin)),
      command('Lecture mode', () => go('/idea?lecture=1')),
      command('Help for this page', showHelp),
      command('Keyboard shortcuts', showSheet),
      ...comparisons.rows.map(({ id, name }) => ({ id, title: name, kind: 'comparison', run: () => go(`/compare?saved=${id}`) })),
      ...datasets.rows.map(({ name }) => ({ id: `dataset ${name}`, title: name, kind: 'data set', run: () => go(`/datasets/${name}`) })),
      ...GLOSSARY.map(({ term, names = [] }) => ({
        id: `concept ${term}`,
        title: term,
        kind: 'concept',
        words: names.join(' '),
        searched: true as const,
        run: () => void router.push({ path: '/glossary', query: { term } }),
      })),
      ...runs.rows.map(({ id, name, dataset }) => ({ id, title: `${name} · ${dataset}`, kind: `run ${id}`, run: () => go(`/runs/${id}`) })),
    ]
  }
}
