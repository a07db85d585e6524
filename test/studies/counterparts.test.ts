import { expect, it } from 'vitest'
import { COUNTERPARTS } from '../../src-main/contract/studies.js'
import { allDiagnostics } from '../../src-main/lab/registry.js'
import { allTemplates } from '../../src-main/studies/registry.js'

it('a diagnostic and a study of the same question are both there, and both begin with a preset', () => {
  const studies = new Map(allTemplates().map((template) => [template.id, template]))
  for (const { diagnostic, study } of COUNTERPARTS) {
    expect(allDiagnostics().map(({ id }) => id)).toContain(diagnostic)
    expect(Object.keys(studies.get(study)!.options)).toContain('preset')
  }
})
