/** An entry of the palette: a command or a destination. */
export interface Command {
  id: string
  title: string
  /** The kind of entry: a page, a run, a command. */
  kind: string
  /** Additional words to match. */
  words?: string
  /** Shown only while something is typed, because there are too many of them to browse. */
  searched?: true
  run(): void
}

/**
 * How well a text matches what was typed: higher is better, null if the text does not contain the letters in this order. Consecutive
 * letters and letters at the start of a word count more.
 */
export function matchScore(typed: string, text: string): number | null {
  const [wanted, inside] = [typed.toLowerCase().replace(/\s+/g, ' ').trim(), text.toLowerCase()]
  if (wanted === '') return 0
  const whole = inside.indexOf(wanted)
  if (whole >= 0) return 1000 - whole - inside.length / 100 + (whole === 0 || /\W/.test(inside[whole - 1] ?? '') ? 200 : 0)
  let score = 0
  let at = -1
  for (const letter of wanted) {
    if (letter === ' ') continue
    const next = inside.indexOf(letter, at + 1)
    if (next < 0) return null
    score += next === at + 1 ? 8 : next === 0 || /\W/.test(inside[next - 1] ?? '') ? 6 : 1
    at = next
  }
  return score - inside.length / 100
}

/** The best matches, best first; in their given order while nothing is typed. */
export function findCommands(commands: readonly Command[], typed: string, limit = 50): Command[] {
  const scored = commands.flatMap((command, order) => {
    if (command.searched && typed.trim() === '') return []
    const score = matchScore(typed, `${command.title} ${command.kind} ${command.words ?? ''}`)
    return score === null ? [] : [{ command, score, order }]
  })
  scored.sort((a, b) => b.score - a.score || a.order - b.order)
  return scored.slice(0, limit).map(({ command }) => command)
}
