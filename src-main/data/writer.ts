import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../durable/replace-file.js'
import { INCOMPLETE, type Dataset, type Mirrored } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'

import {
  contentHash,
  DESCRIPTION,
  descriptionOf,
  labelsFile,
  LAYOUT,
  PARTS,
  StoredDatasetSchema,
  valuesFile,
  type Part,
  type StoredDataset,
} from './layout.js'
import { valuesPerItem } from './shape.js'
import type { DatasetSink } from './sink.js'
import { pixelStatistics, pointStatistics, type ChannelStatistics } from './statistics.js'

const LABEL_LIMIT = 65_536

/** Number of example files that a report names for each reason. */
const EXAMPLES = 20

const listed = (names: readonly string[]): string =>
  names.slice(0, EXAMPLES).join(', ') + (names.length > EXAMPLES ? ` and ${names.length - EXAMPLES} more` : '')

/** The properties of a data set that are known before anything is read; the format declares the effect of mirroring. */
export type About = Pick<Dataset, 'name' | 'format' | 'source'> & { mirrored?: Mirrored | undefined }

class HashedFile {
  private readonly hash: Hash = createHash('sha256')
  bytes = 0

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<HashedFile> {
    return new HashedFile(await open(path, 'wx'))
  }

  async append(array: Uint8Array | Float32Array | Uint16Array): Promise<void> {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    this.hash.update(bytes)
    this.bytes += bytes.length
    for (let done = 0; done < bytes.length;) done += (await this.handle.write(bytes, done)).bytesWritten
  }

  async finish(): Promise<{ bytes: number; sha256: string }> {
    await this.handle.sync()
    await this.handle.close()
    return { bytes: this.bytes, sha256: this.hash.digest('hex') }
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

/** Writes a data set into a folder of its own: data files as they arrive, the description last. */
export class DatasetWriter implements DatasetSink {
  private readonly files = new Map<string, HashedFile>()
  private readonly counts: Record<Part, number> = { train: 0, test: 0, unlabelled: 0 }
  private readonly notes: string[] = []
  private readonly assumptions: string[] = []
  private readonly skipped = new Map<string, { count: number; examples: string[] }>()
  private readonly classes = new Set<number>()
  private readonly changed = { resized: 0, recoloured: 0 }
  private readonly began = performance.now()
  private description: Pick<Dataset, 'kind' | 'image' | 'classNames'> | null = null
  private statistics: ChannelStatistics | null = null

  constructor(
    private readonly folder: string,
    private readonly onProgress: (progress: number | null, message: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  begin(description: Pick<Dataset, 'kind' | 'image' | 'classNames'>): void {
    if (this.description) throw new Error('a reader began twice')
    if (description.classNames.length > LABEL_LIMIT)
      throw new UserError(
        'BAD_INPUT',
        `The data set has ${description.classNames.length} classes, more than the limit of ${LABEL_LIMIT}. Merge some.`,
      )
    this.description = description
    const { channels } = description.image
    this.statistics = description.kind === 'images' ? pixelStatistics(channels) : pointStatistics(channels)
  }

  async write(part: Part, values: Uint8Array | Float32Array, labels: ArrayLike<number> | null, from: string): Promise<void> {
    this.signal.throwIfAborted()
    const { description, statistics } = this
    if (!description || !statistics) throw new Error('a reader wrote before it began')
    const items = values.length / valuesPerItem(description)
    if (!Number.isInteger(items)) throw new Error(`${from}: ${values.length} values are no whole number of items`)
    if ((labels === null) !== (part === 'unlabelled') || (labels && labels.length !== items))
      throw new Error(`${from}: ${items} items and ${labels?.length ?? 'no'} labels for the ${part} part`)
    if (labels) await this.writeLabels(part, labels, description.classNames.length, from)
    await (await this.file(valuesFile(description.kind, part))).append(values)
    if (part === 'train') statistics.add(values)
    this.counts[part] += items
  }

  note(text: string): void {
    this.notes.push(text)
  }

  assume(text: string): void {
    if (!this.assumptions.includes(text)) this.assumptions.push(text)
  }

  incomplete(missing: string, without?: string): void {
    this.note(`${INCOMPLETE}: ${missing} missing; imported the rest${without ? ` without ${without}` : ''}`)
  }

  skip(file: string, why: string): void {
    const known = this.skipped.get(why) ?? { count: 0, examples: [] }
    this.skipped.set(why, known)
    known.count++
    if (known.examples.length < EXAMPLES) known.examples.push(file)
  }

  converted({ resized = 0, recoloured = 0 }: { resized?: number; recoloured?: number }): void {
    this.changed.resized += resized
    this.changed.recoloured += recoloured
  }

  progress(done: number, message: string): void {
    this.signal.throwIfAborted()
    this.onProgress(done, message)
  }

  /**
   * Syncs everything to the disk and writes the description.
   * @throws UserError BAD_INPUT when there is no training image
   */
  async finish(about: About): Promise<Dataset> {
    const { description, statistics, counts } = this
    if (!description || !statistics || !counts.train) throw new UserError('BAD_INPUT', `${about.source} ${this.whyNothing()}`)
    const empty = description.classNames.filter((_, label) => !this.classes.has(label))
    if (empty.length)
      this.assume(
        `${empty.length === 1 ? 'The class' : 'The classes'} ${listed(empty)} ${empty.length === 1 ? 'has' : 'have'} no images but ${empty.length === 1 ? 'was' : 'were'} kept.`,
      )
    if (!counts.test) this.notes.push('no test images: runs on this data set report no test accuracy')
    const files: StoredDataset['files'] = {}
    for (const [name, file] of this.files) files[name] = await file.finish()
    this.files.clear()
    const { mean, deviation, histogram } = statistics.result()
    const written = {
      ...about,
      ...description,
      counts: { ...counts },
      bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
      channelMean: mean,
      channelDeviation: deviation,
      channelHistogram: histogram,
      createdAt: Date.now(),
      notes: this.notes,
      assumptions: this.assumptions,
      report: {
        stored: PARTS.reduce((sum, part) => sum + counts[part], 0),
        ...this.changed,
        skipped: [...this.skipped].map(([why, files]) => ({ why, ...files })),
        seconds: Math.round(performance.now() - this.began) / 1000,
      },
      layout: LAYOUT,
      files,
    }
    const stored = StoredDatasetSchema.parse({ ...written, hash: contentHash(written) })
    const handle = await open(join(this.folder, DESCRIPTION), 'wx')
    try {
      await handle.writeFile(`${JSON.stringify(stored, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncFolder(this.folder)
    return descriptionOf(stored)
  }

  /** Closes the files; the caller removes the folder. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.files.values()].map((file) => file.close()))
    this.files.clear()
  }

  /** Why there are no training images. */
  private whyNothing(): string {
    const reasons = [...this.skipped].map(([why, { count, examples }]) => `${count} ${why} (${examples[0]}${count > 1 ? ', ...' : ''})`)
    if (!reasons.length) return 'has no training images. Add the files of the training part and import again.'
    return `has no readable training images. Skipped files: ${reasons.join('; ')}.`
  }

  private async writeLabels(part: Part, labels: ArrayLike<number>, classes: number, from: string): Promise<void> {
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!
      if (Number.isInteger(label) && label >= 0 && label < classes) {
        this.classes.add(label)
        continue
      }
      const where = `${from} is damaged: image ${this.counts[part] + i + 1} of the ${part} part`
      throw new UserError('BAD_INPUT', `${where} has the label ${label}, but there are only ${classes} classes. Get the file again.`)
    }
    await (await this.file(labelsFile(part))).append(Uint16Array.from(labels))
  }

  private async file(name: string): Promise<HashedFile> {
    const known = this.files.get(name)
    if (known) return known
    const file = await HashedFile.create(join(this.folder, name))
    this.files.set(name, file)
    return file
  }
}
