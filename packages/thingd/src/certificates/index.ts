export * from './device-certificates.ts';
export * from './key-pool.ts';
export * from './root-authority.ts';
export * from './server-certificate.ts';
