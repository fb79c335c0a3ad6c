-- Appends entries to a stream of events, and only to the one the caller
-- believes in: a stream that lost its end is reported, never written over.
-- KEYS[1] the stream
-- ARGV[1] the last id the caller knows to be in it
-- ARGV    then, for each entry in ascending order: its id and its event
-- Entries that are in the stream already are passed over. The answer is the
-- stream's last id.
local function before(a, b)
  local ahi, alo = a:match('^(%d+)-(%d+)$')
  local bhi, blo = b:match('^(%d+)-(%d+)$')
  if ahi ~= bhi then
    if #ahi ~= #bhi then return #ahi < #bhi end
    return ahi < bhi
  end
  if #alo ~= #blo then return #alo < #blo end
  return alo < blo
end

local stream = KEYS[1]
local last = '0-0'
if redis.call('EXISTS', stream) == 1 then
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
if before(last, ARGV[1]) then
  return redis.error_reply('REWIND ' .. last)
end
local fresh = false
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  fresh = fresh or before(last, id)
  if fresh then
    redis.call('XADD', stream, id, 'event', ARGV[i + 1])
    last = id
  end
end
return last
