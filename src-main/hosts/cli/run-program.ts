import type { Command } from 'commander'
import type { Context } from './context.js'

export type Leaf = (parent: Command, usage: string, description: string) => Command

/** Options of commands, as `program.ts` reads them. */
export interface Readers {
  whole(text: string): number
  each(text: string, before?: string[]): string[]
}

/** The commands that keep runs in order: marks, the queue, removal, and the settings. */
export function addRunMarks(context: Context, program: Command, runs: Command, leaf: Leaf, { whole, each }: Readers): void {
  const marks = () => import('./commands/run-marks.js')
  leaf(runs, 'again <id>', 'a new run with the same configuration and seed').action(async (id, options) =>
    (await marks()).queueAnew(context, 'again', id, options),
  )
  leaf(runs, 'retry <id>', 'discard what a failed run has done and begin it anew').action(async (id, options) =>
    (await marks()).queueAnew(context, 'retry', id, options),
  )
  leaf(runs, 'diff <id> [other]', 'in which keys two configurations differ; of a fork and its parent when one is given').action(
    async (id, other, options) => (await marks()).diffRuns(context, id, other, options),
  )
  leaf(runs, 'edit <ids...>', 'change tags, colour, pin, baseline or archive')
    .option('--tag <name>', 'add a tag; repeatable', each)
    .option('--untag <name>', 'remove a tag; repeatable', each)
    .option('--colour <#rrggbb>', 'colour in charts, or none')
    .option('--pin', 'keep at the top')
    .option('--no-pin', 'no longer')
    .option('--baseline', 'compare others with it')
    .option('--no-baseline', 'no longer')
    .option('--archive', 'keep out of sight')
    .option('--no-archive', 'bring back to sight')
    .action(async (ids, options) => (await marks()).editRuns(context, ids, options))
  leaf(runs, 'notes <id> [text]', 'print or replace the notes, in Markdown').action(async (id, text, options) =>
    (await marks()).runNotes(context, id, text, options),
  )
  const checkpoints = program.command('checkpoints').description('the checkpoints of a run')
  const kept = () => import('./commands/checkpoints.js')
  leaf(checkpoints, 'list <id>', 'all of them, the last one at the end').action(async (id, options) =>
    (await kept()).listCheckpoints(context, id, options),
  )
  for (const [usage, description, pinned] of [
    ['pin <id>', 'keep a checkpoint in every clean-up that keeps what is pinned', true],
    ['unpin <id>', 'no longer', false],
  ] as const)
    leaf(checkpoints, usage, description)
      .option('--step <n>', 'step of the checkpoint; the last by default', whole)
      .action(async (id, options) => (await kept()).pinCheckpoint(context, id, { ...options, pinned }))

  leaf(runs, 'removed', 'removed runs that can be brought back').action(async (options) => (await marks()).listRemoved(context, options))
  leaf(runs, 'restore <ids...>', 'bring removed runs back').action(async (ids, options) =>
    (await marks()).bulkRuns(context, 'restore', ids, options),
  )
  leaf(runs, 'purge <ids...>', 'delete removed runs and their files for good, at once').action(async (ids, options) =>
    (await marks()).bulkRuns(context, 'purge', ids, options),
  )

  const queue = program.command('queue').description('what waits to be trained')
  leaf(queue, 'list', 'in the order in which it will start').action(async (options) => (await marks()).listQueue(context, options))
  leaf(queue, 'move <ids...>', 'change the order')
    .requiredOption('--to <place>', 'place in the queue; 1 is next', whole)
    .action(async (ids, options) => (await marks()).moveRuns(context, ids, options))

  const settings = program.command('settings').description('settings of the home')
  leaf(settings, 'list', 'all of them').action(async (options) => (await import('./commands/settings.js')).listSettings(context, options))
  leaf(settings, 'set <key> <value>', 'change one').action(async (key, value, options) =>
    (await import('./commands/settings.js')).changeSetting(context, key, value, options),
  )

  const home = program.command('home').description('the home folder as a whole')
  const homes = () => import('./commands/home.js')
  leaf(home, 'backup <file>', 'write everything into one file, also while runs are at work').action(async (file, options) =>
    (await homes()).backupHome(context, file, options),
  )
  leaf(home, 'restore <file>', 'put a backup in the place of the home, which is kept beside it').action(async (file, options) =>
    (await homes()).restoreBackup(context, file, options),
  )
  leaf(home, 'check', 'whether the database, checkpoints and data sets are whole')
    .option('--quick', 'without reading the data sets')
    .action(async (options) => (await homes()).checkHome(context, options))
  leaf(home, 'usage', 'what takes how much of the disk').action(async (options) => (await homes()).homeUsage(context, options))
  leaf(home, 'clean', 'delete checkpoints other than the last, the best, and what is pinned')
    .option('--yes', 'delete; otherwise it only tells what it would')
    .option('--no-keep-best', 'the best ones as well')
    .option('--no-keep-pinned', 'what is pinned as well')
    .option('--leftovers', 'also files that belong to nothing')
    .action(async (options) => (await homes()).cleanHome(context, options))
}
