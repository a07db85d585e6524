import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../contract/errors.js'
import { ExamplesSchema } from '../contract/examples.js'
import { StudyCellSchema, StudySchema } from '../contract/studies.js'
import type { ExampleFiles } from '../features/examples/example-files.js'

/** A file of `study export`; its report is not read, because it is derived from the cells. */
const ExportedStudySchema = z.object({ study: StudySchema, cells: z.array(StudyCellSchema) })

/** The examples in this folder, which `npm run examples` writes. */
export function openExampleFiles(folder: string): ExampleFiles {
  const read = async (file: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(folder, file), 'utf8'))
    } catch (error) {
      throw new UserError(
        'UNAVAILABLE',
        `The examples are missing from this installation (${join(folder, file)}). Install Retrace again.`,
        {
          cause: error,
        },
      )
    }
  }
  return {
    list: async () => ExamplesSchema.parse(await read('examples.json')),
    path: (file) => join(folder, file),
    readStudy: async (file) => ExportedStudySchema.parse(await read(file)),
  }
}
