export { type RegistryWork, startRegistryWork } from './background.ts';
export { type ReportsOptions, reportLinks, reports } from './reports.ts';
export { s3Storage } from './s3-storage.ts';
