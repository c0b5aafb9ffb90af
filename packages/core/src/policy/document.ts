/**
 * The text of a policy, read and checked (AWS: AWS IoT Core policies). What cannot be enforced is refused here, with the place
 * where it stands; what merely looks mistaken, such as an unknown action, is accepted as AWS does and left to `lintPolicy`.
 */
import { ServiceError } from '../errors.ts';
import { parseOperatorName } from './condition.ts';
import { isJsonObject, type Json, JsonError, type JsonObject, parseJson } from './json.ts';
import { operators } from './operators.ts';
import { didYouMean, nearest } from './spelling.ts';
import { substitute, templateReader, variablesOf } from './template.ts';

export interface PolicyDocument {
  /** Variables are only known to the newer language. */
  readonly version: '2012-10-17' | '2008-10-17';
  readonly id: string | undefined;
  readonly statements: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: PatternList;
  readonly resources: PatternList;
  readonly conditions: readonly PolicyCondition[];
}

/** `Action`, or `NotAction` if negated; the same for resources. */
export interface PatternList {
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

/** One operator on one key. */
export interface PolicyCondition {
  readonly operatorName: string;
  readonly key: string;
  readonly values: readonly string[];
}

type Version = PolicyDocument['version'];

/** Characters, not counting white space (AWS: AWS IoT Core quotas, "Policy document size"). */
const MAX_SIZE = 2048;

const DOCUMENT_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

/**
 * Reads a policy document. Throws `ServiceError('MalformedPolicyException')`, and nothing else, such as
 * ``policy document is invalid at Statement[0].Effect: expected `Allow` or `Deny`, found `allow` ``.
 */
export function parsePolicy(text: string): PolicyDocument {
  const size = sizeOf(text);
  if (size > MAX_SIZE) throw malformed('', `it has ${size} characters without white space; ${MAX_SIZE} are allowed`);
  const document = readJson(text);
  if (!isJsonObject(document)) throw malformed('', 'expected an object');
  checkElements(document, DOCUMENT_ELEMENTS, '');
  const version = readVersion(document.Version);
  return { version, id: readText(document.Id, 'Id'), statements: readStatements(document.Statement, version) };
}

function sizeOf(text: string): number {
  let size = 0;
  for (const character of text) if (character.trim() !== '') size++;
  return size;
}

function readJson(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw malformed(`line ${error.line} column ${error.column}`, error.message);
    throw error;
  }
}

/** Without `Version` a policy is of the older language, as in IAM. */
function readVersion(value: Json | undefined): Version {
  if (value === undefined) return '2008-10-17';
  if (value === '2012-10-17' || value === '2008-10-17') return value;
  throw malformed('Version', `expected \`2012-10-17\`, found ${describe(value)}`);
}

function readStatements(value: Json | undefined, version: Version): PolicyStatement[] {
  if (value === undefined) throw malformed('Statement', 'it is missing');
  if (isJsonObject(value)) return [readStatement(value, 'Statement', version)];
  if (!Array.isArray(value)) throw malformed('Statement', 'expected an object or an array of objects');
  if (value.length === 0) throw malformed('Statement', 'expected at least one statement');
  return value.map((statement: Json, index) => readStatement(statement, `Statement[${index}]`, version));
}

function readStatement(value: Json, place: string, version: Version): PolicyStatement {
  if (!isJsonObject(value)) throw malformed(place, `expected an object, found ${describe(value)}`);
  checkElements(value, STATEMENT_ELEMENTS, place);
  return {
    sid: readText(value.Sid, `${place}.Sid`),
    effect: readEffect(value.Effect, `${place}.Effect`),
    actions: readPatterns(value, 'Action', 'NotAction', place),
    resources: readPatterns(value, 'Resource', 'NotResource', place),
    conditions: readConditions(value.Condition, `${place}.Condition`, version),
  };
}

function checkElements(object: JsonObject, known: readonly string[], place: string): void {
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue;
    const path = place === '' ? name : `${place}.${name}`;
    if (name === 'Principal' || name === 'NotPrincipal') {
      throw malformed(path, 'an IoT policy has no principal: it applies to whatever it is attached to');
    }
    throw malformed(path, `\`${name}\` is not an element of a policy${didYouMean(nearest(name, known))}`);
  }
}

function readEffect(value: Json | undefined, place: string): 'Allow' | 'Deny' {
  if (value === 'Allow' || value === 'Deny') return value;
  if (value === undefined) throw malformed(place, 'it is missing');
  throw malformed(place, `expected \`Allow\` or \`Deny\`, found ${describe(value)}`);
}

function readPatterns(statement: JsonObject, name: string, negatedName: string, place: string): PatternList {
  const negated = statement[name] === undefined;
  if (!negated && statement[negatedName] !== undefined) {
    throw malformed(`${place}.${negatedName}`, `a statement has either \`${name}\` or \`${negatedName}\``);
  }
  const element = negated ? negatedName : name;
  const value = statement[element];
  if (value === undefined) throw malformed(`${place}.${name}`, 'it is missing');
  const patterns = asList(value).map(pattern => {
    if (typeof pattern === 'string' && pattern !== '') return pattern;
    throw malformed(`${place}.${element}`, `expected a string or an array of strings, found ${describe(pattern)}`);
  });
  if (patterns.length === 0) throw malformed(`${place}.${element}`, 'expected at least one');
  return { negated, patterns };
}

function readConditions(value: Json | undefined, place: string, version: Version): PolicyCondition[] {
  if (value === undefined) return [];
  if (!isJsonObject(value)) throw malformed(place, 'expected an object of operators');
  return Object.entries(value).flatMap(([operatorName, keys]) => {
    const operatorPlace = `${place}.${operatorName}`;
    if (parseOperatorName(operatorName) === undefined) {
      const hint = didYouMean(nearest(operatorName, operators.keys()));
      throw malformed(operatorPlace, `\`${operatorName}\` is not a condition operator${hint}`);
    }
    if (!isJsonObject(keys)) throw malformed(operatorPlace, 'expected an object of condition keys');
    return Object.entries(keys).map(([key, values]) => ({
      operatorName,
      key,
      values: readConditionValues(values, `${operatorPlace}.${key}`, text =>
        checkComparable(operatorName, text, version),
      ),
    }));
  });
}

/** `complaintAbout` says what is wrong with a value, if anything is. */
function readConditionValues(
  value: Json,
  place: string,
  complaintAbout: (text: string) => string | undefined,
): string[] {
  return asList(value).map(item => {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') {
      throw malformed(place, `expected a string, a number, a boolean or an array of them, found ${describe(item)}`);
    }
    const complaint = complaintAbout(String(item));
    if (complaint !== undefined) throw malformed(place, complaint);
    return String(item);
  });
}

/** A value that can never be compared would leave a negated condition open to everyone. */
function checkComparable(operatorName: string, text: string, version: Version): string | undefined {
  const operator = operators.get(parseOperatorName(operatorName)!.name)!;
  const template = templateReader(version)(text);
  if (variablesOf(template).length > 0) return undefined;
  if (operator.prepare(substitute(template, () => undefined)) !== undefined) return undefined;
  return `expected ${operator.expects}, found \`${text}\``;
}

function readText(value: Json | undefined, place: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(place, `expected a string, found ${describe(value)}`);
}

const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value as Json]);

function describe(value: Json): string {
  if (Array.isArray(value)) return 'an array';
  return isJsonObject(value) ? 'an object' : `\`${value}\``;
}

function malformed(place: string, complaint: string): ServiceError {
  const where = place === '' ? '' : ` at ${place}`;
  return new ServiceError('MalformedPolicyException', `policy document is invalid${where}: ${complaint}`);
}
