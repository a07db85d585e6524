import { resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { docsTable, optionRow, quantityRow } from '../fixtures/docs-tables.js'
import { allTemplates } from '../../src-main/studies/registry.js'
import type { Template } from '../../src-main/studies/template.js'

const FILE = resolve(import.meta.dirname, '../../docs/studies.md')

const INTRODUCTION = `# Studies

A study repeats an experiment of the paper or of one next to it, or searches over configurations. It is started from a template, which expands into cells: training
runs, measurements of time and memory, or computations without a network. The cells are queued together in one transaction; the figure and the tables of the study are drawn as results arrive.

    retrace study list
    retrace study describe TEMPLATE
    retrace study start TEMPLATE [--option key=value] [--name NAME] [--dry-run]
    retrace study status [ID] | pause ID | resume ID | remove ID
    retrace study export ID [--csv FILE] [--out FILE]

\`start\` and \`resume\` follow the study until every cell has ended; Ctrl+C interrupts its runs with checkpoints, and \`resume\` continues from them. The
window has the same on its page _Studies_. Options that are lists are one text, such as \`--option seeds=1-3\` or \`--option images=500,1000\`.

## Cells

**Runs** are ordinary runs, created by the study; in the runs table they are behind its row, which unfolds. **Measurements** run one at a time, each in a fresh process; they wait until no
run is at work, and queued runs wait until they are done, because beside a run a step would seem slow. **Computations**
solve small problems in double precision, one at a time, each in a thread of its own; they go on beside runs and never beside a measurement.

**What is done is skipped.** The key of a cell is a hash of its whole configuration (without the name of the preset, the name of the data set, the interval of
checkpoints and the reconstruction tolerance, which have no effect on the numbers), the hash of the data, the engine and its device, the number of threads, the type
of the processor, and the revision of the numerics (\`src-main/numeric/revision.ts\`, raised when bits change). A run of the same key that has finished, or is
at work for another study, is taken over and not trained again; so is a measurement. The key of a computation is its
options and its revision alone, because double precision is the same on every machine. Runs of earlier versions did not record the revision and are not taken
over.

**Failures are shown.** Cells that failed or diverged are named in the notes of the report and counted in its tables; they are in no mean. \`resume\` continues what
was paused, stopped, interrupted or failed, repeats failed measurements and computations, and makes removed runs anew. Diverged runs are results and stay.

**Phases.** Cells of a template can follow from others: when all cells have ended, or have come to the step up to which their runs were to be trained, it is decided
which runs go on and which cells are made. A decision is stored with all that comes of it in one transaction and never made twice; it waits for interrupted and paused
runs. A search by successive halving (option \`rungs\`) goes on with the best runs of each rung by exact resume, so that the winner has the weights of a run that was
never interrupted; those that are not continued stay paused, and resuming one in the runs table trains it to its end.

The page of a search has its cells as parallel coordinates, a line a cell, coloured by the validation accuracy; those that failed or diverged are dashed lines that
end before it.

Removing a study keeps its runs. Pausing it pauses the runs that it created, not those that it took over.

## Published figures

Where the conditions are equal (the same test images, all training images, at least as many seen), a published accuracy is a reference line. Elsewhere it is a separate mark
named "published, other conditions", and a note lists the differences.

This page is generated from \`src-main/studies/templates/\` by \`npm test -- studies-docs -u\`; results, help and charts use the same definitions. See
[adding-a-study.md](adding-a-study.md) for adding one.`

const section = ({ id, title, question, limits, quantities, options }: Template): string =>
  [
    `## ${title}: \`${id}\``,
    `**${question}**`,
    `Limitations: ${limits}`,
    docsTable(['column', 'quantity', 'unit', 'formula', 'source'], Object.entries(quantities).map(quantityRow)),
    docsTable(['option', 'label', 'unit', 'default', 'what it does'], Object.entries(options).map(optionRow)),
  ].join('\n\n')

test('docs/studies.md has every template with its definitions', async () => {
  const page = [INTRODUCTION, ...allTemplates().map(section)].join('\n\n')
  await expect(await format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' })).toMatchFileSnapshot(FILE)
})

test.each(allTemplates().map((each) => [each.id, each] as const))('%s asks a question and states its limitations', (id, template) => {
  expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
  expect(template.question).toMatch(/\?$/)
  expect(template.limits).toMatch(/\.$/)
  expect(Object.keys(template.options).length).toBeGreaterThan(0)
})
