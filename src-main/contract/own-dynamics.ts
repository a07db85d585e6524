import { z } from 'zod'

/** A version of a user's dynamics file, as recorded with a run that was trained with it. */
export const OwnFileSchema = z.strictObject({
  /** Its name in the `dynamics` folder of the home. */
  file: z.string().max(200),
  /** SHA-256 of its text. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})
export type OwnFile = z.infer<typeof OwnFileSchema>

/** A dynamics file with its text, as passed to a compute process. */
export const OwnSourceSchema = OwnFileSchema.extend({ text: z.string() })
export type OwnSource = z.infer<typeof OwnSourceSchema>

/** The result of loading a file in the folder. */
export interface OwnDynamicsFile extends OwnFile {
  /** The architecture that it adds; null if it was rejected. */
  arch: string | null
  /** Why it was rejected, as a sentence with the failed check; null if it was not. */
  problem: string | null
}

export interface OwnDynamicsFolder {
  /** Absolute path of the folder, which may not exist. */
  folder: string
  files: OwnDynamicsFile[]
}

/** The first digits of a hash, for comparing by eye. */
export const shortHash = ({ hash }: Pick<OwnFile, 'hash'>): string => hash.slice(0, 12)

/**
 * Why a run cannot continue, or its weights cannot be used, compared with what the folder contains now.
 * @param now hash of the file of that name; null if there is none
 */
export function describeChanged(file: OwnFile, now: string | null): string {
  const then = `its run was made with the text whose SHA-256 begins with ${shortHash(file)}`
  const remedy = `Put that text back as dynamics/${file.file} in the home, or start a new run with the present one.`
  return now === null
    ? `The dynamics file ${file.file} is not in the home any more, and ${then}. ${remedy}`
    : `The dynamics file ${file.file} has changed (${shortHash({ hash: now })}): ${then}. ${remedy}`
}
