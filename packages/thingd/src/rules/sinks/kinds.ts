/** Every kind of sink, by its name in definitions. */
import { bridge } from './bridge/bridge.ts';
import { file } from './file.ts';
import type { SinkKind } from './sink.ts';
import { postgresql } from './table/postgresql.ts';
import { sqlite } from './table/sqlite.ts';
import { webhook } from './webhook.ts';

export const kinds: Readonly<Record<string, SinkKind>> = { postgresql, sqlite, file, webhook, mqtt: bridge };
