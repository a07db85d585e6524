import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { EnvironmentSchema } from '../../contract/runs.js'
import { PROTOCOL, ReportSchema } from '../messages.js'

/**
 * The records that an attempt leaves in the shared folder for the workbench, in the order of the events. The first fact is `attempt`, the
 * last one `left`, which is missing if the process was killed.
 */
export const FactSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('attempt'),
    protocol: z.literal(PROTOCOL),
    lease: z.int(),
    at: z.number(),
    /** The step from which it continues; -1 starts from the beginning, so that even points of step 0 of earlier attempts do not count. */
    fromStep: z.int(),
    node: z.string(),
    /** Number of the job; null outside of one. */
    job: z.string().nullable(),
    /** The machine and the program. */
    provenance: EnvironmentSchema.pick({ retrace: true, platform: true, commit: true, diff: true, hardware: true, numerics: true }),
  }),
  z.strictObject({ kind: z.literal('report'), report: ReportSchema }),
  z.strictObject({
    kind: z.literal('left'),
    /**
     * requeue: the batch system was asked to start the job again; terminated: something asked it to end, and may start it again; ended:
     * permanently.
     */
    how: z.enum(['ended', 'requeue', 'terminated']),
    exit: z.strictObject({ reason: z.string().nullable(), overdue: z.boolean(), interrupted: z.boolean().optional() }),
  }),
])
export type Fact = z.infer<typeof FactSchema>

/**
 * A frame consists of the length of its content, the content's CRC-32, and the content serialised by the structured clone algorithm, which
 * preserves all numbers.
 */
const HEADER = 8
const LARGEST = 2 ** 28

/** One attempt's file of facts, to which no other process writes. */
export class FactsWriter {
  private readonly file: number
  private unsynced = false

  /** @throws if the file exists already, because every attempt has its own */
  constructor(path: string) {
    this.file = openSync(path, 'ax')
  }

  append(fact: Fact): void {
    const content = serialize(fact)
    const frame = Buffer.alloc(HEADER + content.length)
    frame.writeUInt32LE(content.length, 0)
    frame.writeUInt32LE(crc32(content), 4)
    content.copy(frame, HEADER)
    this.unsynced = true
    for (let written = 0; written < frame.length;) written += writeSync(this.file, frame, written)
  }

  /** Syncs everything appended to the disk, or to the server of a network file system, where other machines see it. */
  sync(): void {
    if (!this.unsynced) return
    fsyncSync(this.file)
    this.unsynced = false
  }

  close(): void {
    this.sync()
    closeSync(this.file)
  }
}

export interface FactsRead {
  /** Each fact with the offset of the next one. */
  facts: { fact: Fact; end: number }[]
  /**
   * end: everything was read; more: the limit was reached; torn: the file ends within a frame; damaged: a frame does not match its
   * checksum. The writer's file system may still complete the last two, so that they are final only once the writer has ended.
   */
  state: 'end' | 'more' | 'torn' | 'damaged'
}

/**
 * Reads facts starting at an offset. The file is reopened every time, because this makes a network file system refresh it; a missing file
 * counts as empty.
 * @param limit maximum number of bytes to read at a time; at least one frame is read
 * @throws Error when a complete frame contains something that this build does not understand
 */
export function readFacts(path: string, offset: number, limit = 2 ** 20): FactsRead {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { facts: [], state: 'end' }
    throw error
  }
  try {
    const { size } = fstatSync(file)
    const facts: FactsRead['facts'] = []
    const header = Buffer.alloc(HEADER)
    let at = offset
    while (at < size) {
      if (at - offset >= limit) return { facts, state: 'more' }
      if (readSync(file, header, 0, HEADER, at) < HEADER) return { facts, state: 'torn' }
      const length = header.readUInt32LE(0)
      if (length === 0 || length > LARGEST) return { facts, state: 'damaged' }
      if (at + HEADER + length > size) return { facts, state: 'torn' }
      const content = Buffer.alloc(length)
      if (readSync(file, content, 0, length, at + HEADER) < length) return { facts, state: 'torn' }
      if (crc32(content) !== header.readUInt32LE(4)) return { facts, state: 'damaged' }
      at += HEADER + length
      facts.push({ fact: FactSchema.parse(deserialize(content)), end: at })
    }
    return { facts, state: 'end' }
  } finally {
    closeSync(file)
  }
}

/** All facts of an attempt up to the first torn or damaged frame. */
export function* allFacts(path: string): Generator<Fact> {
  for (let offset = 0; ;) {
    const { facts, state } = readFacts(path, offset)
    for (const { fact } of facts) yield fact
    offset = facts.at(-1)?.end ?? offset
    if (state !== 'more') return
  }
}
