/** The vocabulary of a restJson1 service model: what `generated/` is written in and what the protocol code reads. */

export type ServiceName = 'iot' | 'iotdata' | 'jobsdata';

export interface ServiceModel {
  readonly name: ServiceName;
  /** The service a SigV4 credential scope names. */
  readonly signingName: string;
  readonly operations: Readonly<Record<string, OperationModel>>;
  /** HTTP status of every error shape of this service; the same name can differ between services. */
  readonly errors: Readonly<Record<string, number>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface OperationModel {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** The path template; `{name}` is one segment, `{name+}` the rest of the path. */
  readonly path: string;
  readonly input: string;
  readonly output?: string;
  readonly errors: readonly string[];
}

export type Shape =
  | StructureShape
  | { readonly type: 'list'; readonly member: string; readonly min?: number; readonly max?: number }
  | {
      readonly type: 'map';
      readonly key: string;
      readonly value: string;
      readonly min?: number;
      readonly max?: number;
    }
  | StringShape
  | { readonly type: 'integer' | 'long' | 'double'; readonly min?: number; readonly max?: number }
  | { readonly type: 'blob'; readonly min?: number; readonly max?: number }
  | { readonly type: 'boolean' | 'timestamp' };

export interface StructureShape {
  readonly type: 'structure';
  readonly members: Readonly<Record<string, Member>>;
  readonly required?: readonly string[];
  /** The member that is the whole body. */
  readonly payload?: string;
}

export interface StringShape {
  readonly type: 'string';
  readonly min?: number;
  readonly max?: number;
  /** A Java regular expression the whole value must match. */
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** A member of the body is the name of its shape alone. */
export type Member = string | BoundMember;

export interface BoundMember {
  readonly shape: string;
  readonly in: 'label' | 'query' | 'header' | 'status';
  /** Name of the label, query parameter or header. */
  readonly name: string;
  /** The header carries base64 of a JSON value. */
  readonly json?: true;
}
