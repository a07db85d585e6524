import { keepToOwner } from '../durable/own-files.js'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, enginePaths, packageFolder, wantedVariant } from '../engine/location.js'
import { causesFingerprint, readSetupState, stateFile, type RecordedFailure, type SetupState } from '../engine/setup-state.js'
import { UserError } from '../contract/errors.js'
import { engineIsSound, installEngine, type BindingJob } from './binding.js'
import { electronBinary, installElectron } from './electron.js'
import { explainDisk, SetupEnded, SetupFailure } from './failure.js'
import { removeLeftovers, writeFileAtomic } from './files.js'
import { programRoot } from '../processes/installation.js'
import { onEndRequest } from '../processes/end-request.js'
import { withLock } from '../sqlite/lock.mjs'
import { goOn, untilAborted } from './run-command.js'
import { gypCommand } from './gyp.js'
import { installLibrary } from './library.js'
import type { Progress } from './progress.js'
import { installSqlite, sqliteIsPlaced, sqliteNeedsBuild } from './sqlite.js'
import { libraryRecipe, type LibraryRecipe } from './wheels.js'

/** The environment of set-up; everything has a default, and tests substitute small fixtures. */
export interface SetupOptions {
  cache?: string
  /** Folders of the installed packages that set-up completes; null if the program does not include them. */
  packages?: { binding: string; sqlite: string | null; electron: string | null }
  /** Folder of the bindings shipped with the program. */
  shipped?: string
  /** null if there is no native engine for this machine. */
  recipe?: LibraryRecipe | null
  /** node-gyp's command line; null if the program does not include it. */
  gyp?: string | null
  /** A wheel, or a folder of wheels, to use instead of a download. */
  offline?: string | undefined
  /** Cancels the set-up, which cleans up and throws the signal's reason. */
  signal?: AbortSignal
  /** Retries what failed before, even if nothing has changed. */
  force?: boolean
  /** Parts to skip. */
  skip?: readonly ('electron' | 'native' | 'sqlite')[]
}

export interface SetupOutcome {
  /** Whether there was anything to do. */
  worked: boolean
  failures: SetupState
}

/**
 * Another attempt may succeed: its causes have changed, or a download was interrupted. Time alone is no reason, because a start offline
 * must be quick.
 */
const worthAnother = (failure: RecordedFailure | undefined, fingerprint: string): boolean =>
  failure === undefined || failure.fingerprint !== fingerprint || failure.kind === 'interrupted'

/** Folder of an installed package, or null: a package of Retrace leaves out what only a checkout needs. */
function folderOf(name: string): string | null {
  try {
    return packageFolder(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/**
 * Completes the installation: SQLite for Node 20, TensorFlow's library and its binding, Electron's binary. Completed parts are skipped, so
 * that a later start takes milliseconds and uses no network. Failures of the native engine and of Electron are recorded with their remedy,
 * and not retried until their cause changes; without SQLite there is no database, which is an error.
 * @throws UserError when SQLite cannot be built, SetupEnded when the user or the system ends it
 */
export async function setUp(progress: Progress, options: SetupOptions = {}): Promise<SetupOutcome> {
  keepToOwner()
  const cache = options.cache ?? cacheFolder()
  const packages = options.packages ?? {
    binding: packageFolder('@tensorflow/tfjs-node-gpu'),
    sqlite: folderOf('better-sqlite3-node20'),
    electron: folderOf('electron'),
  }
  const gyp = options.gyp === undefined ? gypCommand() : options.gyp
  const shipped = options.shipped ?? join(programRoot(), 'resources', 'bindings')
  const recipe = options.recipe === undefined ? libraryRecipe(wantedVariant()) : options.recipe
  const fingerprint = causesFingerprint()
  const wants = (part: keyof SetupState): boolean =>
    !(options.skip ?? []).includes(part) && (options.force === true || worthAnother(readSetupState(cache)[part], fingerprint))
  const nativeIsSound = async (): Promise<boolean> =>
    recipe !== null && (await engineIsSound(cache, enginePaths(cache, recipe.variant, packages.binding), recipe))
  const missing = {
    sqlite: () =>
      !(options.skip ?? []).includes('sqlite') && sqliteNeedsBuild() && (packages.sqlite === null || !sqliteIsPlaced(packages.sqlite)),
    native: async () => wants('native') && !(await nativeIsSound()),
    electron: () => packages.electron !== null && electronBinary(packages.electron) === null && wants('electron'),
  }
  if (!missing.sqlite() && !missing.electron() && !(await missing.native())) return { worked: false, failures: readSetupState(cache) }

  const work = async (): Promise<SetupState> => {
    await removeLeftovers(cache)
    const record = async (part: keyof SetupState, work: () => Promise<void>): Promise<void> => {
      const failed = await attempt(work, cache)
      const state: SetupState = { ...readSetupState(cache), [part]: failed === null ? undefined : recorded(failed, fingerprint) }
      await writeFileAtomic(stateFile(cache), JSON.stringify(state, null, 1))
    }
    if (await missing.native())
      await record('native', () =>
        installNative({ cache, packageRoot: packages.binding, recipe, gyp, shipped, progress, offline: options.offline }),
      )
    if (packages.electron !== null && missing.electron()) {
      const { electron } = packages
      await record('electron', () => installElectron(electron, progress))
    }
    goOn()
    return readSetupState(cache)
  }
  const controller = new AbortController()
  const leaveSignals = onEndRequest((signal) => controller.abort(new SetupEnded(signal)))
  const signal = options.signal ? AbortSignal.any([controller.signal, options.signal]) : controller.signal
  const onWait = (): void => progress.note('waiting for another set-up to finish')
  const whole = untilAborted(signal, async () => {
    await mkdir(cache, { recursive: true })
    // Before the lock, which needs SQLite: two concurrent set-ups build it twice, and put the same file in place.
    if (missing.sqlite()) await installSqlite(cache, packages.sqlite, gyp, progress)
    return withLock(join(cache, 'setup-lock.sqlite'), work, { onWait, signal })
  }).finally(leaveSignals)
  const failures = await whole.catch((error: unknown): SetupState => {
    // A cache that cannot be written only prevents the native engine; it is fatal only if SQLite must be built.
    const failure = explainDisk(error, cache)
    if (!(failure instanceof SetupFailure)) throw failure
    if (missing.sqlite()) throw new UserError('DISK', failure.message, { cause: error })
    return { native: recorded(failure, fingerprint) }
  })
  if (failures.native !== undefined) progress.note(`using the portable engine: ${failures.native.reason} ${failures.native.remedy}`)
  return { worked: true, failures }
}

async function installNative({
  recipe,
  offline,
  ...job
}: Omit<BindingJob, 'recipe'> & { recipe: LibraryRecipe | null; offline: string | undefined }): Promise<void> {
  if (recipe === null)
    throw new SetupFailure(
      'platform',
      `TensorFlow provides no library for ${process.platform} on ${process.arch}.`,
      'The native engine requires Linux, or macOS on Apple silicon.',
    )
  await installLibrary(job.cache, recipe, job.progress, offline)
  await installEngine({ ...job, recipe })
}

const recorded = ({ kind, reason, remedy }: SetupFailure, fingerprint: string): RecordedFailure => ({
  kind,
  reason,
  remedy,
  fingerprint,
  at: Date.now(),
})

/** Null when the work was done, the failure if the user can fix it; anything else is a defect and thrown. */
async function attempt(work: () => Promise<void>, cache: string): Promise<SetupFailure | null> {
  try {
    await work()
    return null
  } catch (error) {
    const explained = explainDisk(error, cache)
    if (explained instanceof SetupFailure) return explained
    throw explained
  }
}
