/**
 * How long the server lets a transaction of ours go on: settings of the transaction, so that a pooler that shares the
 * connection carries nothing over.
 */
export const LIMITS = `set_config('statement_timeout', '12s', true), set_config('lock_timeout', '2s', true),
  set_config('idle_in_transaction_session_timeout', '30s', true)`;
