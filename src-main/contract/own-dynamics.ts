import { z } from 'zod'

/** A dynamics file of the user at one state of its text: what is kept with a run that was trained by it. */
export const OwnFileSchema = z.strictObject({
  /** Its name in the folder `dynamics` of the home. */
  file: z.string().max(200),
  /** SHA-256 of its text. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})
export type OwnFile = z.infer<typeof OwnFileSchema>

/** A dynamics file with its text, as a process that computes gets it. */
export const OwnSourceSchema = OwnFileSchema.extend({ text: z.string() })
export type OwnSource = z.infer<typeof OwnSourceSchema>

/** What became of a file in the folder. */
export interface OwnDynamicsFile extends OwnFile {
  /** The architecture that it adds; null where it was refused. */
  arch: string | null
  /** Why it was refused, as a sentence with the broken check; null where it was not. */
  problem: string | null
}

export interface OwnDynamicsFolder {
  /** Absolute path, which need not be there. */
  folder: string
  files: OwnDynamicsFile[]
}

/** The first digits of a hash, which people compare. */
export const shortHash = ({ hash }: Pick<OwnFile, 'hash'>): string => hash.slice(0, 12)

/**
 * Why a run cannot go on, or its weights cannot be used, with what the folder holds now.
 * @param now hash of the file of that name; null where there is none
 */
export function describeChanged(file: OwnFile, now: string | null): string {
  const then = `its run was made with the text whose SHA-256 begins with ${shortHash(file)}`
  const remedy = `Put that text back as dynamics/${file.file} in the home, or start a new run with the present one.`
  return now === null
    ? `The dynamics file ${file.file} is not in the home any more, and ${then}. ${remedy}`
    : `The dynamics file ${file.file} has changed (${shortHash({ hash: now })}): ${then}. ${remedy}`
}
