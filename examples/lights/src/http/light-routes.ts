/** The phone's API: register, list, show, delete, command. */
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { type Command, type CommandMessage, commandExpiry, commandNames, commands } from '../lights/commands.ts';
import { Connectivity, Light, LightId, LightName, LightState, NewLight } from '../lights/light.ts';
import type { Lights } from '../lights/lights.ts';
import { Problem } from '../lights/problem.ts';
import { ProblemDetails, problemResponses } from './problems.ts';

const LightParams = Type.Object({ id: LightId });
const always = ['not-signed-in', 'too-many-requests', 'internal-error', 'fleet-unavailable'] as const;
const tags = ['lights'];

export async function lightRoutes(instance: FastifyInstance, { lights }: { lights: Lights }): Promise<void> {
  // Strictly: a body is not coerced, and what nobody knows is refused.
  const app = instance.setValidatorCompiler(TypeBoxValidatorCompiler).withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of [LightState, Connectivity, Light, NewLight, ProblemDetails]) app.addSchema(schema);

  app.post(
    '/light',
    {
      schema: {
        tags,
        operationId: 'createLight',
        summary: 'Register a light: makes its certificate and key, and tells its topics.',
        body: Type.Object({ name: LightName }, { additionalProperties: false }),
        response: { 201: described('NewLight', 'Registered.'), ...problemResponses('invalid-request', ...always) },
      },
    },
    async ({ body, caller }, reply) => {
      const light = await lights.create(caller.ownerId, body.name);
      return reply.code(201).header('location', `/light/${light.id}`).send(light);
    },
  );

  app.get(
    '/light',
    {
      schema: {
        tags,
        operationId: 'listLights',
        summary: 'List your lights.',
        querystring: Type.Object({
          limit: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 100, default: 25, description: 'Lights on a page, at most.' }),
          ),
          nextToken: Type.Optional(Type.String({ minLength: 1, description: 'From the page before.' })),
        }),
        response: {
          200: Type.Object(
            {
              lights: Type.Array(Type.Unsafe<Light>({ $ref: 'Light#' })),
              nextToken: Type.Optional(Type.String({ description: 'Missing on the last page.' })),
            },
            { description: 'A page of them.' },
          ),
          ...problemResponses('invalid-request', ...always),
        },
      },
    },
    ({ query: { limit = 25, nextToken }, caller }) => lights.list(caller.ownerId, { limit, nextToken }),
  );

  app.get(
    '/light/:id',
    {
      schema: {
        tags,
        operationId: 'showLight',
        summary: 'Show a light: whether it can be reached, and what it last said of itself.',
        params: LightParams,
        response: {
          200: described('Light', 'The light.'),
          ...problemResponses('invalid-request', 'light-not-found', ...always),
        },
      },
    },
    ({ params, caller }) => lights.show(caller.ownerId, params.id),
  );

  app.delete(
    '/light/:id',
    {
      schema: {
        tags,
        operationId: 'deleteLight',
        summary: 'Delete a light: it is gone at once, and cut off and removed a little later.',
        params: LightParams,
        response: {
          204: Type.Null({ description: 'Gone.' }),
          ...problemResponses('invalid-request', 'light-not-found', ...always),
        },
      },
    },
    async ({ params, caller }, reply) => {
      lights.delete(caller.ownerId, params.id);
      return reply.code(204).send(null);
    },
  );

  for (const name of commandNames) {
    const { summary, parameters }: Command = commands[name];
    const body = Object.keys(parameters.properties).length > 0 ? { body: parameters } : {};
    app.post(
      `/light/:id/command/${name}`,
      {
        schema: {
          tags: ['commands'],
          operationId: name,
          summary,
          description: `A light that is off gets it when it comes back within ${commandExpiry / 3600} hours.`,
          params: LightParams,
          ...body,
          response: {
            202: Type.Object(
              {
                delivery: Type.Union([Type.Literal('now'), Type.Literal('on-return')], {
                  description: '`on-return`: the light is off, and gets it when it comes back.',
                }),
                expiresAt: Type.String({
                  format: 'date-time',
                  description: 'After that it is not delivered any more.',
                }),
              },
              { description: 'On its way.' },
            ),
            ...problemResponses('invalid-request', 'light-not-found', 'light-never-connected', ...always),
          },
        },
      },
      async ({ params, body: values, caller }, reply) => {
        const message = { command: name, ...(values as object | undefined) } as CommandMessage;
        return reply.code(202).send(await lights.command(caller.ownerId, params.id, message));
      },
    );
  }

  app.post('/light/:id/command/:command', { schema: { hide: true } }, async () => {
    throw new Problem('command-not-found', `the commands are ${commandNames.map(name => `\`${name}\``).join(', ')}`);
  });
}

const described = ($ref: string, description: string) => Type.Unsafe({ $ref: `${$ref}#`, description });
