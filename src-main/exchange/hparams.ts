import protobuf from 'protobufjs'

/** The parts of TensorBoard's plugins/hparams/plugin_data.proto and of struct.proto that are used, with their field numbers. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { oneof kind { double number_value = 2; string string_value = 3; bool bool_value = 4; } }
  message SessionStart { map<string, Value> hparams = 1; }
  message PluginData { int32 version = 1; SessionStart session_start_info = 3; }
`)
const PluginData = root.lookupType('PluginData')

interface Value {
  numberValue?: number
  stringValue?: string
  boolValue?: boolean
}

/** The hyperparameters of a session, which TensorBoard's plugin stores in a summary; empty if it contains other data of the plugin. */
export function readHparams(content: Uint8Array | undefined): Record<string, string | number | boolean> {
  let decoded: { sessionStartInfo?: { hparams?: Record<string, Value> } }
  try {
    decoded = PluginData.toObject(PluginData.decode(content ?? new Uint8Array()))
  } catch {
    // Data of a plugin are not part of the event file format, and the scalars can be read without them.
    return {}
  }
  return Object.fromEntries(
    Object.entries(decoded.sessionStartInfo?.hparams ?? {}).flatMap(([key, { numberValue, stringValue, boolValue }]) => {
      const value = numberValue ?? stringValue ?? boolValue
      return value === undefined ? [] : [[key, value]]
    }),
  )
}
