/** The two documents, made from the code, and the pages to read and try them: for the phone's maker and for the lamp's. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { asyncApi } from '../documents/async-api.ts';
import type { SignInAnnouncement } from '../sign-in/sign-in.ts';

export function openApi(announcement: SignInAnnouncement): FastifyDynamicSwaggerOptions {
  const person =
    announcement.mode === 'oidc'
      ? {
          type: 'openIdConnect' as const,
          openIdConnectUrl: `${announcement.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          description: "An ID token of the issuer's, as bearer token.",
        }
      : {
          type: 'http' as const,
          scheme: 'bearer',
          description: 'Development: the token is any name, such as `hanako`.',
        };
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lights',
        version: '1.0.0',
        description:
          "Switch lights from a phone. This is for the phone's maker; the lamp's maker reads [the lamp's side](/lamp).",
      },
      components: { securitySchemes: { person } },
      security: [{ person: [] }],
      tags: [
        { name: 'lights', description: 'Register, list, show, delete, watch.' },
        { name: 'commands', description: 'What a light can be told.' },
      ],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
  };
}

export async function documentRoutes(app: FastifyInstance): Promise<void> {
  const hide = { schema: { hide: true } };
  app.get('/openapi.json', hide, () => app.swagger());
  app.get('/asyncapi.json', hide, () => asyncApi());
  await app.register(swaggerUi, {
    routePrefix: '/phone',
    uiConfig: { persistAuthorization: true, displayRequestDuration: true, defaultModelsExpandDepth: 0 },
    theme: {
      title: "Lights: for the phone's maker",
      css: [{ filename: 'lights.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  });
}
