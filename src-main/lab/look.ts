import { engine } from '@tensorflow/tfjs-core'
import { UserError } from '../contract/errors.js'
import { InstrumentViewSchema, type InstrumentSetting, type InstrumentView } from '../contract/instruments.js'
import type { Instrument, InstrumentContext } from './instrument.js'
import { flow } from './instruments/flow.js'
import { inspector } from './instruments/inspector.js'
import { spikes } from './instruments/spikes.js'

const instruments: Record<InstrumentSetting['instrument'], Instrument> = { inspector, flow, spikes }

/**
 * What an instrument shows of a network at one setting; all tensors are freed.
 * @throws UserError BAD_INPUT saying why it does not apply to this network
 */
export function lookAt(context: InstrumentContext, setting: InstrumentSetting): InstrumentView {
  const instrument = instruments[setting.instrument]
  const refused = instrument.refuse(context, setting)
  if (refused !== null) throw new UserError('BAD_INPUT', refused)
  const begin = performance.now()
  engine().startScope(setting.instrument)
  try {
    return InstrumentViewSchema.parse({ ...instrument.look(context, setting), seconds: (performance.now() - begin) / 1000 })
  } finally {
    engine().endScope()
  }
}
