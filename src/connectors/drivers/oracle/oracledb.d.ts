/** The parts of oracledb that are used; the package has no types of its own. */
declare module 'oracledb' {
  const oracledb: {
    readonly thin: boolean;
    getConnection(
      attributes: import('./client.js').OracleAttributes,
    ): Promise<import('./client.js').OracleConnection>;
  };
  export default oracledb;
}

/** Its transport, which dials by itself; see client.ts. */
declare module 'oracledb/lib/thin/sqlnet/ntTcp.js' {
  const NTTCP: { readonly prototype: import('./client.js').OracleTransport };
  export default NTTCP;
}
