-- Writes what one instance knows of the use of one resource.
-- KEYS: the resource's hash. ARGV: the instance, its sessions, the milliseconds
-- since the last use and since the last session began (-1: neither), the
-- milliseconds for which the count holds, and for which the last use is known.
-- Times are Redis' own: the instances' clocks may differ.
local key, id = KEYS[1], ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease, ttl = tonumber(ARGV[5]), tonumber(ARGV[6])

local function latest(field, age)
  if age < 0 then return end
  local known = tonumber(redis.call('HGET', key, field) or 0) or 0
  if now - age > known then
    redis.call('HSET', key, field, string.format('%.0f', now - age))
  end
end
latest('last_activity', tonumber(ARGV[3]))
latest('last_connect', tonumber(ARGV[4]))

if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', key, 'sessions:' .. id, ARGV[2], 'lease:' .. id, string.format('%.0f', now + lease))
else
  redis.call('HDEL', key, 'sessions:' .. id, 'lease:' .. id)
end

-- The counts of instances that write no more vanish; the others make the sum.
local total = 0
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  local other = string.match(fields[i], '^lease:(.*)$')
  if other and (tonumber(fields[i + 1]) or 0) < now then
    redis.call('HDEL', key, 'sessions:' .. other, fields[i])
  elseif other then
    total = total + (tonumber(redis.call('HGET', key, 'sessions:' .. other) or 0) or 0)
  end
end
redis.call('HSET', key, 'sessions', string.format('%.0f', total))
redis.call('PEXPIRE', key, total > 0 and lease or ttl)
return total
