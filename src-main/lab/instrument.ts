import type { InstrumentSetting, InstrumentView } from '../contract/instruments.js'
import type { LabContext, LabTarget } from './diagnostic.js'

/** The data of a network that are kept in memory for an instrument. */
export type InstrumentContext = Omit<LabContext<unknown>, 'options'>

/**
 * Computes a view for a setting immediately. Like a diagnostic, it reads weights and must never change or free them; other tensors are
 * freed for it.
 */
export interface Instrument<Setting extends InstrumentSetting = InstrumentSetting, View extends InstrumentView = InstrumentView> {
  /** Why it does not apply to this network, as a sentence; null if it does. */
  refuse(target: LabTarget, setting: Setting): string | null
  look(context: InstrumentContext, setting: Setting): Omit<View, 'seconds'>
}

/** Type-checks an instrument and returns it as a generic instrument. */
export const defineInstrument = <Setting extends InstrumentSetting, View extends InstrumentView>(
  instrument: Instrument<Setting, View>,
): Instrument => instrument as unknown as Instrument
