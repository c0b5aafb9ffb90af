/** What in a policy is legal and yet most likely a mistake: names that do not exist, statements that can never apply. */
import { dataPlaneActions, knownActions } from './actions.ts';
import { compileArnPattern } from './arn-pattern.ts';
import type { PolicyDocument, PolicyStatement } from './document.ts';
import { didYouMean, nearest } from './spelling.ts';
import { substitute, type Template, templateReader, variablesOf } from './template.ts';
import { holdsSet, isConnectKey, isKnownKey, knownKeys } from './variables.ts';
import { ANY_CHARACTER, ANY_RUN, compileWildcard, matchesWildcard, tokenize } from './wildcard.ts';

export interface PolicyWarning {
  /** Where it stands, for example `Statement[0].Action`. */
  readonly place: string;
  readonly message: string;
}

/**
 * Reads a policy as a colleague would. `operations` are the API's operation names, such as `CreateThing`; without them an
 * unknown `iot:` action is reported only if it looks like a misspelt one of a device.
 */
export function lintPolicy(document: PolicyDocument, operations?: Iterable<string>): PolicyWarning[] {
  const known = operations === undefined ? undefined : knownActions(operations);
  const read = templateReader(document.version);
  return [
    ...lintVersion(document),
    ...document.statements.flatMap((statement, index) => {
      const resources = statement.resources.patterns.map(read);
      const values = statement.conditions.flatMap(condition => condition.values.map(read));
      const inElement = (element: string, messages: readonly string[]) =>
        messages.map(message => ({ place: `Statement[${index}].${element}`, message }));
      const actionElement = statement.actions.negated ? 'NotAction' : 'Action';
      const resourceElement = statement.resources.negated ? 'NotResource' : 'Resource';
      return [
        ...inElement(actionElement, [...lintActions(statement, known), ...lintReach(statement, resources)]),
        ...inElement(resourceElement, [...resources.flatMap(lintResource), ...lintVariables(resources)]),
        ...inElement('Condition', [...lintKeys(statement), ...lintVariables(values)]),
      ];
    }),
  ];
}

function lintVersion({ version, statements }: PolicyDocument): PolicyWarning[] {
  if (version !== '2008-10-17') return [];
  const texts = statements.flatMap(({ resources, conditions }) => [
    ...resources.patterns,
    ...conditions.flatMap(condition => condition.values),
  ]);
  const message = '`${…}` is plain text in version 2008-10-17, the default; write `"Version": "2012-10-17"`';
  return texts.some(text => text.includes('${')) ? [{ place: 'Version', message }] : [];
}

function lintActions({ actions }: PolicyStatement, known: readonly string[] | undefined): string[] {
  return actions.patterns.flatMap(pattern => {
    const wildcard = compileWildcard(tokenize(pattern.toLowerCase()));
    const candidates = known ?? knownActions();
    if (candidates.some(action => matchesWildcard(wildcard, action.toLowerCase()))) return [];
    const guess = nearest(pattern, candidates);
    const mayBeControlAction = known === undefined && pattern.toLowerCase().startsWith('iot:');
    if (mayBeControlAction && guess === undefined) return [];
    return `\`${pattern}\` is not an IoT action${didYouMean(guess)}`;
  });
}

/** Actions that none of the resources can be decided on, else resources that none of the actions are decided on. */
function lintReach({ actions, resources }: PolicyStatement, templates: readonly Template[]): string[] {
  if (actions.negated || resources.negated) return [];
  const types = templates.map(typeOf);
  const reaches = (action: string, type: string | undefined) =>
    type === undefined || dataPlaneActions.get(action)!.includes(type);

  const devicesActions = actions.patterns.filter(action => dataPlaneActions.has(action));
  const idle = devicesActions.filter(action => !types.some(type => reaches(action, type)));
  if (idle.length > 0) {
    return idle.map(action => `\`${action}\` never applies here: it is decided on ${resourceOf(action)}`);
  }
  // A wildcard, a control action or an unknown one may be about anything.
  if (devicesActions.length < actions.patterns.length) return [];
  return templates
    .filter((_, index) => !devicesActions.some(action => reaches(action, types[index])))
    .map(template => `none of these actions is decided on \`${template.source}\``);
}

function resourceOf(action: string): string {
  const types = dataPlaneActions.get(action)!.filter(type => type !== '*');
  return types.length === 0 ? 'the resource `*`' : types.map(type => `\`${type}/…\``).join(' or ');
}

/** The type an ARN of this pattern has, undefined if it may have several. */
function typeOf(template: Template): string | undefined {
  const [first] = compileTemplate(template).resource;
  const slash = typeof first === 'string' ? first.indexOf('/') : -1;
  return slash < 0 ? undefined : (first as string).slice(0, slash);
}

function lintResource(template: Template): string[] {
  const { source } = template;
  const pattern = compileTemplate(template);
  if (pattern.header === undefined) {
    const [first] = pattern.resource;
    if (first === ANY_RUN || first === ANY_CHARACTER || first?.startsWith('arn:')) return [];
    return [`\`${source}\` is not an ARN; write \`arn:aws:iot:<region>:<account>:<type>/<name>\``];
  }
  const levels = source.split('/').slice(1);
  if (typeOf(template) !== 'topic' || !levels.some(level => level === '#' || level === '+')) return [];
  return [`\`#\` and \`+\` are plain characters in \`${source}\`, and no topic holds them; write \`*\``];
}

const compileTemplate = (template: Template) => compileArnPattern(substitute(template, () => undefined));

function lintVariables(templates: readonly Template[]): string[] {
  return templates.flatMap(variablesOf).flatMap(({ name, source }) => {
    if (!isKnownKey(name)) return `\`${source}\` is not a policy variable${didYouMean(nearest(name, knownKeys))}`;
    return holdsSet(name) ? `\`${source}\` is a set of values and cannot stand in one place` : [];
  });
}

function lintKeys({ actions, conditions }: PolicyStatement): string[] {
  const aboutConnect = actions.patterns.some(pattern =>
    matchesWildcard(compileWildcard(tokenize(pattern.toLowerCase())), 'iot:connect'),
  );
  return conditions.flatMap(({ key }) => {
    if (!isKnownKey(key)) return `\`${key}\` is not a condition key${didYouMean(nearest(key, knownKeys))}`;
    const seen = !isConnectKey(key) || aboutConnect !== actions.negated;
    return seen ? [] : `\`${key}\` has a value only when \`iot:Connect\` is decided`;
  });
}
