# shellcheck shell=bash disable=SC2154
# In mode exec the command that goes over limits.memory is ended, its caller gets 502, and the instance goes on: other
# commands in it end as they would, and the next call is warm.
fresh
deploy_worker commands --mode exec --memory 32Mi
[[ $(call commands/memory/8) == 8 ]] || fail "8 MiB of 32 were refused"
instance() { torpor --output json describe commands | jq -r '.instances[0].id'; }
before=$(instance)
limit=$(cat "$(instance_cgroups | head -1)/memory.max")
((limit == 32 << 20)) || fail "memory.max is $limit"
call commands/spin/5000 >/tmp/beside 2>&1 &
beside=$!
sleep 1
status=$(status_of commands/memory/256)
[[ $status == 502 ]] || fail "the caller got $status"
wait $beside || fail "the call beside it failed: $(cat /tmp/beside)"
[[ $(cat /tmp/beside) -gt 0 ]] || fail "the call beside it was answered with $(cat /tmp/beside)"
told() { torpor describe commands | grep -q OOMKilled; }
eventually 10 told
[[ $(tier_of commands/) == warm && $(instance) == "$before" ]] || fail "the instance is another one: $(instance), not $before"
echo "502, told as OOMKilled; the command beside it and the instance go on"
