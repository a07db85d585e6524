import { z } from 'zod'

// By default, Zod tries to compile its parsers with `new Function`, which the content security policy forbids and reports.
z.config({ jitless: true })
