import { describe, expect, it } from 'vitest'
import { fuseArguments, maintainerOf } from '../../../src-main/hosts/launcher/package/facts.mjs'

describe('what packages are made of', () => {
  it.each([{ author: 'A. Person <person@example.org>' }, { author: { name: 'A. Person', email: 'person@example.org' } }])(
    'a package names the author of %j as its maintainer',
    (manifest) => expect(maintainerOf(manifest)).toBe('A. Person <person@example.org>'),
  )

  it.each([
    {},
    { author: 'A. Person' },
    { author: { name: 'A. Person' } },
    { author: '<person@example.org>' },
    { author: 'Somebody <somewhere>' },
  ])('there is no package without somebody who answers for it: %j', (manifest) =>
    expect(() => maintainerOf(manifest)).toThrow(/names no author with an e-mail address.*Add "author"/),
  )

  it('fuses have the names that their tool knows, and code comes in by no variable or argument', () => {
    const known =
      /^(RunAsNode|Enable(CookieEncryption|NodeOptionsEnvironmentVariable|NodeCliInspectArguments|EmbeddedAsarIntegrityValidation)|OnlyLoadAppFromAsar|LoadBrowserProcessSpecificV8Snapshot|GrantFileProtocolExtraPrivileges)=(on|off)$/
    for (const each of fuseArguments()) expect(each).toMatch(known)
    expect(fuseArguments()).toEqual(
      expect.arrayContaining(['EnableNodeOptionsEnvironmentVariable=off', 'EnableNodeCliInspectArguments=off', 'RunAsNode=on']),
    )
  })
})
