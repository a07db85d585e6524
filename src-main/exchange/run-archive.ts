import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import superjson, { type SuperJSONResult } from 'superjson'
import { pack } from 'tar-stream'
import { z } from 'zod'
import { parseBounded } from '../contract/bounded-json.js'
import { UserError } from '../contract/errors.js'
import { EvaluationSchema } from '../contract/evaluations.js'
import { MAX_STRETCH, SeriesKeySchema, type Points } from '../contract/metrics.js'
import { ProjectNameSchema } from '../contract/projects.js'
import { LogEntrySchema, RunDetailSchema } from '../contract/runs.js'
import { CONFIG_VERSION, readConfig } from '../contract/stored-config.js'
import { versionsOf, type Migration } from '../contract/versions.js'
import { ArchivedLabSchema, listLab, readLabParts, withoutPaths } from './archived-lab.js'
import { ArchivedHistogramsSchema, ArchivedRegionsSchema, listSteps, readSteps } from './archived-steps.js'
import { unpackTar } from '../data/archive.js'
import type { IncomingRun, OutgoingRun } from '../features/runs/run-exchange.js'

/** The content of `run.json` in the format of some version. */
export type RawManifest = Readonly<Record<string, unknown>>
export type ManifestMigration = Migration<RawManifest>

/** Versions of these files; a newer one is rejected. */
const archiveVersions = versionsOf(import.meta.glob<ManifestMigration>('./archive-versions/*.ts', { eager: true, import: 'migrate' }))
const MANIFEST = 'run.json'
/** Maximum size of the manifest in bytes: 100,000 lines of log and as many evaluations are far smaller. */
const MOST_MANIFEST = 64 * 2 ** 20
const MANIFEST_BOUNDS = { depth: 32, containers: 2_000_000 }

const ManifestSchema = z.strictObject({
  format: z.literal('retrace-run'),
  version: z.int(),
  /** Version of the configuration in `run`. */
  configVersion: z.int(),
  run: RunDetailSchema,
  /** The name of the run's project. */
  project: ProjectNameSchema.nullable(),
  log: z.array(LogEntrySchema).max(100_000),
  evaluations: z.array(EvaluationSchema).max(100_000),
  lab: ArchivedLabSchema,
  regions: ArchivedRegionsSchema,
  histograms: ArchivedHistogramsSchema,
  series: z
    .array(
      z.strictObject({
        key: SeriesKeySchema,
        count: z.int().min(0).max(200_000_000),
        file: z.string().regex(/^series\/\d{1,6}\.f64$/),
      }),
    )
    .max(10_000),
  /** Checkpoint files in the archive. */
  checkpoints: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,120}$/)).max(100_000),
})

/** The part of a manifest that must be known before the rest can be read. */
const HeadSchema = z.looseObject({ format: z.literal('retrace-run'), version: z.int().min(1) })
const StoredSchema = z.looseObject({ configVersion: z.int(), run: z.looseObject({ config: z.unknown() }) })

/** Bytes per point: step, value and time. */
const POINT = 24

/**
 * Writes a run with all of its data: configuration, environment, notes, log, evaluations, results of the lab, every point, regions,
 * histograms, checkpoints. A tar of `run.json`, `series/N.f64` (sections of at most 65,536 points: steps, values, times as little-endian
 * float64), `lab/N.json`, `regions.u8`, `histograms.f32` and `checkpoints/`.
 */
export async function writeRunArchive(
  path: string,
  { detail, project, log, evaluations, lab, regions, histograms, series, points, checkpointPath }: OutgoingRun,
): Promise<void> {
  const tar = pack()
  const present: { file: string; size: number }[] = []
  for (const { file } of detail.checkpoints) {
    const found = await stat(checkpointPath(file)).catch(() => null)
    if (found) present.push({ file, size: found.size })
  }
  function* stretches(key: string, count: number): Generator<Buffer> {
    for (let start = 0; start < count; start += MAX_STRETCH) {
      const { steps, values, times } = points(key, start, Math.min(MAX_STRETCH, count - start))
      for (const { buffer, byteOffset, byteLength } of [steps, values, times]) yield Buffer.from(buffer, byteOffset, byteLength)
    }
  }
  const entries = async (): Promise<void> => {
    const listed = series.map(({ key, count }, i) => ({ key, count, file: `series/${i}.f64` }))
    const results = listLab(lab)
    const steps = listSteps({ regions, histograms })
    const manifest: z.input<typeof ManifestSchema> = {
      format: 'retrace-run',
      version: archiveVersions.current,
      configVersion: CONFIG_VERSION,
      run: detail,
      project,
      log,
      evaluations,
      lab: results,
      regions: steps.regions,
      histograms: steps.histograms,
      series: listed,
      checkpoints: present.map(({ file }) => file),
    }
    tar.entry({ name: MANIFEST }, superjson.stringify(manifest))
    for (const { key, count, file } of listed) {
      const entry = tar.entry({ name: file, size: count * POINT })
      await pipeline(Readable.from(stretches(key, count)), entry)
    }
    for (const [at, { part }] of results.entries()) tar.entry({ name: part }, JSON.stringify(withoutPaths(lab[at]!.result)))
    for (const { name, bytes } of steps.parts) tar.entry({ name }, bytes)
    for (const { file, size } of present) {
      const entry = tar.entry({ name: `checkpoints/${file}`, size })
      await pipeline(createReadStream(checkpointPath(file)), entry)
    }
    tar.finalize()
  }
  await Promise.all([entries(), pipeline(tar, createGzip({ level: 1 }), createWriteStream(path, { flags: 'wx' }))])
}

/**
 * Unpacks an archive into a new, empty folder and reads it. Nothing in it is trusted: paths, sizes and every value are checked.
 * @throws UserError BAD_INPUT
 */
export async function readRunArchive(path: string, kind: 'tar' | 'tar.gz', staging: string, signal: AbortSignal): Promise<IncomingRun> {
  const name = basename(path)
  const bad = (what: string, cause?: unknown): UserError =>
    new UserError('BAD_INPUT', `${name} ${what}. Export the run again, if possible with this version of Retrace.`, { cause })
  // Series of constants compress better than ordinary files.
  await unpackTar(path, staging, { kind, signal, onProgress: () => undefined, limits: { entries: 110_000, ratio: 1500 } })
  const file = join(staging, MANIFEST)
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) throw bad('is not an exported run (it has no run.json)')
  if (found.size > MOST_MANIFEST) throw bad('has a run.json that is too large')
  let manifest: z.infer<typeof ManifestSchema>
  try {
    const raw = HeadSchema.parse(superjson.deserialize(parseBounded(await readFile(file, 'utf8'), MANIFEST_BOUNDS) as SuperJSONResult))
    if (raw.version > archiveVersions.current) throw bad(`has a newer format (${raw.version})`)
    const migrated = StoredSchema.parse(archiveVersions.migrate(raw.version, raw))
    const config = readConfig(migrated.configVersion, migrated.run.config)
    manifest = ManifestSchema.parse({ ...migrated, run: { ...migrated.run, config } })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw bad('has an invalid run.json', error)
  }
  for (const { key, count, file: part } of manifest.series) {
    const size = await stat(join(staging, part)).then(
      ({ size: bytes }) => bytes,
      () => -1,
    )
    if (size !== count * POINT) throw bad(`lacks points of ${key}`)
  }
  for (const checkpoint of manifest.checkpoints)
    if (!(await stat(join(staging, 'checkpoints', checkpoint)).catch(() => null))?.isFile()) throw bad(`lacks the checkpoint ${checkpoint}`)

  const refuse = (error: Error): never => {
    throw bad(error.message, error.cause)
  }
  const lab = await readLabParts(staging, manifest.lab).catch(refuse)
  const steps = await readSteps(staging, manifest).catch(refuse)

  return {
    detail: manifest.run,
    project: manifest.project,
    log: manifest.log,
    evaluations: manifest.evaluations,
    lab,
    ...steps,
    checkpoints: manifest.checkpoints.map((each) => ({ file: each, path: join(staging, 'checkpoints', each) })),
    series: manifest.series.map(({ key, count, file: part }) => ({ key, read: () => readPoints(join(staging, part), count) })),
  }
}

async function readPoints(file: string, count: number): Promise<Points> {
  const bytes = await readFile(file)
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const points: Points = { steps: new Float64Array(count), values: new Float64Array(count), times: new Float64Array(count) }
  for (let start = 0; start < count; start += MAX_STRETCH) {
    const length = Math.min(MAX_STRETCH, count - start)
    const base = start * 3
    points.steps.set(all.subarray(base, base + length), start)
    points.values.set(all.subarray(base + length, base + 2 * length), start)
    points.times.set(all.subarray(base + 2 * length, base + 3 * length), start)
  }
  return points
}
