const SPECIAL: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  // Other signs in LaTeX's first encoding of fonts.
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  // Begins a command of its own in several languages of babel.
  '"': "''",
  // Two in a row are a longer dash.
  '-': '-{}',
  // The minus that numbers have on the screen.
  '−': '$-$',
}

/** Text that LaTeX prints as it is, in one line; signs that control a terminal are spaces. */
export const escapeLatex = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\\~^<>|"&%$#_{}−]|-(?=-)/g, (sign) => SPECIAL[sign] ?? `\\${sign}`)

/** What pdfLaTeX stops at also in the T1 encoding of fonts: all but the signs that were found to compile there (TeX Live 2022). */
const FOREIGN = /[ĦħĸĿŀŉŦŧſ]|[^\n -~\u00a0-\u017f–—‘’“”„…€™←→]/gu

/** A comment on what LaTeX source needs for the letters in it, as names of runs have them; none where it is ASCII alone. */
export function lettersNote(source: string): string[] {
  const foreign = [...new Set(source.match(FOREIGN))]
  if (foreign.length > 0)
    return [`% pdfLaTeX cannot typeset ${foreign.join(' ')}: compile with LuaLaTeX or XeLaTeX and a font that has these characters.`]
  return /[^\n -~]/.test(source) ? ['% With pdfLaTeX, non-ASCII letters need \\usepackage[T1]{fontenc}.'] : []
}
