-- The first result stands: a worker that was taken for dead must not replace what its successor stored.
-- KEYS[1] entry; ARGV: result as JSON, seconds to keep the entry
if redis.call('HGET', KEYS[1], 'done') == '1' then
  return 0
end
redis.call('HSET', KEYS[1], 'done', '1', 'result', ARGV[1])
redis.call('HDEL', KEYS[1], 'checkpoint')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
