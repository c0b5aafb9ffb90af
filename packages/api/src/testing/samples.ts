/** Sample values of the model's shapes, for tests that try every operation. Deterministic. */
import { patternOf } from '../protocol/constraints.ts';
import type { ServiceModel, Shape, StringShape, StructureShape } from '../protocol/model.ts';
import { shapeOf, structureOf } from '../protocol/values.ts';

/** `required` takes the members that must be there, `all` every one (of a recursive shape, to a depth). */
export type Extent = 'required' | 'all';

/** A value of the structure `name` that meets every constraint. */
export const sampleOf = (model: ServiceModel, name: string, extent: Extent): Record<string, unknown> =>
  sampleStructure(model, structureOf(model, name), extent, 0);

function sampleStructure(
  model: ServiceModel,
  shape: StructureShape,
  extent: Extent,
  depth: number,
): Record<string, unknown> {
  const members = Object.entries(shape.members).filter(
    ([name]) => shape.required?.includes(name) || (extent === 'all' && depth < 6),
  );
  return Object.fromEntries(
    members.map(([name, member]) => {
      if (typeof member === 'object' && member.json) return [name, [{ colour: 'grün' }]];
      if (typeof member === 'object' && member.in === 'status') return [name, 202];
      return [name, sample(model, shapeOf(model, member), extent, depth + 1)];
    }),
  );
}

function sample(model: ServiceModel, shape: Shape, extent: Extent, depth: number): unknown {
  switch (shape.type) {
    case 'structure':
      return sampleStructure(model, shape, extent, depth);
    case 'list':
      return Array.from({ length: Math.max(shape.min ?? 0, 1) }, () =>
        sample(model, shapeOf(model, shape.member), extent, depth + 1),
      );
    case 'map': {
      const key = sample(model, shapeOf(model, shape.key), extent, depth) as string;
      return { [key]: sample(model, shapeOf(model, shape.value), extent, depth + 1) };
    }
    case 'string':
      return sampleString(shape);
    case 'integer':
    case 'long':
      return Math.max(shape.min ?? 0, Math.min(shape.max ?? 7, 7));
    case 'double':
      return Math.min(shape.max ?? 2.5, 2.5);
    case 'boolean':
      return true;
    case 'timestamp':
      return new Date('2026-02-03T04:05:06.789Z');
    case 'blob':
      return Buffer.from('blob \u0000 ü');
  }
}

const candidates: readonly string[] = [
  'a b/c+%d é',
  'thing:one/two',
  'thing:one',
  'name_1',
  'name-1',
  'name',
  '0123456789abcdef',
  '123456789012',
  '1.0',
  '15',
  'arn:aws:iot:us-east-1:123456789012:thing/one',
  'arn:aws:acm:us-east-1:123456789012:certificate/0a1b',
  'https://example.com/a?b=c',
  'https://ingestion-abc.def.sfdc-matrix.net/streams/aaa/bbb/event',
  ',',
  'P1',
  'p90',
  'UPPER_1',
];

/** The first candidate that fits, made longer where it must be. */
function sampleString(shape: StringShape): string {
  if (shape.enum) return shape.enum[0]!;
  const pattern = shape.pattern === undefined ? undefined : patternOf(shape.pattern);
  const fits = (text: string): boolean =>
    text.length >= (shape.min ?? 0) && text.length <= (shape.max ?? 4096) && (pattern?.test(text) ?? true);
  const all = candidates.flatMap(text => [text, text.repeat(Math.ceil((shape.min ?? 0) / text.length) || 1)]);
  const found = [...all, ...all.map(text => text.slice(0, shape.max))].find(fits);
  if (found === undefined) throw new Error(`no sample of ${JSON.stringify(shape)}`);
  return found;
}
