/** The door of the room. */
export * from './access-key.ts';
export * from './access-key-service.ts';
export { accessKeyMigration } from './access-key-store.ts';
export * from './ca-certificate.ts';
export * from './ca-certificate-service.ts';
export { caCertificateMigration } from './ca-certificate-store.ts';
export * from './certificate.ts';
export * from './certificate-facts.ts';
export * from './certificate-registration.ts';
export * from './certificate-service.ts';
export * from './certificate-signer.ts';
export { certificateMigration } from './certificate-store.ts';
export * from './certificate-transfer-service.ts';
export { MalformedCertificate } from './der.ts';
export * from './jit-registration.ts';
export * from './principal-attachments.ts';
export * from './x509.ts';
