/** Bytes that protobuf-java wrote: a descriptor set with `fleet.Reading` in `reading.proto`, and one reading. */

/** A field of every type; `labels` is a map of int32, `samples` and `temps` are packed, `mode` is OFF = 0 or HEAT = 2. */
export const descriptors: Uint8Array = Buffer.from(
  'Cv8DCg1yZWFkaW5nLnByb3RvEgVmbGVldCKdAwoHUmVhZGluZxIRCglkZXZpY2VfaWQYASABKAkSCwoDaTMyGAIgASgFEgsKA2k2' +
    'NBgDIAEoAxILCgN1MzIYBCABKA0SCwoDdTY0GAUgASgEEgsKA3MzMhgGIAEoERILCgNzNjQYByABKBISCwoDZjMyGAggASgHEgsK' +
    'A2Y2NBgJIAEoBhIMCgRzZjMyGAogASgPEgwKBHNmNjQYCyABKBASDQoFaXNfb24YDCABKAgSCwoDcmF3GA0gASgMEhkKBG1vZGUY' +
    'DiABKA4yCy5mbGVldC5Nb2RlEiEKCHBvc2l0aW9uGA8gASgLMg8uZmxlZXQuUG9zaXRpb24SEwoHc2FtcGxlcxgQIAMoEUICEAES' +
    'HgoFdHJhY2sYESADKAsyDy5mbGVldC5Qb3NpdGlvbhIqCgZsYWJlbHMYEiADKAsyGi5mbGVldC5SZWFkaW5nLkxhYmVsc0VudHJ5' +
    'EhEKBXRlbXBzGBMgAygCQgIQARotCgtMYWJlbHNFbnRyeRILCgNrZXkYASABKAkSDQoFdmFsdWUYAiABKAU6AjgBIiQKCFBvc2l0' +
    'aW9uEgsKA2xhdBgBIAEoARILCgNsb24YAiABKAIqGQoETW9kZRIHCgNPRkYQABIICgRIRUFUEAJiBnByb3RvMw==',
  'base64',
);

/** Every field set, and one that the descriptor does not know. */
export const reading: Uint8Array = Buffer.from(
  'Cgdsw6RtcC0xEPv//////////wEY/////////+//ASD/////Dyj///////////8BMP////8POA1F/v///0n+/////////1X9////' +
    'Wfz/////////YAFqAwEC/3ACeg4Jw/UoXI9CSkAVZmZWQYIBBAIB2ASKAQ4Jw/UoXI9CSkAVZmZWQYoBAJIBCQoFZmxvb3IQA5IB' +
    'DQoJX19wcm90b19fEASaAQzNzMw9AACsQQAAwH+YBgE=',
  'base64',
);

/** A reading with one entry in `labels`, which says neither key nor value. */
export const emptyEntry: Uint8Array = Buffer.from([0x92, 0x01, 0x00]);
