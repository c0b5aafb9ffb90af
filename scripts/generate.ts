/**
 * Writes `packages/api/src/generated/` from the service models that AWS publishes with botocore: the route table, bindings
 * and constraints as data, the shapes as TypeScript types. Facts are taken, documentation text is not.
 *
 *   npm run generate                      models of the botocore that python3 imports
 *   npm run generate -- <botocore/data>   models from that directory
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { iotModel } from '../packages/api/src/generated/iot.model.ts';
import { jobsdataModel } from '../packages/api/src/generated/iot-jobs-data.model.ts';
import { iotdataModel } from '../packages/api/src/generated/iotdata.model.ts';
import type { Member, OperationModel, ServiceModel, ServiceName, Shape } from '../packages/api/src/protocol/model.ts';

interface BotocoreMember {
  shape: string;
  location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';
  locationName?: string;
  jsonvalue?: boolean;
}

interface BotocoreShape {
  type: string;
  members?: Record<string, BotocoreMember>;
  member?: BotocoreMember;
  key?: BotocoreMember;
  value?: BotocoreMember;
  required?: string[];
  payload?: string;
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  error?: { httpStatusCode: number };
}

interface BotocoreModel {
  metadata: { apiVersion: string; protocol: string; signingName: string };
  operations: Record<
    string,
    {
      http: { method: OperationModel['method']; requestUri: string; responseCode?: number };
      input: { shape: string };
      output?: { shape: string };
      errors: { shape: string }[];
    }
  >;
  shapes: Record<string, BotocoreShape>;
}

const services: readonly { name: ServiceName; directory: string; file: string; prefix: string }[] = [
  { name: 'iot', directory: 'iot', file: 'iot', prefix: 'Iot' },
  { name: 'iotdata', directory: 'iot-data', file: 'iotdata', prefix: 'IotData' },
  { name: 'jobsdata', directory: 'iot-jobs-data', file: 'iot-jobs-data', prefix: 'IotJobsData' },
];

function modelsDirectory(): string {
  const given = process.argv[2];
  if (given) return given;
  const file = execFileSync('python3', ['-c', 'import botocore; print(botocore.__file__)'], {
    encoding: 'utf8',
  }).trim();
  return join(dirname(file), 'data');
}

function readModel(directory: string): BotocoreModel {
  const version = readdirSync(directory).sort().at(-1);
  if (!version) throw new Error(`no model in ${directory}`);
  return JSON.parse(gunzipSync(readFileSync(join(directory, version, 'service-2.json.gz'))).toString('utf8'));
}

const locations = { uri: 'label', querystring: 'query', header: 'header', statusCode: 'status' } as const;

function toMember(name: string, member: BotocoreMember): Member {
  if (!member.location) {
    if (member.locationName && member.locationName !== name) throw new Error(`${name} is renamed in the body`);
    return member.shape;
  }
  if (member.location === 'headers')
    throw new Error(`${name} is bound to prefixed headers, which no model used so far`);
  const bound = { shape: member.shape, in: locations[member.location], name: member.locationName ?? name };
  return member.jsonvalue ? { ...bound, json: true } : bound;
}

function toShape(shape: BotocoreShape): Shape {
  const range = {
    ...(shape.min === undefined ? {} : { min: shape.min }),
    ...(shape.max === undefined ? {} : { max: shape.max }),
  };
  switch (shape.type) {
    case 'structure':
      return {
        type: 'structure',
        members: Object.fromEntries(
          Object.entries(shape.members ?? {}).map(([name, member]) => [name, toMember(name, member)]),
        ),
        ...(shape.required?.length ? { required: shape.required } : {}),
        ...(shape.payload ? { payload: shape.payload } : {}),
      };
    case 'list':
      return { type: 'list', member: shape.member!.shape, ...range };
    case 'map':
      return { type: 'map', key: shape.key!.shape, value: shape.value!.shape, ...range };
    case 'string':
      return {
        type: 'string',
        ...range,
        ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
        ...(shape.enum ? { enum: shape.enum } : {}),
      };
    case 'integer':
    case 'long':
    case 'double':
    case 'blob':
      return { type: shape.type, ...range };
    case 'boolean':
    case 'timestamp':
      return { type: shape.type };
    default:
      throw new Error(`unknown shape type ${shape.type}`);
  }
}

/** Names of the shapes that requests and responses are made of, in the model's order. */
function reachableShapes(model: BotocoreModel): string[] {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const shape = model.shapes[name]!;
    for (const member of [...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]) {
      if (member) visit(member.shape);
    }
  };
  for (const operation of Object.values(model.operations)) {
    visit(operation.input.shape);
    if (operation.output) visit(operation.output.shape);
  }
  return Object.keys(model.shapes).filter(name => seen.has(name));
}

function toServiceModel(name: ServiceName, model: BotocoreModel): ServiceModel {
  return {
    name,
    signingName: model.metadata.signingName,
    operations: Object.fromEntries(
      Object.entries(model.operations).map(([operationName, { http, input, output, errors }]) => {
        if ((http.responseCode ?? 200) !== 200) throw new Error(`${operationName} answers ${http.responseCode}`);
        return [
          operationName,
          {
            method: http.method,
            path: http.requestUri,
            input: input.shape,
            ...(output ? { output: output.shape } : {}),
            errors: errors.map(error => error.shape),
          },
        ];
      }),
    ),
    errors: Object.fromEntries(
      Object.entries(model.shapes).flatMap(([shapeName, shape]) =>
        shape.error ? [[shapeName, shape.error.httpStatusCode]] : [],
      ),
    ),
    shapes: Object.fromEntries(reachableShapes(model).map(shapeName => [shapeName, toShape(model.shapes[shapeName]!)])),
  };
}

/** A JavaScript literal on one line: quotes only where a key needs them. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, member]) => `${propertyName(key)}: ${literal(member)}`);
    return entries.length ? `{ ${entries.join(', ')} }` : '{}';
  }
  if (typeof value === 'string') return quoted(value);
  return JSON.stringify(value);
}

const propertyName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : quoted(name));
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
const lines = (record: object): string =>
  Object.entries(record)
    .map(([name, value]) => `    ${propertyName(name)}: ${literal(value)},\n`)
    .join('');

const header = (model: BotocoreModel): string =>
  `// Generated by scripts/generate.ts from AWS's service model of ${model.metadata.apiVersion}; do not edit.\n`;

function modelFile(model: BotocoreModel, service: ServiceModel): string {
  return `${header(model)}import type { ServiceModel } from '../protocol/model.ts';

export const ${service.name}Model: ServiceModel = {
  name: '${service.name}',
  signingName: '${service.signingName}',
  operations: {
${lines(service.operations)}  },
  errors: {
${lines(service.errors)}  },
  shapes: {
${lines(service.shapes)}  },
};
`;
}

/** The type a shape has where it is used: structures and enumerations by name, everything else in place. */
function typeOf(service: ServiceModel, name: string): string {
  const shape = service.shapes[name]!;
  switch (shape.type) {
    case 'structure':
      return name;
    case 'string':
      return shape.enum ? name : 'string';
    case 'list': {
      const member = typeOf(service, shape.member);
      return `readonly ${member.includes(' ') ? `(${member})` : member}[]`;
    }
    case 'map': {
      const key = typeOf(service, shape.key);
      const value = typeOf(service, shape.value);
      return key === 'string' ? `Readonly<Record<string, ${value}>>` : `{ readonly [Key in ${key}]?: ${value} }`;
    }
    case 'integer':
    case 'long':
    case 'double':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'timestamp':
      return 'Date';
    case 'blob':
      return 'Buffer';
  }
}

function declarationOf(service: ServiceModel, name: string): string {
  const shape = service.shapes[name]!;
  if (shape.type === 'string' && shape.enum) return `export type ${name} = ${shape.enum.map(quoted).join(' | ')};\n\n`;
  if (shape.type !== 'structure') return '';
  const members = Object.entries(shape.members).map(([memberName, member]) => {
    const optional = shape.required?.includes(memberName) ? '' : '?';
    const json = typeof member === 'object' && member.json;
    const type = json ? 'unknown' : typeOf(service, typeof member === 'string' ? member : member.shape);
    return `  readonly ${propertyName(memberName)}${optional}: ${type};\n`;
  });
  return `export interface ${name} {\n${members.join('')}}\n\n`;
}

function typesFile(model: BotocoreModel, service: ServiceModel, prefix: string): string {
  const output = (shapeName: string | undefined): string => {
    const shape = shapeName === undefined ? undefined : service.shapes[shapeName];
    return shape?.type === 'structure' && Object.keys(shape.members).length > 0 ? shapeName! : 'void';
  };
  const operations = Object.entries(service.operations).map(
    ([name, operation]) => `  ${name}: { input: ${operation.input}; output: ${output(operation.output)} };\n`,
  );
  const declarations = Object.keys(service.shapes).map(name => declarationOf(service, name));
  return `${header(model)}
/** Input and output of every operation; an operation that answers nothing has output \`void\`. */
export interface ${prefix}Operations {
${operations.join('')}}

export type ${prefix}OperationName = keyof ${prefix}Operations;
export type ${prefix}Input<Name extends ${prefix}OperationName> = ${prefix}Operations[Name]['input'];
export type ${prefix}Output<Name extends ${prefix}OperationName> = ${prefix}Operations[Name]['output'];

${declarations.join('').trimEnd()}
`;
}

/** An older botocore would take operations away; whoever means that edits this line. */
function refuseOlder(service: ServiceModel, current: ServiceModel): void {
  const lost = Object.keys(current.operations).filter(name => !Object.hasOwn(service.operations, name));
  if (lost.length > 0) throw new Error(`these models are older than the committed ones, they lack ${lost.join(', ')}`);
}

const committed: Readonly<Record<ServiceName, ServiceModel>> = {
  iot: iotModel,
  iotdata: iotdataModel,
  jobsdata: jobsdataModel,
};
const target = join(import.meta.dirname, '../packages/api/src/generated');
mkdirSync(target, { recursive: true });
const models = modelsDirectory();
for (const { name, directory, file, prefix } of services) {
  const model = readModel(join(models, directory));
  if (model.metadata.protocol !== 'rest-json') throw new Error(`${directory} speaks ${model.metadata.protocol}`);
  const service = toServiceModel(name, model);
  refuseOlder(service, committed[name]);
  writeFileSync(join(target, `${file}.model.ts`), modelFile(model, service));
  writeFileSync(join(target, `${file}.ts`), typesFile(model, service, prefix));
  console.log(
    `${name}: ${Object.keys(service.operations).length} operations, ${Object.keys(service.shapes).length} shapes`,
  );
}
