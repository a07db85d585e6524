import { resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { docsTable, optionRow, quantityRow } from '../fixtures/docs-tables.js'
import { allTemplates } from '../../src-main/studies/registry.js'
import type { Template } from '../../src-main/studies/template.js'

const FILE = resolve(import.meta.dirname, '../../docs/studies.md')

const INTRODUCTION = `# Studies

A study repeats an experiment of the paper or of a neighbouring paper, or searches over configurations. It is started from a template, which expands into cells:
training runs, measurements of time and memory, or computations without a network. All cells are queued in one transaction; the figures and tables of the study are drawn as results arrive.

    retrace study list
    retrace study describe TEMPLATE
    retrace study start TEMPLATE [--option key=value] [--name NAME] [--dry-run]
    retrace study status [ID] | pause ID | resume ID | remove ID
    retrace study export ID [--csv FILE] [--out FILE]

\`start\` and \`resume\` follow the study until every cell has ended; Ctrl+C interrupts its runs with checkpoints, and \`resume\` continues from them. The
_Studies_ page of the window offers the same. An option that is a list is given as one text, such as \`--option seeds=1-3\` or \`--option images=500,1000\`.

## Cells

**Runs** are ordinary runs that the study creates; in the runs table, they are collected in one row per study, which can be unfolded. **Measurements** run one at a time, each in a fresh
process. They wait until no run is active, and queued runs wait until they are done, because other runs would slow down the measured steps. **Computations** solve small problems in double
precision, one at a time, each in its own thread; they run at the same time as runs, but never during a measurement.

**Cells that already have a result are skipped.** The key of a cell is a hash of its whole configuration (without the name of the preset, the name of the data set, the checkpoint
interval and the reconstruction tolerance, which do not affect the numbers), the hash of the data, the engine and its device, the number of threads, the processor type, and the revision of the
numerics (\`src-main/numeric/revision.ts\`, raised when bits change). A run with the same key that has finished, or is active for another study, is taken over instead of being trained again; so is a
measurement. A run that is taken over while it is interrupted or paused is resumed. The key of a computation consists only of its options and its revision, because double precision is the same on every machine. Runs of earlier versions did not record the revision and are
not taken over.

**Failures are shown.** Cells that failed or diverged are named in the notes of the report and counted in its tables; means exclude them. \`resume\` continues runs that were paused, stopped,
interrupted or failed, repeats failed measurements and computations, and recreates removed runs. Diverged runs count as results and stay.

**Phases.** Cells of a template can depend on others: once all cells have ended, or have reached the step up to which they were to be trained, the template decides which runs continue and which
cells are added. A decision and all its consequences are stored in one transaction, and it is never made twice; it waits for interrupted and paused runs. A search by successive halving (option
\`rungs\`) continues the best runs of each rung by exact resume, so the winner has the weights of a run that was never interrupted. Runs that are not continued stay paused; resuming one in the
runs table trains it to its end.

The page of a search shows its cells as parallel coordinates, one line per cell, coloured by validation accuracy; cells that failed or diverged are dashed lines that end before that axis.

Removing a study keeps its runs. Pausing it pauses the runs that it created, but not those that it took over.

## Published figures

If the conditions are equal (the same test images, all training images, at least as many images seen), a published accuracy is drawn as a reference line. Otherwise it is a separate mark
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
