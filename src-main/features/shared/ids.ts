import { randomInt } from 'node:crypto'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const SIGNS = `${LETTERS}0123456789`

/** Eight characters, the first of them a letter: short enough to type, and never a number that a shell or spreadsheet could mangle. */
export const newId = (): string =>
  Array.from({ length: 8 }, (_, i) => (i === 0 ? LETTERS[randomInt(LETTERS.length)] : SIGNS[randomInt(SIGNS.length)])).join('')
