import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The slowest test files, the longest first, as measured in a complete run on two cores. A clean clone has no times of an earlier run, and
 * by default Vitest starts with the largest files: one of the slowest is then often the last, while the other cores are idle.
 */
export const LONGEST: readonly string[] = [
  'test/e2e/studies.test.ts',
  'test/native/run-matrix.test.ts',
  'test/e2e/comes-back.test.ts',
  'test/e2e/charts.test.ts',
  'test/e2e/datasets.test.ts',
  'test/native/real-trainer.test.ts',
  'test/native/cluster.test.ts',
  'test/native/evaluation-statistics.test.ts',
  'test/native/compiled-step.test.ts',
  'test/e2e/keyboard.test.ts',
  'test/e2e/every-page.test.ts',
  'test/crash/moments.test.ts',
  'test/e2e/run-table.test.ts',
  'test/e2e/new-run.test.ts',
  'test/e2e/undo.test.ts',
  'test/e2e/chart-truth.test.ts',
  'test/native/quick-run.test.ts',
  'test/native/training.test.ts',
  'test/renderer/pages.test.ts',
  'test/training/crash.test.ts',
  'test/native/signals.test.ts',
  'test/native/dynamics-contract.test.ts',
  'test/e2e/newcomer.test.ts',
  'test/setup/setup.test.ts',
  'test/e2e/package.test.ts',
  'test/e2e/comparison-figures.test.ts',
  'test/e2e/theory-studies.test.ts',
  'test/hosts/cluster.test.ts',
  'test/hosts/local-server.test.ts',
  'test/e2e/compare-lab.test.ts',
  'test/native/gradient-watch.test.ts',
  'test/e2e/lab.test.ts',
  'test/e2e/window.test.ts',
  'test/transport/conformance.test.ts',
]

/** Groups in their order, with the slowest files first in each; the others in Vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.indexOf(relative(this.ctx.config.root, moduleId))
      return at < 0 ? LONGEST.length : at
    }
    const order = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => order(a) - order(b) || place(a) - place(b))
  }
}
