import type { Command } from 'commander'
import { addPlace } from './cluster-program.js'
import type { Context } from './context.js'

/** Adds the commands of studies. */
export function addStudies(
  context: Context,
  program: Command,
  leaf: (parent: Command, usage: string, description: string) => Command,
  { each, whole }: { each(text: string, before?: string[]): string[]; whole(text: string): number },
): void {
  const study = program.command('study').description('run the experiments of the paper, and searches over configurations')
  const commands = () => import('./commands/study.js')
  leaf(study, 'list', 'list the templates, and the studies in this home').action(async (options) =>
    (await commands()).listStudies(context, options),
  )
  leaf(study, 'describe <template>', 'describe a template: its question, options and quantities').action(async (template, options) =>
    (await commands()).describeStudy(context, template, options),
  )
  addPlace(
    leaf(
      study,
      'start <template>',
      'expand a template into runs, measurements and computations, queue them, and follow them until they end',
    ),
    whole,
  )
    .option('--option <key=value>', 'set an option of the template; repeatable', each)
    .option('--name <name>', 'name of the study (default: the title of the template)')
    .option('--project <name>', 'put it and its runs into this project, which is made if there is none of that name')
    .option('--dry-run', 'only list the cells that it would create')
    .action(async (template, options) => (await commands()).startStudy(context, template, options))
  leaf(study, 'status [id]', 'show the cells of a study and its results so far (default: the newest study)').action(async (id, options) =>
    (await commands()).showStudy(context, id, options),
  )
  leaf(study, 'pause <id>', 'pause the runs of a study, and hold its measurements and computations').action(async (id, options) =>
    (await commands()).pauseStudy(context, id, options),
  )
  leaf(study, 'resume <id>', 'continue every cell of a study that has no result, and follow it').action(async (id, options) =>
    (await commands()).resumeStudy(context, id, options),
  )
  leaf(study, 'export <id>', 'export the results of a study: tables as CSV, or everything as JSON')
    .option('--csv <file>', 'write its tables to CSV files')
    .option('--out <file>', 'write cells, tables and figures to this JSON file (default: standard output)')
    .option('--overwrite', 'overwrite existing files')
    .action(async (id, options) => (await commands()).exportStudy(context, id, options))
  leaf(study, 'remove <id>', 'remove a study with its measurements and computations; its runs stay').action(async (id, options) =>
    (await commands()).removeStudy(context, id, options),
  )
}
