# shellcheck shell=bash disable=SC2154
# cpu.max 0.5 halves the work done in the same time.
fresh
deploy_worker half --cpus 0.5
deploy_worker whole --cpus 1
call half/ >/dev/null
call whole/ >/dev/null
half=0 whole=0
# In turns, and short: the machine below does not run at one speed.
for _ in {1..10}; do
    whole=$((whole + $(call whole/spin/1000)))
    half=$((half + $(call half/spin/1000)))
done
percent=$((half * 100 / whole))
((percent >= 35 && percent <= 65)) || fail "half a core did $percent % of a whole one's work"
echo "$percent % of the work of one core"
