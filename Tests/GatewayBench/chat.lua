-- wrk script: POST an OpenAI chat completion; env: MODEL, KEY, STREAM=1
local model = os.getenv("MODEL") or "mock-gpt"
local key = os.getenv("KEY") or "none"
local stream = os.getenv("STREAM") == "1" and ',"stream":true' or ''
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. key
wrk.body = '{"model":"' .. model .. '"' .. stream .. ',"messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Say hello in one short sentence."}],"temperature":0.2,"max_tokens":64}'
done = function(s, l, r)
  io.write(string.format("RESULT rps=%.1f p50_ms=%.3f p90_ms=%.3f p95_ms=%.3f p99_ms=%.3f mean_ms=%.3f max_ms=%.3f requests=%d non2xx=%d connect_err=%d read_err=%d write_err=%d timeout=%d\n",
    s.requests/(s.duration/1e6), l:percentile(50)/1e3, l:percentile(90)/1e3, l:percentile(95)/1e3, l:percentile(99)/1e3, l.mean/1e3, l.max/1e3,
    s.requests, s.errors.status, s.errors.connect, s.errors.read, s.errors.write, s.errors.timeout))
end
