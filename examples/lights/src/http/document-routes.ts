/** The two documents, made from the code, and the pages to read and try them: for the phone's maker and for the lamp's. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { asyncApi } from '../documents/async-api.ts';
import type { SignInAnnouncement } from '../sign-in/sign-in.ts';

export function openApi(announcement: SignInAnnouncement): FastifyDynamicSwaggerOptions {
  const token =
    announcement.mode === 'oidc'
      ? `An ID token of ${announcement.issuer} for the client \`${announcement.clientId}\`, by code flow with PKCE.`
      : 'Development: any name, such as `hanako`.';
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lights',
        version: '1.0.0',
        description:
          "Switch lights from a phone. This is for the phone's maker; the lamp's maker reads [the lamp's side](/lamp).",
      },
      components: { securitySchemes: { person: { type: 'http', scheme: 'bearer', description: token } } },
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
    staticCSP: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"], // Swagger UI sets styles on elements
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
    uiConfig: {
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      requestInterceptor: signInAsOnPage as never,
      showMutatedRequest: false, // a token is not to be copied around with a command
    },
    theme: {
      title: "Lights: for the phone's maker",
      css: [{ filename: 'lights.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  });
}

/** As Swagger UI hands it over: a plain object, whatever its types say. */
interface BrowserRequest {
  readonly headers: Record<string, string>;
}

/** Runs in the browser: whoever signed in on the lights' page is signed in here, unless they give another token. */
function signInAsOnPage(request: BrowserRequest): BrowserRequest {
  const { sessionStorage } = globalThis as unknown as { sessionStorage: { getItem(key: string): string | null } };
  const token = sessionStorage.getItem('token');
  if (token !== null) request.headers.Authorization ??= `Bearer ${token}`;
  return request;
}
