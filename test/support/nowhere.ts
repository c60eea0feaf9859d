/** A whole connection to a place of this machine where nobody listens: a source that can be kept, and never reached. */
export function nowhere(password: string) {
  return {
    type: 'postgresql',
    host: '127.0.0.1',
    port: 1,
    database: 'shop',
    username: 'alice',
    password,
  };
}
