import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../src-main/contract/runs.js'
import { highlight, LEVELS, logText, selectEntries } from '../../src-renderer/run/log-lines.js'

const letters = fc.string({ unit: fc.constantFrom('a', 'B', 'b', ' ', 'ß', 'İ', '😀'), maxLength: 12 })
const entry = fc.record({ runId: fc.constant('abcd'), at: fc.nat(), level: fc.constantFrom(...LEVELS), message: letters })

it('marks what was searched for in whatever case, and loses nothing of a message', () => {
  fc.assert(
    fc.property(letters, letters, (message, search) => {
      const pieces = highlight(message, search)
      expect(pieces.map(({ text }) => text).join('')).toBe(message)
      for (const { text, hit } of pieces) if (hit) expect(text.toLowerCase()).toBe(search.toLowerCase())
      if (search !== '' && message.includes(search)) expect(pieces.some(({ hit }) => hit)).toBe(true)
    }),
  )
  expect(highlight('Loss is NaN, nan', 'nan')).toEqual([
    { text: 'Loss is ', hit: false },
    { text: 'NaN', hit: true },
    { text: ', ', hit: false },
    { text: 'nan', hit: true },
  ])
})

it('shows the lines of a level and above that contain the text, in their order, and counts the matches', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), fc.constantFrom(...LEVELS), letters, (entries, level, search) => {
      const { entries: found, hits } = selectEntries(entries, { level, search })
      const wanted = entries.filter(
        (each) =>
          LEVELS.indexOf(each.level) >= LEVELS.indexOf(level) && (search === '' || highlight(each.message, search).some(({ hit }) => hit)),
      )
      expect(found).toEqual(wanted)
      const marked = wanted.flatMap(({ message }) => highlight(message, search)).filter(({ hit }) => hit)
      expect(hits).toBe(marked.length)
    }),
  )
})

it('selects among ten thousand lines within a frame', () => {
  const entries = Array.from({ length: 10_000 }, (_, i): LogEntry => ({
    runId: 'abcd',
    at: i,
    level: 'info',
    message: `step ${i}: the loss is ${i / 7}`,
  }))
  const select = () => selectEntries(entries, { level: 'debug', search: '99: the' })
  expect(select().entries).toHaveLength(100)
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    select()
    return performance.now() - began
  })
  expect(Math.min(...times)).toBeLessThan(50)
})

it('leaves as text, a line an entry', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime()
  const of = (level: LogEntry['level'], message: string): LogEntry => ({ runId: 'abcd', at, level, message })
  expect(logText([of('warn', 'too large'), of('error', 'NaN')])).toBe(
    '2026-01-02 03:04:05 warn  too large\n2026-01-02 03:04:05 error NaN\n',
  )
})
