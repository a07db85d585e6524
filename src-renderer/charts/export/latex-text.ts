const SPECIAL: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  // Other characters in LaTeX's OT1 font encoding.
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  // Starts a shorthand in several languages of babel.
  '"': "''",
  // Two hyphens in a row would become a dash.
  '-': '-{}',
  // The minus sign used for numbers on the screen.
  '−': '$-$',
}

/** Escapes text so that LaTeX prints it literally on one line; control characters become spaces. */
export const escapeLatex = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\\~^<>|"&%$#_{}−]|-(?=-)/g, (sign) => SPECIAL[sign] ?? `\\${sign}`)

/** The characters at which pdfLaTeX stops even in the T1 font encoding: all except those that were found to compile (TeX Live 2022). */
const FOREIGN = /[ĦħĸĿŀŉŦŧſ]|[^\n -~\u00a0-\u017f–—‘’“”„…€™←→]/gu

/**
 * A comment on the packages that LaTeX source needs for its non-ASCII letters, such as those in names of runs; none if it is pure ASCII.
 */
export function lettersNote(source: string): string[] {
  const foreign = [...new Set(source.match(FOREIGN))]
  if (foreign.length > 0)
    return [`% pdfLaTeX cannot typeset ${foreign.join(' ')}: compile with LuaLaTeX or XeLaTeX and a font that has these characters.`]
  return /[^\n -~]/.test(source) ? ['% With pdfLaTeX, non-ASCII letters need \\usepackage[T1]{fontenc}.'] : []
}
