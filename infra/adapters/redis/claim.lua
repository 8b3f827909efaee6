-- Raises the scope's owner epoch and says what the state holds.
-- KEYS[1] the scope's hash of epoch, owner, next offset and meta
-- ARGV[1] who claims, for people who look
-- Returns epoch, next offset, meta (false before the first commit).
-- The first epoch is the server's time in microseconds: after a flush no owner from before it can meet its own number.
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'epoch', now[1] .. string.rep('0', 6 - #now[2]) .. now[2])
end
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local found = redis.call('HMGET', KEYS[1], 'next', 'meta')
return { epoch, found[1] or '0', found[2] }
