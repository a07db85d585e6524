import { UserError } from '../../../contract/errors.js'
import { SETTING_KEYS, SettingsSchema, settingInfo, type SettingKey, type SettingsPatch } from '../../../contract/settings.js'
import { hint } from '../../../contract/near.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

export async function listSettings(context: Context, options: CommonOptions): Promise<void> {
  const settings = await withWorkbench(context, options, ({ client }) => client.settings.get.query())
  if (options.json) return context.print(asJson(settings))
  table(
    ['VALUE', 'UNIT', 'SETTING', 'DESCRIPTION'],
    SETTING_KEYS.map((key) => [String(settings[key]), settingInfo(key).unit, key, settingInfo(key).label]),
  ).forEach(context.print)
}

function parse(key: string, text: string): SettingsPatch {
  if (!(SETTING_KEYS as string[]).includes(key))
    throw new UserError('BAD_INPUT', `There is no setting ${key}: ${hint(key, SETTING_KEYS, `choose one of ${SETTING_KEYS.join(', ')}.`)}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The text is not JSON and is taken as it is.
    value = text
  }
  const parsed = SettingsSchema.shape[key as SettingKey].safeParse(value)
  if (!parsed.success) throw new UserError('BAD_INPUT', `Cannot set ${key} to ${text}: it ${parsed.error.issues[0]!.message}.`)
  return { [key]: parsed.data }
}

export async function changeSetting(context: Context, key: string, text: string, options: CommonOptions): Promise<void> {
  const patch = parse(key, text)
  const settings = await withWorkbench(context, options, ({ client }) => client.settings.update.mutate(patch))
  context.print(options.json ? asJson(settings) : `${key} is ${String(settings[key as SettingKey])}`)
}
