# shellcheck shell=bash disable=SC2154
# Over memory.max the function is killed, the caller gets 502 with the cause as its code, describe says OOMKilled, and the
# next call works.
fresh
deploy_worker eater --memory 32Mi
[[ $(call eater/memory/8) == 8 ]] || fail "8 MiB of 32 were refused"
limit=$(cat "$(instance_cgroups | head -1)/memory.max")
((limit == 32 << 20)) || fail "memory.max is $limit"
answer=$(curl -s -w '%{http_code}' --max-time 60 "$gateway/function/eater/memory/256")
[[ $answer == *oom_killed*502 ]] || fail "the caller got $answer"
oom_seen() { torpor --output json describe eater | grep -q OOMKilled; }
eventually 10 oom_seen
[[ $(call eater/) == ok ]] || fail "it does not answer after that"
echo "502 oom_killed, OOMKilled, then ok"
