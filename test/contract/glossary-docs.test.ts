import { resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { GLOSSARY, glossaryEntry } from '../../src-main/contract/glossary.js'
import { METRICS } from '../../src-main/contract/metrics.js'
import { planCharts } from '../../src-renderer/charts/sections.js'

const FILE = resolve(import.meta.dirname, '../../docs/glossary.md')

const INTRODUCTION = `# Glossary

Every quantity and term that the window and this documentation use. \`npm test -- glossary-docs -u\` generates this page from
\`src-main/contract/glossary.ts\`. Configuration keys are described in [configuration.md](configuration.md), the mathematics in
[mathematics.md](mathematics.md).`

const anchor = (term: string): string => term.toLowerCase().replaceAll(' ', '-')
const escaped = (text: string): string => text.replace(/[*_|[\]<>]/g, '\\$&')

describe('the glossary', () => {
  it('names every term once, in alphabetical order, with sentences', () => {
    const terms = GLOSSARY.map(({ term }) => term)
    expect(terms).toEqual([...new Set(terms)].sort((a, b) => a.localeCompare(b, 'en')))
    for (const { term, definition, good } of GLOSSARY)
      for (const text of [definition, ...(good === undefined ? [] : [good])]) expect(text, term).toMatch(/^[A-Z0-9].*\.$/)
    const names = GLOSSARY.flatMap((entry) => [entry.term, ...(entry.names ?? [])].map((name) => name.toLowerCase()))
    expect(names).toEqual([...new Set(names)])
  })

  it('explains every metric that has a chart, by its name, with what is good where lower or higher is better', () => {
    for (const [key, { label, short = label, companion, better }] of Object.entries(METRICS)) {
      if (companion) continue
      const entry = glossaryEntry(short)
      expect(entry, key).toBeDefined()
      if (better) expect(entry!.good, key).toBeDefined()
    }
    for (const { title } of planCharts(Object.keys(METRICS)).main) expect(glossaryEntry(title), title).toBeDefined()
    expect(glossaryEntry('test LOSS (nats)')?.term).toBe('Loss')
    expect(glossaryEntry('nothing of the kind')).toBeUndefined()
  })

  it('refers only to terms and configuration keys that exist', () => {
    const terms = new Set(GLOSSARY.map(({ term }) => term))
    for (const { term, see = [], source = '' } of GLOSSARY) {
      for (const other of see) expect(terms, term).toContain(other)
      expect(see, term).not.toContain(term)
      const keys = /configuration keys? ([\w ]+)/.exec(source)?.[1]?.split(' and ') ?? []
      for (const key of keys) expect(Object.keys(RunConfigSchema.shape), term).toContain(key)
    }
  })

  it('is docs/glossary.md', async () => {
    const entries = GLOSSARY.map(({ term, names, symbol, unit, definition, formula, good, source, see }) =>
      [
        `## ${term}`,
        escaped(definition),
        [
          ...(names ? [`- Also: ${names.map(escaped).join(', ')}`] : []),
          ...(symbol ? [`- Symbol: ${escaped(symbol)}`] : []),
          ...(unit ? [`- Unit: ${unit}`] : []),
          ...(formula ? [`- Formula: \`${formula}\``] : []),
          ...(good ? [`- Good: ${escaped(good)}`] : []),
          ...(source ? [`- Source: ${escaped(source)}`] : []),
          ...(see ? [`- See also: ${see.map((each) => `[${each}](#${anchor(each)})`).join(', ')}`] : []),
        ].join('\n'),
      ].join('\n\n'),
    )
    const page = [INTRODUCTION, ...entries].join('\n\n')
    await expect(await format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' })).toMatchFileSnapshot(FILE)
  })
})
