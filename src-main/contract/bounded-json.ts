export interface JsonBounds {
  /** Maximum nesting of objects and arrays. */
  depth: number
  /** Maximum number of objects and arrays in total. */
  containers: number
}

/**
 * Parses untrusted JSON within bounds on nesting and on the number of objects and arrays. A few megabytes of brackets would block the
 * process for seconds in the parser, so they are counted first, at about 100 MB per second.
 * @throws RangeError beyond the bounds, SyntaxError when it is not valid JSON
 */
export function parseBounded(text: string, { depth: deepest, containers: most }: JsonBounds): unknown {
  let [depth, containers, quoted] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (sign === QUOTE) quoted = !quoted
    else if (quoted) {
      if (sign === BACKSLASH) at++
    } else if (sign === OPEN_ARRAY || sign === OPEN_OBJECT) {
      if (++depth > deepest) throw new RangeError(`it is nested more than ${deepest} levels deep`)
      if (++containers > most) throw new RangeError(`it has more than ${most} objects and arrays`)
    } else if (sign === CLOSE_ARRAY || sign === CLOSE_OBJECT) depth--
  }
  return JSON.parse(text)
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = Array.from('"\\[]{}', (sign) => sign.charCodeAt(0))
