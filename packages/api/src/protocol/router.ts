/**
 * From method and path to one service's operation. Paths are matched undecoded, segment by segment, literal segments
 * before labels, so `…/jobs/$next` wins over `…/jobs/{jobId}`.
 */
import type { ServiceModel } from './model.ts';
import { percentDecode } from './percent.ts';

export interface Route {
  readonly operationName: string;
  /** The labels of the template in their order, still percent-encoded. */
  readonly labels: readonly string[];
}

const namesOfLabels = new Map<string, readonly string[]>();

/** The labels of a path's template, in their order; read once for each of the model's paths. */
export function labelNames(template: string): readonly string[] {
  let names = namesOfLabels.get(template);
  if (names === undefined) {
    names = Array.from(template.matchAll(/\{(\w+)\+?\}/g), ([, name = '']) => name);
    namesOfLabels.set(template, names);
  }
  return names;
}

interface Node {
  readonly literals: Map<string, Node>;
  label?: Node;
  /** A label that takes the rest of the path. */
  rest?: Node;
  readonly operations: Map<string, string>;
}

const newNode = (): Node => ({ literals: new Map(), operations: new Map() });

/**
 * Labels the model calls a single segment, but which hold topics: SDKs encode their slashes, devices and curl send them
 * raw, so they take the rest of the path.
 */
const topicTemplates: ReadonlySet<string> = new Set(['/topics/{topic}', '/retainedMessage/{topic}']);

export class Router {
  readonly #root = newNode();

  constructor(model: ServiceModel) {
    for (const [operationName, { method, path }] of Object.entries(model.operations)) {
      let node = this.#root;
      for (const segment of splitPath(path).segments) node = childOf(node, segment, path);
      if (node.operations.has(method)) throw new Error(`${operationName} has the path of another operation`);
      node.operations.set(method, operationName);
    }
  }

  /** The operation that `method` on the raw `path` asks for, or undefined when there is none. */
  match(method: string, path: string): Route | undefined {
    return path.startsWith('/') ? find(this.#root, method, splitPath(path), 0, []) : undefined;
  }
}

/** The node below `node` for one segment of a template, made if it is not there yet. */
function childOf(node: Node, segment: string, template: string): Node {
  if (segment.endsWith('+}') || (segment.startsWith('{') && topicTemplates.has(template))) {
    node.rest ??= newNode();
    return node.rest;
  }
  if (segment.startsWith('{')) {
    node.label ??= newNode();
    return node.label;
  }
  const next = node.literals.get(segment) ?? newNode();
  node.literals.set(segment, next);
  return next;
}

interface Path {
  readonly segments: readonly string[];
  /**
   * One trailing slash does not count: botocore sends it where the JavaScript SDK does not. In a label that takes the rest
   * of the path it does: `a/` is a topic.
   */
  readonly trailingSlash: boolean;
}

function splitPath(path: string): Path {
  const segments = path.slice(1).split('/');
  const trailingSlash = segments.length > 1 && segments.at(-1) === '';
  if (trailingSlash) segments.pop();
  return { segments, trailingSlash };
}

function find(node: Node, method: string, path: Path, position: number, labels: readonly string[]): Route | undefined {
  if (position === path.segments.length) {
    const operationName = node.operations.get(method);
    return operationName === undefined ? undefined : { operationName, labels };
  }
  const segment = path.segments[position]!;
  const literal = node.literals.get(segment) ?? node.literals.get(percentDecode(segment) ?? segment);
  const route = literal && find(literal, method, path, position + 1, labels);
  if (route) return route;
  if (node.label && segment !== '') {
    const labelled = find(node.label, method, path, position + 1, [...labels, segment]);
    if (labelled) return labelled;
  }
  const operationName = node.rest?.operations.get(method);
  if (operationName === undefined) return undefined;
  const rest = path.segments.slice(position).join('/') + (path.trailingSlash ? '/' : '');
  return { operationName, labels: [...labels, rest] };
}
