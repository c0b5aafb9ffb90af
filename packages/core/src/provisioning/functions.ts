/** The functions a template may call, evaluated over its parameters and mappings. Source: "Provisioning templates", "Intrinsic functions". */
import { invalidTemplate, type Json, type JsonObject, objectAt, stringAt, type Template } from './template.ts';

/** What a value of a template may refer to. */
export interface Scope {
  /** Values of parameters by name. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly mappings: JsonObject;
}

/** Parameters that AWS IoT itself gives, such as those taken from a certificate; a template may refer to them undeclared. */
const isPseudoParameter = (name: string): boolean => name.startsWith('AWS::IoT::');

/** The parameters given, and the defaults of those that are not. What the template neither declares nor knows is left out. */
export function scopeOf(template: Template, given: Readonly<Record<string, string>>): Scope {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    if (template.parameters.has(name) || isPseudoParameter(name)) parameters.set(name, value);
  }
  for (const [name, value] of template.parameters) {
    if (value !== undefined && !parameters.has(name)) parameters.set(name, value);
  }
  return { parameters, mappings: template.mappings };
}

/** The value with every function in it replaced by its result. Throws `InvalidRequestException` that names the place. */
export function evaluate(value: Json, scope: Scope, at: string): Json {
  if (Array.isArray(value)) return value.map((item: Json, index) => evaluate(item, scope, `${at}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  const [name, argument] = Object.entries(value)[0] ?? [];
  if (name !== undefined && isFunction(name)) {
    if (Object.keys(value).length > 1) throw invalidTemplate(at, `has members beside \`${name}\``);
    return functions[name](argument!, scope, `${at}.${name}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([member, inner]) => {
      if (member.startsWith('Fn::')) throw invalidTemplate(at, `calls \`${member}\`, which is no function`);
      return [member, evaluate(inner, scope, `${at}.${member}`)];
    }),
  );
}

type TemplateFunction = (argument: Json, scope: Scope, at: string) => Json;

const functions = {
  Ref: (argument, scope, at) => reference(stringAt(argument, at), scope, at),

  /** `[delimiter, [value, …]]` */
  'Fn::Join': (argument, scope, at) => {
    const [delimiter, values] = argumentsOf(argument, scope, at, 2);
    return listAt(values!, `${at}[1]`)
      .map((value, index) => stringAt(value, `${at}[1][${index}]`))
      .join(stringAt(delimiter!, `${at}[0]`));
  },

  /** `[index, [value, …]]`, the first value having index 0. */
  'Fn::Select': (argument, scope, at) => {
    const [index, values] = argumentsOf(argument, scope, at, 2);
    const list = listAt(values!, `${at}[1]`);
    const position = typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : index;
    if (typeof position !== 'number' || !Number.isInteger(position))
      throw invalidTemplate(`${at}[0]`, 'must be a number');
    const selected = list[position];
    if (selected === undefined || selected === null) throw invalidTemplate(at, `selects nothing: index ${position}`);
    return selected;
  },

  /** `[map, top-level key, second-level key]` */
  'Fn::FindInMap': (argument, scope, at) => {
    const path = argumentsOf(argument, scope, at, 3).map((key, index) => stringAt(key, `${at}[${index}]`));
    let found: Json = scope.mappings;
    for (const key of path) {
      const map = objectAt(found, at);
      if (!Object.hasOwn(map, key))
        throw invalidTemplate(at, `finds nothing: there is no \`${key}\` of ${path.join('.')}`);
      found = map[key]!;
    }
    return found;
  },

  /** `[delimiter, text]` */
  'Fn::Split': (argument, scope, at) => {
    const [delimiter, text] = argumentsOf(argument, scope, at, 2);
    return stringAt(text!, `${at}[1]`).split(stringAt(delimiter!, `${at}[0]`));
  },

  /** `text` or `[text, { variable: value }]`; `${name}` is a variable or a parameter, `${!name}` stays as `${name}`. */
  'Fn::Sub': (argument, scope, at) => {
    const [text, variables] = Array.isArray(argument) ? argumentsOf(argument, scope, at, 2) : [argument, {}];
    const own = objectAt(variables!, `${at}[1]`);
    return stringAt(text!, at).replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      return Object.hasOwn(own, name) ? stringAt(own[name]!, `${at}[1].${name}`) : reference(name, scope, at);
    });
  },
} as const satisfies Record<string, TemplateFunction>;

const isFunction = (name: string): name is keyof typeof functions => Object.hasOwn(functions, name);

function argumentsOf(argument: Json, scope: Scope, at: string, count: number): readonly Json[] {
  const list = listAt(argument, at);
  if (list.length !== count) throw invalidTemplate(at, `takes ${count} values, not ${list.length}`);
  return list.map((item, index) => evaluate(item, scope, `${at}[${index}]`));
}

function listAt(value: Json, at: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw invalidTemplate(at, 'must be a list');
}

function reference(name: string, { parameters }: Scope, at: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw invalidTemplate(at, `refers to \`${name}\`, which has no value`);
  return value;
}
