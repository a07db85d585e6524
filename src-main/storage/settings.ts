import type { Dataset } from '../contract/datasets.js'
import type { Database } from './database.js'
import type { DatasetStore } from '../features/datasets/dataset-store.js'
import type { SettingsStore } from '../features/home/settings.js'

/** Values by name, as JSON. */
export function createSettingsStore(db: Database): SettingsStore {
  const get = db.prepare<{ value: string }>('SELECT value FROM settings WHERE key = ?')
  const set = db.prepare('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)')
  return {
    get(key) {
      const row = get.get(key)
      return row && (JSON.parse(row.value) as unknown)
    },
    set: (key, value) => void set.run(key, JSON.stringify(value)),
  }
}

/** The imported data sets; their files are in the home's `datasets` folder. */
export function createDatasetStore(db: Database): DatasetStore {
  const list = db.prepare<{ description: string }>('SELECT description FROM datasets ORDER BY name')
  const get = db.prepare<{ description: string }>('SELECT description FROM datasets WHERE name = ?')
  const put = db.prepare('INSERT OR REPLACE INTO datasets (name, description) VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM datasets WHERE name = ?')
  const parse = ({ description }: { description: string }): Dataset => JSON.parse(description) as Dataset
  return {
    list: () => list.all().map(parse),
    get(name) {
      const row = get.get(name)
      return row && parse(row)
    },
    put: (dataset) => void put.run(dataset.name, JSON.stringify(dataset)),
    remove: (name) => void remove.run(name),
  }
}
