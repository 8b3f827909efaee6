/** A failure in ClickHouse's own terms; `name` is the upper-case error name, `code` its number. */
export class EngineError extends Error {
  readonly code: number
  readonly errorName: string

  constructor(code: number, errorName: string, message: string) {
    super(message)
    this.name = 'EngineError'
    this.code = code
    this.errorName = errorName
  }
}

const NESTED = /^Code: (\d+)\. DB::Exception: ([\s\S]*) \(([A-Z][A-Z0-9_]+)\)(?: \(version [^)]*\))?\.?\s*$/

/**
 * Reads an engine exception. Errors met while rows are parsed arrive wrapped in a second exception of the same
 * code; the server shows only the inner one, so the wrapper is taken off.
 * Anything that is no engine exception becomes code 1002, UNKNOWN_EXCEPTION, with its text.
 */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  // The rows of an insert wait in files before the engine reads them.
  if ((thrown as { code?: unknown } | null)?.code === 'ENOSPC')
    return new EngineError(243, 'NOT_ENOUGH_SPACE', `The rows could not be kept: ${(thrown as Error).message}`)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const outer = NESTED.exec(text)
  if (outer === null) return new EngineError(1002, 'UNKNOWN_EXCEPTION', text)
  const inner = NESTED.exec(outer[2]!.replace(/: data for INSERT was parsed from file$/, ''))
  const seen = inner !== null && inner[1] === outer[1] ? inner : outer
  return new EngineError(Number(seen[1]), seen[3]!, seen[2]!)
}

/** The text that the server sends for an exception, which @clickhouse/client parses into code and type. */
export function renderError(error: EngineError, engineVersion: string): string {
  return `Code: ${error.code}. DB::Exception: ${error.message} (${error.errorName}) (version ${engineVersion} (official build))\n`
}

// The server's exceptionCodeToHTTPStatus, by error name.
const NOT_FOUND =
  /^(UNKNOWN_(TABLE|FUNCTION|IDENTIFIER|TYPE|STORAGE|DATABASE|SETTING|DIRECTION_OF_SORTING|AGGREGATE_FUNCTION|FORMAT|DATABASE_ENGINE|TYPE_OF_QUERY|ROLE)|NO_ELEMENTS_IN_CONFIG)$/
const BAD_REQUEST =
  /^(CANNOT_PARSE_\w+|CANNOT_ESCAPE_\w+|SYNTAX_ERROR|INCORRECT_DATA|INCORRECT_FILE_NAME|TYPE_MISMATCH|BAD_ARGUMENTS|BAD_QUERY_PARAMETER|UNKNOWN_QUERY_PARAMETER|CANNOT_PARSE_INPUT_ASSERTION_FAILED|VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE|DUPLICATE_COLUMN)$/
const OTHERS: Readonly<Record<string, number>> = {
  REQUIRED_PASSWORD: 401,
  AUTHENTICATION_FAILED: 403,
  NOT_ENOUGH_SPACE: 507,
  QUERY_IS_TOO_LARGE: 413,
  NOT_IMPLEMENTED: 501,
  SOCKET_TIMEOUT: 503,
  CANNOT_OPEN_FILE: 503,
  SERVER_OVERLOADED: 503,
  HTTP_LENGTH_REQUIRED: 411,
  TIMEOUT_EXCEEDED: 408,
}

/** HTTP status of an exception; 500 where the server names no other. */
export function httpStatus(error: EngineError): number {
  if (NOT_FOUND.test(error.errorName)) return 404
  if (BAD_REQUEST.test(error.errorName)) return 400
  return OTHERS[error.errorName] ?? 500
}
