-- Stores states, meta and next offset together, if the epoch and the offset are the expected ones.
-- KEYS[1] the scope's hash of epoch, owner, next offset and meta
-- KEYS[2] the scope's states by key
-- ARGV    epoch, expected offset, next offset, meta, then key and bytes in turn
-- Numbers are compared as text: a Lua number would round an offset beyond 2^53.
-- Returns 'committed', 'already' or 'fenced'. Run twice with the same arguments it stores once.
local found = redis.call('HMGET', KEYS[1], 'epoch', 'next')
if found[1] ~= ARGV[1] then return 'fenced' end
local now = found[2] or '0'
if now ~= ARGV[2] then
  if now == ARGV[3] then return 'already' end
  return 'fenced'
end
-- A denied HSET (out of memory) fails the script at its first write, before anything is stored.
redis.call('HSET', KEYS[1], 'next', ARGV[3], 'meta', ARGV[4])
-- unpack is limited by Lua's stack of 8,000 slots.
for first = 5, #ARGV, 4000 do
  redis.call('HSET', KEYS[2], unpack(ARGV, first, math.min(first + 3999, #ARGV)))
end
return 'committed'
