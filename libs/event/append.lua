-- Appends entries to a stream of events, and only to the one the caller
-- believes in: a stream that lost its end is reported, never written over.
-- KEYS[1] the stream
-- KEYS[2] the stream of the batches that prove its entries
-- ARGV[1] the last id the caller knows to be in it
-- ARGV[2] the batch, or nothing
-- ARGV    then, for each entry in ascending order: its id and its event
-- Entries that are in the stream already are passed over. The batch goes under
-- the last id with the first that is new. The answer is the stream's last id.
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

local function ending(stream)
  if redis.call('EXISTS', stream) == 1 then
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then return info[i + 1] end
    end
  end
  return '0-0'
end

local stream = KEYS[1]
local last = ending(stream)
if before(last, ARGV[1]) then
  return redis.error_reply('REWIND ' .. last)
end
local first = nil
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if first or before(last, id) then
    redis.call('XADD', stream, id, 'event', ARGV[i + 1])
    first = first or id
    last = id
  end
end
if first and ARGV[2] ~= '' then
  -- Batches beyond the events' end are of a stream that was lost.
  if not before(ending(KEYS[2]), last) then redis.call('DEL', KEYS[2]) end
  redis.call('XADD', KEYS[2], last, 'from', first, 'batch', ARGV[2])
end
return last
