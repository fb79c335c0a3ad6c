-- Appends entries to a side stream, with the batch that proves them.
-- KEYS[1] the stream
-- KEYS[2] the stream of the batches that prove its entries
-- ARGV[1] the batch, or nothing
-- ARGV    then, for each entry: how many fields and values it has, and those
-- What proves entries that are not there any more goes.
local first, last
local i = 2
while i <= #ARGV do
  local n = tonumber(ARGV[i])
  last = redis.call('XADD', KEYS[1], '*', unpack(ARGV, i + 1, i + n))
  first = first or last
  i = i + n + 1
end
if ARGV[1] ~= '' then
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]
  if oldest == first then
    redis.call('DEL', KEYS[2])
  else
    redis.call('XTRIM', KEYS[2], 'MINID', oldest)
  end
  redis.call('XADD', KEYS[2], last, 'from', first, 'batch', ARGV[1])
end
