export { type Address, formatAddress, parseAddress } from './address.ts';
export {
  type Configuration,
  type ConfigurationSources,
  configure,
  type ListenerName,
  listenerNames,
  readConfigurationFile,
} from './configuration.ts';
export { ConfigurationError } from './configuration-error.ts';
export type { FunctionFile } from './function-file.ts';
export { defaultText, environmentOf, flagOf, type Mode, type Option, type OptionName, options } from './options.ts';
export { readSinks } from './sinks.ts';
