import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { chartModel, onPaper, type ChartModel } from '../../src-renderer/charts/chart-model.js'
import { xMap } from '../../src-renderer/charts/x-axis.js'
import { figureRows } from '../../src-renderer/compare/figures.js'
import { chartPicture, pictureSvg } from '../../src-renderer/charts/export/chart-image.js'
import { latexOrigin } from '../../src-renderer/charts/export/origin.js'
import { withTexts } from '../../src-renderer/charts/export/png-text.js'
import { fileName } from '../../src-renderer/ui/download.js'
import { fetchSeries } from '../../src-renderer/charts/export/fetch-series.js'
import { Aggregate } from '../../src-renderer/charts/series/aggregate.js'
import { configurationsTable, latexTable } from '../../src-renderer/compare/latex-table.js'
import { escapeLatex } from '../../src-renderer/charts/export/latex-text.js'
import { pgfplots } from '../../src-renderer/charts/export/pgfplots.js'
import { groupsCsv, pointsJson } from '../../src-renderer/charts/export/series-tables.js'
import { figuresCsv, figuresJson, quantitiesCsv, quantitiesJson } from '../../src-renderer/compare/tables.js'
import { pointsCsv } from '../../src-main/contract/points-csv.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'
import { connectInMemory } from '../../src-main/transport/memory.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { reportHtml } from '../../src-renderer/charts/export/report.js'

const ORIGIN = {
  title: 'Loss <a> & b',
  command: 'retrace study start search --option \'name=a "<b>" & c\'',
  page: '/runs/abcd?tab=charts&x=epoch',
}
const chartSvg = (model: ChartModel): string => pictureSvg(chartPicture(model, false), ORIGIN)

const doubles = fc.array(fc.double(), { maxLength: 50 })
const series = (values: number[]) => ({
  runId: 'abcd',
  run: 'a, "quoted"\nname',
  key: 'train/loss',
  points: {
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: Float64Array.from(values, (_, i) => 1e12 + i / 3),
  },
})

function bufferOf(values: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append(series(values).points)
  return buffer
}

const model = (count = 1) =>
  chartModel({
    title: 'Loss_a',
    lines: Array.from({ length: count }, (_, i) => {
      const buffer = bufferOf([1, 2, NaN, 3 + i])
      const map = xMap('step', buffer, { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null })
      return { key: `r${i}`, label: `run_${i} & <more>`, buffer, map }
    }),
    unit: 'nats',
    xAxis: 'step',
    from: 0,
    to: 5,
    columns: 100,
    dark: false,
    logarithmic: false,
    logarithmicX: false,
    outlierProof: false,
    references: [{ value: 2, label: 'published 50%', kind: 'published' }],
  })

describe('points as CSV and JSON', () => {
  it('have a row a point, from which every double comes back, NaN and infinities included', () => {
    fc.assert(
      fc.property(doubles, (values) => {
        const one = series(values)
        // The name has a line break inside quotes; later columns have none.
        const rows = pointsCsv([one])
          .trimEnd()
          .split('\n')
          .filter((line) => /train\/loss/.test(line))
        expect(rows).toHaveLength(values.length)
        rows.forEach((row, i) => {
          const [, step, value, time] = /train\/loss,([^,]*),([^,]*),([^,]*)$/.exec(row)!.map(Number)
          expect([step, value, time]).toEqual([i + 1, values[i], 1e12 + i / 3])
        })
        const [json] = JSON.parse(pointsJson([one])) as { values: (number | string)[] }[]
        expect(json!.values.map(Number)).toEqual(values)
      }),
    )
  })

  it('cannot smuggle a formula into a spreadsheet', () => {
    expect(pointsCsv([{ ...series([1]), run: '=cmd()' }])).toContain(",'=cmd(),")
  })

  it('are of everything that is stored, also of what the page has in little', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 200_000 } })
    home.advance(70_000)
    const points = await fetchSeries(connectInMemory(home.api), id, 'train/loss')
    expect(points.steps.length).toBe(70_000)
    expect(points.steps.every((step, i) => step === i + 1)).toBe(true)
  })
})

describe('tables for papers', () => {
  const run = (reported: number, last: number) => ({
    name: 'run',
    latest: { 'test/accuracy': last },
    best: {},
    gradients: null,
    reported: { step: 20, images: 10, values: { 'test/accuracy': reported } },
  })
  const rows = figureRows(
    [
      { id: 'a', label: 'Ours_1', runs: [run(0.9, 0.5), run(0.92, 0.4)] },
      { id: 'b', label: '50% & less', runs: [run(0.5, 0.8)] },
    ],
    ['test/accuracy'],
  )

  const seeds = (id: string, label: string, values: number[]) => ({ id, label, runs: values.map((value) => run(value, value)) })

  it('have mean and deviation, and no bold where an entry is of fewer than three runs, which the caption says', () => {
    const source = latexTable(rows, ['test/accuracy'])
    const lines = source.split('\n')
    expect(lines).toContain('Ours\\_1 & 2 & $91.00 \\pm 1.41$ & $45.00 \\pm 7.07$ \\\\')
    expect(lines).toContain('50\\% \\& less & 1 & $50.00\\;[23.66, 76.34]$ & $80.00$ \\\\')
    expect(lines.find((line) => line.startsWith('Run'))).toMatch(/\(\\%\)/)
    expect(source).not.toContain('mathbf')
    // No wider than the text, whatever the names are.
    expect(source).toContain(String.raw`\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%`)
    expect(lines.slice(-5)).toEqual(['\\bottomrule', '\\end{tabular}%', '}', '\\end{table}', ''])
    expect(source).toMatch(
      /\\caption\{Mean \$\\pm\$ sample standard deviation over \$n\$ runs\. Where \$n=1\$: .* 95\\% Wilson interval .* Nothing is bold: .* at least 3 runs\.\}/,
    )
  })

  it('have the keys in which configurations differ, with a dash where one has none', () => {
    const lines = configurationsTable(['Ours_1', 'theirs'], [{ name: 'stages.0.units', values: [3, 5] }, { name: 'start', values: ['rest', undefined] }]).split('\n') // prettier-ignore
    expect(lines).toContain('Key & Ours\\_1 & theirs \\\\')
    expect(lines).toContain('\\texttt{stages.0.units} & 3 & 5 \\\\')
    expect(lines).toContain('\\texttt{start} & rest & -- \\\\')
    expect(lines).toContain('\\begin{tabular}{lrr}')
  })

  it('have the best in bold, and with it what Welch’s test does not tell from it, which the caption names', () => {
    const compared = figureRows(
      [
        seeds('a', 'best', [0.92, 0.93, 0.94]),
        seeds('b', 'as good', [0.92, 0.925, 0.93]),
        seeds('c', 'worse', [0.8, 0.81, 0.82]),
        // One of three runs has no number, which leaves two.
        seeds('d', 'of two', [0.7, 0.7, NaN]),
      ],
      ['test/accuracy'],
    )
    const source = latexTable(compared.slice(0, 3), ['test/accuracy'])
    expect(source).toContain('best & 3 & $\\mathbf{93.00} \\pm 1.00$')
    expect(source).toContain('as good & 3 & $\\mathbf{92.50} \\pm 0.50$')
    expect(source).toContain('worse & 3 & $81.00 \\pm 1.00$')
    expect(source).toMatch(/\\caption\{.*two-sided Welch's t-test.*Holm-corrected.*5\\% level\)\.\}/)
    expect(latexTable(compared, ['test/accuracy'])).not.toContain('mathbf')
  })

  it('have the interval wherever an entry is of one run, also in a row of more, and a caption without it where there is none', () => {
    const group = figureRows([seeds('a', 'one of two', [0.5, NaN])], ['test/accuracy', 'test/loss'])
    expect(latexTable(group, ['test/accuracy'])).toContain('$50.00\\;[23.66, 76.34]$')
    expect(figuresCsv(group, ['test/accuracy'])).toMatch(/one of two,test\/accuracy,reported,1,.*,0\.2365\d*,0\.7634\d*,0$/m)
    const several = figureRows([seeds('a', 'two', [0.5, 0.6])], ['test/accuracy'])
    expect(latexTable(several, ['test/accuracy'])).not.toMatch(/Wilson|\[\d/)
  })

  it('mark a row that has a run whose gradients are not trustworthy, and no other, and say what the mark means', () => {
    const check = { step: 1, parameter: 'stage1/unit1/kernel', error: 0.2, cosine: 0.9, tolerance: 0.01 }
    const wrong = { ...run(0.5, 0.5), gradients: check }
    const right = { ...run(0.5, 0.5), gradients: { ...check, error: 0.01 } }
    const of = (runs: Parameters<typeof figureRows>[0][number]['runs']) =>
      figureRows(
        [
          { id: 'a', label: 'mixed', runs },
          { id: 'b', label: 'right', runs: [right] },
        ],
        ['test/accuracy'],
      )
    const [marked, plain] = [of([right, wrong, wrong]), of([right, right])]
    const source = latexTable(marked, ['test/accuracy'])
    expect(source).toContain('mixed$^{\\dagger}$ & 3 &')
    expect(source).toContain('right & 1 &')
    expect(source).toMatch(/\\caption\{.* \$\^\{\\dagger\}\$ Includes a run with unreliable gradients: .*\.\}/)
    expect(latexTable(plain, ['test/accuracy'])).not.toMatch(/dagger|trustworthy/)
    const counts = (rows: typeof marked) =>
      (JSON.parse(figuresJson(rows, ['test/accuracy'])) as { run: string; untrusted_runs: number }[]).map((row) => [
        row.run,
        row.untrusted_runs,
      ])
    expect(counts(marked)).toEqual([
      ['mixed', 2],
      ['mixed', 2],
      ['right', 0],
      ['right', 0],
    ])
    const csv = figuresCsv(marked, ['test/accuracy']).trim().split('\n')
    expect(csv.map((line) => line.split(',').at(-1))).toEqual(['untrusted_runs', '2', '2', '0', '0'])
  })

  it('have nothing that LaTeX would stumble over, or print as another sign', () => {
    expect(escapeLatex('a\\b~c^d{}$#')).toBe('a\\textbackslash{}b\\textasciitilde{}c\\textasciicircum{}d\\{\\}\\$\\#')
    expect(escapeLatex('<a>|"b"')).toBe("\\textless{}a\\textgreater{}\\textbar{}''b''")
    expect(escapeLatex('one\n\n\ttwo\u0000three\u2028four\u0085')).toBe('one two three four ')
    expect(escapeLatex('a-b--c---')).toBe('a-b-{}-c-{}-{}-')
  })

  it('say what the letters in names ask of LaTeX, and print a minus of the screen as one', () => {
    const [first, ...others] = rows
    const noted = (label: string): string[] =>
      latexTable([{ ...first!, label }, ...others], ['test/accuracy'])
        .split('\n')
        .filter((line) => line.startsWith('%'))
        .slice(1)
    expect(noted('plain <&> "name"')).toEqual([])
    expect(noted('h = −0.5')).toEqual([])
    expect(escapeLatex('h = −0.5')).toBe('h = $-$0.5')
    expect(noted('Größe 3 × 3, ąđ')).toEqual(['% With pdfLaTeX, non-ASCII letters need \\usepackage[T1]{fontenc}.'])
    expect(noted('α ∞ 深 α')).toEqual([
      '% pdfLaTeX cannot typeset α ∞ 深: compile with LuaLaTeX or XeLaTeX and a font that has these characters.',
    ])
    const named = model()
    expect(pgfplots({ ...named, lines: named.lines.map((line) => ({ ...line, label: 'ß' })) })).toMatch(/^% Needs .*\n% With pdfLaTeX/)
    expect(pgfplots(named).match(/^%/gm)).toHaveLength(1)
  })

  it('are CSV and JSON in full precision as well, with the interval of a single run', () => {
    expect(figuresCsv(rows, ['test/accuracy'])).toContain(`Ours_1,test/accuracy,reported,2,${(0.9 + 0.92) / 2},`)
    const read = JSON.parse(figuresJson(rows, ['test/accuracy'])) as object[]
    expect(read.map((row) => Object.values(row).slice(0, 4))).toEqual([
      ['Ours_1', 'test/accuracy', 'reported', 2],
      ['Ours_1', 'test/accuracy', 'last', 2],
      ['50% & less', 'test/accuracy', 'reported', 1],
      ['50% & less', 'test/accuracy', 'last', 1],
    ])
    expect(read[0]).toMatchObject({
      mean: (0.9 + 0.92) / 2,
      deviation: rows[0]!.reported.get('test/accuracy')!.deviation,
      min: 0.9,
      max: 0.92,
      low: null,
      high: null,
    })
    // A single value has no standard deviation; five of ten images give an interval.
    expect(read[2]).toMatchObject({
      mean: 0.5,
      deviation: null,
      error: null,
      low: expect.closeTo(0.2366, 4),
      high: expect.closeTo(0.7634, 4),
    })
    // The number of images of the last evaluation is unknown here.
    expect(read[3]).toMatchObject({ mean: 0.8, low: null, high: null })
  })

  it('are what differs between configurations, whatever kind a value is of, empty where a run does not have it', () => {
    const runs = [
      { id: 'a1', name: 'one' },
      { id: 'b2', name: 'two, =2' },
    ]
    const columns = [
      { name: 'h', values: [0.1 + 0.2, 1e-7] },
      { name: 'augment.flip', values: [true, undefined] },
      { name: 'note', values: ['=1+1', null] },
    ]
    expect(quantitiesCsv(runs, columns)).toBe(`run,name,h,augment.flip,note\na1,one,0.30000000000000004,true,'=1+1\nb2,"two, =2",1e-7,,\n`)
    expect(JSON.parse(quantitiesJson(runs, columns))).toEqual([
      { run: 'a1', name: 'one', values: { h: 0.1 + 0.2, 'augment.flip': true, note: '=1+1' } },
      { run: 'b2', name: 'two, =2', values: { h: 1e-7, 'augment.flip': null, note: null } },
    ])
  })
})

describe('charts for papers', () => {
  it('are pgfplots source with the points, names, scales and reference lines of the chart', () => {
    const source = pgfplots(model(2))
    expect(source).toContain('\\addlegendentry{run\\_1 \\& \\textless{}more\\textgreater{}}')
    expect(source).toContain('1 1\n2 2\n3 nan\n4 3\n')
    expect(source).toContain('ylabel={Loss\\_a (nats)}')
    expect(source).toContain('{2} node')
    expect((source.match(/\\begin/g) ?? []).length).toBe((source.match(/\\end\{/g) ?? []).length)
  })

  it('have the band of a group in pgfplots source, and its statistics step by step as rows that read back as the same numbers', () => {
    const members = [[1, 2, 4], [3]].map((values) => ({ buffer: bufferOf(values), startedAt: 0 }))
    const aggregate = new Aggregate(members, 'mean', 'deviation')
    aggregate.update()
    const { buffer, low, high } = aggregate
    const map = xMap('step', buffer, { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null })
    const line = { key: 'g', label: 'g', buffer, map, band: { low, high } }
    const whole = {
      title: 'Loss',
      unit: '',
      xAxis: 'step',
      from: 0,
      to: 3,
      columns: 100,
      dark: false,
      logarithmic: false,
      logarithmicX: false,
    } as const
    const source = pgfplots(chartModel({ lines: [line], ...whole, outlierProof: false }))
    expect(source).toContain('fill between[of=low0 and high0]')
    expect(source).toContain(`name path=high0] table {\n1 ${2 + Math.SQRT2}\n2 nan`)
    const rows = groupsCsv([{ label: 'a, b', key: 'train/loss', aggregate }])
      .trimEnd()
      .split('\n')
    expect(rows).toEqual([
      'group,metric,center,band,step,n,value,low,high',
      `"a, b",train/loss,mean,deviation,1,2,2,${2 - Math.SQRT2},${2 + Math.SQRT2}`,
      '"a, b",train/loss,mean,deviation,2,1,2,,',
      '"a, b",train/loss,mean,deviation,3,1,4,,',
    ])
  })

  it('are SVG with title, axes, lines and a legend of every line, and no markup from a name', () => {
    const svg = chartSvg(model(50))
    for (let i = 0; i < 50; i++) expect(svg).toContain(`run_${i} &amp; &lt;more&gt;`)
    expect(svg).toMatch(/^<svg width="9\d\d" height="1170"/)
    expect(svg).toContain('>Loss_a</text>')
    expect(svg).toContain('published 50%')
  })

  it('show in SVG what the screen shows, drawn by the same code: gaps, crosses, triangles, error bars, in the colours of paper', () => {
    const values = Array.from({ length: 60 }, (_, i) => ({ 10: NaN, 30: 1e6, 40: -1e6 })[i] ?? 2 + Math.sin(i / 5))
    const buffer = bufferOf(values)
    const single = bufferOf([2])
    const source = { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null }
    const marked = chartModel({
      title: 'Loss',
      lines: [
        { key: 'a', label: 'a', buffer, map: xMap('step', buffer, source) },
        { key: 'b', label: 'b', buffer: single, map: xMap('step', single, source), band: { low: bufferOf([1.5]), high: bufferOf([2.5]) } },
      ],
      unit: 'nats',
      xAxis: 'step',
      from: 0,
      to: 60,
      columns: 400,
      dark: true,
      logarithmic: false,
      logarithmicX: false,
      outlierProof: true,
    })
    const paths = (model: typeof marked, colour: string): string[] =>
      (chartSvg(model).match(/<path [^>]*>/g) ?? []).filter((path) => path.includes(`"${colour}"`))
    const paper = onPaper(marked)
    // A cross, the segments of the line around the gap, two triangles, and the error bar of the other line with its caps.
    expect(paths(paper, '#b3261e').filter((path) => path.match(/M/g)?.length === 2)).toHaveLength(1)
    expect(paths(paper, '#0072b2').some((path) => path.includes('fill="none"') && path.match(/M/g)?.length === 2)).toBe(true)
    expect(paths(paper, '#0072b2').filter((path) => /d="M[^M]*L[^M]*L[^M]*Z/.test(path))).toHaveLength(2)
    expect(paths(paper, '#d55e00').some((path) => path.match(/M/g)?.length === 3)).toBe(true)
    expect(chartSvg(paper)).toContain('>Loss (nats)</text>')
    expect(chartSvg(paper)).toContain('crosses: NaN or infinite values; triangles: outside the axis range')
    // Pictures for the screen use its theme.
    expect(paths(marked, '#ff8a80').length).toBeGreaterThan(0)

    const plots = pgfplots(marked)
    // An outlier of -1e6 between 3 and 2.9, on an axis from 0 to 4: TeX cannot place it ("Dimension too large"), so the line ends below.
    expect(plots).not.toContain('-1000000')
    const below = plots.split('\n').filter((line) => / -4$/.test(line))
    expect(below.map((line) => Number(line.split(' ')[0]))).toEqual([expect.closeTo(40.000007, 6), 41, expect.closeTo(41.999993, 6)])
    expect(plots).toMatch(/retraceNaN, only marks, mark=x, forget plot\] coordinates \{\(11,/)
    expect(plots).toMatch(/retrace0, only marks, mark=triangle\*, forget plot\] coordinates \{\(31,/)
    expect(plots).toMatch(/retrace0, only marks, mark=triangle\*, mark options=\{rotate=180\}, forget plot\] coordinates \{\(41,/)
    expect(plots).toContain('retrace1, thick, mark=-, mark size=3pt, forget plot] coordinates {(1,1.5) (1,2.5)};')
    expect(plots).toContain('{HTML}{0072B2}')
  })

  it('tell the command and the page that they come from: SVG in Dublin Core, PNG in its texts, pgfplots in comments', async () => {
    const svg = chartSvg(model())
    const found = new DOMParser().parseFromString(svg, 'image/svg+xml')
    const told = (name: string): string[] => [...found.querySelectorAll('metadata *')].filter(({ nodeName }) => nodeName.toLowerCase() === `dc:${name}`).map(({ textContent }) => textContent) // prettier-ignore
    expect(['title', 'creator', 'source', 'relation'].map(told)).toEqual([[ORIGIN.title], ['Retrace'], [ORIGIN.command], [ORIGIN.page]])

    const plain = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#123456' } })
      .png()
      .toBuffer()
    const png = Buffer.from(await withTexts(new Uint8Array(plain), { Title: 'α', Source: ORIGIN.command }).arrayBuffer())
    const { comments, width, height } = await sharp(png).metadata()
    expect([width, height]).toEqual([3, 2])
    expect(comments).toEqual([
      { keyword: 'Title', text: 'α' },
      { keyword: 'Source', text: ORIGIN.command },
    ])

    expect(latexOrigin({ ...ORIGIN, command: 'a\nb' })).toBe(`% Retrace: a\n% b\n% Page: ${ORIGIN.page}\n`)
  })

  it('are saved under names that every system takes', () => {
    expect(fileName('retrace', 'a/b: c?* "d"')).toBe('retrace-a-b-c-d')
    expect(fileName('')).toBe('retrace')
  })
})

describe('a report', () => {
  const figure = {
    title: 'Loss',
    svg: '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path/></svg>',
    csv: 'run,value\nä,1\n',
    file: 'loss.csv',
  }
  const report = {
    title: 'R',
    text: '',
    made: 'today',
    address: '/compare',
    command: 'retrace runs show a',
    table: { heads: ['Run'], rows: [['a']] },
    figures: [figure],
  }

  it('is one page that needs nothing else, with the points of its charts in it', () => {
    const page = new DOMParser().parseFromString(reportHtml({ ...report, text: 'First.\n\nSecond\nline.' }), 'text/html')
    expect(page.querySelectorAll('script, link, iframe, img, object')).toHaveLength(0)
    expect([...page.querySelectorAll('figure svg path')]).toHaveLength(1)
    expect([...page.querySelectorAll('body > p:not(.faint)')].map(({ innerHTML }) => innerHTML)).toEqual(['First.', 'Second<br>line.'])
    const link = page.querySelector('figure a')!
    expect(link.getAttribute('download')).toBe('loss.csv')
    const [, data = ''] = link.getAttribute('href')!.split(';base64,')
    expect(new TextDecoder().decode(Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)))).toBe(figure.csv)
  })

  it('has text as text, whatever it is', () => {
    const hostile = '<img src=x onerror=alert(1)>"\'&</title><script>'
    const html = reportHtml({
      ...report,
      title: hostile,
      text: hostile,
      address: hostile,
      command: hostile,
      table: { heads: [hostile], rows: [[hostile]] },
      figures: [{ ...figure, title: hostile, file: hostile }],
    })
    const page = new DOMParser().parseFromString(html, 'text/html')
    expect(page.querySelectorAll('script, img')).toHaveLength(0)
    expect(page.querySelector('h1')!.textContent).toBe(hostile)
    expect(page.querySelector('td')!.textContent).toBe(hostile)
  })
})
