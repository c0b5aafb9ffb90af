/** The door of the room. */
export * from './registration.ts';
export { parseTemplate, type Template } from './template.ts';
