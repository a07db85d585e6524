import type { Command } from 'commander'
import type { Context } from './context.js'

export type Leaf = (parent: Command, usage: string, description: string) => Command

/** Parsers of option values, from `program.ts`. */
export interface Readers {
  whole(text: string): number
  each(text: string, before?: string[]): string[]
}

/** Adds the commands that organise runs: marks, checkpoints, queue, removal, examples, settings and home. */
export function addRunMarks(context: Context, program: Command, runs: Command, leaf: Leaf, { whole, each }: Readers): void {
  const marks = () => import('./commands/run-marks.js')
  leaf(runs, 'again <id>', 'start a new run with the same configuration and seed').action(async (id, options) =>
    (await marks()).queueAnew(context, 'again', id, options),
  )
  leaf(runs, 'retry <id>', 'discard the progress of a failed run and restart it from step 0').action(async (id, options) =>
    (await marks()).queueAnew(context, 'retry', id, options),
  )
  leaf(runs, 'diff <id> [other]', 'show the configuration keys in which two runs differ; with one id, a fork and its parent').action(
    async (id, other, options) => (await marks()).diffRuns(context, id, other, options),
  )
  leaf(runs, 'edit <ids...>', 'change tags, project, colour, pin, baseline or archived state')
    .option('--tag <name>', 'add a tag; repeatable', each)
    .option('--untag <name>', 'remove a tag; repeatable', each)
    .option('--project <name>', 'move to this project, which is made if there is none of that name; none: out of theirs')
    .option('--colour <#rrggbb>', 'colour in charts, or none')
    .option('--pin', 'pin to the top of the table')
    .option('--no-pin', 'unpin')
    .option('--baseline', 'set as baseline')
    .option('--no-baseline', 'clear the baseline')
    .option('--archive', 'hide from the table')
    .option('--no-archive', 'show in the table again')
    .action(async (ids, options) => (await marks()).editRuns(context, ids, options))
  leaf(runs, 'notes <id> [text]', 'print the notes or, with a text, replace them (Markdown)').action(async (id, text, options) =>
    (await marks()).runNotes(context, id, text, options),
  )
  const checkpoints = program.command('checkpoints').description('manage the checkpoints of a run')
  const kept = () => import('./commands/checkpoints.js')
  leaf(checkpoints, 'list <id>', 'list checkpoints, the last one at the end').action(async (id, options) =>
    (await kept()).listCheckpoints(context, id, options),
  )
  for (const [usage, description, pinned] of [
    ['pin <id>', 'pin a checkpoint, so that clean-ups keep it', true],
    ['unpin <id>', 'unpin a checkpoint', false],
  ] as const)
    leaf(checkpoints, usage, description)
      .option('--step <n>', 'step of the checkpoint; the last by default', whole)
      .action(async (id, options) => (await kept()).pinCheckpoint(context, id, { ...options, pinned }))

  leaf(runs, 'removed', 'list removed runs that can be restored').action(async (options) => (await marks()).listRemoved(context, options))
  leaf(runs, 'restore <ids...>', 'restore removed runs').action(async (ids, options) =>
    (await marks()).bulkRuns(context, 'restore', ids, options),
  )
  leaf(runs, 'purge <ids...>', 'permanently delete removed runs and their files').action(async (ids, options) =>
    (await marks()).bulkRuns(context, 'purge', ids, options),
  )

  const projects = program.command('projects').description('manage projects: folders for runs')
  const folders = () => import('./commands/projects.js')
  leaf(projects, 'list', 'list projects with the number of their runs').action(async (options) =>
    (await folders()).listProjects(context, options),
  )
  leaf(projects, 'rename <name> <to>', 'rename a project').action(async (name, to, options) =>
    (await folders()).renameProject(context, name, to, options),
  )
  leaf(projects, 'remove <name>', 'remove a project; its runs stay, in no project').action(async (name, options) =>
    (await folders()).removeProject(context, name, options),
  )

  const queue = program.command('queue').description('manage the queue')
  leaf(queue, 'list', 'list queued runs in the order in which they will start').action(async (options) =>
    (await marks()).listQueue(context, options),
  )
  leaf(queue, 'move <ids...>', 'move queued runs to a position')
    .requiredOption('--to <place>', 'position in the queue; 1 is next', whole)
    .action(async (ids, options) => (await marks()).moveRuns(context, ids, options))

  const examples = program.command('examples').description('manage the finished runs that come with Retrace')
  const shown = () => import('./commands/examples.js')
  leaf(examples, 'list', 'list the examples, and whether this home has them').action(async (options) =>
    (await shown()).listExamples(context, options),
  )
  leaf(examples, 'open', 'bring the examples into this home').action(async (options) => (await shown()).openExamples(context, options))
  leaf(examples, 'remove', 'remove all examples from this home').action(async (options) => (await shown()).removeExamples(context, options))

  const settings = program.command('settings').description('manage settings')
  leaf(settings, 'list', 'list settings').action(async (options) => (await import('./commands/settings.js')).listSettings(context, options))
  leaf(settings, 'set <key> <value>', 'change a setting').action(async (key, value, options) =>
    (await import('./commands/settings.js')).changeSetting(context, key, value, options),
  )

  const home = program.command('home').description('manage the home folder')
  const homes = () => import('./commands/home.js')
  leaf(home, 'backup <file>', 'write the whole home into one file, even while runs are active').action(async (file, options) =>
    (await homes()).backupHome(context, file, options),
  )
  leaf(home, 'restore <file>', 'replace the home with a backup; the old home is kept next to it').action(async (file, options) =>
    (await homes()).restoreBackup(context, file, options),
  )
  leaf(home, 'check', 'check database, checkpoints and data sets for damage')
    .option('--quick', 'skip the contents of data sets')
    .action(async (options) => (await homes()).checkHome(context, options))
  leaf(home, 'usage', 'show disk usage').action(async (options) => (await homes()).homeUsage(context, options))
  leaf(home, 'clean', 'delete all checkpoints except the last, the best and pinned ones')
    .option('--yes', 'delete; without it, only show what would be deleted')
    .option('--no-keep-best', 'also delete the best checkpoints')
    .option('--no-keep-pinned', 'also delete pinned checkpoints')
    .option('--leftovers', 'also delete orphaned files and what interrupted work left behind')
    .action(async (options) => (await homes()).cleanHome(context, options))
  leaf(home, 'forget-windows', 'revoke the access of all windows').action(async (options) =>
    (await homes()).forgetWindowsOfHome(context, options),
  )
}
