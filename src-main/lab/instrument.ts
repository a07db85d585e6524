import type { InstrumentSetting, InstrumentView } from '../contract/instruments.js'
import type { LabContext, LabTarget } from './diagnostic.js'

/** What is held of a network while an instrument looks at it. */
export type InstrumentContext = Omit<LabContext<unknown>, 'options'>

/** Answers a setting at once. Like a diagnostic it looks at weights and never changes or frees them; what else it makes is freed for it. */
export interface Instrument<Setting extends InstrumentSetting = InstrumentSetting, View extends InstrumentView = InstrumentView> {
  /** Why it cannot be asked of this network, as a sentence; null where it can. */
  refuse(target: LabTarget, setting: Setting): string | null
  look(context: InstrumentContext, setting: Setting): Omit<View, 'seconds'>
}

/** Checks an instrument by its own types and hands it on as any instrument. */
export const defineInstrument = <Setting extends InstrumentSetting, View extends InstrumentView>(
  instrument: Instrument<Setting, View>,
): Instrument => instrument as unknown as Instrument
